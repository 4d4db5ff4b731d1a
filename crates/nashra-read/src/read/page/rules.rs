//! The operator's rules for the pages of a source: the elements that hold a field, and those that
//! hold nothing of the article.
//!
//! A rule wins over the metadata of a page and over the learned models. Where it matches nothing,
//! the field is found as on pages without rules, so a redesigned page is still read.

use std::{fmt, ops::Range, str::FromStr as _};

use super::meta::Meta;
use crate::{
    dates::{moment, partial},
    html::{
        NodeId, Tree,
        selector::{Selector, SelectorError},
    },
    model::record::Origin,
    read::credits::byline,
    text::collapse,
};

/// Fields that rules are given for, as they are named in a list of sources.
const FIELDS: [&str; 7] = ["title", "subtitle", "section", "byline", "published", "text", "remove"];

/// CSS selectors for the fields of an article.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// The headline: the text of the first element.
    pub title: Option<Selector>,
    /// The deck, in the same way.
    pub subtitle: Option<Selector>,
    /// The section, in the same way.
    pub section: Option<Selector>,
    /// The writers: all elements.
    pub byline: Option<Selector>,
    /// The day or the moment: the `datetime` or `content` of the first element, else its text.
    pub published: Option<Selector>,
    /// The elements that hold the whole text, and nothing else does.
    pub text: Option<Selector>,
    /// The elements of which nothing belongs to the article.
    pub remove: Option<Selector>,
}

/// Why a rule is invalid.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The rule is not of the form `FIELD=SELECTOR`.
    #[error("a rule is FIELD=SELECTOR, where FIELD is one of {}", FIELDS.join(", "))]
    Form,
    /// The selector is invalid.
    #[error(transparent)]
    Selector(#[from] SelectorError),
}

impl Rules {
    /// The rules with the names that they have in a list of sources.
    #[must_use]
    pub fn named(&self) -> [(&'static str, &Option<Selector>); 7] {
        let Self { title, subtitle, section, byline, published, text, remove } = self;
        let all = [title, subtitle, section, byline, published, text, remove];
        std::array::from_fn(|at| (FIELDS[at], all[at]))
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.named().iter().all(|named| named.1.is_none())
    }

    /// Parses rules that are written as `FIELD=SELECTOR`.
    ///
    /// # Errors
    /// A rule of another form, or one with an invalid selector.
    pub fn parse(written: &[String]) -> Result<Self, RuleError> {
        let mut rules = Self::default();
        written.iter().try_for_each(|written| rules.add(written))?;
        Ok(rules)
    }

    fn add(&mut self, rule: &str) -> Result<(), RuleError> {
        let (field, selector) = rule.split_once('=').ok_or(RuleError::Form)?;
        let Self { title, subtitle, section, byline, published, text, remove } = self;
        let all = [title, subtitle, section, byline, published, text, remove];
        let place = FIELDS
            .iter()
            .position(|known| *known == field.trim())
            .and_then(|at| all.into_iter().nth(at))
            .ok_or(RuleError::Form)?;
        *place = Some(Selector::from_str(selector)?);
        Ok(())
    }

    /// Replaces the metadata of a page by what the rules find in it.
    pub(super) fn apply(&self, tree: &Tree<'_>, meta: &mut Meta) {
        let texts = |rule: &Option<Selector>| {
            let nodes = rule.as_ref().map(|rule| rule.matches(tree)).unwrap_or_default();
            nodes
                .into_iter()
                .map(|node| collapse(&tree.start_of_text(node)))
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
        };
        let first = |rule: &Option<Selector>| texts(rule).into_iter().next();
        let content = &mut meta.content;
        if let Some(title) = first(&self.title) {
            (content.title, content.provenance.title) = (Some(title), Some(Origin::Rule));
        }
        content.subtitle = first(&self.subtitle).or(content.subtitle.take());
        content.section = first(&self.section).or(content.section.take());
        let names: Vec<_> =
            texts(&self.byline).iter().flat_map(|text| byline::parse(text)).collect();
        if !names.is_empty() {
            (content.bylines, content.provenance.bylines, meta.anonymous) =
                (names, Some(Origin::Rule), false);
        }
        let moments =
            self.published.as_ref().map(|published| published.matches(tree)).unwrap_or_default();
        if let Some((time, note)) = moments.into_iter().find_map(|moment| moment_of(tree, moment)) {
            content.published = Some(time);
            content.provenance.published = Some(Origin::Rule);
            content.date_notes.retain(|date| !date.starts_with("published"));
            content.date_notes.extend(note.map(|note| format!("published: {note}")));
        }
    }

    /// The elements with the text, and those that are removed from it.
    pub(super) fn places(&self, tree: &Tree<'_>) -> RulePlaces {
        let of = |rule: &Option<Selector>| {
            outermost(tree, rule.as_ref().map(|rule| rule.matches(tree)).unwrap_or_default())
        };
        RulePlaces { text: of(&self.text), removed: of(&self.remove) }
    }
}

/// The subtrees of elements in document order, without those that are in another one.
fn outermost(tree: &Tree<'_>, elements: Vec<NodeId>) -> Vec<Range<NodeId>> {
    let mut subtrees: Vec<Range<NodeId>> = Vec::new();
    for element in elements {
        if subtrees.last().is_none_or(|node| node.end <= element) {
            subtrees.push(tree.subtree(element));
        }
    }
    subtrees
}

impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = self.named().into_iter().filter_map(|(name, selector)| {
            selector.as_ref().map(|selector| format!("{name} = {:?}", selector.to_string()))
        });
        f.write_str(&written.collect::<Vec<_>>().join(", "))
    }
}

