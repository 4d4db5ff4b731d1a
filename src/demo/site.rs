//! The demo's small news world: four sites, one of them without a feed, and a feed that is broken,
//! bundled in the binary.
//!
//! Everything is a pure function of the path and the time since the start, so that tests need no
//! clock: after four seconds one article is revised, after seven a new one appears.

use std::{fmt::Write as _, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::front;
use crate::model::kind::SourceKind;

/// When the Courier revises its first article.
pub(super) const REVISED: Duration = Duration::from_secs(4);
/// When the Arabic site has breaking news.
pub(super) const BREAKING: Duration = Duration::from_secs(7);

const PAGE: &str = include_str!("site/page.html");
const PARTNER: &str = include_str!("site/partner.html");

/// One of the sites.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    /// The first part of its paths, and the source's id.
    pub(super) key: &'static str,
    /// The name of the site and of its source.
    pub(super) name: &'static str,
    /// The kind of its source.
    pub(super) kind: SourceKind,
    /// The path at which it is polled.
    pub(super) path: &'static str,
    /// What it is about, for the source's tags.
    pub(super) tags: &'static [&'static str],
    language: &'static str,
    text: &'static str,
}

/// The sites that have articles.
const SITES: [Site; 4] = [
    Site {
        key: "courier",
        name: "The Harbour Courier",
        kind: SourceKind::Feed,
        path: "courier/feed.xml",
        tags: &["demo", "rss"],
        language: "en",
        text: include_str!("site/courier.txt"),
    },
    Site {
        key: "science",
        name: "Meridian Science",
        kind: SourceKind::Feed,
        path: "science/feed.xml",
        tags: &["demo", "atom"],
        language: "en",
        text: include_str!("site/science.txt"),
    },
    Site {
        key: "mina",
        name: "نشرة الميناء",
        kind: SourceKind::Listing,
        path: "mina/",
        tags: &["demo", "listing"],
        language: "ar",
        text: include_str!("site/arabic.txt"),
    },
    Site {
        key: "partner",
        name: "Coast Partner",
        kind: SourceKind::Feed,
        path: "partner/feed.xml",
        tags: &["demo", "copy"],
        language: "en",
        text: include_str!("site/courier.txt"),
    },
];

/// Answers at their address are no feed.
const BROKEN: Site = Site {
    key: "broken",
    name: "Broken Bulletin",
    kind: SourceKind::Feed,
    path: "broken/feed.xml",
    tags: &["demo", "broken"],
    language: "en",
    text: "",
};

/// Every source of the demo.
pub(super) fn sources() -> impl Iterator<Item = Site> {
    SITES.into_iter().chain([BROKEN])
}

/// When and where the world stands.
#[derive(Debug, Clone)]
pub(super) struct DemoState {
    /// Time since the start.
    pub(super) elapsed: Duration,
    /// When the demo was started.
    pub(super) started: DateTime<Utc>,
    /// The address of the demo's server, such as `http://127.0.0.1:8080`.
    pub(super) base: String,
}

/// A document of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    /// Its media type.
    pub(super) media_type: &'static str,
    /// The body as it is sent.
    pub(super) body: String,
}

