//! The page of an article: its last edition as readers see it, what each revision changed, where its
//! fields are from, and its way from the poll to the acknowledgement.
//!
//! What must stay true: pictures and embeds are linked, for a page loads nothing from elsewhere; a
//! bounded part of a text is shown.

use chrono::{DateTime, SecondsFormat, Utc};
use maud::{Markup, html};
use uuid::Uuid;

use super::{PageError, Query, StatusPages, layout, overview::count};
use crate::{
    base::clock::{Clock as _, SystemClock},
    daemon::explain::{ArticleHistory, EditionWay, ExplainedEdition, Explanation},
    model::{
        content::{Block, Direction, Image, Origin},
        record::{Article, Change, TextChange},
        story::StoryMember,
    },
    policy::difference::{self, Piece},
};

/// Bytes of a text that are shown.
const SHOWN: usize = 64 << 10;
/// Words that are shown around a change.
const AROUND: usize = 12;

impl StatusPages {
    pub(super) async fn article(&self, query: Query) -> Result<Markup, PageError> {
        self.read(move |store| {
            let unknown = || PageError::Unknown("No article has this id.".to_owned());
            let id: Uuid = query.get("id").parse().map_err(|_| unknown())?;
            let state = store.articles().view()?.article(id)?.ok_or_else(unknown)?;
            let history = ArticleHistory::new(store, id, state)?;
            let title = history.editions.first().and_then(|last| last.record.content.title.clone());
            let title = format!("nashra: {}", title.as_deref().unwrap_or("article"));
            Ok(layout::page("/article", &title, &page(history, SystemClock.now())))
        })
        .await
    }
}

fn page(history: ArticleHistory, now: DateTime<Utc>) -> Markup {
    let ArticleHistory { editions, members, .. } = &history;
    let (editions, members, id) = (editions.clone(), members.clone(), history.article.id);
    let (url, withdrawn) = (history.article.url.clone(), history.article.withdrawn);
    let explained =
        Explanation::Article(Box::new(ArticleHistory { editions: Vec::new(), ..history }));
    html! {
        @if withdrawn { p.bad { "It is withdrawn: this is what it said before." } }
        @if let Some(last) = editions.first() { (reading(&last.record, now)) }
        @else {
            h1 { "Article " (id) }
            @if let Some(url) = &url { p { (layout::link(url)) } }
            p.quiet { "What it says is not kept any more, or was erased." }
        }
        @if !editions.is_empty() { h2 { "Its editions" } }
        @for (index, edition) in editions.iter().enumerate() {
            (changes(edition, editions.get(index + 1).map(|before| &before.record), now))
        }
        @if let Some(last) = editions.first() { (origins(&last.record)) }
        @if !editions.is_empty() { h2 { "The way of each edition" } }
        @for edition in &editions { (way(edition.record.revision, &edition.way)) }
        h2 { "What is known of it" }
        (layout::facts(&explained.facts()))
        @if !members.is_empty() { (story(id, &members)) }
    }
}

/// How a text is to be read.
fn direction(record: &Article) -> &'static str {
    match record.content.direction {
        Some(Direction::Rtl) => "rtl",
        Some(Direction::Ltr) => "ltr",
        None => "auto",
    }
}

/// An edition as readers see it.
fn reading(record: &Article, now: DateTime<Utc>) -> Markup {
    let content = &record.content;
    let writers: Vec<&str> = content.bylines.iter().map(|writer| writer.name.as_str()).collect();
    let published = content.published.map(|at| at.to_utc());
    html! {
        article.reading dir=(direction(record)) lang=[content.language.as_deref()] {
            h1 { (content.title.as_deref().unwrap_or("Without a headline")) }
            @if let Some(subtitle) = &content.subtitle { p.deck { (subtitle) } }
            p.quiet {
                bdi { (record.source.name.as_ref().unwrap_or(&record.source.id)) }
                @for writer in &writers { " · " bdi { (writer) } }
                @if published.is_some() { " · " bdi lang="en" { (layout::time(published, now)) } }
            }
            @if let Some(url) = &record.url { p.quiet dir="ltr" { (layout::link(url)) } }
            @if let Some(image) = content.images.first() { (picture(image)) }
            (text(record))
        }
    }
}

fn picture(image: &Image) -> Markup {
    html! {
        p.quiet {
            span lang="en" { "Picture: " }
            @if let Some(url) = &image.url { bdi { (layout::link(url)) } " " }
            @if let Some(caption) = &image.caption { bdi { (caption) } " " }
            @if let Some(credit) = &image.credit { "(" bdi { (credit) } ")" }
        }
    }
}

/// The blocks of a text, or the text where it has none.
fn text(record: &Article) -> Markup {
    let (content, mut left) = (&record.content, SHOWN);
    let all: usize = content.text.as_ref().map_or(0, String::len);
    let mut shown = Vec::new();
    for block in &content.blocks {
        let size = block.text().map_or(0, str::len);
        if size > left {
            break;
        }
        left -= size;
        shown.push(block);
    }
    let plain = content.text.as_deref().unwrap_or_default();
    html! {
        @for block in &shown { (self::block(block)) }
        @if shown.is_empty() && !plain.is_empty() { p.plain { (plain[..plain.floor_char_boundary(SHOWN)]) } }
        @if all > SHOWN { p.quiet lang="en" dir="ltr" { "The text goes on." } }
        @if all == 0 { p.quiet lang="en" dir="ltr" { "It has no text." } }
    }
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Paragraph { text } => html! { p { (text) } },
        Block::Heading { text } => html! { p { strong { (text) } } },
        Block::Quote { text } => html! { blockquote { (text) } },
        Block::List { text } => html! { ul { @for item in text.lines() { li { (item) } } } },
        Block::Table { text } => html! { p.plain { (text) } },
        Block::Image(image) => picture(image),
        Block::Embed { url } => html! { p.quiet dir="ltr" { (layout::link(url)) } },
    }
}

