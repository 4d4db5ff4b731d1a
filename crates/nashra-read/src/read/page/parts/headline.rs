//! Chooses between the headline of the metadata and the one that the page shows, and takes off what
//! is set into a heading and is none of the headline.

use super::PartBuilder;
use crate::{
    html::{NodeId, Tag},
    model::record::Origin,
    read::page::{meta::title, split::alike},
    text::{collapse, fold},
};

/// Nodes of a heading among which its kicker is looked for.
const MAX_NODES: usize = 100;
/// The longest note in brackets behind a headline, in bytes.
const MAX_NOTE: usize = 24;
/// Bytes of a headline from which a note behind it is told from a part of it, in the form of [`fold`].
const MIN_NOTED: usize = 16;
/// Words in the names of elements that are set before a headline and into its heading.
const KICKERS: [&str; 21] = [
    "kicker",
    "overline",
    "dachzeile",
    "roofline",
    "topline",
    "spitzmarke",
    "eyebrow",
    "supertitle",
    "suptitle",
    "overtitle",
    "pretitle",
    "pretitre",
    "preheadline",
    "preheading",
    "antetitulo",
    "volanta",
    "occhiello",
    "occhietto",
    "surtitre",
    "surtitle",
    "strapline",
];

impl PartBuilder<'_, '_> {
    pub(super) fn title(&mut self) {
        let ruled = self.content.provenance.title == Some(Origin::Rule);
        if let Some(at) = self.span.headline.filter(|_| !ruled) {
            let visible = self.line(at).to_owned();
            let said = self.content.title.as_deref().map(fold);
            // What readers see wins over what machines are told, where both are the same headline
            // with something before or behind it.
            let seen = fold(&visible);
            let same = said.as_deref().is_some_and(|said| alike(said, &seen))
                || self
                    .content
                    .title
                    .as_deref()
                    .is_some_and(|title| title::is_part(title, &visible));
            let first = self.span.holder == 0;
            // One that only names a part of the page, such as its menu, is none of what the
            // metadata say.
            let telling = title::is_telling(&visible)
                || said.as_deref().is_none_or(|said| title::is_within(said, &visible));
            let heading = self.view.tree.tag(self.block_of(at)) == Tag::H1
                && !self.view.meta.site.is_named(&visible)
                && telling;
            // What the metadata agree on, with a kicker or without one word of the other, is the
            // headline; for searches the same is said in other words.
            let agreed = first && self.view.meta.agreed;
            let title = self.content.title.as_deref().unwrap_or_default();
            let settled = agreed
                && if same {
                    title::ends_with(title, &visible)
                } else {
                    !title::is_reworded(title, &visible)
                };
            // A kicker that is set into the heading is none of the headline.
            let kicked = first
                && self
                    .content
                    .title
                    .as_deref()
                    .is_some_and(|title| title::ends_with(&visible, title));
            // Letters alone: what stands between the parts of a headline is lost where they are
            // elements of their own.
            if kicked
                || first
                    && said.as_deref() == Some(&fold(&visible))
                    && said.as_ref().is_some_and(|said| !said.is_empty())
            {
                self.used.insert(at);
            } else if said.is_none() || self.span.holder != 0 || !settled && (same || heading) {
                self.content.title = Some(visible);
                self.content.provenance.title = Some(Origin::Dom);
            }
        }
        if !ruled {
            self.cut_title();
        }
        // Printed twice or thrice it is still no text.
        if let Some(title) = self.content.title.as_deref().map(fold) {
            // Folding is what costs: a line of another length is another one.
            let letters = u32::try_from(title.chars().count()).unwrap_or(u32::MAX);
            let long = |chars: u32| {
                chars < 400
                    && chars.saturating_mul(2) >= letters
                    && chars <= letters.saturating_mul(2).saturating_add(20)
            };
            let same = |at: &usize| {
                long(self.view.lines.lines[*at].chars) && fold(self.line(*at)) == title
            };
            let printed: Vec<usize> = (self.span.from..self.span.to).filter(same).collect();
            self.used.extend(printed);
        }
        self.used.extend(self.span.headline);
    }

    /// Takes a kicker off the headline, and a note such as `[Watch]` that the window's title has
    /// not.
    fn cut_title(&mut self) {
        let Some(title) = self.content.title.as_deref() else { return };
        // What a script says is the headline, with its kicker.
        let said = self.content.provenance.title == Some(Origin::JsonLd)
            || self.span.holder == 0 && self.view.meta.agreed;
        let heading = self.span.headline.filter(|_| !said);
        let rest = heading.and_then(|at| self.without_kicker(self.block_of(at)));
        let cut = rest
            .filter(|rest| title::ends_with(title, rest) && fold(rest) != fold(title))
            .or_else(|| self.without_note(title));
        if cut.is_some() {
            self.content.title = cut;
        }
    }

    /// The text of a heading without the kicker that it begins with.
    fn without_kicker(&self, heading: NodeId) -> Option<String> {
        let tree = self.view.tree;
        tree.tag(heading).heading_level()?;
        let nodes = || tree.descendants(heading).take(MAX_NODES);
        let blank = |node: &NodeId| tree.text(*node).chars().all(char::is_whitespace);
        let first = nodes().find(|node| tree.tag(*node) == Tag::Text && !blank(node))?;
        let named = |node: &NodeId| {
            let class = tree.attribute(*node, "class").unwrap_or_default().to_ascii_lowercase();
            tree.tag(*node) == Tag::Small
                || class.split(|c: char| !c.is_ascii_alphanumeric()).any(|it| KICKERS.contains(&it))
        };
        let inside = |node: &NodeId| *node != heading && tree.within(*node, heading);
        let kicker = tree.ancestors(first).take_while(inside).find(named)?;
        let end = tree.end(kicker);
        let rest: String =
            nodes().filter(|node| *node >= end).map(|node| tree.text(node)).collect();
        let rest = collapse(&rest);
        let sign = |c: char| c.is_whitespace() || matches!(c, ':' | '-' | '–' | '—' | '|' | '/');
        Some(rest.trim_start_matches(sign).to_owned())
    }

    /// A headline without the note in brackets behind it, where the window's title has the one
    /// without the other.
    fn without_note(&self, title: &str) -> Option<String> {
        let (rest, note) = title.strip_suffix(']')?.rsplit_once('[')?;
        let window = self.view.tree.find(0, Tag::Title).filter(|_| self.span.holder == 0)?;
        let window = fold(&self.view.tree.start_of_text(window));
        let rest = rest.trim_end();
        let cut = fold(rest);
        let known = note.len() <= MAX_NOTE
            && cut.len() >= MIN_NOTED
            && window.contains(&cut)
            && !window.contains(&fold(title));
        known.then(|| rest.to_owned())
    }
}