/// The document at a path; `None` where there is none.
pub(super) fn document(path: &str, state: &DemoState) -> Option<Document> {
    let (key, rest) = path.trim_start_matches('/').split_once('/')?;
    let xml = |media_type, body| Some(Document { media_type, body });
    if key == BROKEN.key && rest == "feed.xml" {
        return xml("application/rss+xml", "Error establishing a database connection".to_owned());
    }
    let site = SITES.into_iter().find(|site| site.key == key)?;
    let articles = articles(&site, state);
    let html = |body| Some(Document { media_type: "text/html; charset=utf-8", body });
    match rest {
        "" if site.key == "mina" => html(front::front(&site, &articles, state)),
        front::SCROLL_PATH if site.key == "mina" => html(front::scroll(&site, state)),
        _ if rest.contains('/') || site.key == "mina" && rest == "feed.xml" => None,
        "feed.xml" if site.key == "science" => {
            xml("application/atom+xml", atom(&site, &articles, state))
        }
        "feed.xml" => xml("application/rss+xml", rss(&site, &articles)),
        _ => {
            let slug = rest.strip_suffix(".html")?;
            let article = articles.iter().find(|article| article.slug == slug)?;
            html(page(&site, article, &articles, state))
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Article {
    slug: &'static str,
    pub(super) url: String,
    pub(super) title: String,
    author: &'static str,
    section: &'static str,
    pub(super) published: DateTime<Utc>,
    updated: DateTime<Utc>,
    pub(super) paragraphs: Vec<String>,
}

fn articles(site: &Site, state: &DemoState) -> Vec<Article> {
    let all = site
        .text
        .split("# ")
        .filter(|part| !part.trim().is_empty())
        .filter_map(|part| article(site, part, state));
    match site.key {
        // The partner carries one article of the Courier's, as it was at first.
        "partner" => all.take(1).collect(),
        "mina" => all
            .filter(|article| !article.slug.starts_with("ajil") || state.elapsed >= BREAKING)
            .collect(),
        _ => all.collect(),
    }
}

/// `slug | title | author | section | minutes before the start`, then paragraphs.
fn article(site: &Site, text: &'static str, state: &DemoState) -> Option<Article> {
    let (head, body) = text.split_once('\n')?;
    let mut fields = head.split('|').map(str::trim);
    let (slug, title, author, section) =
        (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let age: i64 = fields.next()?.parse().ok()?;
    let published = if age == 0 {
        state.started + TimeDelta::from_std(BREAKING).ok()?
    } else {
        state.started - TimeDelta::minutes(age)
    };
    let paragraphs = body
        .split("\n\n")
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect();
    let url = format!("{}/{}/{slug}.html", state.base, site.key);
    let mut article = Article {
        slug,
        url,
        title: title.to_owned(),
        author,
        section,
        published,
        updated: published,
        paragraphs,
    };
    if site.key == "courier" && slug == "breakwater" && state.elapsed >= REVISED {
        "Harbour reopens, breakwater to be rebuilt by summer".clone_into(&mut article.title);
        article.updated = state.started + TimeDelta::from_std(REVISED).ok()?;
        if let Some(last) = article.paragraphs.last_mut() {
            "The city council decided in the afternoon that the breakwater will be rebuilt by the summer of next year; the state pays two thirds of the cost, the city and the ferry company the rest.".clone_into(last);
        }
    }
    Some(article)
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn rss(site: &Site, articles: &[Article]) -> String {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>{}</title><language>{}</language>\n",
        escape(site.name),
        site.language
    );
    for article in articles {
        let summary =
            article.paragraphs.first().map(|paragraph| escape(paragraph)).unwrap_or_default();
        // A revision is told by the title and a later date, as many newsrooms do.
        writeln!(
            xml,
            "<item><title>{}</title><link>{}?utm_source=rss</link><guid isPermaLink=\"false\">{}-{}</guid><pubDate>{}</pubDate><dc:creator>{}</dc:creator><category>{}</category><description>{summary}</description></item>",
            escape(&article.title),
            article.url,
            site.key,
            article.slug,
            article.published.to_rfc2822(),
            article.author,
            escape(article.section),
        )
        .ok();
    }
    xml + "</channel></rss>\n"
}

fn atom(site: &Site, articles: &[Article], state: &DemoState) -> String {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\"><title>{}</title><id>tag:meridian.example,2026:feed</id><updated>{}</updated>\n",
        site.language,
        escape(site.name),
        state.started.to_rfc3339()
    );
    for article in articles {
        let summary =
            article.paragraphs.first().map(|paragraph| escape(paragraph)).unwrap_or_default();
        writeln!(
            xml,
            "<entry><title>{}</title><id>tag:meridian.example,2026:{}</id><link rel=\"alternate\" href=\"{}\"/><published>{}</published><updated>{}</updated><author><name>{}</name></author><summary>{summary}</summary></entry>",
            escape(&article.title),
            article.slug,
            article.url,
            article.published.to_rfc3339(),
            article.updated.to_rfc3339(),
            article.author,
        )
        .ok();
    }
    xml + "</feed>\n"
}

fn page(site: &Site, article: &Article, all: &[Article], state: &DemoState) -> String {
    let arabic = site.language == "ar";
    let related = all.iter().filter(|other| other.slug != article.slug).take(3);
    let related: Vec<String> = related
        .map(|related| {
            format!("<li><a href=\"{}\">{}</a></li>", related.url, escape(&related.title))
        })
        .collect();
    let body: Vec<String> = article
        .paragraphs
        .iter()
        .map(|paragraph| format!("<p>{}</p>", escape(paragraph)))
        .collect();
    let ld = json!({
        "@context": "https://schema.org", "@type": "NewsArticle", "headline": article.title, "articleSection": article.section,
        "author": [{"@type": "Person", "name": article.author}], "datePublished": article.published, "dateModified": article.updated,
        "url": article.url, "image": format!("{}/img/{}.jpg", state.base, article.slug),
    });
    let template = if site.key == "partner" { PARTNER } else { PAGE };
    let fields = [
        ("{lang}", site.language.to_owned()),
        ("{dir}", if arabic { "rtl" } else { "ltr" }.to_owned()),
        ("{nav}", if arabic { "أخبار" } else { "News" }.to_owned()),
        ("{more}", if arabic { "مقالات ذات صلة" } else { "Related" }.to_owned()),
        (
            "{caption}",
            if arabic { "صورة من الأرشيف" } else { "A picture from the archive" }.to_owned(),
        ),
        ("{site}", escape(site.name)),
        ("{key}", site.key.to_owned()),
        ("{slug}", article.slug.to_owned()),
        ("{base}", state.base.clone()),
        ("{url}", article.url.clone()),
        ("{title}", escape(&article.title)),
        ("{author}", article.author.to_owned()),
        ("{published}", article.published.to_rfc3339()),
        (
            "{summary}",
            article.paragraphs.first().map(|paragraph| escape(paragraph)).unwrap_or_default(),
        ),
        ("{ld}", ld.to_string()),
        ("{related}", related.concat()),
        ("{body}", body.join("\n")),
    ];
    fields.into_iter().fold(template.to_owned(), |page, (name, value)| page.replace(name, &value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::kind::Format,
        read::{entries, feed},
    };

    fn state(seconds: u64) -> DemoState {
        let started = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        DemoState {
            elapsed: Duration::from_secs(seconds),
            started,
            base: "http://127.0.0.1:1".to_owned(),
        }
    }

    fn listed(key: &str, seconds: u64) -> Vec<crate::model::entry::Entry> {
        let Site { kind, path, .. } = SITES.into_iter().find(|site| site.key == key).unwrap();
        let document = document(&format!("/{path}"), &state(seconds)).unwrap();
        let url = url::Url::parse("http://127.0.0.1:1/").unwrap().join(path).unwrap();
        let bytes = document.body.as_bytes();
        let Format::Entries(format) = kind.format() else { panic!("{key} is a {kind}") };
        entries::parse(format, None, bytes, None, &url).unwrap().entries
    }

    #[test]
    fn every_listed_article_has_a_page() {
        for site in SITES {
            for entry in listed(site.key, 60) {
                let path = entry.link.unwrap().path().to_owned();
                assert!(document(&path, &state(60)).is_some(), "{path}");
            }
        }
    }

    #[test]
    fn one_article_is_revised_and_one_appears() {
        assert_ne!(listed("courier", 3)[0].version(), listed("courier", 5)[0].version());
        assert_eq!(listed("courier", 3)[0].identity, listed("courier", 5)[0].identity);
        assert_eq!(listed("mina", 8).len(), listed("mina", 6).len() + 1);
    }

    #[test]
    fn the_broken_feed_is_no_feed() {
        let document = document("/broken/feed.xml", &state(0)).unwrap();
        assert!(
            feed::parse(
                document.body.as_bytes(),
                None,
                &url::Url::parse("http://x.example/").unwrap()
            )
            .is_err()
        );
    }
}
