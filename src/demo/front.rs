//! The demo's Arabic site: a front page, and a page of four articles that a reader scrolls through.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

use super::site::{Article, DemoState, Site, escape};

const FRONT: &str = include_str!("site/front.html");
/// A real news page's content: four articles, captions and titles printed twice, a related list,
/// share tools between.
const SCROLL: &str = include_str!("site/sample.html");
/// Where it is.
pub(super) const SCROLL_PATH: &str = "world/alamn-aljamai-2039.html";
/// What the front page says of that page.
const SCROLL_TITLE: &str = "منظمة «الأمن الجماعي» تعزز مسار «المواجهة المشتركة» للأزمات";
const SCROLL_DECK: &str = "أرمينيا قاطعت القمة... وبيلاروسيا دعت لتطوير قدرات نووية";
/// Minutes before the start.
const SCROLL_AGE: i64 = 30;

/// The front page, whose links are all that tells of its articles.
pub(super) fn front(site: &Site, articles: &[Article], state: &DemoState) -> String {
    let scroll = format!("{}/{}/{SCROLL_PATH}", state.base, site.key);
    let mut cards = String::new();
    // What breaks goes on top.
    for article in articles.iter().rev() {
        card(
            &mut cards,
            &article.url,
            &article.title,
            article.paragraphs.first().map_or("", String::as_str),
            article.published,
        );
    }
    card(&mut cards, &scroll, SCROLL_TITLE, SCROLL_DECK, age(state, 0));
    FRONT.replace("{cards}", &cards).replace("{site}", site.name).replace("{key}", site.key)
}

fn card(cards: &mut String, url: &str, title: &str, teaser: &str, published: DateTime<Utc>) {
    let (title, teaser) = (escape(title), escape(teaser));
    writeln!(
        cards,
        "<article class=\"card\"><a href=\"{url}\"><img src=\"{url}.jpg\" width=\"300\" height=\"200\" alt=\"\"></a><h3><a href=\"{url}\">{title}</a></h3><p>{teaser}</p><time datetime=\"{}\"></time></article>",
        published.to_rfc3339()
    )
    .ok();
}

/// The page of four articles.
pub(super) fn scroll(site: &Site, state: &DemoState) -> String {
    let dated = (0..4).fold(SCROLL.to_owned(), |page, at| {
        page.replace(&format!("{{time{at}}}"), &age(state, at).to_rfc3339())
    });
    dated.replace("{site}", site.name).replace("{key}", site.key).replace("{base}", &state.base)
}

fn age(state: &DemoState, at: i64) -> DateTime<Utc> {
    state.started - TimeDelta::minutes(SCROLL_AGE * (at + 1))
}