/// What an edition is, and what it changed.
fn changes(edition: &ExplainedEdition, before: Option<&Article>, now: DateTime<Utc>) -> Markup {
    let ExplainedEdition { way, title_changes, text_changes, record } = edition;
    let fields: Vec<&str> = record.changed_fields.iter().map(String::as_str).collect();
    html! {
        h3 { "Revision " (record.revision) ", " (if record.change == Change::New { "new" } else { "revised" }) " " (layout::time(Some(way.decided), now)) }
        @if !fields.is_empty() { p.quiet { "Changed: " (fields.join(", ")) } }
        @if let Some(before) = before {
            (difference("Headline", record, before.content.title.as_deref(), title_changes.as_deref()))
            (difference("Text", record, before.content.text.as_deref(), text_changes.as_deref()))
        } @else if record.revision > 1 {
            p.quiet { "The edition before it is not kept any more." }
        }
    }
}

/// Where two texts differ, word by word.
fn difference(
    what: &str,
    record: &Article,
    before: Option<&str>,
    changes: Option<&[TextChange]>,
) -> Markup {
    let Some(changes) = changes else {
        return html! { p.quiet { (what) ": it differs in too many places to show them." } };
    };
    if changes.is_empty() {
        return html! {};
    }
    let pieces = difference::pieces(before.unwrap_or_default(), changes, AROUND);
    html! {
        p.quiet { (what) }
        div.difference dir=(direction(record)) lang=[record.content.language.as_deref()] {
            @for piece in &pieces {
                @match piece {
                    Piece::Kept(text) => { (text) " " }
                    Piece::LeftOut => { "… " }
                    Piece::Removed(text) => { del { (text) } " " }
                    Piece::Added(text) => { ins { (text) } " " }
                }
            }
        }
    }
}

/// Where the main fields were found.
fn origins(record: &Article) -> Markup {
    let provenance = &record.content.provenance;
    let of = [
        ("Headline", provenance.title),
        ("Text", provenance.text),
        ("Date", provenance.published),
        ("Writers", provenance.bylines),
    ];
    let rows = html! {
        @for (field, origin) in of { tr { td { (field) } td { (origin.map_or("nowhere", origin_words)) } } }
        tr { td { "Confidence in the text" } td { (layout::number(f64::from(record.content.quality.confidence) * 100.0)) " %" } }
    };
    html! {
        h2 { "Where its fields are from" }
        (layout::table("Where its fields are from", &["Field", "Found in"], &rows))
    }
}

fn origin_words(origin: Origin) -> &'static str {
    match origin {
        Origin::JsonLd => "a JSON-LD object of the page",
        Origin::Meta => "a meta element of the page",
        Origin::Microdata => "microdata of the page",
        Origin::Script => "the state that the page leaves for its scripts",
        Origin::Feed => "the feed",
        Origin::Dom => "the visible elements of the page",
        Origin::Rule => "what a selector of the config matches",
    }
}

/// When an edition passed each stage, and how long after the one before.
fn way(revision: u32, way: &EditionWay) -> Markup {
    let stages = way.stages();
    let rows = html! {
        @for (index, (name, at)) in stages.iter().enumerate() {
            @let before = index.checked_sub(1).and_then(|before| stages.get(before));
            tr {
                td { (name) }
                td { time datetime=(exact(*at)) { (exact(*at)) } }
                td.number { @if let Some((_, before)) = before { (seconds(*at - *before)) } }
            }
        }
        @if way.acknowledged.is_none() { tr { td { "acknowledged" } td { "not yet, or too long ago" } td {} } }
    };
    let label = format!("The way of revision {revision}");
    layout::table(&label, &[&format!("Revision {revision}"), "At", "After"], &rows)
}

fn exact(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn seconds(time: chrono::TimeDelta) -> String {
    let ms = i32::try_from(time.num_milliseconds()).unwrap_or(i32::MAX);
    format!("{:.3} s", f64::from(ms) / 1000.0)
}

/// The articles that carry the same text.
fn story(of: Uuid, members: &[StoryMember]) -> Markup {
    let rows = html! {
        @for member in members {
            @let name = member.url.clone().unwrap_or_else(|| member.article.to_string());
            tr {
                td dir="ltr" { @if member.article == of { (name) } @else { a href=(format!("/article?id={}", member.article)) { (name) } } }
                td { bdi { (member.source) } }
                td { (member.role.label()) @if member.withdrawn { " " span.bad { "withdrawn" } } }
                td.number { @if let Some(share) = member.similarity { (layout::number(f64::from(share) * 100.0)) " %" } }
            }
        }
    };
    html! {
        h2 { "Its story: " (layout::number(count(members.len()))) " articles with this text" }
        (layout::table("Its story", &["Article", "Source", "Role", "Similarity"], &rows))
    }
}
