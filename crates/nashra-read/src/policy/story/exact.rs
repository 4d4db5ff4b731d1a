//! Texts that come again, word for word, when they are not compared any more.
//!
//! Within the days in which texts are compared, equal ones are always copies. After that only a key of
//! each text is kept, and equality tells less: what a site writes under many articles, and what is
//! published again each week, is equal, too. So a text must be long enough to be a text of its own,
//! and one that came at three separate times belongs to a template, as a shingle that stands in texts
//! of three days does.
//!
//! What must stay true: a key that was stored is that of the same text now.

use uuid::Uuid;

use super::{groups::KnownStory, index::RECURRING, signature::Signature};
use crate::{base::hash::digest, text::tokens::Token};

/// The fewest shingles of a text that is known again: notices and boilerplate are shorter.
const LEAST_SHINGLES: u32 = 40;

/// The key of a text: a hash of its folded words. Signs, case, accents and breaks of paragraphs do not
/// count, another number or word does.
pub type TextKey = [u8; 16];

/// The key of a text; `None` where it is too short to be known again.
#[must_use]
pub fn key(tokens: &[Token], signature: &Signature) -> Option<TextKey> {
    (signature.shingles >= LEAST_SHINGLES).then(|| {
        let mut bytes = Vec::with_capacity(tokens.len() * 4);
        for token in tokens {
            bytes.extend(token.hash.to_le_bytes());
        }
        digest(&[&bytes])
    })
}

/// What is kept of a text under its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownText {
    /// The first article with this text.
    pub article: Uuid,
    /// Its story.
    pub story: Uuid,
    /// When it was published, in seconds since 1970, where that is known.
    pub published: Option<i64>,
    /// The day (since 1970) on which the text last came as one that was not compared any more.
    pub day: u32,
    /// How often it came so, the first time included.
    pub times: u8,
}

impl KnownText {
    /// Whether the text belongs to a template: an article that has it now is no copy.
    #[must_use]
    pub fn is_template(&self) -> bool {
        usize::from(self.times) >= RECURRING
    }

    /// What is to be kept of the text of a new article instead of what was kept `before`; `None`: that
    /// stays. `compared`: whether the text that the index found is the same; `None` where it found none.
    #[must_use]
    pub fn replace(before: Option<Self>, compared: Option<bool>, new: Self) -> Option<Self> {
        match (before, compared) {
            (Some(before), None) => Some(before.once_more(new.day)),
            // The first article with this text has the key, also where the index found another that
            // is like it.
            (Some(_), Some(_)) | (None, Some(true)) => None,
            (None, _) => Some(new),
        }
    }

    /// After the text has come once more.
    #[must_use]
    fn once_more(self, day: u32) -> Self {
        Self { day, times: self.times.saturating_add(1), ..self }
    }
}

/// An article that has the same text as a new one, which no text in the index is like.
#[derive(Debug, Clone, Copy)]
pub struct ExactCopy {
    /// The article.
    pub of: Uuid,
    /// Its story, after all merges.
    pub story: KnownStory,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{policy::story::Signer, text::tokens};

    fn key_of(text: &str) -> Option<TextKey> {
        let tokens = tokens::read(text);
        key(&tokens, &Signer::default().sign(&tokens))
    }

    fn text(words: usize) -> String {
        let word = |number: usize| {
            let letter = char::from(b'a' + u8::try_from(number % 26).unwrap());
            letter.to_string().repeat(number / 26 + 2)
        };
        (0..words).map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_key_is_of_the_words_alone_and_short_texts_have_none() {
        let text = text(60);
        let spelled = format!("«{}»!", text.to_uppercase().replace(' ', ",\n\n"));
        assert!(key_of(&text).is_some() && key_of(&text) == key_of(&spelled));
        assert_ne!(key_of(&text), key_of(&format!("{text} 12")));
        assert_ne!(key_of(&format!("{text} 13")), key_of(&format!("{text} 12")));
        assert_eq!(key_of("No further news is expected before the morning, says the desk."), None);
    }

    #[test]
    fn the_first_article_with_a_text_keeps_its_key() {
        let known = |day: u32| {
            let id = Uuid::from_u128(day.into());
            KnownText { article: id, story: id, published: None, day, times: 1 }
        };
        let (before, new) = (known(1), known(20));
        assert_eq!(KnownText::replace(None, None, new), Some(new));
        assert_eq!(KnownText::replace(None, Some(false), new), Some(new));
        assert_eq!(KnownText::replace(None, Some(true), new), None);
        assert_eq!(KnownText::replace(Some(before), None, new), Some(before.once_more(20)));
        assert_eq!(KnownText::replace(Some(before), Some(false), new), None);
        assert_eq!(KnownText::replace(Some(before), Some(true), new), None);
    }

    #[test]
    fn a_text_that_came_at_three_separate_times_is_a_template() {
        let id = Uuid::nil();
        let first = KnownText { article: id, story: id, published: None, day: 1, times: 1 };
        let third = first.once_more(20).once_more(40);
        assert!(!first.once_more(20).is_template() && third.is_template());
        assert_eq!(third.day, 40);
    }
}
