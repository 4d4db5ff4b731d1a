//! The list of articles: the latest, and one that is looked for by its address or id.

use maud::{Markup, html};
use uuid::Uuid;

use super::{PageError, Query, StatusPages, layout};
use crate::{
    base::{
        clock::{Clock as _, SystemClock},
        private::shown,
    },
    daemon::explain,
};

/// Articles on a page.
const A_PAGE: usize = 50;

/// What a search comes to.
pub(super) enum Found {
    One(Uuid),
    Page(Markup),
}

impl StatusPages {
    /// The latest articles, or those before the one that `before` names; with `q` the article at an
    /// address or with an id.
    pub(super) async fn articles(&self, query: &Query) -> Result<Found, PageError> {
        let (wanted, before) = (query.get("q").to_owned(), query.get("before").parse().ok());
        self.read(move |store| {
            let view = store.articles().view()?;
            if let Some((id, _)) = explain::find_article(&view, &wanted)? {
                return Ok(Found::One(id));
            }
            let is_unknown = !wanted.is_empty();
            let latest = view.latest(before.unwrap_or(Uuid::max()), A_PAGE)?;
            let now = SystemClock.now();
            let rows = html! {
                @for (id, state) in &latest {
                    tr {
                        td dir="ltr" { a href=(format!("/article?id={id}")) { (state.url.as_deref().map_or_else(|| id.to_string(), |url| shown(url).into_owned())) } }
                        td { bdi { (state.source) } }
                        td { (layout::time(Some(state.first_seen), now)) }
                        td.number { (state.revision) @if state.withdrawn { " " span.bad { "withdrawn" } } }
                        td { (state.verdict.what) div.quiet { (state.verdict.why) } }
                    }
                }
            };
            let main = html! {
                h1 { "Articles" }
                form method="get" action="/articles" role="search" {
                    label { "Address or id" input type="search" name="q" value=(wanted) dir="auto"; }
                    button { "Find" }
                }
                @if is_unknown { p.bad role="status" { "No article is known by this address or id." } }
                p.quiet { "The latest first, by when they were first seen." }
                (layout::table("Articles", &["Article", "Source", "First seen", "Revision", "Last verdict"], &rows))
                nav aria-label="Pages of the list" {
                    @if let Some((id, _)) = latest.last().filter(|_| latest.len() == A_PAGE) {
                        a rel="next" href=(format!("/articles?before={id}")) { "Older" }
                    }
                }
            };
            Ok(Found::Page(layout::page("/articles", "nashra: articles", &main)))
        })
        .await
    }
}
