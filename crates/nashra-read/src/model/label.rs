//! Labels of articles: what the operator's rules say that an article is about, and where the words
//! of the rules stand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::choices::choices;

choices! {
    /// A field in which words are looked for.
    LabelField {
        /// The headline.
        Title = "title",
        /// The text.
        Text = "text",
        /// The section of the site.
        Section = "section",
        /// The keywords of page and feed.
        Keywords = "keywords",
    }
}

/// A label that an article has, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArticleLabel {
    /// The label.
    pub name: String,
    /// Where words of its rules were found, each at its first place, in the order of the fields; at
    /// most 16. Empty where no rule of the label asks for words.
    pub places: Vec<LabelPlace>,
}

impl ArticleLabel {
    /// One of which the places are not known.
    #[must_use]
    pub fn without_places(name: String) -> Self {
        Self { name, places: Vec::new() }
    }
}

/// A place where a word or phrase of a rule was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LabelPlace {
    /// The field: `title`, `text`, `section` or `keywords`.
    #[schemars(with = "String")]
    pub field: LabelField,
    /// Which of the keywords it is, from 0; not there in other fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// The first character of it in the field or keyword, from 0.
    pub start: u32,
    /// The character after it.
    pub end: u32,
    /// The word or phrase as the rule has it.
    pub term: String,
}

/// As explanations show it: `text 17–21 “Iran”`.
impl std::fmt::Display for LabelPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { field, item, start, end, term } = self;
        match item {
            Some(item) => write!(f, "{field}[{item}] {start}–{end} “{term}”"),
            None => write!(f, "{field} {start}–{end} “{term}”"),
        }
    }
}
