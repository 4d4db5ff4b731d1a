//! What pages say of themselves, as publishers write it: scripts, `<meta>`, days beside headlines.

use url::Url;

use super::*;
use crate::model::record::{Content, Origin};

const TEXT: &str = "<p>The harbour of the old town is open again after the storm that closed it for nine days, the port authority said on \
    Friday, and the first ferry left with two hundred passengers on board.</p><p>Fishermen had asked for the opening since Monday, \
    because the catch of a whole week was at stake, but divers had to look for the anchors of three boats first.</p><p>“We have waited \
    long enough,” said one of them, while cranes lifted the last containers out of the water and the lighthouse was lit once more.</p>";

/// The first article of a page with a headline, and with something before and behind it.
fn read(head: &str, above: &str, below: &str, behind: &str) -> Content {
    let url = Url::parse("https://www.harbourtimes.example/harbour").unwrap();
    let html = format!(
        "<!doctype html><html lang=en><head><title>Harbour reopens after the storm - Harbour Times</title>{head}</head>\
        <body>{above}<main><article><h1>Harbour reopens after the storm</h1>{below}<div>{TEXT}</div></article></main>{behind}</body></html>"
    );
    let page =
        extract(Input { bytes: html.as_bytes(), content_type: None, url: &url, rules: None });
    tests::enriched(page.unwrap()).articles.remove(0).content
}

fn script(json: &str) -> Content {
    read(&format!("<script type=application/ld+json>{json}</script>"), "", "", "")
}

fn writers(content: &Content) -> Vec<&str> {
    content.bylines.iter().map(|byline| byline.name.as_str()).collect()
}

fn day(content: &Content) -> Option<String> {
    content.published.map(|published| published.date_naive().to_string())
}

