//! The types of fields that hold only nashra's own words and numbers, so that nothing of them is
//! cut or cleaned.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Item;

impl Item for Direction {}
impl Item for Provenance {}
impl Item for Quality {}

/// The reading direction of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Left to right.
    Ltr,
    /// Right to left.
    Rtl,
}

/// Where the main fields came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// Origin of the title.
    pub title: Option<Origin>,
    /// Origin of the text.
    pub text: Option<Origin>,
    /// Origin of the date.
    pub published: Option<Origin>,
    /// Origin of the bylines.
    pub bylines: Option<Origin>,
}

/// Where a field came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A JSON-LD object of the page.
    JsonLd,
    /// A `<meta>` element of the page.
    Meta,
    /// Microdata in the HTML of the page.
    Microdata,
    /// The state that a framework leaves in the page for its scripts.
    Script,
    /// The feed's entry.
    Feed,
    /// The page's visible elements.
    Dom,
    /// A selector in the config of the source.
    Rule,
}

/// How reliable the extraction is, and whether the text is complete.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quality {
    /// How confident nashra is that the text is this article, from 0 to 1.
    pub confidence: f32,
    /// Whether the text ends before the article does.
    pub truncated: bool,
    /// Whether the rest of the article is for subscribers only.
    pub paywalled: bool,
}
