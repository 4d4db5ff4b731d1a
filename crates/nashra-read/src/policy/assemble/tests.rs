//! Articles that are put together from a page and a feed.

use super::*;
use crate::model::{entry::Entry, page::PageKind, record::Provenance};

const PAGE: &str = "The harbour of the old town is open again after the storm that closed it for nine days, and the first ferry left.";
const FEED: &str = "Le port de la vieille ville est de nouveau ouvert après la tempête qui l'avait fermé pendant neuf jours. ";

fn assembled(entry: Entry, content: Content) -> Assembled {
    let source = record::Source {
        id: "s".into(),
        name: None,
        kind: "feed".into(),
        url: String::new().into(),
        tags: Vec::new(),
    };
    let entry = PendingEntry::new(source, entry, 1, DateTime::UNIX_EPOCH);
    let page = Page {
        canonical: None,
        alternates: Vec::new(),
        site_name: None,
        kind: PageKind::Article,
        articles: vec![Part { content, ..Part::default() }],
        next: None,
    };
    let fetched = FetchedPage {
        validators: crate::model::source::Validators::default(),
        fetched_at: DateTime::UNIX_EPOCH,
        order: 1,
        url: None,
        via: Vec::new(),
        end: End::Whole,
        page,
    };
    from_page(&entry, fetched).remove(0)
}

fn page() -> Content {
    let provenance =
        Provenance { title: Some(Origin::Meta), text: Some(Origin::Dom), ..Provenance::default() };
    Content {
        title: Some("Harbour reopens".into()),
        text: Some(PAGE.into()),
        provenance,
        ..Content::default()
    }
}

#[test]
fn what_is_derived_follows_from_what_page_and_feed_say_together() {
    let entry =
        Entry { authors: vec!["AFP".into()], title: Some("Port".into()), ..Entry::default() };
    let Content { title, bylines, agencies, language, word_count, provenance, .. } =
        assembled(entry, page()).content;
    assert_eq!((title.as_deref(), bylines.len()), (Some("Harbour reopens"), 1));
    assert_eq!(
        (agencies, language.as_deref(), word_count),
        (vec!["AFP".to_owned()], Some("en"), 23)
    );
    assert_eq!((provenance.title, provenance.bylines), (Some(Origin::Meta), Some(Origin::Feed)));
}

#[test]
fn a_text_of_the_feed_brings_its_language_and_words_along() {
    let entry =
        Entry { content: Some(FEED.repeat(9)), language: Some("fr-FR".into()), ..Entry::default() };
    let found = assembled(entry, page());
    assert_eq!(found.text_rank, TextRank::Feed);
    let Content { title, text, language, word_count, provenance, quality, .. } = found.content;
    assert_eq!(title.as_deref(), Some("Harbour reopens"));
    assert!(text.is_some_and(|text| text.starts_with("Le port")));
    assert_eq!((language.as_deref(), word_count > 100), (Some("fr"), true));
    assert_eq!((provenance.text, quality.truncated), (Some(Origin::Feed), false));
}
