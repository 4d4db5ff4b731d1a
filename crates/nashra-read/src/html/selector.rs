//! CSS selectors, with which an operator names the elements of a page.
//!
//! What is understood (Selectors Level 4): `tag`, `*`, `.class`, `#id`, `[attribute]` with `=`,
//! `~=`, `^=`, `$=` and `*=`, written together (`a.title[href^="/news/"]`), as descendants (`ul
//! a`), as children (`ul > li`), and lists with commas. Anything else is an error that names the
//! selector and the place.
//!
//! A tree is matched in one pass from the root down, so that time is linear in its nodes whatever
//! the selector is.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use crate::html::{NodeId, Tag, Tree};

/// The most compounds of one selector: each has a bit of a `u32`.
const MAX_COMPOUNDS: usize = 32;

/// A list of selectors; an element matches where one of them does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    pub(crate) text: String,
    alternatives: Vec<Vec<Compound>>,
}

/// A compound selector: what one element must be, and its relation to the compound before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Compound {
    /// Whether it must be a child of the element before, and not just inside it.
    child: bool,
    tag: Option<String>,
    tests: Vec<AttributeTest>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct AttributeTest {
    name: String,
    comparison: Comparison,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Present,
    Equal,
    Word,
    Begins,
    Ends,
    Holds,
}

/// Why a text is not a selector that is supported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// The text is empty.
    #[error("the selector is empty")]
    Empty,
    /// A part of CSS that is not supported, or no CSS at all.
    #[error("the selector {selector:?} is not understood at {rest:?}: {expected}")]
    NotUnderstood {
        /// The whole selector, as it was written.
        selector: String,
        /// The start of what was not understood.
        rest: String,
        /// What is expected there.
        expected: &'static str,
    },
    /// The selector has more compounds than are supported.
    #[error("the selector {selector:?} has more than {MAX_COMPOUNDS} parts")]
    TooLong {
        /// The whole selector, as it was written.
        selector: String,
    },
}

impl Serialize for Selector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        if text.trim().is_empty() {
            return Err(SelectorError::Empty);
        }
        let mut reader = Reader { text, rest: text.trim() };
        let mut alternatives = vec![Vec::new()];
        let mut child = false;
        loop {
            let compound = Compound { child, ..reader.compound()? };
            if let Some(parts) = alternatives.last_mut() {
                parts.push(compound);
            }
            let spaced = reader.rest.trim_start();
            child = spaced.starts_with('>');
            match spaced.chars().next() {
                None => break,
                Some(',') => alternatives.push(Vec::new()),
                Some('>') => {}
                Some(_) if spaced.len() < reader.rest.len() => {
                    reader.rest = spaced;
                    continue;
                }
                Some(_) => {
                    return Err(reader.wrong(
                        "a space, `>`, `,`, `.class`, `#id` or `[attribute]` could follow",
                    ));
                }
            }
            reader.rest = spaced[1..].trim_start();
        }
        if alternatives.iter().map(Vec::len).sum::<usize>() > MAX_COMPOUNDS {
            return Err(SelectorError::TooLong { selector: text.to_owned() });
        }
        Ok(Self { text: text.trim().to_owned(), alternatives })
    }
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn wrong(&self, expected: &'static str) -> SelectorError {
        let rest = if self.rest.is_empty() {
            "its end".to_owned()
        } else {
            self.rest.chars().take(40).collect()
        };
        SelectorError::NotUnderstood { selector: self.text.to_owned(), rest, expected }
    }

    fn name(&mut self) -> Result<&'a str, SelectorError> {
        let end = self
            .rest
            .find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return Err(self.wrong("a name is missing"));
        }
        self.rest = rest;
        Ok(name)
    }

    fn skip(&mut self, what: &str) -> bool {
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn compound(&mut self) -> Result<Compound, SelectorError> {
        let mut compound = Compound::default();
        let before = self.rest.len();
        if !self.skip("*") && self.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            compound.tag = Some(self.name()?.to_ascii_lowercase());
        }
        loop {
            if self.skip(".") {
                compound.tests.push(AttributeTest {
                    name: "class".to_owned(),
                    comparison: Comparison::Word,
                    value: self.name()?.to_owned(),
                });
            } else if self.skip("#") {
                compound.tests.push(AttributeTest {
                    name: "id".to_owned(),
                    comparison: Comparison::Equal,
                    value: self.name()?.to_owned(),
                });
            } else if self.skip("[") {
                compound.tests.push(self.attribute()?);
            } else if self.rest.len() == before {
                return Err(
                    self.wrong("a tag, `*`, `.class`, `#id` or `[attribute]` could stand here")
                );
            } else {
                return Ok(compound);
            }
        }
    }

    fn attribute(&mut self) -> Result<AttributeTest, SelectorError> {
        let name = self.name()?.to_ascii_lowercase();
        let signs = [
            ("=", Comparison::Equal),
            ("~=", Comparison::Word),
            ("^=", Comparison::Begins),
            ("$=", Comparison::Ends),
            ("*=", Comparison::Holds),
        ];
        let comparison = signs
            .iter()
            .find(|(sign, _)| self.skip(sign))
            .map_or(Comparison::Present, |(_, comparison)| *comparison);
        let mut value = "";
        if comparison != Comparison::Present {
            let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''));
            let from = usize::from(quote.is_some());
            let end = self.rest[from..]
                .find(quote.unwrap_or(']'))
                .ok_or_else(|| self.wrong("the value has no end"))?
                + from;
            value = &self.rest[from..end];
            self.rest = &self.rest[end + from..];
        }
        if !self.skip("]") {
            return Err(self.wrong("a `]` is missing"));
        }
        Ok(AttributeTest { name, comparison, value: value.to_owned() })
    }
}

