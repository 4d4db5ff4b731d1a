//! What the names of an element say that it is, word by word.
//!
//! The hints of the model are found anywhere in a name, which is good enough for evidence. Here a
//! name decides, so whole words count: `card` in `scorecard` is none, `bio` in `biology` neither.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::html::{NodeId, Tree};

/// What an element is named after that is none of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// Sign-ups, subscriptions, gifts, apps.
    Selling,
    /// Comments of readers.
    Comments,
    /// Other articles.
    Others,
    /// The writer.
    Biography,
    /// Consent, and what stands where something was not loaded.
    Notice,
    /// Advertisements.
    Ad,
}

/// Words that are enough, and pairs of words in a row.
const WORDS: &[(&str, Named)] = &[
    ("newsletter", Named::Selling),
    ("newsletters", Named::Selling),
    ("signup", Named::Selling),
    ("sign up", Named::Selling),
    ("subscribe", Named::Selling),
    ("subscription", Named::Selling),
    ("donate", Named::Selling),
    ("donation", Named::Selling),
    ("donations", Named::Selling),
    ("support box", Named::Selling),
    ("support us", Named::Selling),
    ("fundraising", Named::Selling),
    ("app promo", Named::Selling),
    ("app banner", Named::Selling),
    ("app download", Named::Selling),
    ("promo box", Named::Selling),
    ("comments", Named::Comments),
    ("disqus", Named::Comments),
    ("commentlist", Named::Comments),
    ("comment list", Named::Comments),
    ("comment section", Named::Comments),
    ("related", Named::Others),
    ("recommended", Named::Others),
    ("recommendations", Named::Others),
    ("outbrain", Named::Others),
    ("taboola", Named::Others),
    ("read more", Named::Others),
    ("readmore", Named::Others),
    ("read also", Named::Others),
    ("read next", Named::Others),
    ("most read", Named::Others),
    ("more stories", Named::Others),
    ("more news", Named::Others),
    ("latest news", Named::Others),
    ("see also", Named::Others),
    ("author bio", Named::Biography),
    ("authorbio", Named::Biography),
    ("author box", Named::Biography),
    ("author info", Named::Biography),
    ("author card", Named::Biography),
    ("author description", Named::Biography),
    ("about author", Named::Biography),
    ("about the author", Named::Biography),
    ("consent", Named::Notice),
    ("cookie", Named::Notice),
    ("cookies", Named::Notice),
    ("gdpr", Named::Notice),
    ("social placeholder", Named::Notice),
    ("embed placeholder", Named::Notice),
    ("advertisement", Named::Ad),
    ("advert", Named::Ad),
    ("sponsored", Named::Ad),
];

/// Parts of names one of which each of these has, so that most names are passed over at once.
const PARTS: [&str; 26] = [
    "newsletter",
    "sign",
    "subscri",
    "donat",
    "support",
    "fundrais",
    "promo",
    "banner",
    "download",
    "comment",
    "disqus",
    "relat",
    "recommend",
    "outbrain",
    "taboola",
    "read",
    "more",
    "latest",
    "also",
    "author",
    "consent",
    "cookie",
    "gdpr",
    "placeholder",
    "advert",
    "sponsor",
];

static FINDER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(PARTS).ok());

/// The longest names that are read.
const MAX_NAMES: usize = 300;
/// Dashes from which on an id is made of the words of a heading.
const MAX_SLUG: usize = 3;

/// What an element is named after.
pub(super) fn of(tree: &Tree<'_>, node: NodeId) -> Option<Named> {
    // The id of a heading is made of its words.
    if tree.tag(node).heading_level().is_some() {
        return None;
    }
    let mut words = String::from(" ");
    for (name, value) in tree.raw_attributes(node) {
        let named = ["class", "id", "role", "data-testid", "data-component", "data-module"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known));
        let slug = name.eq_ignore_ascii_case("id") && value.matches(['-', '_']).count() >= MAX_SLUG;
        let telling = || FINDER.as_ref().is_some_and(|finder| finder.is_match(value));
        if named && !slug && value.len() <= MAX_NAMES && telling() {
            push_words(&mut words, value);
        }
    }
    // What is named after two things is around both.
    if words.len() == 1 || words.contains(" and ") {
        return None;
    }
    let has = |word: &str| {
        words
            .match_indices(word)
            .any(|(at, _)| words[..at].ends_with(' ') && words[at + word.len()..].starts_with(' '))
    };
    WORDS.iter().find(|(word, _)| has(word)).map(|(_, named)| *named)
}

/// Appends the words of a name in lower case, each behind a space: `articleBody-wide` is `article
/// body wide`.
fn push_words(words: &mut String, name: &str) {
    let mut small = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            if !words.ends_with(' ') {
                words.push(' ');
            }
            small = false;
            continue;
        }
        if small && c.is_ascii_uppercase() {
            words.push(' ');
        }
        small = c.is_ascii_lowercase();
        words.push(c.to_ascii_lowercase());
    }
    if !words.ends_with(' ') {
        words.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::Tag;

    #[test]
    fn no_name_is_passed_over_that_tells_something() {
        for (word, _) in WORDS {
            assert!(FINDER.as_ref().unwrap().is_match(word), "{word}");
        }
    }

    #[test]
    fn names_are_read_word_by_word() {
        for (name, named) in [
            ("newsletter-signup", Some(Named::Selling)),
            ("c-NewsletterBox__inner", Some(Named::Selling)),
            ("wide appPromo", Some(Named::Selling)),
            ("author_bio", Some(Named::Biography)),
            ("biology", None),
            ("article-body", None),
        ] {
            let html = format!("<div class='{name}'>");
            let tree = Tree::parse(&html);
            assert_eq!(of(&tree, tree.find(0, Tag::Div).unwrap()), named, "{name}");
        }
    }
}
