//! What is read: sources and articles, page by page, and how the daemon does.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use hyper::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Api, Problem,
    routes::ORDERS,
    views::{ArticlePage, OutboxView, SourcePage, SourceView, StateView},
};
use crate::{
    base::clock::{Clock as _, SystemClock},
    config::sources::SourceId,
    daemon::{
        admin::{source_filter::SourceFilter, status::Query},
        explain::{self, ArticleHistory, ExplainedArticle},
    },
    stages::schedule::change::PolledNow,
};

/// How many a page has, unless something else is asked for.
const A_PAGE: usize = 100;

pub(super) fn limit(query: &Query) -> usize {
    query.get("limit").parse().unwrap_or(A_PAGE)
}

/// How a [`SourceCursor`] is written: the order, the id, and the bytes of the key in hexadecimal.
pub(super) const CURSOR_OF_SOURCES: &str =
    "^(id|name|state)~[A-Za-z0-9._-]{1,64}~([0-9a-f][0-9a-f])*$";

/// Where a page of sources begins: behind this source in this order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SourceCursor {
    order: String,
    key: String,
    id: String,
}

impl SourceCursor {
    pub(super) fn read(text: &str) -> Option<Self> {
        let (order, rest) = text.split_once('~')?;
        let (id, key) = rest.split_once('~')?;
        let id: SourceId = id.parse().ok()?;
        let digits = key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !ORDERS.contains(&order) || !digits || !key.len().is_multiple_of(2) {
            return None;
        }
        let byte = |at| u8::from_str_radix(key.get(at..at + 2)?, 16).ok();
        let key: Option<Vec<u8>> = (0..key.len()).step_by(2).map(byte).collect();
        let key = String::from_utf8_lossy(&key?).into_owned();
        Some(Self { order: order.to_owned(), key, id: id.to_string() })
    }
}

impl fmt::Display for SourceCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~", self.order, self.id)?;
        self.key.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a source is ordered by; its id decides where that is the same.
fn key(polled: &PolledNow, order: &str, titles: &HashMap<String, String>) -> String {
    match order {
        "name" => {
            let title = titles.get(polled.source.id.as_str()).map(String::as_str);
            SourceFilter::shown_name(&polled.source, title).to_lowercase()
        }
        "state" => polled.state.as_str().to_owned(),
        _ => String::new(),
    }
}

impl Api {
    pub(super) async fn sources(&self, query: Query) -> Result<Value, Problem> {
        let order = match query.get("order") {
            "" => ORDERS[0],
            order => order,
        }
        .to_owned();
        let (after, limit) = (SourceCursor::read(query.get("cursor")), limit(&query));
        if after.as_ref().is_some_and(|after| after.order != order) {
            let words = "cursor: it is one of a list in another order";
            return Err(Problem::new(StatusCode::CONFLICT, words));
        }
        let polled = self.targets.polled().await?;
        self.with_store(move |store| {
            let filter = SourceFilter::new(query.get("q"), query.get("state"));
            let needs_titles = !query.get("q").is_empty() || order == "name";
            let titles = if needs_titles { store.polls().titles()? } else { HashMap::new() };
            let filtered = filter.apply(polled, &titles);
            let mut keyed: Vec<(String, PolledNow)> =
                filtered.map(|polled| (key(&polled, &order, &titles), polled)).collect();
            keyed.sort_by(|one, other| {
                (&one.0, one.1.source.id.as_str()).cmp(&(&other.0, other.1.source.id.as_str()))
            });
            let start = after.map_or(0, |SourceCursor { key, id, .. }| {
                keyed.partition_point(|(known, polled)| {
                    (known.as_str(), polled.source.id.as_str()) <= (key.as_str(), id.as_str())
                })
            });
            let (now, polls) = (SystemClock.now(), store.polls());
            let shown = keyed.iter().skip(start).take(limit);
            let views = shown.map(|(_, polled)| SourceView::new(polled, &polls, now));
            let sources = views.collect::<Result<Vec<_>, _>>()?;
            let last = keyed.get((start + limit).saturating_sub(1));
            let next = last.filter(|_| keyed.len() > start + limit).map(|(key, polled)| {
                let id = polled.source.id.to_string();
                SourceCursor { order, key: key.clone(), id }.to_string()
            });
            Ok(SourcePage { sources, total: keyed.len(), next })
        })
        .await
    }

    pub(super) async fn source(&self, id: String) -> Result<Value, Problem> {
        let polled = self.targets.polled().await?;
        self.with_store(move |store| {
            let known = polled.iter().find(|known| known.source.id.as_str() == id);
            let known = known.ok_or_else(|| {
                Problem::not_found("no source that is polled has this id; /api/v1/explain also tells of topics and of sources that are polled no more")
            })?;
            Ok(SourceView::new(known, &store.polls(), SystemClock.now())?)
        })
        .await
    }

    pub(super) async fn articles(&self, query: Query) -> Result<Value, Problem> {
        self.with_store(move |store| {
            let view = store.articles().view()?;
            if !query.get("address").is_empty() {
                let found = explain::find_article(&view, query.get("address"))?;
                let found = found.map(|(id, state)| ExplainedArticle::new(store, id, state));
                return Ok(ArticlePage { articles: found.into_iter().collect(), next: None });
            }
            let before = query.get("cursor").parse().unwrap_or(Uuid::max());
            let limit = limit(&query);
            let mut latest = view.latest(before, limit + 1)?;
            let more = latest.len() > limit;
            latest.truncate(limit);
            let next = latest.last().filter(|_| more).map(|(id, _)| id.to_string());
            let articles =
                latest.into_iter().map(|(id, state)| ExplainedArticle::new(store, id, state));
            Ok(ArticlePage { articles: articles.collect(), next })
        })
        .await
    }

    pub(super) async fn article(&self, id: String) -> Result<Value, Problem> {
        let unknown = || Problem::not_found("no article has this id");
        let id: Uuid = id.parse().map_err(|_| unknown())?;
        self.with_store(move |store| {
            let state = store.articles().view()?.article(id)?.ok_or_else(unknown)?;
            Ok(ArticleHistory::new(store, id, state)?)
        })
        .await
    }

    pub(super) async fn state(&self) -> Result<Value, Problem> {
        let (polled, api) = (self.targets.polled().await?, self.clone());
        self.with_store(move |store| {
            let mut sources = BTreeMap::new();
            for PolledNow { state, .. } in &polled {
                *sources.entry(state.as_str()).or_insert(0) += 1;
            }
            let trouble = api.ready.trouble();
            let (records, bytes, oldest) = store.outbox().waiting()?;
            Ok(StateView {
                ready: trouble.is_empty(),
                trouble,
                started: api.started,
                version: env!("CARGO_PKG_VERSION"),
                store: store.id(),
                store_bytes: store.size(),
                outbox: OutboxView { records, bytes, oldest },
                sources,
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_others_are_none() {
        let cursor =
            SourceCursor {
                order: "name".into(), key: "الميناء ~".into(), id: "a.b-c_1".into()
            };
        assert_eq!(SourceCursor::read(&cursor.to_string()), Some(cursor));
        assert!(SourceCursor::read("state~a~").is_some());
        for wrong in ["", "name", "name~~", "size~a~", "id~a~0", "id~a~0G", "id~a b~", "id~a~+1"] {
            assert_eq!(SourceCursor::read(wrong), None, "{wrong}");
        }
    }
}
