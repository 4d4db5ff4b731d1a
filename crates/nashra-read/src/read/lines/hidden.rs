//! Finds what browsers do not show: elements that their style or the attribute `hidden` hides, notes
//! for screen readers, copies for printing, dialogs that are not open, what is for browsers without
//! scripts.
//!
//! Many pages hide their article until a script shows it. So a hidden element that holds a good part
//! of the page's paragraphs, and does not repeat visible ones, counts as shown; so do the panels that
//! readers open, and what browsers without scripts show where they show nothing else. What must stay
//! true: time is linear in the page, however much is hidden.

use std::{ops::Range, sync::LazyLock};

use hashbrown::{HashMap, HashSet};

use aho_corasick::AhoCorasick;

use crate::html::{NodeId, Tag, Tree};

/// Bytes from which on a text is a paragraph.
const PARAGRAPH: usize = 60;
/// The least paragraphs and bytes of a hidden element, or of several that look alike, that may be
/// part of an article; with so many times its bytes there is an article without it.
const MIN_PARAGRAPHS: usize = 2;
const MIN_BYTES: usize = 150;
const TIMES: usize = 4;
/// How many hidden elements that look alike are an accordion.
const PANELS: usize = 3;
/// How deep hidden elements are looked for inside of hidden ones that count as shown.
const ROUNDS: usize = 4;
/// The longest style and class that are read.
const MAX_VALUE: usize = 1_000;

/// Parts of classes that are made for screen readers and printers.
const NAMES: [&str; 10] = [
    "sr-only",
    "visually-hidden",
    "visuallyhidden",
    "visually_hidden",
    "screen-reader",
    "screenreader",
    "show-for-sr",
    "element-invisible",
    "print-only",
    "printonly",
];

static FINDER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(NAMES).ok());

/// The subtrees that no reader sees, in document order, none in another.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    ranges: Vec<Range<NodeId>>,
}

impl Hidden {
    /// Those of a page.
    pub(super) fn of(tree: &Tree<'_>) -> Self {
        let mut ranges = outermost(tree, 1..tree.len());
        if ranges.is_empty() {
            return Self::default();
        }
        let paragraphs = paragraphs(tree);
        for _ in 0..ROUNDS {
            let shown = shown_anyway(tree, &ranges, &paragraphs);
            if shown.is_empty() {
                break;
            }
            // What counts as shown may hold something hidden of its own.
            let left = |range: Range<NodeId>| {
                if shown.contains(&range.start) {
                    outermost(tree, range.start + 1..range.end)
                } else {
                    vec![range]
                }
            };
            ranges = ranges.into_iter().flat_map(left).collect();
        }
        Self { ranges }
    }

    /// Whether a hidden subtree begins at a node.
    pub(super) fn begins_at(&self, node: NodeId) -> bool {
        self.ranges.binary_search_by_key(&node, |range| range.start).is_ok()
    }
}

/// The hidden subtrees among some nodes that are in no other of them.
fn outermost(tree: &Tree<'_>, nodes: Range<NodeId>) -> Vec<Range<NodeId>> {
    let mut ranges = Vec::new();
    let mut at = nodes.start;
    while at < nodes.end {
        if is_hidden(tree, at) {
            ranges.push(tree.subtree(at));
            at = tree.end(at);
        } else {
            at = if is_left_out(tree, at) { tree.end(at) } else { at + 1 };
        }
    }
    ranges
}

/// Whether what is inside an element is text of no reader, hidden or not.
pub(super) fn is_left_out(tree: &Tree<'_>, node: NodeId) -> bool {
    match tree.tag(node) {
        Tag::Head
        | Tag::Script
        | Tag::Style
        | Tag::Svg
        | Tag::Math
        | Tag::Select
        | Tag::Textarea
        | Tag::Title
        | Tag::Object
        | Tag::Canvas
        | Tag::Audio
        | Tag::Video
        | Tag::Noembed
        | Tag::Noframes => true,
        Tag::Template => !is_shadow_root(tree, node),
        _ => false,
    }
}

/// Whether a template is the content of the element around it, which browsers show.
fn is_shadow_root(tree: &Tree<'_>, template: NodeId) -> bool {
    tree.raw_attributes(template).any(|(name, _)| {
        name.eq_ignore_ascii_case("shadowrootmode") || name.eq_ignore_ascii_case("shadowroot")
    })
}

/// Whether an element says that it is not to be seen.
fn is_hidden(tree: &Tree<'_>, node: NodeId) -> bool {
    let tag = tree.tag(node);
    match tag {
        Tag::Text | Tag::Html | Tag::Body => return false,
        Tag::Noscript => return true,
        _ => {}
    }
    let mut open = tag != Tag::Dialog;
    for (name, value) in tree.raw_attributes(node) {
        if value.len() > MAX_VALUE {
            continue;
        }
        let hides = match name.len() {
            4 if name.eq_ignore_ascii_case("open") => {
                open = true;
                false
            }
            5 if name.eq_ignore_ascii_case("style") => hides(value),
            5 if name.eq_ignore_ascii_case("class") => is_named_hidden(value),
            6 if name.eq_ignore_ascii_case("hidden") => {
                !value.eq_ignore_ascii_case("until-found") && !value.eq_ignore_ascii_case("false")
            }
            _ => false,
        };
        if hides {
            return true;
        }
    }
    !open
}