impl Selector {
    /// The matching elements, in document order.
    #[must_use]
    pub fn matches(&self, tree: &Tree<'_>) -> Vec<NodeId> {
        let parts: Vec<&Compound> = self.alternatives.iter().flatten().collect();
        let (mut firsts, mut lasts, mut at) = (0_u32, 0_u32, 0);
        for alternative in &self.alternatives {
            firsts |= 1 << at;
            at += alternative.len();
            lasts |= 1 << (at - 1);
        }
        // For each node the compounds up to which it matches itself, and up to which it or an
        // ancestor does.
        let mut own: Vec<u32> = Vec::with_capacity(tree.len() as usize);
        let mut above: Vec<u32> = Vec::with_capacity(tree.len() as usize);
        let mut found = Vec::new();
        for node in 0..tree.len() {
            let parent = tree.parent(node) as usize;
            let (direct, inherited) =
                (own.get(parent).copied().unwrap_or(0), above.get(parent).copied().unwrap_or(0));
            let mut matched = 0;
            if !matches!(tree.tag(node), Tag::Text | Tag::Document) {
                for (index, part) in parts.iter().enumerate() {
                    let bit = 1 << index;
                    let before = if part.child { direct } else { inherited } << 1;
                    if (firsts & bit != 0 || before & bit != 0) && part.fits(tree, node) {
                        matched |= bit;
                    }
                }
            }
            if matched & lasts != 0 {
                found.push(node);
            }
            own.push(matched);
            above.push(inherited | matched);
        }
        found
    }
}

impl Compound {
    fn fits(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        self.tag.as_ref().is_none_or(|tag| tree.name(node).eq_ignore_ascii_case(tag))
            && self.tests.iter().all(|test| test.fits(tree, node))
    }
}

impl AttributeTest {
    fn fits(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let Some(value) = tree.attribute(node, &self.name) else { return false };
        let wanted = self.value.as_str();
        match self.comparison {
            Comparison::Present => true,
            Comparison::Equal => value == wanted,
            Comparison::Word => value.split_ascii_whitespace().any(|word| word == wanted),
            Comparison::Begins => !wanted.is_empty() && value.starts_with(wanted),
            Comparison::Ends => !wanted.is_empty() && value.ends_with(wanted),
            Comparison::Holds => !wanted.is_empty() && value.contains(wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<div id=top class='list big'><ul><li class=item><a href=/a class=t>A</a><li class=item><p><a href='/b?x=1'>B</a></ul></div>\
        <a href=/c>C</a><custom-tag><a href=/d>D</a></custom-tag>";

    fn hrefs(selector: &str) -> Vec<String> {
        let tree = Tree::parse(PAGE);
        let selector: Selector = selector.parse().unwrap();
        selector
            .matches(&tree)
            .into_iter()
            .filter_map(|found| tree.attribute(found, "href").map(Into::into))
            .collect()
    }

    #[test]
    fn tags_classes_ids_attributes_descendants_children_and_lists_match() {
        assert_eq!(hrefs("a"), ["/a", "/b?x=1", "/c", "/d"]);
        assert_eq!(hrefs("#top a"), ["/a", "/b?x=1"]);
        assert_eq!(hrefs(".list.big .item > a"), ["/a"]);
        assert_eq!(hrefs("li a[href*='x='], a[href=\"/c\"]"), ["/b?x=1", "/c"]);
        assert_eq!(hrefs("a[href^=/d], a[href$=a][class~=t]"), ["/a", "/d"]);
        assert_eq!(hrefs("custom-tag>a"), ["/d"]);
        assert_eq!(hrefs("* > A[class]"), ["/a"]);
        assert_eq!(hrefs("ul ul a"), [""; 0]);
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_place() {
        let wrong = |selector: &str| selector.parse::<Selector>().unwrap_err().to_string();
        assert_eq!(
            wrong("li:first-child a"),
            "the selector \"li:first-child a\" is not understood at \":first-child a\": a space, `>`, `,`, `.class`, `#id` or `[attribute]` could follow"
        );
        assert!(wrong("a[href").contains("a `]` is missing"));
        assert!(wrong("a[href='x]").contains("the value has no end"));
        assert!(wrong("ul >").contains("at \"its end\""));
        assert!(wrong("a, ,b").contains("could stand here"));
        assert!(wrong("a + b").contains("at \"+ b\""));
        assert_eq!(wrong(" "), "the selector is empty");
        assert!(wrong(&"a ".repeat(40)).contains("more than 32 parts"));
    }
}
