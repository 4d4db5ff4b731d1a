//! What is told of an article by the record of it that the topic holds, or of a story by its own.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use url::Url;
use uuid::Uuid;

use super::stories;
use crate::{
    base::clock::day,
    model::{
        article::{ArticleState, TextRank, Verdict},
        identity,
        label::ArticleLabel,
        record::{Article, Change},
        routing::Routing,
        story::StoryRecord,
    },
    policy::{
        decide, evidence,
        story::{IndexedText, TextKey},
    },
    text::sketch,
};

/// A record that the topics hold.
#[derive(Debug, Clone, PartialEq)]
pub enum PublishedRecord {
    /// Of an article.
    Article(Box<PublishedArticle>),
    /// Of a story.
    Story(StoryRecord),
}

impl PublishedRecord {
    /// Reads a record of this program or an older one; `None` where it is of neither.
    #[must_use]
    pub fn parse(value: &[u8], now: DateTime<Utc>) -> Option<Self> {
        let article =
            PublishedArticle::parse(value, now).map(|found| Self::Article(Box::new(found)));
        article.or_else(|| serde_json::from_slice(value).map(Self::Story).ok())
    }

    /// Notes that it is in the topic of a route, and whether it is in no other.
    pub(crate) fn note_route(&mut self, topic: &str, is_alone: bool) {
        if let Self::Article(article) = self {
            let routing = &mut article.state.routing;
            routing.topics.push(topic.to_owned());
            routing.instead |= is_alone;
        }
    }
}

/// A record of the topic of articles: the article's id, and its state as far as it can be told.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedArticle {
    pub(super) id: Uuid,
    pub(super) state: ArticleState,
    /// Its text, where it has a story.
    pub(super) text: Option<(IndexedText, Option<TextKey>)>,
}

impl PublishedArticle {
    /// Reads a record of this program or an older one, with the names of its article as far as they
    /// can be told from it; `None` where it is no record of an article.
    #[must_use]
    pub fn parse(value: &[u8], now: DateTime<Utc>) -> Option<Self> {
        let article = serde_json::from_slice::<Article>(value).ok()?;
        let (fields, aliases) = (known_fields(&article, value), known_names(&article));
        let [title, text] = evidence::tokens(&article.content);
        let sketch = sketch::of(title.iter().chain(&text));
        let text = stories::text(&article, &text);
        let Article {
            id,
            revision,
            change,
            url,
            fetched_url,
            alternate_urls,
            source,
            content,
            first_seen,
            fetched,
            story,
            labels,
            content_hash,
            ..
        } = article;
        let state = ArticleState {
            revision,
            fields,
            url,
            alternate_urls,
            source: source.id,
            guid: None,
            first_seen,
            fetched_at: fetched,
            // Whatever is read from now on is later.
            order: 0,
            revised: 0,
            shown: None,
            doubted: None,
            withdrawn: change == Change::Withdrawn,
            erased: None,
            kept_text: None,
            labels: labels.into_iter().map(ArticleLabel::without_places).collect(),
            routing: Routing::default(),
            content_hash,
            wording: Some(decide::wording(&content)),
            sketch,
            text_rank: if fetched_url.is_some() { TextRank::Page } else { TextRank::Feed },
            story,
            aliases,
            day: day(now),
            verdict: Verdict {
                what: "new".to_owned(),
                why: "won back from the topic of articles".to_owned(),
                at: now,
            },
        };
        Some(Self { id, state, text })
    }
}

/// The names of a record's article, as far as they can be told from it.
fn known_names(article: &Article) -> Vec<[u8; 16]> {
    let Article { url, fetched_url, alternate_urls, content, part, .. } = article;
    let parsed = |address: &String| Url::parse(address).ok();
    let mut names = match (part, url.as_ref().and_then(parsed)) {
        // An article that is not the first of its page is known by the page and its title, unless it
        // has an address of its own.
        (Some(part), Some(page)) if part.index > 0 && url == fetched_url => {
            vec![identity::of_part(&page, content.title.as_deref().unwrap_or_default())]
        }
        (_, own) => own.iter().map(identity::of_url).collect(),
    };
    if part.is_none_or(|part| part.index == 0) {
        names.extend(
            fetched_url
                .iter()
                .chain(alternate_urls)
                .filter_map(parsed)
                .map(|parsed| identity::of_url(&parsed)),
        );
    }
    if url.is_none() {
        names.push(identity::of_content(content.title.as_deref(), content.text.as_deref()));
    }
    names
}

/// The fingerprints of the fields that the record has. Fields that an older program did not write
/// are unknown.
pub(super) fn known_fields(article: &Article, value: &[u8]) -> BTreeMap<String, u64> {
    let written = Article::fields_of(value);
    let mut fields = decide::fields(&article.content, article.url.as_deref());
    fields.retain(|name, _| written.contains(name));
    fields
}
