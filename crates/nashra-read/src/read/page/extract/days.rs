//! When an article was published and changed, as metadata tell it and pages show it.

use url::Url;

use super::{
    metadata::{TEXT, day, read, script},
    *,
};
use crate::model::record::Origin;

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
fn a_day_in_a_line_of_its_own_below_the_deck_is_that_of_publication() {
    let deck = "<p>The port authority says that the ferries leave again, and that the lighthouse was not hurt by the storm.</p>";
    for line in [
        "<div class=x>March 8, 2026, 4:19 PM</div>",
        "<ul><li>Background</li><li>08.03.2026</li><li>Reading time 5 min.</li></ul>",
        "<p>Ann Lee</p><p>2026-03-08T08:10+02:00</p>",
        "<h5>Datum:</h5>08.03.2026",
    ] {
        let content = read("", "", &format!("{deck}{line}"), "");
        assert_eq!(day(&content).as_deref(), Some("2026-03-08"), "{line}");
    }
    // What stands behind the second paragraph happened on other days.
    let later = format!("{deck}{deck}<p>8 March 2026</p>");
    assert_eq!(day(&read("", "", &later, "")), None);
}

/// The script of an article with a moment of publication.
fn of_script(published: &str) -> String {
    format!(
        r#"<script type=application/ld+json>{{"@type":"NewsArticle","headline":"Harbour reopens","datePublished":"{published}"}}</script>"#
    )
}

#[test]
fn a_moment_that_names_no_day_gives_way_to_one_that_does() {
    let month = "<meta name=citation_publication_date content=2026/03>";
    let shown = "<p>8 March 2026</p>";
    for (more, below) in [
        ("<meta name=citation_online_date content=2026/03/08>", ""),
        ("<meta name=date content=2026-03-08>", ""),
        ("", shown),
        ("", "<p>Published: 8 March 2026</p>"),
    ] {
        let content = read(&format!("{month}{more}"), "", below, "");
        assert_eq!(day(&content).as_deref(), Some("2026-03-08"), "{more}{below}");
        assert!(content.date_notes.iter().all(|note| !note.contains("without a day")));
    }
    let content = read(month, "", "", "");
    assert_eq!(day(&content).as_deref(), Some("2026-03-01"));
    assert!(content.date_notes.iter().any(|note| note.contains("without a day")));
}

#[test]
fn a_name_that_says_little_gives_way_to_the_day_that_the_page_shows() {
    for name in ["date", "dc.date", "dcterms.date"] {
        for told in ["2026-01-21T09:43:00+01:00", "2026-07-08T16:36:31+02:00"] {
            let head = format!("<meta name={name} content='{told}'>");
            let content = read(&head, "", "<p>8 March 2026</p>", "");
            assert_eq!(day(&content).as_deref(), Some("2026-03-08"), "{name} {told}");
            assert_eq!(day(&read(&head, "", "", "")).as_deref(), told.get(..10), "{name}");
        }
    }
    // The moment when the page was generated counts where it shows no day.
    let head = "<meta name=genTime content='2026-03-21 09:43:00'>";
    assert_eq!(day(&read(head, "", "<p>8 March 2026</p>", "")).as_deref(), Some("2026-03-08"));
    assert_eq!(day(&read(head, "", "", "")).as_deref(), Some("2026-03-21"));
}

#[test]
fn a_day_that_the_page_shows_stands_above_a_later_one_of_its_metadata() {
    let day_of = |told: &str, more: &str, below: &str| {
        day(&read(&format!("{}{more}", of_script(told)), "", below, "")).unwrap()
    };
    let shown = "<p>8 March 2026</p>";
    assert_eq!(day_of("2026-05-12T10:00:00Z", "", shown), "2026-03-08");
    // A later one does where a second of the metadata tells it, too.
    assert_eq!(day_of("2026-01-12T10:00:00Z", "", shown), "2026-01-12");
    let second = "<meta property=article:published_time content='2026-03-08T09:13:00+01:00'>";
    let both = read(&format!("{}{second}", of_script("2026-01-12T10:00:00Z")), "", shown, "");
    assert_eq!(both.published.unwrap().to_rfc3339(), "2026-03-08T09:13:00+01:00");
    // That of a change is no second.
    let changed = "<meta name=date content=2026-03-08><meta property=article:modified_time content=2026-03-08T12:00:00Z>";
    assert_eq!(day_of("2026-01-12T10:00:00Z", changed, shown), "2026-01-12");
    // The readers may be where it is that day still, or the numbers were read the wrong way round.
    assert_eq!(day_of("2026-03-09T02:00:00Z", "", shown), "2026-03-09");
    assert_eq!(day_of("2026-08-03T10:00:00Z", "", "<p>03.08.2026</p>"), "2026-08-03");
    // Of two that are shown the metadata confirm one.
    let two = "<time datetime=2019-09-03>8 March 2026</time>";
    assert_eq!(day_of("2026-03-08T10:00:00Z", "", two), "2026-03-08");
    let updated = "<p>Updated: 8 March 2026</p>";
    assert_eq!(day_of("2026-05-12T10:00:00Z", "", updated), "2026-05-12");
}

