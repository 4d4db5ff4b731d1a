//! Which of the headlines of a page is the article's, and what is no part of it.

use super::{metadata::TEXT, *};

const CONFERENCE: &str = "Harbour conference 2026: find it";

/// The title of an article below some headings.
fn title(head: &str, headings: &str) -> Option<String> {
    let url = Url::parse("https://www.harbourtimes.example/harbour").unwrap();
    let html = format!(
        "<!doctype html><html lang=en><head>{head}</head><body><main>{headings}<article><div>{TEXT}</div></article></main></body></html>"
    );
    let input = Input { bytes: html.as_bytes(), content_type: None, url: &url, rules: None };
    tests::enriched(extract(input).unwrap()).articles.remove(0).content.title
}

fn shared(title: &str) -> String {
    format!("<meta property=og:title content='{title}'>")
}

#[test]
fn a_heading_that_the_windows_title_has_stands_above_another_headline() {
    let wanted = Some("Ferries leave the old port again");
    let other = shared("It was a long week for the fishermen of the town");
    let script = r#"<script type=application/ld+json>{"@type":"NewsArticle","headline":"Nine days without a ship"}</script>"#;
    let heading = "<h1>Ferries leave the old port again</h1>";
    for window in [
        "Ferries leave the old port again",
        "Ferries leave the old port again | Harbour Times",
        "Ferries leave the old port again - Ships - Harbour Times",
    ] {
        for more in [other.as_str(), script, ""] {
            let head = format!("<title>{window}</title>{more}");
            // A deck in the words that are made for sharing is none of it.
            let below = format!("{heading}<p>It was a long week for the fishermen of the town</p>");
            assert_eq!(title(&head, &below).as_deref(), wanted, "{window} {more}");
        }
    }
    // What another heading shows is the headline, and the first names the subject.
    let head = format!("<title>Ferries of the port | Harbour Times</title>{other}");
    let two =
        "<h1>Ferries of the port</h1><h2>It was a long week for the fishermen of the town</h2>";
    assert_eq!(
        title(&head, two).as_deref(),
        Some("It was a long week for the fishermen of the town")
    );
}

#[test]
fn the_name_of_a_section_above_a_headline_is_not_taken_for_it() {
    let head = format!("<title>Harbour Times</title>{}", shared(CONFERENCE));
    let headings = "<h1>Events and seminars of ours</h1><h2>Harbour conference 2026: find it early and go out to meet it</h2><p>8 March 2026</p><p><a href=/a>All events</a></p><p>By Ann Lee</p>";
    assert_eq!(title(&head, headings).as_deref(), Some(CONFERENCE));
    let head = "<title>The greedy dog ＜Stories of the harbour Fables of the day＞</title>";
    let path = "<p>Stories of the harbour &gt; Fables of the day</p>";
    assert!(title(head, path).unwrap().starts_with("The greedy dog"));
}

#[test]
fn a_kicker_that_is_set_into_a_heading_is_no_part_of_the_headline() {
    let wanted = Some("The secret of the old port");
    for heading in [
        "<h2><span class=content__kicker>Genetics</span><span class=sr-only>: </span><span class=content__title>The secret of the old port</span></h2>",
        "<h1><span class=overline>Genetics</span>The secret of the old port</h1>",
        "<h1><small>Genetics</small><br>The secret of the old port</h1>",
        "<h1><span class=dachzeile>Behind genetics</span> <span class=headline>The secret of the old port</span></h1>",
    ] {
        let joined = shared("Genetics: The secret of the old port");
        for more in [joined.as_str(), ""] {
            let head = format!("<title>Genetics: The secret of the old port</title>{more}");
            assert_eq!(title(&head, heading).as_deref(), wanted, "{heading} {more}");
        }
    }
    // What a script says is the headline as it is.
    let script = r#"<script type=application/ld+json>{"@type":"NewsArticle","headline":"Genetics: The secret of the old port"}</script>"#;
    let heading = "<h1><span class=kicker>Genetics</span>: The secret of the old port</h1>";
    let head = format!("{script}{}", shared("Genetics: The secret of the old port"));
    assert_eq!(title(&head, heading).as_deref(), Some("Genetics: The secret of the old port"));
}

#[test]
fn a_note_in_brackets_that_the_windows_title_has_not_is_no_part_of_the_headline() {
    let heading = "<h1>Ferries leave the old port again [Watch]</h1>";
    let head = format!(
        "<title>Ferries leave the old port again</title>{}",
        shared("WATCH: Ferries leave the old port again")
    );
    assert_eq!(title(&head, heading).as_deref(), Some("Ferries leave the old port again"));
    let head = "<title>Ferries leave the old port again [Watch]</title>";
    assert_eq!(title(head, heading).as_deref(), Some("Ferries leave the old port again [Watch]"));
}

#[test]
fn a_heading_that_says_the_headline_of_the_metadata_in_other_words_is_what_readers_see() {
    let head = |said: &str, window: &str| {
        let script = format!(
            r#"<script type=application/ld+json>{{"@type":"NewsArticle","headline":"{said}"}}</script>"#
        );
        format!("<title>{window}</title>{}{script}", shared(said))
    };
    let said = "The best ferries of the old port for the summer of 2026";
    for (heading, wanted) in [
        (
            "Nine ferries of the old port that leave in summer",
            "Nine ferries of the old port that leave in summer",
        ),
        // With a kicker, with one word less, or about something else.
        ("Travel: The best ferries of the old port for the summer of 2026", said),
        ("The best ferries of the port for the summer of 2026", said),
        ("Ships and shores", said),
    ] {
        let heading = format!("<h1>{heading}</h1>");
        let found = title(&head(said, &format!("{said} | Harbour Times")), &heading);
        assert_eq!(found.as_deref(), Some(wanted), "{heading}");
    }
}

#[test]
fn many_words_before_a_headline_are_a_part_of_it_where_readers_see_them_too() {
    let short = "Ferries leave the old port again";
    for (before, wanted) in [
        ("After nine days of storm", "After nine days of storm: Ferries leave the old port again"),
        ("Shipping", short),
    ] {
        let whole = format!("{before}: {short}");
        let script = format!(
            r#"<script type=application/ld+json>{{"@type":"NewsArticle","headline":"{whole}"}}</script>"#
        );
        let head = format!("<title>{short} - Harbour Times</title>{}{script}", shared(short));
        assert_eq!(title(&head, &format!("<h1>{whole}</h1>")).as_deref(), Some(wanted));
    }
}
