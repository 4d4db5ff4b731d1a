//! Fields that publishers write in many ways: headlines, writers, days, pictures.

use url::Url;

use super::*;
use crate::model::record::{Content, Origin};

const TEXT: &str = "<p>The harbour of the old town is open again after the storm that closed it for nine days, the port authority said on \
    Friday, and the first ferry left with two hundred passengers on board.</p><p>Fishermen had asked for the opening since Monday, \
    because the catch of a whole week was at stake, but divers had to look for the anchors of three boats first.</p><p>“We have waited \
    long enough,” said one of them, while cranes lifted the last containers out of the water and the lighthouse was lit once more.</p>";

/// The first article of a page.
fn extract_content(head: &str, body: &str) -> Content {
    read_by(None, head, body)
}

fn read_by(rules: Option<&Rules>, head: &str, body: &str) -> Content {
    let url = Url::parse("https://www.harbourtimes.example/2026/11/20/harbour").unwrap();
    let html =
        format!("<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>");
    let page =
        extract(Input { bytes: html.as_bytes(), content_type: None, url: &url, rules }).unwrap();
    tests::enriched(page).articles.remove(0).content
}

fn title(head: &str, body: &str) -> String {
    extract_content(head, &format!("{body}<article>{TEXT}</article>")).title.unwrap()
}

fn writers(head: &str, before: &str, after: &str) -> Vec<String> {
    let body = format!(
        "<article><h1>Harbour reopens after the storm</h1>{before}<div>{TEXT}{after}</div></article>"
    );
    extract_content(head, &body).bylines.into_iter().map(|byline| byline.name).collect()
}

#[test]
fn headings_and_shared_titles_that_agree_are_believed_before_a_script() {
    let head = r#"<title>Harbour open</title><meta property="og:title" content="Harbour reopens after the storm">
        <script type="application/ld+json">{"@type":"NewsArticle","headline":"Harbour open"}</script>"#;
    assert_eq!(
        title(head, "<h1>Harbour reopens after the storm</h1>"),
        "Harbour reopens after the storm"
    );
}

#[test]
fn a_site_that_sets_its_name_as_the_highest_heading_has_its_headline_below() {
    let head = "<title>Harbour reopens after the storm » Harbour Times</title>";
    assert_eq!(
        title(head, "<h1>Harbour Times</h1><h2>Harbour reopens after the storm</h2>"),
        "Harbour reopens after the storm"
    );
}

#[test]
fn a_kicker_that_is_set_into_the_heading_is_none_of_the_headline() {
    let head = r#"<meta property="og:title" content="Harbour reopens after the storm">"#;
    assert_eq!(
        title(head, "<h1><small>Ports</small> Harbour reopens after the storm</h1>"),
        "Harbour reopens after the storm"
    );
}