/// Whether a class is one for screen readers or printers alone.
fn is_named_hidden(class: &str) -> bool {
    FINDER.as_ref().is_some_and(|finder| finder.is_match(class))
        && class.split_ascii_whitespace().any(|token| {
            // `focus:not-sr-only` and `not-sr-only` take it back.
            !token.contains("not-") && FINDER.as_ref().is_some_and(|finder| finder.is_match(token))
        })
}

/// Whether a style takes an element from sight, by one of the usual means.
fn hides(style: &str) -> bool {
    let plain: String =
        style.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    plain.split(';').any(|rule| {
        let Some((name, value)) = rule.split_once(':') else { return false };
        match name {
            "display" => value.starts_with("none"),
            "visibility" => value.starts_with("hidden") || value.starts_with("collapse"),
            "clip" => value.starts_with("rect(0") || value.starts_with("rect(1px"),
            "clip-path" => value.starts_with("inset(50%") || value.starts_with("inset(100%"),
            "left" | "right" | "top" | "text-indent" | "margin-left" => {
                value.starts_with("-999") || value.starts_with("-1000")
            }
            "mso-hide" => value.starts_with("all"),
            _ => false,
        }
    })
}

/// A text of one block that is long enough and mostly no link.
struct Paragraph {
    at: NodeId,
    bytes: usize,
    hash: u64,
}