/// The subtrees that hold the text of a page by its rules, and those that are removed.
#[derive(Debug, Default)]
pub(super) struct RulePlaces {
    text: Vec<Range<NodeId>>,
    removed: Vec<Range<NodeId>>,
}

impl RulePlaces {
    /// Whether rules say where the whole text is.
    pub(super) fn hold_text(&self) -> bool {
        !self.text.is_empty()
    }

    /// Whether a node is in the text that rules name.
    pub(super) fn is_text(&self, node: NodeId) -> bool {
        inside(&self.text, node)
    }

    /// Whether a node is in what rules take out.
    pub(super) fn is_removed(&self, node: NodeId) -> bool {
        inside(&self.removed, node)
    }
}

/// Whether a node is in one of some subtrees, which are apart and in document order.
fn inside(subtrees: &[Range<NodeId>], node: NodeId) -> bool {
    let next = subtrees.partition_point(|subtree| subtree.start <= node);
    next > 0 && subtrees[next - 1].contains(&node)
}

fn moment_of(
    tree: &Tree<'_>,
    node: NodeId,
) -> Option<(chrono::DateTime<chrono::FixedOffset>, Option<&'static str>)> {
    let text = || collapse(&tree.start_of_text(node));
    let said = ["datetime", "content"]
        .iter()
        .find_map(|name| tree.attribute(node, name))
        .map_or_else(text, |value| value.trim().to_owned());
    if let Some(moment) = moment::parse(&said, None) {
        return Some((moment.time, moment.note()));
    }
    let day = partial::find_all(&said).iter().find_map(partial::DateMatch::day)?;
    Some((
        day.and_time(chrono::NaiveTime::MIN).and_utc().fixed_offset(),
        Some("a day without a time, taken as midnight UTC"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_as_it_is_shown_and_what_is_none_says_what_one_is() {
        let mut rules = Rules::default();
        rules.add("text=div.body, #more").unwrap();
        rules.add("remove = [data-box=\"x\"]").unwrap();
        assert_eq!(
            rules.to_string(),
            "text = \"div.body, #more\", remove = \"[data-box=\\\"x\\\"]\""
        );
        assert!(
            rules
                .add("body=div")
                .unwrap_err()
                .to_string()
                .contains("title, subtitle, section, byline, published, text, remove")
        );
        assert!(
            rules.add("title=h1:first-child").unwrap_err().to_string().contains(":first-child")
        );
    }

    #[test]
    fn elements_in_one_another_are_one_subtree() {
        let tree = Tree::parse("<div><p>a<p>b</div><p>c<div>d</div>");
        let rules = Rules {
            text: Some("div, p".parse().unwrap()),
            remove: Some("div div".parse().unwrap()),
            ..Rules::default()
        };
        let places = rules.places(&tree);
        assert!(places.hold_text());
        let text: String = (0..tree.len())
            .filter(|node| places.is_text(*node))
            .map(|node| tree.text(node))
            .collect();
        assert_eq!(text, "abcd");
        assert!((0..tree.len()).all(|node| !places.is_removed(node)));
    }
}