#[test]
fn writers_are_read_in_every_form_that_scripts_give_them() {
    let one = ["Ann Lee"];
    let two = ["Ann Lee", "Bo Ray"];
    for (author, wanted) in [
        (r#""author":"Ann Lee""#, &one[..]),
        (r#""author":{"@type":"Person","name":"Ann Lee"}"#, &one),
        (r#""author":[{"name":"Ann Lee"},{"name":"Bo Ray"}]"#, &two),
        (r#""author":["Ann Lee","Bo Ray"]"#, &two),
        (r#""author":{"name":["Ann Lee","Bo Ray"]}"#, &two),
        (r#""author":{"@list":[{"name":"Ann Lee"},{"name":"Bo Ray"}]}"#, &two),
        (r#""author":[],"creator":"Ann Lee""#, &one),
        (r#""author":{"name":""},"creator":[{"name":"Ann Lee"}]"#, &one),
        (r#""author":null,"creator":["Ann Lee","Bo Ray"]"#, &two),
        (r#""author":{"givenName":"Ann","familyName":"Lee"}"#, &one),
        (r#""author":{"@type":"Role","author":{"name":"Ann Lee"}}"#, &one),
        (r#""author":{"name":"<a href='/a'>Ann Lee</a>"}"#, &one),
        (r#""author":{"name":{"@value":"Ann Lee"}}"#, &one),
        (r#""schema:author":{"schema:name":"Ann Lee"}"#, &one),
    ] {
        let json = format!(r#"{{"@type":"NewsArticle","headline":"Harbour reopens",{author}}}"#);
        assert_eq!(writers(&script(&json)), wanted, "{author}");
    }
}

#[test]
fn objects_that_others_name_are_found_wherever_they_stand() {
    let article =
        r##"{"@type":"NewsArticle","headline":"Harbour reopens","author":[{"@id":"#ann"}]}"##;
    let person = r##"{"@type":"Person","@id":"#ann","name":"Ann Lee"}"##;
    for json in [
        format!(r#"{{"@graph":[{article},{person}]}}"#),
        format!("[{person},{article}]"),
        format!("{article}</script><script type=application/ld+json>{person}"),
        format!(r#"{article}</script><script type=application/ld+json>{{"@graph":[{person}]}}"#),
        format!(r#"{{"@type":"WebPage","mainEntity":{article},"about":{person}}}"#),
        format!("{article} {person}"),
    ] {
        assert_eq!(writers(&script(&json)), ["Ann Lee"], "{json}");
    }
    // An object that names itself has no end.
    let circle = r##"{"@type":"NewsArticle","headline":"Harbour reopens","author":{"@id":"#a"}} {"@id":"#a","author":{"@id":"#a"}}"##;
    assert!(writers(&script(circle)).is_empty());
}

#[test]
fn the_pages_only_article_is_its_own_whatever_heading_stands_first() {
    let json = r#"<script type="application/ld+json">{"@type":"http://schema.org/NewsArticle","headline":"Streeter praises the film","datePublished":"2026-03-10T19:42:00+01:00","author":"Ann Lee"}</script><title>The film: Streeter warns of glory</title>"#;
    for heading in ["Harbour Times", "Most read this week", "Breaking: ferry runs aground"] {
        let url = Url::parse("https://www.harbourtimes.example/film").unwrap();
        let html = format!(
            "<html><head>{json}</head><body><h1><a href=/>{heading}</a></h1><article><h1>Streeter praises the film</h1>{TEXT}</article></body></html>"
        );
        let page =
            extract(Input { bytes: html.as_bytes(), content_type: None, url: &url, rules: None });
        let content = page.unwrap().articles.remove(0).content;
        assert_eq!(day(&content).as_deref(), Some("2026-03-10"), "{heading}");
        assert_eq!(writers(&content), ["Ann Lee"], "{heading}");
    }
}

#[test]
fn several_elements_of_one_name_are_several_writers() {
    for (head, wanted) in [
        (
            "<meta name=author content='Ann Lee'><meta name=author content='Bo Ray'>",
            &["Ann Lee", "Bo Ray"][..],
        ),
        (
            "<meta name=citation_author content='Lee, Ann'><meta name=citation_author content='Ray, Bo'>",
            &["Ann Lee", "Bo Ray"],
        ),
        ("<meta name=dcterms.creator content='Ann Lee'>", &["Ann Lee"]),
        ("<meta property=article:author_name content='Ann Lee'>", &["Ann Lee"]),
        ("<meta name=author content='Ann Lee'><meta name=author content='Ann Lee'>", &["Ann Lee"]),
    ] {
        assert_eq!(writers(&read(head, "", "", "")), wanted, "{head}");
    }
}

#[test]
fn days_are_read_under_every_name_of_the_metadata() {
    for name in [
        "publish-date",
        "sailthru.date",
        "dcterms.created",
        "article:published",
        "cXenseParse:recs:publishtime",
        "citation_publication_date",
        "article.published",
        "og:article:published_time",
        "rnews:datePublished",
        "DC.date.issued",
        "parsely-pub-date",
        "weibo:article:create_at",
        "bytedance:published_time",
        "article:published:time",
    ] {
        let head = format!("<meta name='{name}' content='2026-03-08T09:00:00+01:00'>");
        let content = read(&head, "", "", "");
        assert_eq!(day(&content).as_deref(), Some("2026-03-08"), "{name}");
        assert_eq!(content.provenance.published, Some(Origin::Meta), "{name}");
    }
    // What cannot be read gives way to the next one.
    let two = "<meta name=article:published_time content='{{date}}'><meta name=pubdate content=2026-03-08>";
    assert_eq!(day(&read(two, "", "", "")).as_deref(), Some("2026-03-08"));
    let number =
        r#"{"@type":"NewsArticle","headline":"Harbour reopens","datePublished":1772960400}"#;
    assert_eq!(day(&script(number)).as_deref(), Some("2026-03-08"));
    let chinese = r#"{"@context":"https://ziyuan.example/contexts/cambrian.jsonld","pubDate":"2026-03-08T09:00:00"}"#;
    assert_eq!(day(&script(chinese)).as_deref(), Some("2026-03-08"));
}

#[test]
fn the_day_under_the_headline_stands_above_all_others() {
    let others = [
        (
            "<div class=top><time datetime=2026-11-28>Saturday 28 November 2026</time></div><nav><a href=/a>News</a><a href=/b>Sport</a></nav>",
            "",
        ),
        (
            "<section class=suggested><a href=/p/1><h3>An older story</h3><time datetime=2026-02-05>Feb 5, 2026</time></a></section>",
            "",
        ),
        (
            "",
            "<div class=comments><b>Tern</b> <time datetime=2026-02-23>23 February</time><p>The soup was good.</p></div>",
        ),
        (
            "",
            "<aside><h4>Events</h4><p>Boat race</p><time datetime=2026-12-01>1 December 2026</time></aside>",
        ),
    ];
    for (above, behind) in others {
        for below in [
            "<p class=date>March 8, 2026</p>",
            "<p>Published on 8 March 2026</p>",
            "<div>By Ann Lee • <span>8 March 2026</span></div>",
            "<p><time datetime=2026-03-08>two days ago</time></p>",
            "<p>Veröffentlicht: 08.03.2026</p><p>Anmeldeschluss: 31.03.2026</p>",
            "<ul><li>Received: <time datetime=2025-08-18>18 August 2025</time><li>Published: <time datetime=2026-03-08>8 March 2026</time></ul>",
            "<p>Event date: 1 May 2026</p><p>Published: 8 March 2026</p>",
            "<dl><dt>Updated</dt><dd>9 March 2026</dd><dt>Published</dt><dd>8 March 2026</dd></dl>",
            "<p>تاریخ انتشار: ۱۴۰۴/۱۲/۱۷</p>",
            "<p>更新：2026年3月9日　公開：2026年3月8日</p>",
        ] {
            let content = read("", above, below, behind);
            assert_eq!(day(&content).as_deref(), Some("2026-03-08"), "{above}{below}{behind}");
            assert_eq!(content.provenance.published, Some(Origin::Dom));
        }
        // Without one none of the others is taken in its place.
        assert_eq!(day(&read("", above, "", behind)), None, "{above}{behind}");
    }
}

#[test]
fn days_of_something_else_are_none_of_publication() {
    for below in [
        "<p>Deadline: 31 March 2026</p>",
        "<p>Register until 31 March 2026</p>",
        "<p>Termin: 31.03.2026</p>",
        "<p>Date limite : 31 mars 2026</p>",
        "<p>Fecha límite: 31 de marzo de 2026</p>",
        "<p>Today is 28 November 2026</p>",
        "<p>آخر موعد: 31 مارس 2026</p>",
        "<p>開催日：2026年3月31日</p>",
        "<p>마감 2026년 3월 31일</p>",
    ] {
        assert_eq!(day(&read("", "", below, "")), None, "{below}");
    }
}

#[test]
fn time_zone_and_update_are_read_where_the_page_shows_them() {
    for (below, published, modified) in [
        ("<p>10 March 2026, 19:42 CET</p>", "2026-03-10T19:42:00+01:00", None),
        ("<p>March 10, 2026 at 7:42 p.m. EDT</p>", "2026-03-10T19:42:00-04:00", None),
        ("<p>10.03.2026, 19:42 Uhr</p>", "2026-03-10T19:42:00+00:00", None),
        ("<p>Publié le 10 mars 2026 à 19h42</p>", "2026-03-10T19:42:00+00:00", None),
        ("<p>2026年3月10日 19時42分</p>", "2026-03-10T19:42:00+00:00", None),
        ("<p>입력 2026.03.10. 오후 7:42</p>", "2026-03-10T19:42:00+00:00", None),
        ("<p>19:42, 10 March 2026</p>", "2026-03-10T19:42:00+00:00", None),
        (
            "<p>Published 10 March 2026 19:42 UTC | Updated 11 March 2026 08:05 UTC</p>",
            "2026-03-10T19:42:00+00:00",
            Some("2026-03-11T08:05:00+00:00"),
        ),
        (
            "<p>Zuletzt aktualisiert: 11.03.2026 08:05</p><p>Veröffentlicht: 10.03.2026 19:42</p>",
            "2026-03-10T19:42:00+00:00",
            Some("2026-03-11T08:05:00+00:00"),
        ),
        (
            "<time class=published datetime=2026-03-10T19:42:00+01:00>x</time> <time class=updated datetime=2026-03-11T08:05:00+01:00>y</time>",
            "2026-03-10T19:42:00+01:00",
            Some("2026-03-11T08:05:00+01:00"),
        ),
    ] {
        let content = read("", "", below, "");
        let text = |time: Option<chrono::DateTime<_>>| time.map(|time| time.to_rfc3339());
        assert_eq!(text(content.published).as_deref(), Some(published), "{below}");
        assert_eq!(text(content.modified).as_deref(), modified, "{below}");
    }
    // The metadata give the day, and the page its time.
    let head = "<meta name=date content=2026-03-10>";
    let content = read(head, "", "<p>10 March 2026, 19:42 CET</p>", "");
    assert_eq!(content.published.unwrap().to_rfc3339(), "2026-03-10T19:42:00+01:00");
}

#[test]
fn a_day_that_heads_a_post_is_its_own() {
    let body = format!(
        "<html><title>Harbour Times: Harbour reopens</title><body><div class=header><h1><a href=/>Harbour Times</a></h1></div><div class='blog-posts hfeed'><div class=date-outer>\
        <h2 class=date-header><span>Wednesday, October 16, 2019</span></h2><div class=date-posts><div class='post hentry'><a name=1></a>\
        <h3 class='post-title entry-title'>Harbour reopens</h3><div class='post-body entry-content'>{TEXT}</div></div></div></div></div>"
    );
    let url = Url::parse("https://www.harbourtimes.example/2019/10/harbour.html").unwrap();
    let page =
        extract(Input { bytes: body.as_bytes(), content_type: None, url: &url, rules: None });
    assert_eq!(day(&page.unwrap().articles[0].content).as_deref(), Some("2019-10-16"));
}

#[test]
fn a_headline_keeps_the_quotation_marks_that_one_of_its_places_lost() {
    for quoted in [
        "“Harbour reopens” after the storm",
        "«Harbour reopens» after the storm",
        "\"Harbour reopens\" after the storm",
        "「Harbour reopens」 after the storm",
    ] {
        let head = |script: &str, shared: &str| {
            let (script, shared) = (script.replace('"', "\\\""), shared.replace('"', "&quot;"));
            format!(
                r#"<meta property=og:title content="{shared}"><script type=application/ld+json>{{"@type":"NewsArticle","headline":"{script}"}}</script>"#
            )
        };
        let plain = "Harbour reopens after the storm";
        for (script, shared) in [(plain, quoted), (quoted, plain), (quoted, quoted)] {
            let content = read(&head(script, shared), "", "", "");
            assert_eq!(content.title.as_deref(), Some(quoted), "{script} {shared}");
        }
    }
}

#[test]
fn notices_for_subscribers_are_no_text_and_say_that_the_article_is_paid_for() {
    for (notice, truncated) in [
        (
            "<div class=x><p>This article is for subscribers only. Already a subscriber? <a href=/login>Log in</a>.</p><p>Read all articles with Harbour Plus for 9.99 a month.</p></div>",
            false,
        ),
        (
            "<p>Il vous reste 57 % de l'article à découvrir. La suite est réservée à nos abonnés.</p>",
            true,
        ),
        (
            "<div><h3>Weiterlesen mit Hafen Plus</h3><p>Jetzt testen, monatlich kündbar.</p></div>",
            true,
        ),
        ("<p>Nur für Abonnenten. Sie sind bereits Abonnent? Anmelden</p>", false),
        ("<p>Contenido exclusivo para suscriptores</p><p>Suscríbete desde 1 € al mes</p>", false),
        ("<p>Contenuto riservato agli abbonati. Sei già abbonato? Accedi</p>", false),
        ("<p>Только для подписчиков. Уже подписаны? Войти</p>", false),
        ("<p>この記事は有料会員限定です。残り845文字</p><p>ログイン</p>", true),
        ("<p>هذا المقال للمشتركين فقط</p>", false),
        ("<p>Denna artikel är för prenumeranter.</p><p>Logga in</p>", false),
        ("<p>Dit artikel is voor abonnees. Al abonnee? Inloggen</p>", false),
    ] {
        let content = read("", "", "", "");
        let plain = content.text.unwrap();
        let url = Url::parse("https://www.harbourtimes.example/harbour").unwrap();
        let html = format!(
            "<html lang=en><title>Harbour reopens after the storm</title><body><article><h1>Harbour reopens after the storm</h1><div>{TEXT}{notice}</div></article></body></html>"
        );
        let page =
            extract(Input { bytes: html.as_bytes(), content_type: None, url: &url, rules: None });
        let content = page.unwrap().articles.remove(0).content;
        assert!(content.quality.paywalled, "{notice}");
        assert_eq!(content.quality.truncated, truncated, "{notice}");
        assert_eq!(content.text.unwrap(), plain, "{notice}");
    }
}

#[test]
fn parts_that_are_not_free_make_an_article_paid_for() {
    for part in [
        r#""hasPart":{"isAccessibleForFree":"False","cssSelector":".x"}"#,
        r#""hasPart":[{"isAccessibleForFree":true},{"isAccessibleForFree":false}]"#,
        r#""isAccessibleForFree":"http://schema.org/False""#,
    ] {
        let json = format!(r#"{{"@type":"NewsArticle","headline":"Harbour reopens",{part}}}"#);
        assert!(script(&json).quality.paywalled, "{part}");
    }
    let free = r#"{"@type":"NewsArticle","headline":"Harbour reopens","isAccessibleForFree":true,"hasPart":{"isAccessibleForFree":true}}"#;
    assert!(!script(free).quality.paywalled);
    // What an article says of subscribers is its text.
    let told = "<p>The paper said that its new offer is for subscribers only, and that it would log in all of them by itself, which a court in the capital had forbidden in spring; the publisher has gone to a higher one since then, and wants to be heard there before the end of the year, as its lawyer told us on Monday.</p><p>The case goes on in autumn.</p>";
    let content = read("", "", told, "");
    assert!(!content.quality.paywalled && content.text.unwrap().contains("for subscribers only"));
}
