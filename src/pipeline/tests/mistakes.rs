//! What a site sends once by mistake, with status 200, never replaces a good text, and the edition
//! comes all the same.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::*;

const SORRY: &str = "Sorry, something went wrong on our side, and our engineers have been told about it. Please come back in a few minutes.";

/// Bytes that look random and are the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 7_u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u8::try_from(state >> 56).unwrap()
    };
    (0..length).map(|_| next()).collect()
}

/// A front page, which shows the headlines of the article's editions among others.
fn front() -> Vec<u8> {
    let said = "The council met once more, and what it said is told behind this link at some length, with what others think of it.";
    let teaser = |headline: String| {
        format!("<div><h2><a href=\"/{}\">{headline}</a></h2><p>{said}</p></div>", headline.len())
    };
    let others = ["harbour", "bridge", "market", "theatre", "old tram"]
        .map(|place| teaser(format!("Neighbours of the {place} tell what they think")));
    let own = [1, 2].map(|number| teaser(title("ferry", number)));
    let teasers = own.concat() + &others.concat();
    format!("<!DOCTYPE html><html lang=\"en\"><head><title>The Daily Ferry</title></head><body><h1>The Daily Ferry</h1><main>{teasers}</main></body></html>").into_bytes()
}

fn mistakes() -> Vec<(&'static str, Vec<u8>)> {
    let half = page_of("ferry", 2);
    vec![
        ("empty", Vec::new()),
        ("white space", b" \n\t \n".to_vec()),
        ("JSON", b"{\"error\": \"internal\", \"code\": 17}".to_vec()),
        ("random bytes", noise(3_000)),
        (
            "a short error page",
            b"<html><head><title>Error</title></head><body><h1>Error</h1></body></html>".to_vec(),
        ),
        ("a long error page", html("Something went wrong", SORRY, 15)),
        ("half a page", half[..half.len() / 2].to_vec()),
        ("the front page", front()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_once_by_mistake_is_tried_again_like_a_failure() {
    for (what, mistake) in mistakes() {
        let mut world = World::new();
        world.answer("ferry", [Ok(page_of("ferry", 1))]);
        world.list(&[("ferry", 1)]);
        world.start();
        world.until("the first edition is there", |world| world.editions("ferry") == [1]).await;
        world.answer(
            "ferry",
            [Ok(mistake.clone()), Ok(mistake.clone()), Ok(mistake), Ok(page_of("ferry", 2))],
        );
        world.list(&[("ferry", 2)]);
        world
            .until(&format!("the second edition is there after {what}"), |world| {
                world.editions("ferry") == [1, 2]
            })
            .await;
        world.stop().await;
        assert_eq!(world.published().len(), 2, "{what}: {:?}", world.published());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_at_every_try_becomes_a_dead_letter_and_the_good_text_stays() {
    for (what, mistake) in mistakes().into_iter().filter(|mistake| mistake.0 != "half a page") {
        let mut world = World::new();
        world.answer("ferry", [Ok(page_of("ferry", 1))]);
        world.list(&[("ferry", 1)]);
        world.start();
        world.until("the first edition is there", |world| world.editions("ferry") == [1]).await;
        world.answer("ferry", [Ok(mistake)]);
        world.list(&[("ferry", 2)]);
        let before = world.asked("ferry");
        world
            .until(&format!("it is given up after {what}"), |world| world.published().len() == 2)
            .await;
        assert_eq!(world.asked("ferry") - before, 5, "{what}");
        world.stop().await;
        assert_eq!(world.published()[1], ("ferry".to_owned(), None, 0), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_edition_behind_an_error_page_comes_when_its_page_does() {
    let half = page_of("ferry", 1);
    // Within the text, and before any of it.
    let halves = [
        ("half a page", half[..half.len() / 2].to_vec()),
        ("the start of a page", half[..half.len() / 12].to_vec()),
    ];
    for (what, mistake) in
        mistakes().into_iter().filter(|mistake| mistake.0 != "half a page").chain(halves)
    {
        let mut world = World::new();
        // A page that shows the headline is believed sooner.
        let times = if what == "the front page" { 2 } else { 4 };
        world.answer(
            "ferry",
            std::iter::repeat_n(Ok(mistake), times).chain([Ok(page_of("ferry", 1))]),
        );
        world.list(&[("ferry", 1)]);
        world.start();
        world
            .until(&format!("the edition is there after {what}"), |world| {
                world.editions("ferry") == [1]
            })
            .await;
        world.stop().await;
        assert_eq!(world.published().len(), 1, "{what}");
    }
}

/// The start of a page up to the end of one of its paragraphs: behind an element, as many good
/// pages end.
fn behind_paragraph(page: &[u8], paragraphs: usize) -> Vec<u8> {
    let ends = memchr::memmem::find_iter(page, b"</p>");
    page[..ends.take(paragraphs).last().unwrap() + b"</p>".len()].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_page_that_ends_behind_a_paragraph_is_not_taken_for_the_first_edition() {
    let whole = page_of("ferry", 1);
    let mut world = World::new();
    world.answer(
        "ferry",
        [Ok(behind_paragraph(&whole, 4)), Err(500), Ok(behind_paragraph(&whole, 7)), Ok(whole)],
    );
    world.list(&[("ferry", 1)]);
    world.start();
    world
        .until("it was asked for until it was whole", |world| {
            world.asked("ferry") == 4 && world.published().len() == 1
        })
        .await;
    world.stop().await;
    assert_eq!(world.paragraphs("ferry"), [12]);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_edition_that_is_longer_than_the_one_before_does_not_stay() {
    let words = "The council met again because of ferry, and what it said in edition 2 is told here at some length. ";
    let longer = html(&title("ferry", 2), words, 30);
    // In the midst of a word, and behind a paragraph.
    for half in [longer[..longer.len() * 3 / 4].to_vec(), behind_paragraph(&longer, 20)] {
        let mut world = World::new();
        world.answer("ferry", [Ok(page_of("ferry", 1))]);
        world.list(&[("ferry", 1)]);
        world.start();
        world.until("the first edition is there", |world| world.editions("ferry") == [1]).await;
        world.answer("ferry", [Ok(half), Ok(longer.clone())]);
        world.list(&[("ferry", 2)]);
        world.until("the second edition is there", |world| world.editions("ferry") == [1, 2]).await;
        world.stop().await;
        assert_eq!(world.paragraphs("ferry"), [12, 30]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_never_closes_its_pages_is_believed_at_the_second_look_and_asked_no_more_where_nothing_changed()
 {
    let mut world = World::new();
    world.answer("ferry", [Ok(behind_paragraph(&page_of("ferry", 1), 12))]);
    world.list(&[("ferry", 1)]);
    world.start();
    world.until("the first edition is there", |world| world.editions("ferry") == [1]).await;
    assert_eq!(world.asked("ferry"), 2);
    let mended = html(
        &title("ferry", 2),
        "The council met again because of ferry, and what it said in edition 2 is told. ",
        14,
    );
    world.answer("ferry", [Ok(behind_paragraph(&mended, 14))]);
    world.list(&[("ferry", 2)]);
    world.until("the second edition is there", |world| world.editions("ferry") == [1, 2]).await;
    assert_eq!(world.asked("ferry"), 4);
    world.stop().await;
    assert_eq!(world.published().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn gzip_that_nobody_declared_is_read() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&page_of("ferry", 1)).unwrap();
    let mut world = World::new();
    world.answer("ferry", [Ok(gzip.finish().unwrap())]);
    world.list(&[("ferry", 1)]);
    world.start();
    world.until("the edition is there", |world| world.editions("ferry") == [1]).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_its_publisher_made_short_is_published_after_as_many_looks_as_a_failure_has_tries()
 {
    let mut world = World::new();
    world.answer("ferry", [Ok(page_of("ferry", 1))]);
    world.list(&[("ferry", 1)]);
    world.start();
    world.until("the first edition is there", |world| world.editions("ferry") == [1]).await;
    let note = html(
        &title("ferry", 2),
        "This article was withdrawn by its editors, as is said in edition 2 of it here.",
        1,
    );
    world.answer("ferry", [Ok(note)]);
    world.list(&[("ferry", 2)]);
    let before = world.asked("ferry");
    world.until("the note is there", |world| world.editions("ferry") == [1, 2]).await;
    assert_eq!(world.asked("ferry") - before, 5);
    world.stop().await;
    assert_eq!(world.published().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_older_than_its_feed_is_looked_at_again() {
    let mut world = World::new();
    world.answer("ferry", [Ok(page_of("ferry", 1))]);
    world.list(&[("ferry", 1)]);
    world.start();
    world.until("the first edition is there", |world| world.editions("ferry") == [1]).await;
    // A cache in between has the page of before for a while.
    world.answer(
        "ferry",
        [Ok(page_of("ferry", 1)), Ok(page_of("ferry", 1)), Ok(page_of("ferry", 2))],
    );
    world.list(&[("ferry", 2)]);
    world.until("the second edition is there", |world| world.editions("ferry") == [1, 2]).await;
    // And a page that stays as it was is left alone after a few looks.
    let before = world.asked("ferry");
    world.list(&[("ferry", 3)]);
    world.until("it was looked at again", |world| world.asked("ferry") == before + 5).await;
    world.until("it waits no more", |world| world.site.is_some()).await;
    world.stop().await;
    assert_eq!(world.published().len(), 2);
}