#[test]
fn writers_are_found_behind_the_paper_that_stands_for_them() {
    let paper = r#"<meta name="author" content="Harbour Times"><meta property="og:site_name" content="Harbour Times">"#;
    assert_eq!(writers(paper, "", "<p><strong>Ann Lee</strong></p>"), ["Ann Lee"]);
    assert_eq!(writers(paper, r#"<a href="/author/ann-lee">Ann Lee</a>"#, ""), ["Ann Lee"]);
    assert_eq!(writers(paper, "<div>Ann Lee | 20 November 2026</div>", ""), ["Ann Lee"]);
    assert_eq!(
        writers(
            paper,
            r#"<div class="comment"><span class="comment-author">John Doe</span></div>"#,
            ""
        ),
        ["Harbour Times"]
    );
    let second = format!(r#"{paper}<meta name="parsely-author" content="Ann Lee">"#);
    assert_eq!(writers(&second, "", ""), ["Ann Lee"]);
}

#[test]
fn a_name_that_stands_alone_beside_the_day_is_the_writers() {
    let head = "<title>Harbour reopens after the storm</title>";
    let one = ["Ann Lee"];
    for (before, wanted) in [
        ("<div><span>Ann Lee</span> <span>Nov 20, 2026</span></div>", &one[..]),
        ("<p>Ann Lee</p><div><p>20 November 2026</p><p>4 min</p></div>", &one),
        ("<ul><li><i class=x></i> Ann Lee</li><li>2026-11-20</li></ul>", &one),
        ("<div><span>Nov 20, 2026</span><span>Ann K. Lee</span></div>", &["Ann K. Lee"]),
        // A section, what can be pressed, what a label says, capitals, facts, what the text writes small.
        ("<p><a href=/old-port>Old Port</a></p><p>20 November 2026</p>", &[]),
        ("<p><button>Save Article</button></p><p>20 November 2026</p>", &[]),
        ("<p>Release Date</p><p>20 November 2026</p>", &[]),
        ("<p>PAID CONTENT</p><p>20 November 2026</p>", &[]),
        ("<dl><dt>Since<dd>20 November 2026<dt>Rank<dd>Grand Master</dl>", &[]),
        ("<p>Port Authority</p><p>20 November 2026</p>", &[]),
        ("<p>Ann Lee</p><p>4 min</p><p>20 November 2026</p>", &[]),
    ] {
        assert_eq!(writers(head, before, ""), wanted, "{before}");
    }
}

#[test]
fn a_day_is_found_above_the_headline_and_else_in_the_address() {
    let day = |before: &str| {
        let content = extract_content(
            "",
            &format!("{before}<h1>Harbour reopens after the storm</h1><article>{TEXT}</article>"),
        );
        content.published.unwrap().date_naive().to_string()
    };
    assert_eq!(day("<div>Fri 20.11.26</div>"), "2026-11-20");
    assert_eq!(day("<div>19 November 2026</div>"), "2026-11-19");
    assert_eq!(day(""), "2026-11-20");
}

#[test]
fn a_credit_in_an_element_of_its_own_is_none_of_the_caption() {
    let figure = |caption: &str| {
        let body = format!(
            "<h1>Harbour reopens after the storm</h1><article><figure><img src=/1.jpg>{caption}</figure>{TEXT}</article>"
        );
        let image = extract_content("", &body).images.remove(0);
        (image.caption.unwrap(), image.credit.unwrap())
    };
    let wanted = |credit: &str| ("Ferries in the port".to_owned(), credit.to_owned());
    for caption in [
        "<figcaption>Ferries in the port <span class=credit>Photo: Ann Lee</span></figcaption>",
        "<figcaption><span>Ferries in the port</span><span class=caption--author>Ann Lee</span></figcaption>",
        "<figcaption>Ferries in the port</figcaption><small class=copyright>© Ann Lee</small>",
    ] {
        assert_eq!(figure(caption), wanted("Ann Lee"), "{caption}");
    }
    let two = "<figcaption>Ferries in the port <i class=credit>Photo by Ann Lee</i> /<i class=distributor>AFP</i></figcaption>";
    assert_eq!(figure(two), wanted("Ann Lee AFP"));
}

#[test]
fn the_lead_counts_once_whatever_its_crop_and_the_sites_own_pictures_not_at_all() {
    let head = r#"<meta property="og:image" content="https://img.example/harbour-1200x630.jpg">"#;
    let body = format!(
        "<h1>Harbour reopens after the storm</h1><article><img src=/img/icon-clock.png><img src=/authors/ann.jpg><img src=/x.svg>\
        <a href=/other-article><img src=/other.jpg></a><img src=https://img.example/harbour-640x480.jpg>{TEXT}</article>"
    );
    let images: Vec<_> =
        extract_content(head, &body).images.into_iter().filter_map(|image| image.url).collect();
    assert_eq!(images, ["https://img.example/harbour-640x480.jpg"]);
}

#[test]
fn a_text_for_subscribers_is_cut_where_the_script_counts_more_words() {
    let quality = |words: u32| {
        let head = format!(
            r#"<script type="application/ld+json">{{"@type":"NewsArticle","headline":"Harbour","isAccessibleForFree":"False","wordCount":{words}}}</script>"#
        );
        extract_content(&head, &format!("<h1>Harbour</h1><article>{TEXT}</article>")).quality
    };
    assert!(quality(900).paywalled && quality(900).truncated);
    assert!(quality(95).paywalled && !quality(95).truncated);
}

#[test]
fn a_heading_over_the_menu_is_no_headline() {
    let head = "<title>harbourtimes.example / News / The harbour is open again</title>";
    assert_eq!(
        title(head, "<h1>Navigation and services</h1><h1>The harbour is open again</h1>"),
        "The harbour is open again"
    );
    let head = "<title>The harbour is open again</title>";
    assert_eq!(
        title(head, "<div><h1>Quicklinks</h1><ul><li><a href=/a>Ships</a></ul></div>"),
        "The harbour is open again"
    );
}

#[test]
fn a_script_about_the_page_tells_its_day_where_none_tells_the_articles() {
    let day = |more: &str| {
        let head = format!(
            r#"<script type="application/ld+json">{{"@graph":[{{"@type":"WebPage","datePublished":"2026-11-18T09:00:00+02:00"}}]}}</script>{more}"#
        );
        extract_content(&head, &format!("<h1>Harbour</h1><article>{TEXT}</article>"))
            .published
            .unwrap()
            .to_rfc3339()
    };
    assert_eq!(day(""), "2026-11-18T09:00:00+02:00");
    assert_eq!(
        day(r#"<meta name="date" content="2026-11-19T09:00:00Z">"#),
        "2026-11-19T09:00:00+00:00"
    );
}

#[test]
fn the_operators_rules_stand_above_what_the_page_says_and_what_is_learned() {
    let head =
        r#"<meta property="og:title" content="Harbour open"><meta name="author" content="Staff">"#;
    let body = format!(
        "<h1>Harbour open</h1><p class=big>Harbour reopens after the storm</p><p class=who>Ann Lee</p><p class=when>20.11.2026</p>\
        <div class=a>{TEXT}<p class=box>The port was built a hundred years ago by the men of the old town, who had no cranes and no \
        divers.<img src=/box.jpg></p></div><div class=b><p>Note.</p></div>"
    );
    let rules: Vec<String> =
        ["title=.big", "byline=.who", "published=.when", "text=.a, .b", "remove=.box"]
            .map(str::to_owned)
            .to_vec();
    let content = read_by(Some(&Rules::parse(&rules).unwrap()), head, &body);
    assert_eq!(content.title.as_deref(), Some("Harbour reopens after the storm"));
    assert_eq!(
        content.bylines.iter().map(|byline| byline.name.as_str()).collect::<Vec<_>>(),
        ["Ann Lee"]
    );
    assert_eq!(content.published.unwrap().to_rfc3339(), "2026-11-20T00:00:00+00:00");
    let text = content.text.unwrap();
    assert!(
        text.starts_with("The harbour of the old town")
            && text.ends_with("lit once more.\n\nNote."),
        "{text}"
    );
    assert!(content.images.is_empty());
    let by = [
        content.provenance.title,
        content.provenance.bylines,
        content.provenance.published,
        content.provenance.text,
    ];
    assert_eq!(by, [Some(Origin::Rule); 4]);
    // What matches nothing changes nothing.
    let none = Rules::parse(&["title=.none".to_owned(), "text=.none".to_owned()]).unwrap();
    assert_eq!(read_by(Some(&none), head, &body), extract_content(head, &body));
}
