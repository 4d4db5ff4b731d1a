//! What is durable of the list of fields.

use super::*;
use crate::model::{clean, record::Article};

/// A record of the first program of this version: fields that were added since are not in it.
const FIRST: &str = include_str!("../../../../../tests/fixtures/record/article-v1.json");

#[test]
fn a_record_of_an_older_program_is_read() {
    let article: Article =
        serde_json::from_str(FIRST).expect("a field that was added needs #[serde(default)]");
    assert_eq!((article.content.updates.len(), article.content.word_count), (0, 5));
}

#[test]
fn fingerprints_of_fields_are_what_older_programs_remember() {
    let article: Article = serde_json::from_str(FIRST).unwrap();
    let known: BTreeMap<String, u64> = serde_json::from_str(include_str!(
        "../../../../../tests/fixtures/record/fingerprints-v1.json"
    ))
    .unwrap();
    let now = article.content.fingerprints();
    for (name, fingerprint) in known {
        assert_eq!(
            now.get(&name),
            Some(&fingerprint),
            "every remembered article would show {name} as changed"
        );
    }
}

#[test]
fn a_field_that_both_page_and_feed_give_is_taken_as_its_row_says() {
    let side = |word: &str| Content {
        title: Some(format!("title of the {word}")),
        subtitle: Some(format!("deck of the {word}")),
        text: Some(format!("text of the {word}")),
        ..Content::default()
    };
    let mut page = Content { title: None, ..side("page") };
    page.take_from(side("feed"), |rule, is_empty| {
        rule == Merge::Text || rule == Merge::PageElseFeed && is_empty
    });
    let taken = [page.title, page.subtitle, page.text].map(Option::unwrap_or_default);
    assert_eq!(taken, ["title of the feed", "deck of the page", "text of the feed"]);
}

#[test]
fn an_entry_of_a_live_blog_begins_at_its_block_where_an_embed_before_it_has_too_long_an_address() {
    let embed = |length: usize| Block::Embed {
        url: format!("https://video.example/{}", "v".repeat(length)),
    };
    let words = Block::Paragraph { text: "words".to_owned() };
    let mut article = Content {
        blocks: vec![embed(1), embed(bounds::ADDRESS), words.clone()],
        updates: vec![Update { block: 2, ..Update::default() }],
        ..Content::default()
    };
    bounds::content(&mut article);
    clean::content(&mut article);
    assert_eq!(article.blocks[article.updates[0].block as usize], words);
    assert_eq!(article.blocks, [embed(1), words]);
}
