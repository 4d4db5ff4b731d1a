//! Who wrote an article.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Item;
use crate::model::{
    bounds::{NAME, cut_some, shorten},
    clean,
};

/// An author of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Byline {
    /// The name, without "by".
    pub name: String,
    /// Whether it names a person or an organisation.
    pub kind: BylineKind,
    /// The place that the byline says the article was written in.
    pub place: Option<String>,
}

impl Item for Byline {
    fn bound(&mut self) -> bool {
        let Self { name, kind: _, place } = self;
        shorten(name, NAME);
        cut_some(place, NAME);
        true
    }

    fn clean(&mut self) -> bool {
        let Self { name, kind: _, place } = self;
        clean::text(name);
        clean::optional(place);
        !name.is_empty()
    }
}

/// What a byline names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BylineKind {
    /// One person.
    Person,
    /// A newsroom, agency or company.
    Organisation,
}
