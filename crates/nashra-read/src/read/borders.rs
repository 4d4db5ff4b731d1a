//! Borders of elements within a text: where two words meet at one without white space, and were
//! set apart by the page's style alone.
//!
//! Most borders are within words or sentences (`<b>H</b>arbour`, `<a>bond</a>s`) and say nothing.
//! What must stay true: scripts without spaces get none.

use crate::{
    html::{NodeId, Tag, Tree},
    text::{collapse, letters::is_unspaced},
};

/// Where two texts meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a headline or another name, which is set in parts.
    Heading,
    /// In running text.
    Text,
}

/// The most nodes and bytes of an element's text that are read.
const MAX_NODES: usize = 1_000;
const MAX_BYTES: usize = 4_096;
/// The most elements around a text that are looked at.
const MAX_AROUND: usize = 8;

/// The start of the text inside an element, with blocks and parts apart; white space collapsed.
pub(super) fn text_of(tree: &Tree<'_>, node: NodeId) -> String {
    let mut out = String::new();
    let (mut last, mut broken) = (None, false);
    for inside in tree.subtree(node).take(MAX_NODES) {
        match tree.tag(inside) {
            Tag::Text => {
                let text = tree.text(inside);
                let apart = last.is_some_and(|last| {
                    broken
                        || tree.block(last) != tree.block(inside)
                        || are_apart(tree, [last, inside], [&out, &text], Place::Heading)
                });
                if apart {
                    out.push(' ');
                }
                let room = MAX_BYTES.saturating_sub(out.len());
                out.push_str(&text[..text.floor_char_boundary(room)]);
                (last, broken) = (Some(inside), false);
            }
            Tag::Br => broken = true,
            _ => {}
        }
    }
    collapse(&out)
}

/// Whether a word ends between two text nodes, whose texts are given, without white space at either
/// side.
pub(super) fn are_apart(
    tree: &Tree<'_>,
    [last, next]: [NodeId; 2],
    [before, after]: [&str; 2],
    place: Place,
) -> bool {
    let (Some(left), Some(right)) = (before.chars().next_back(), after.chars().next()) else {
        return false;
    };
    if left.is_whitespace() || right.is_whitespace() || tree.parent(last) == tree.parent(next) {
        return false;
    }
    // `years.Construction`, `tram."The council`. What is behind comes first: it is one node's text,
    // where what is before may be a whole line of marks.
    if begins_sentence(after) && ends_sentence(before) {
        return true;
    }
    if word_at_end(before) < 2 || word_at_start(after) < 2 {
        return false;
    }
    // `districtFour`
    let case = left.is_lowercase() && right.is_uppercase() && word_at_end(before) >= 3;
    let heading = place == Place::Heading;
    let parts = heading
        && ![left, right].into_iter().any(is_unspaced)
        && !(left.is_numeric() && right.is_numeric());
    if !case && !parts {
        return false;
    }
    let border = Border::between(tree, last, next);
    case && (heading || border.set) || parts && (border.small || border.siblings)
}

/// What stands between two text nodes.
struct Border {
    /// An element that is made for parts of a text, not for words in it.
    set: bool,
    /// A `small` or `time` begins or ends.
    small: bool,
    /// Each text is in an element of its own, made for parts.
    siblings: bool,
}

impl Border {
    fn between(tree: &Tree<'_>, last: NodeId, next: NodeId) -> Self {
        let of = |node: NodeId, other: NodeId| {
            tree.ancestors(node)
                .take(MAX_AROUND)
                .take_while(move |ancestor| !tree.within(other, *ancestor))
        };
        let made = |node: NodeId| {
            matches!(tree.tag(node), Tag::Span | Tag::Small | Tag::Time | Tag::Label | Tag::Other)
        };
        let (left, right) = (of(last, next).any(made), of(next, last).any(made));
        let small = of(last, next)
            .chain(of(next, last))
            .any(|node| matches!(tree.tag(node), Tag::Small | Tag::Time));
        Self { set: left || right, small, siblings: left && right }
    }
}

/// The letters and digits that a text ends with.
fn word_at_end(text: &str) -> usize {
    text.chars().rev().take(3).take_while(|c| c.is_alphanumeric()).count()
}

/// The letters and digits that a text begins with.
fn word_at_start(text: &str) -> usize {
    text.chars().take(3).take_while(|c| c.is_alphanumeric()).count()
}

/// Whether a sentence ends, and no abbreviation: behind a word in small letters.
fn ends_sentence(text: &str) -> bool {
    let rest = text.trim_end_matches(['"', '”', '’', '»', '\'', ')', '“']);
    let Some(rest) = rest.strip_suffix(['.', '!', '?', ':', '…', '؟', '।']) else {
        return false;
    };
    let mut letters = rest.chars().rev();
    let small = |c: char| c.is_alphabetic() && !c.is_uppercase() && !is_unspaced(c);
    letters.next().is_some_and(|c| small(c) || c.is_numeric()) && letters.next().is_some_and(small)
}

/// Whether a sentence may begin: with a capital or a letter of a script without them.
fn begins_sentence(text: &str) -> bool {
    let rest = text.trim_start_matches(['"', '“', '„', '«', '‘', '\'', '(', '¿', '¡', '‚']);
    rest.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_lowercase() && !is_unspaced(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> String {
        text_of(&Tree::parse(html), 0)
    }

    #[test]
    fn parts_of_a_headline_are_words_apart() {
        for html in [
            "<h1>Four new stops<small>One compromise</small></h1>",
            "<h1><span>Four new stops</span><span>One compromise</span></h1>",
            "<h1>Four new stops<br>One compromise</h1>",
            "<h1>Four new stops<em>One compromise</em></h1>",
            "<h1><div>Four new stops</div><div>One compromise</div></h1>",
            "<h1><x-head>Four new stops</x-head><x-sub>One compromise</x-sub></h1>",
        ] {
            assert_eq!(text(html), "Four new stops One compromise", "{html}");
        }
        assert_eq!(
            text("<h1><span>harbour</span><span>fish market moves</span></h1>"),
            "harbour fish market moves"
        );
    }

    #[test]
    fn a_line_of_many_marks_in_elements_costs_no_more_than_it_holds() {
        let marks = "<b>”</b><i>”</i>".repeat(100_000);
        let tree = Tree::parse(&marks);
        let lines = crate::read::lines::Lines::from_tree(&tree);
        assert_eq!(lines.lines[0].chars, 200_000);
    }

    #[test]
    fn what_is_within_a_word_stays_within_it() {
        for (html, wanted) in [
            ("<h1><span>T</span>he port</h1>", "The port"),
            ("<h1>CO<sub>2</sub> rises</h1>", "CO2 rises"),
            ("<h1><a>bond</a>s and <span>tram</span>s</h1>", "bonds and trams"),
            ("<h1><b>10</b>.<b>30</b> <span>12</span><span>000</span></h1>", "10.30 12000"),
            ("<h1><span>新增</span><span>四站</span></h1>", "新增四站"),
            ("<h1>Mc<b>Donald</b> wins</h1>", "McDonald wins"),
            ("<h1>“<i>Hamlet</i>” returns</h1>", "“Hamlet” returns"),
        ] {
            assert_eq!(text(html), wanted, "{html}");
        }
    }
}