#[test]
fn a_moment_in_utc_is_told_in_the_zone_of_the_page() {
    let told = "2026-03-08T03:22:07Z";
    let local = "2026-03-07T22:22:07-05:00";
    let meta = format!("<meta property=article:published_time content='{local}'>");
    let shown = format!("<time datetime='{local}'>7 March 2026</time>");
    for (more, below) in [(meta.as_str(), ""), ("", shown.as_str())] {
        let content = read(&format!("{}{more}", of_script(told)), "", below, "");
        assert_eq!(content.published.unwrap().to_rfc3339(), local, "{more}{below}");
    }
    let other = "<time datetime='2026-03-07T22:20:00-05:00'>7 March 2026</time>";
    let content = read(&of_script(told), "", other, "");
    assert_eq!(content.published.unwrap().to_rfc3339(), "2026-03-08T03:22:07+00:00");
}

#[test]
fn the_only_recording_of_a_page_tells_its_day_where_nothing_else_does() {
    let recording = |told: &str| {
        format!(
            "<div itemprop=audio itemscope itemtype='http://schema.org/AudioObject'><meta itemprop=datePublished content='{told}'></div>"
        )
    };
    let one = recording("2026-03-08T13:15:00+01:00");
    assert_eq!(day(&read("", "", &one, "")).as_deref(), Some("2026-03-08"));
    assert_eq!(day(&read("", "", &format!("{one}{one}"), "")).as_deref(), Some("2026-03-08"));
    let two = format!("{one}{}", recording("2026-03-01T13:15:00+01:00"));
    assert_eq!(day(&read("", "", &two, "")), None);
    let shown = format!("<p>5 March 2026</p>{one}");
    assert_eq!(day(&read("", "", &shown, "")).as_deref(), Some("2026-03-05"));
}

#[test]
fn a_day_in_the_dateline_of_a_text_is_that_of_publication_where_nothing_else_tells_it() {
    let text = "the ferries of the old port leave again, as the port authority said, and the lighthouse was not hurt by the storm.";
    let of_line = |line: &str| day(&read("", "", &format!("<p>{line} {text}</p>"), ""));
    for line in [
        "(8 March 2026)",
        "Karlsruhe, (08.03.2026).",
        "Pressemitteilung vom 8. März 2026 | Berlin –",
        "HARBOUR TOWN, March 8, 2026 /Wire/ --",
        "Berlin, 8. März 2026 –",
    ] {
        assert_eq!(of_line(line).as_deref(), Some("2026-03-08"), "{line}");
    }
    for line in
        ["On 8 March 2026", "Since the storm of 8 March 2026,", "After it closed (8 March 2026"]
    {
        assert_eq!(of_line(line), None, "{line}");
    }
}

#[test]
fn a_day_far_behind_the_text_needs_a_word_for_publication_and_no_other_such_day() {
    let far = "<p><a href=/x>Print</a></p><p><a href=/y>Share</a></p><p><a href=/z>Keywords</a></p><p><a href=/t>Ships</a></p>";
    let behind = |lines: &str| day(&read("", "", "", &format!("{far}{lines}")));
    let wanted = Some("2026-03-08");
    assert_eq!(behind("<p>Published: 8 March 2026</p>").as_deref(), wanted);
    assert_eq!(
        behind("<p>Letzte Änderung: 07.03.2026 - 14:49:39<br>Erschienen am: 08.03.2026</p>")
            .as_deref(),
        wanted
    );
    assert_eq!(behind("<p>8 March 2026</p>"), None);
    assert_eq!(behind("<p>Published: 8 March 2026</p><p>Published: 2 March 2026</p>"), None);
}