/// The paragraphs of a page, hidden ones included, in document order.
fn paragraphs(tree: &Tree<'_>) -> Vec<Paragraph> {
    let mut found: Vec<Paragraph> = Vec::new();
    let mut open: Option<(NodeId, Paragraph, usize)> = None;
    let mut close = |open: &mut Option<(NodeId, Paragraph, usize)>| {
        found.extend(
            open.take()
                .filter(|(_, text, linked)| text.bytes >= PARAGRAPH && linked * 3 <= text.bytes)
                .map(|(_, text, _)| text),
        );
    };
    let mut at = 1;
    while at < tree.len() {
        if is_left_out(tree, at) {
            at = tree.end(at);
            continue;
        }
        if tree.tag(at) == Tag::Text {
            let block = tree.block(at);
            if open.as_ref().is_none_or(|(known, ..)| *known != block) {
                close(&mut open);
                open = Some((block, Paragraph { at, bytes: 0, hash: 0xcbf2_9ce4_8422_2325 }, 0));
            }
            if let Some((_, text, linked)) = &mut open {
                let bytes = tree.raw_text(at).bytes().filter(|byte| !byte.is_ascii_whitespace());
                let before = text.bytes;
                for byte in bytes {
                    text.bytes += 1;
                    text.hash = (text.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
                }
                *linked += if tree.linked(at) { text.bytes - before } else { 0 };
            }
        }
        at += 1;
    }
    close(&mut open);
    found
}

/// What some hidden elements hold that is not visible elsewhere.
#[derive(Default)]
struct Held {
    elements: usize,
    paragraphs: usize,
    bytes: usize,
}

impl Held {
    /// Whether so much is part of an article of a page that shows `visible` bytes of paragraphs.
    fn is_of_article(&self, visible: usize) -> bool {
        self.paragraphs >= MIN_PARAGRAPHS
            && self.bytes >= MIN_BYTES
            && self.bytes * TIMES >= visible
            || visible == 0 && self.paragraphs > 0
    }
}

/// Whether an element is one that readers open, by what it says to screen readers.
fn is_panel(tree: &Tree<'_>, node: NodeId) -> bool {
    let role = tree.attribute(node, "role").unwrap_or_default();
    matches!(role.as_ref(), "tabpanel" | "region")
        || role.is_empty() && tree.attribute(node, "aria-labelledby").is_some()
}

/// The hidden elements that count as shown.
fn shown_anyway(
    tree: &Tree<'_>,
    hidden: &[Range<NodeId>],
    paragraphs: &[Paragraph],
) -> HashSet<NodeId> {
    let inside = |range: &Range<NodeId>| {
        let at = |node: NodeId| paragraphs.partition_point(|text| text.at < node);
        &paragraphs[at(range.start)..at(range.end)]
    };
    let (mut visible, mut known, mut next) = (0, HashSet::new(), 0);
    for text in paragraphs {
        while hidden.get(next).is_some_and(|range| range.end <= text.at) {
            next += 1;
        }
        if hidden.get(next).is_none_or(|range| !range.contains(&text.at)) {
            visible += text.bytes;
            known.insert(text.hash);
        }
    }
    let mut alike: HashMap<(Tag, String), Held> = HashMap::new();
    let mut own = Vec::new();
    for range in hidden {
        let mut held = Held { elements: 1, ..Held::default() };
        for text in inside(range).iter().filter(|text| !known.contains(&text.hash)) {
            held.paragraphs += 1;
            held.bytes += text.bytes;
        }
        let class = tree.attribute(range.start, "class").unwrap_or_default();
        let look = (tree.tag(range.start), class.chars().take(MAX_VALUE).collect::<String>());
        if held.paragraphs > 0 && !class.is_empty() {
            let group = alike.entry(look.clone()).or_default();
            group.elements += 1;
            group.paragraphs += held.paragraphs;
            group.bytes += held.bytes;
        }
        own.push((range.start, held, look));
    }
    let alone = |node: NodeId, held: &Held| {
        if tree.tag(node) == Tag::Noscript {
            return held.bytes >= visible && held.is_of_article(visible);
        }
        held.is_of_article(visible) || held.paragraphs > 0 && is_panel(tree, node)
    };
    let accordion = |look: &(Tag, String)| {
        alike
            .get(look)
            .is_some_and(|group| group.elements >= PANELS && group.is_of_article(visible))
    };
    own.into_iter()
        .filter(|(node, held, look)| alone(*node, held) || held.paragraphs > 0 && accordion(look))
        .map(|(node, ..)| node)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "The harbour of the old town is open again after the storm of the winter, and ships wait.";

    /// The texts that are left of a page.
    fn visible(html: &str) -> Vec<String> {
        let tree = Tree::parse(html);
        let lines = crate::read::lines::Lines::from_tree(&tree);
        lines.lines.iter().map(|line| lines.get(line).to_owned()).collect()
    }

    fn paragraphs_of(texts: &[&str]) -> String {
        texts.iter().map(|text| format!("<p>{text} {TEXT}</p>")).collect::<Vec<_>>().concat()
    }

    #[test]
    fn what_is_hidden_by_any_of_the_usual_means_is_no_text() {
        let shown = paragraphs_of(&["One.", "Two."]);
        for hidden in [
            "<p style='color: red; DISPLAY : none !important'>Gone</p>",
            "<div style=visibility:hidden><p>Gone</div>",
            "<p hidden>Gone</p>",
            "<p HIDDEN=hidden>Gone</p>",
            "<span class='link VisuallyHidden__x'>Gone</span>",
            "<span class=screen-reader-text>Gone</span>",
            "<div class=print-only>Gone</div>",
            "<span style='position:absolute;left:-9999px'>Gone</span>",
            "<span style='clip: rect(0 0 0 0)'>Gone</span>",
            "<dialog><p>Gone</p></dialog>",
            "<noscript><p>Gone</p></noscript>",
            "<template><p>Gone</p></template>",
        ] {
            let lines = visible(&format!("{shown}{hidden}"));
            assert_eq!(lines.len(), 2, "{hidden}: {lines:?}");
        }
    }

    #[test]
    fn what_only_looks_hidden_stays() {
        for shown in [
            "<p style='opacity: 0'>Here</p>",
            "<p hidden=until-found>Here</p>",
            "<p class='focus:not-sr-only'>Here</p>",
            "<p aria-hidden=true>Here</p>",
            "<dialog open><p>Here</p></dialog>",
            "<x-a><template shadowrootmode=open><style>p{}</style><p>Here</p></template></x-a>",
            "<p style='background:url(none);left:-9px'>Here</p>",
        ] {
            assert_eq!(visible(&format!("<p>{TEXT}</p>{shown}")).len(), 2, "{shown}");
        }
    }

    #[test]
    fn an_article_that_a_script_shows_is_not_hidden_but_what_is_hidden_in_it_is() {
        let rest = paragraphs_of(&["Three.", "Four."]);
        for page in [
            format!("<p>{TEXT}</p><div style=display:none>{rest}<p hidden>Gone</p></div>"),
            format!("<p>{TEXT}</p><noscript>{rest}</noscript>"),
            format!("<div style=display:none><p>{TEXT}</p><div hidden>{rest}</div></div>"),
        ] {
            assert_eq!(visible(&page).len(), 3, "{page}");
        }
    }

    #[test]
    fn a_hidden_copy_is_left_out_and_the_panels_of_an_accordion_are_not() {
        let text = paragraphs_of(&["One.", "Two.", "Three."]);
        assert_eq!(visible(&format!("{text}<div style=display:none>{text}</div>")).len(), 3);
        let panels = ["Four.", "Five.", "Six."].map(|name| {
            format!("<h3>{name}</h3><div class=panel hidden><p>{name} {TEXT}</p></div>")
        });
        assert_eq!(visible(&format!("{text}{}", panels.concat())).len(), 9);
    }

    #[test]
    fn many_hidden_elements_in_one_another_cost_no_more_than_they_hold() {
        let deep = "<div hidden>".repeat(50_000);
        assert_eq!(visible(&format!("{deep}<p>{TEXT}")).len(), 0);
    }
}
