//! What pages say of themselves, as publishers write it: scripts, `<meta>`, notices.

use url::Url;

use super::*;
use crate::model::record::Content;

pub(super) const TEXT: &str = "<p>The harbour of the old town is open again after the storm that closed it for nine days, the port authority said on \
    Friday, and the first ferry left with two hundred passengers on board.</p><p>Fishermen had asked for the opening since Monday, \
    because the catch of a whole week was at stake, but divers had to look for the anchors of three boats first.</p><p>“We have waited \
    long enough,” said one of them, while cranes lifted the last containers out of the water and the lighthouse was lit once more.</p>";

/// The first article of a page with a headline, and with something before and behind it.
pub(super) fn read(head: &str, above: &str, below: &str, behind: &str) -> Content {
    let url = Url::parse("https://www.harbourtimes.example/harbour").unwrap();
    let html = format!(
        "<!doctype html><html lang=en><head><title>Harbour reopens after the storm - Harbour Times</title>{head}</head>\
        <body>{above}<main><article><h1>Harbour reopens after the storm</h1>{below}<div>{TEXT}</div></article></main>{behind}</body></html>"
    );
    let page =
        extract(Input { bytes: html.as_bytes(), content_type: None, url: &url, rules: None });
    tests::enriched(page.unwrap()).articles.remove(0).content
}

pub(super) fn script(json: &str) -> Content {
    read(&format!("<script type=application/ld+json>{json}</script>"), "", "", "")
}

fn writers(content: &Content) -> Vec<&str> {
    content.bylines.iter().map(|byline| byline.name.as_str()).collect()
}

pub(super) fn day(content: &Content) -> Option<String> {
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
fn a_paper_beside_its_writer_has_not_written() {
    for (authors, wanted) in [
        (r#"[{"name":"Ann Lee"},{"name":"Harbour Times"}]"#, &["Ann Lee"][..]),
        (r#"[{"name":"Ann Lee | Harbour Times"}]"#, &["Ann Lee"]),
        (r#"[{"name":"AFP"},{"name":"Harbour Times"}]"#, &["AFP", "Harbour Times"]),
        (r#"[{"name":"Harbour Times"}]"#, &["Harbour Times"]),
    ] {
        let json = format!(
            r#"{{"@type":"NewsArticle","headline":"Harbour reopens","author":{authors},"publisher":{{"name":"Harbour Times"}}}}"#
        );
        assert_eq!(writers(&script(&json)), wanted, "{authors}");
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
        (
            "<meta name=author content='田中宏昌，&lt;b&gt;ITmedia&lt;/b&gt;'>",
            &["田中宏昌，ITmedia"],
        ),
        ("<meta name=author content='Ann Lee &amp;amp; Bo Ray'>", &["Ann Lee", "Bo Ray"]),
        ("<meta name=author content='Nachrichten'>", &[]),
        ("<meta property=article:author_name content='Ann Lee'>", &["Ann Lee"]),
        ("<meta name=author content='Ann Lee'><meta name=author content='Ann Lee'>", &["Ann Lee"]),
    ] {
        assert_eq!(writers(&read(head, "", "", "")), wanted, "{head}");
    }
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

#[test]
fn the_only_paragraph_of_a_paid_article_stays_where_a_box_with_a_button_follows() {
    let teaser = TEXT.split_once("</p>").unwrap().0;
    let url = Url::parse("https://www.harbourtimes.example/harbour").unwrap();
    let paid = r#"<script type=application/ld+json>{"@type":"NewsArticle","headline":"Harbour reopens after the storm","isAccessibleForFree":false}</script>"#;
    for gate in [
        "<aside><h3>Choose your access</h3><form><ul><li>All articles<li>The paper as an app</ul><button>Go on</button></form></aside>",
        "<div><p>Members of the harbour club read all of it.</p><button>Join</button></div>",
    ] {
        let html = format!(
            "<html lang=en><title>Harbour reopens after the storm</title>{paid}<body><main><article><h1>Harbour reopens after the storm</h1><div>{teaser}</p>{gate}</div></article></main></body></html>"
        );
        let page =
            extract(Input { bytes: html.as_bytes(), content_type: None, url: &url, rules: None });
        let content = page.unwrap().articles.remove(0).content;
        assert!(content.quality.paywalled);
        assert_eq!(content.text.as_deref(), teaser.strip_prefix("<p>"), "{gate}");
    }
}
