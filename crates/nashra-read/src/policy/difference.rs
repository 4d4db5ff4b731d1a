//! The difference of two texts, word by word: compact, for consumers that keep the text before. Pure.
//!
//! What must stay true: the work is bounded whatever the texts are, and a difference that is not
//! compact is none.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

use crate::model::record::TextChange;

/// Words of the longest text that is compared.
const MAX_WORDS: usize = 50_000;
/// Places of the longest difference.
const MAX_PLACES: usize = 200;

/// Where `after` differs from `before`, in its order; `None` where that is in too many places, or
/// where a text is too long.
#[must_use]
pub fn difference(before: &str, after: &str) -> Option<Vec<TextChange>> {
    let (old, new) = (words(before), words(after));
    if old.len().max(new.len()) > MAX_WORDS {
        return None;
    }
    let mut input = InternedInput::default();
    input.update_before(old.iter().map(|word| &before[word.clone()]));
    input.update_after(new.iter().map(|word| &after[word.clone()]));
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_no_heuristic(&input);
    let mut changes = Vec::new();
    let mut done = 0;
    for hunk in diff.hunks() {
        if changes.len() == MAX_PLACES {
            return None;
        }
        changes.push(TextChange {
            kept: hunk.before.start - done,
            removed: slice(before, &old, &hunk.before),
            added: slice(after, &new, &hunk.after),
        });
        done = hunk.before.end;
    }
    Some(changes)
}

/// A part of a difference, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words that stay.
    Kept(String),
    /// Words that stay and are not told.
    LeftOut,
    /// Words that were removed.
    Removed(String),
    /// Words that were added.
    Added(String),
}

/// A difference as people read it: what changed, in its order, with so many words around it of those
/// that stay. `before` is the text that the changes are of; what does not fit it is left out.
#[must_use]
pub fn pieces(before: &str, changes: &[TextChange], around: usize) -> Vec<Piece> {
    let (words, mut pieces, mut at) = (words(before), Vec::new(), 0);
    let part = |from: usize, to: usize| {
        let part = words.get(from..to.min(words.len())).unwrap_or_default();
        Some(Piece::Kept(before[part.first()?.start..part.last()?.end].to_owned()))
    };
    for (index, TextChange { kept, removed, added }) in changes.iter().enumerate() {
        let end = at + *kept as usize;
        // Behind the change before, and before this one.
        let behind = if index == 0 { at } else { (at + around).min(end) };
        let ahead = end.saturating_sub(around).max(at);
        if behind < ahead {
            pieces.extend(part(at, behind));
            pieces.push(Piece::LeftOut);
            pieces.extend(part(ahead, end));
        } else {
            pieces.extend(part(at, end));
        }
        at = end + self::words(removed).len();
        pieces.extend(Some(removed.clone()).filter(|text| !text.is_empty()).map(Piece::Removed));
        pieces.extend(Some(added.clone()).filter(|text| !text.is_empty()).map(Piece::Added));
    }
    pieces.extend(part(at, at + around));
    pieces.extend((at + around < words.len()).then_some(Piece::LeftOut));
    pieces
}

/// The part of a text from one word to another.
fn slice(text: &str, words: &[Range<usize>], range: &Range<u32>) -> String {
    let part = words.get(range.start as usize..range.end as usize).unwrap_or_default();
    match (part.first(), part.last()) {
        (Some(first), Some(last)) => text[first.start..last.end].to_owned(),
        _ => String::new(),
    }
}

/// The words of a text: what stands between white space, and in scripts without spaces each
/// character.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut is_open = false;
    for (at, c) in text.char_indices() {
        let is_alone = is_unspaced(c);
        if c.is_whitespace() {
            is_open = false;
        } else if is_alone || !is_open {
            words.push(at..at + c.len_utf8());
            is_open = !is_alone;
        } else if let Some(word) = words.last_mut() {
            word.end = at + c.len_utf8();
        }
        if words.len() > MAX_WORDS {
            break;
        }
    }
    words
}

/// Whether a character is of a script without spaces between its words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> Vec<(u32, String, String)> {
        let changes = difference(before, after).unwrap();
        changes.into_iter().map(|change| (change.kept, change.removed, change.added)).collect()
    }

    fn change(kept: u32, removed: &str, added: &str) -> (u32, String, String) {
        (kept, removed.to_owned(), added.to_owned())
    }

    #[test]
    fn each_change_says_how_many_words_stay_before_it() {
        assert_eq!(
            told(
                "The flood killed 3 people.\n\nRain goes on.",
                "The flood killed 12 people.\n\nRain goes on, it is said."
            ),
            [change(3, "3", "12"), change(3, "on.", "on, it is said.")]
        );
        assert_eq!(told("a b c", "a c"), [change(1, "b", "")]);
        assert_eq!(told("a c", "a b  b c"), [change(1, "", "b  b")]);
        assert_eq!(told("a b", "a\n\nb"), []);
        assert_eq!(told("", "a"), [change(0, "", "a")]);
    }

    #[test]
    fn characters_are_words_where_no_spaces_are_written() {
        assert_eq!(told("死亡人数12人。", "死亡人数15人。"), [change(4, "12", "15")]);
    }

    #[test]
    fn the_text_after_follows_from_the_text_before() {
        let before = "one two three four five six seven";
        let after = "zero one three four and a half five seven eight";
        let mut old = before.split(' ');
        let mut made: Vec<String> = Vec::new();
        for change in difference(before, after).unwrap() {
            made.extend(old.by_ref().take(change.kept as usize).map(str::to_owned));
            assert!(change.removed.split_whitespace().all(|word| old.next() == Some(word)));
            made.extend(change.added.split_whitespace().map(str::to_owned));
        }
        made.extend(old.map(str::to_owned));
        assert_eq!(made.join(" "), after);
    }

    #[test]
    fn a_difference_is_told_with_the_words_around_it() {
        use Piece::{Added, Kept, LeftOut, Removed};
        let kept = |text: &str| Kept(text.to_owned());
        let before = "a b c d e f g h i j k l";
        let after = "a b c D e f g h i j l m";
        let changes = difference(before, after).unwrap();
        assert_eq!(
            pieces(before, &changes, 2),
            [
                LeftOut,
                kept("b c"),
                Removed("d".into()),
                Added("D".into()),
                kept("e f"),
                LeftOut,
                kept("i j"),
                Removed("k".into()),
                kept("l"),
                Added("m".into()),
            ]
        );
        assert_eq!(pieces(before, &changes, 20)[0], kept("a b c"));
        let wrong = [TextChange { kept: 90, removed: "x".into(), added: String::new() }];
        assert_eq!(pieces(before, &wrong, 2), [LeftOut, Removed("x".into())]);
        assert_eq!(
            pieces("死亡人数12人。", &difference("死亡人数12人。", "死亡人数15人。").unwrap(), 2),
            [LeftOut, kept("人数"), Removed("12".into()), Added("15".into()), kept("人。"),]
        );
    }

    #[test]
    fn what_is_not_compact_is_none_and_bad_input_takes_bounded_work() {
        let every_other = |word: &str| {
            let words: Vec<String> =
                (0..1_000).map(|number| format!("{number} {word}{number}")).collect();
            words.join(" ")
        };
        assert_eq!(difference(&every_other("a"), &every_other("b")), None);
        assert_eq!(difference(&"a ".repeat(2_000_000), "a"), None);
        let (many, more) = ("a b ".repeat(20_000), "b a c ".repeat(15_000));
        assert_eq!(difference(&many, &more), None);
    }
}
