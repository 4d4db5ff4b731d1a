//! What is known of an article.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::{Facts, date};
use crate::{
    base::private::{Secrets, shown},
    model::{
        article::{ArticleState, TextRank},
        clean, identity,
        label::ArticleLabel,
        story::Story,
    },
    store::{ArticleView, Store, StoreError},
};

/// An article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedArticle {
    /// Its id.
    pub id: Uuid,
    /// The revision that was last published.
    pub revision: u32,
    /// Its canonical address.
    pub url: Option<String>,
    /// Other addresses that lead to it.
    pub alternate_urls: Vec<String>,
    /// The id of the source that listed it first.
    pub source: String,
    /// When it was first seen.
    pub first_seen: DateTime<Utc>,
    /// Where its text was read.
    pub text_from: TextOrigin,
    /// Whether its last record says that it was withdrawn.
    pub withdrawn: bool,
    /// When an operator erased it.
    pub erased: Option<DateTime<Utc>>,
    /// Its story, where it has one.
    pub story: Option<Story>,
    /// The labels of its last record, and some of the places of their words.
    #[serde(default)]
    pub labels: Vec<ArticleLabel>,
    /// Where its records go, where that is not the topic of articles alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// The last decision on it.
    pub verdict: ExplainedVerdict,
}

/// Where the text of an article was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextOrigin {
    /// In the feed alone.
    Feed,
    /// On the page of another article.
    OtherPage,
    /// On its page, or in what was handed over.
    Page,
}

/// A decision on an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedVerdict {
    /// `new`, `revised`, `duplicate`, `stale`, `kept`, `doubted`, `vanished`, `withdrawn` or
    /// `erased`.
    pub what: String,
    /// The reason, in words.
    pub why: String,
    /// When it was decided.
    pub at: DateTime<Utc>,
}

/// An article that is known by an id or by one of its addresses.
pub fn find_article(
    view: &ArticleView,
    what: &str,
) -> Result<Option<(Uuid, ArticleState)>, StoreError> {
    let id = match (Uuid::parse_str(what), Url::parse(what)) {
        (Ok(id), _) => Some(id),
        (_, Ok(url)) => view.alias(&identity::of_url(&url))?,
        _ => None,
    };
    let Some(id) = id else { return Ok(None) };
    Ok(view.article(id)?.map(|state| (id, state)))
}

/// The secrets in the address of the source that first listed an article.
fn secrets_of(store: &Store, source: &str) -> Secrets {
    let facts = store.polls().facts(source).ok().flatten();
    facts.map(|facts| facts.url.secrets()).unwrap_or_default()
}

impl ExplainedArticle {
    /// An article of the store, without the secrets of its source.
    #[must_use]
    pub fn new(store: &Store, id: Uuid, state: ArticleState) -> Self {
        let secrets = secrets_of(store, &state.source);
        let hidden = |address: &String| {
            let address = clean::address(address).unwrap_or_else(|| address.clone());
            shown(&secrets.hide(&address)).into_owned()
        };
        Self {
            id,
            revision: state.revision,
            url: state.url.as_ref().map(hidden),
            alternate_urls: state.alternate_urls.iter().map(hidden).collect(),
            first_seen: state.first_seen,
            text_from: match state.text_rank {
                TextRank::Feed => TextOrigin::Feed,
                TextRank::Part => TextOrigin::OtherPage,
                TextRank::Page => TextOrigin::Page,
            },
            withdrawn: state.withdrawn,
            erased: state.erased,
            verdict: ExplainedVerdict {
                what: state.verdict.what,
                why: state.verdict.why,
                at: state.verdict.at,
            },
            source: state.source,
            story: state.story,
            labels: state.labels,
            topics: state.routing.all(),
        }
    }

    pub(super) fn heading(&self) -> String {
        format!("article {}, revision {}", self.id, self.revision)
    }

    pub(super) fn facts(&self, out: &mut Facts) {
        out.fact("address", self.url.clone().unwrap_or_else(|| "none".to_owned()));
        for other in &self.alternate_urls {
            out.fact("also", other.clone());
        }
        let (source, seen) = (&self.source, date(Some(self.first_seen)));
        let from = match self.text_from {
            TextOrigin::Feed => "the feed",
            TextOrigin::OtherPage => "the page of another article",
            TextOrigin::Page => "its page, or what was handed over",
        };
        out.line(format!("first listed by {source}, first seen {seen}, text from {from}"));
        if let Some(at) = self.erased {
            out.line(format!("erased at {}: nothing is published of it again", date(Some(at))));
        }
        out.fact("story", self.story.as_ref().map_or_else(|| "none".to_owned(), story));
        for ArticleLabel { name, places } in &self.labels {
            let places: Vec<String> = places.iter().map(ToString::to_string).collect();
            let colon = if places.is_empty() { "" } else { ": " };
            out.fact("label", format!("{name}{colon}{}", places.join(", ")));
        }
        if !self.topics.is_empty() {
            out.fact("topics", self.topics.join(", "));
        }
        let ExplainedVerdict { what, why, at } = &self.verdict;
        out.fact("last verdict", format!("{what} at {}: {why}", date(Some(*at))));
    }
}

/// Why an article has its story.
fn story(story: &Story) -> String {
    let Story { id, role, of, similarity, size } = story;
    let role = role.label();
    match (of, similarity) {
        (Some(of), Some(share)) => {
            let share = share * 100.0;
            format!(
                "{id}, {role}: {share:.0} % of the shorter text is also in article {of}; {size} articles then"
            )
        }
        _ => format!("{id}, {role}: no text of the last days was like it"),
    }
}
