//! What is known of a source or an article, for operators: data, for programs, and one rendering of
//! it as facts, which the command line prints and the status pages show.
//!
//! What must stay true: addresses are without what is secret in them already in the data.

mod article;
mod history;
pub mod reports;
mod source;
mod states;
mod topic;

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    base::{
        clock::{Clock as _, SystemClock},
        private::shown,
    },
    config::sources::SourceId,
    store::{Store, StoreError},
};

pub use article::{ExplainedArticle, find_article};
pub use history::{ArticleHistory, EditionWay, ExplainedEdition};
pub use source::ExplainedSource;
pub use states::{SourceState, SourceStates, sources};
pub use topic::ExplainedTopic;

/// What is known of something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Explanation {
    /// A source that is polled.
    Source(Box<ExplainedSource>),
    /// A topic that is read.
    Topic(Box<ExplainedTopic>),
    /// An article.
    Article(Box<ArticleHistory>),
}

/// One thing that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is of; empty where the value says it.
    pub name: String,
    /// It, in words.
    pub value: String,
}

/// What is known, in the order in which it is shown.
#[derive(Debug, Default)]
struct Facts(Vec<Fact>);

impl Facts {
    fn fact(&mut self, name: &str, value: String) {
        self.0.push(Fact { name: name.to_owned(), value });
    }

    /// A fact that needs no name.
    fn line(&mut self, value: String) {
        self.fact("", value);
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value } = self;
        if name.is_empty() { f.write_str(value) } else { write!(f, "{name}: {value}") }
    }
}

impl Explanation {
    /// What it is about.
    #[must_use]
    pub fn heading(&self) -> String {
        match self {
            Self::Source(source) => source.heading(),
            Self::Topic(topic) => topic.heading(),
            Self::Article(article) => article.article.heading(),
        }
    }

    /// What is known, in words.
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = Facts::default();
        match self {
            Self::Source(source) => source.facts(&mut facts),
            Self::Topic(topic) => topic.facts(&mut facts),
            Self::Article(article) => article.facts(&mut facts),
        }
        facts.0
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.heading())?;
        self.facts().iter().try_for_each(|fact| write!(f, "\n{fact}"))
    }
}

/// Says that nothing is known by a name.
#[must_use]
pub fn unknown(what: &str) -> String {
    format!("{}: no source and no article is known by this name", shown(what))
}

/// Explains a source (by id or address) or an article (by id or any of its addresses); `None` where
/// neither is known.
pub fn explain(store: &Store, what: &str) -> Result<Option<Explanation>, StoreError> {
    let by_address = Url::parse(what).ok().map(|url| SourceId::from_url(&url).to_string());
    let by_file = what.starts_with("file:").then(|| SourceId::from_location(what).to_string());
    for id in [Some(what.to_owned()), by_address, by_file].into_iter().flatten() {
        if let Some(source) = explain_source(store, &id)? {
            return Ok(Some(source));
        }
    }
    let found = find_article(&store.articles().view()?, what)?;
    let known = found.map(|(id, state)| ArticleHistory::new(store, id, state)).transpose()?;
    Ok(known.map(|article| Explanation::Article(Box::new(article))))
}

/// Explains the source with an id.
pub fn explain_source(store: &Store, id: &str) -> Result<Option<Explanation>, StoreError> {
    let now = SystemClock.now();
    if let Some(source) = source::find(store, id, now)? {
        return Ok(Some(Explanation::Source(Box::new(source))));
    }
    Ok(topic::find(store, id, now)?.map(|topic| Explanation::Topic(Box::new(topic))))
}

fn date(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}
