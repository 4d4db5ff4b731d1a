//! Decides what a new fetch of an article means. Pure: known state and fetched edition in, decision
//! out.
//!
//! A revision is a changed edition of what a reader would call the text, so editions are compared by
//! their wording ([`wording`]), and only where that is not known by their hashes.
//!
//! What must stay true: a field that did not exist in the program when an article was last
//! published does not count as changed. The article's state names the fields that were known.

mod wording;

use std::collections::BTreeMap;

use crate::model::{
    article::{ArticleState, TextRank},
    content::{Content, fingerprint},
};
pub use wording::wording;

/// What to do with a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Never seen: publish revision 1.
    New,
    /// The wording changed: publish the next revision.
    Revised {
        /// Names of the fields that differ.
        changed_fields: Vec<String>,
    },
    /// The same wording: publish nothing.
    Duplicate,
    /// It was fetched before the published edition: publish nothing, remember nothing.
    Stale,
    /// The page could not be read this time and what is published is better: publish nothing.
    Kept,
    /// An operator erased the article: publish nothing, remember nothing of the content.
    Erased,
}

impl Decision {
    /// Its label in metrics and in `nashra explain`.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Revised { .. } => "revised",
            Self::Duplicate => "duplicate",
            Self::Stale => "stale",
            Self::Kept => "kept",
            Self::Erased => "erased",
        }
    }
}

/// What was found, as far as the decision needs it.
#[derive(Debug, Clone, Copy)]
pub struct FoundEdition<'a> {
    /// The number of its fetch, in the order of all fetches.
    pub order: u64,
    /// How near to the article its text was read.
    pub text_rank: TextRank,
    /// Hash of title and text.
    pub content_hash: &'a str,
    /// The fingerprint of its wording, as [`wording`] gives it.
    pub wording: u64,
    /// The fingerprints of its fields, as [`fields`] gives them.
    pub fields: &'a BTreeMap<String, u64>,
}

/// Decides what a fetched edition means for an article that is known, or for a new one.
#[must_use]
pub fn decide(known: Option<&ArticleState>, found: FoundEdition<'_>) -> Decision {
    let Some(known) = known else { return Decision::New };
    if known.erased.is_some() {
        return Decision::Erased;
    }
    if found.order < known.order {
        return Decision::Stale;
    }
    if known.content_hash == found.content_hash || known.wording == Some(found.wording) {
        return Decision::Duplicate;
    }
    // The teaser of a feed does not replace the text of a page, nor what another page repeats of it
    // the article's own.
    if found.text_rank < known.text_rank {
        return Decision::Kept;
    }
    Decision::Revised { changed_fields: changed(&known.fields, found.fields) }
}

/// Names the fields whose fingerprint was known and has changed, in the order of their names.
#[must_use]
pub fn changed(known: &BTreeMap<String, u64>, found: &BTreeMap<String, u64>) -> Vec<String> {
    let differs =
        |(name, now): &(&String, &u64)| known.get(*name).is_some_and(|before| before != *now);
    found.iter().filter(differs).map(|(name, _)| name.clone()).collect()
}

/// The fingerprint of each field whose change a revision names, by the field's name.
#[must_use]
pub fn fields(content: &Content, url: Option<&str>) -> BTreeMap<String, u64> {
    let mut fields = content.fingerprints();
    add_url(&mut fields, url);
    fields
}

/// Adds the fingerprint of the address to those of the content.
pub fn add_url(fields: &mut BTreeMap<String, u64>, url: Option<&str>) {
    fields.insert("url".to_owned(), fingerprint(&url.into()));
}

/// An article as the tests know it.
#[cfg(test)]
pub(super) fn known_for_tests(text_rank: TextRank) -> ArticleState {
    tests::known(&Content::default(), 1, text_rank)
}

#[cfg(test)]
mod fortnight;
#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;
    use crate::{model::article::Verdict, text};

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn content(title: &str, body: &str) -> Content {
        Content { title: Some(title.into()), text: Some(body.into()), ..Content::default() }
    }

    pub(super) fn known(content: &Content, order: u64, text_rank: TextRank) -> ArticleState {
        ArticleState {
            revised: order,
            shown: None,
            doubted: None,
            withdrawn: false,
            erased: None,
            kept_text: None,
            labels: Vec::new(),
            routing: crate::model::routing::Routing::default(),
            revision: 1,
            url: None,
            alternate_urls: vec![],
            source: "s".into(),
            guid: None,
            first_seen: at(0),
            fetched_at: at(0),
            order,
            content_hash: text::content_hash(content.title.as_deref(), content.text.as_deref()),
            wording: Some(wording(content)),
            sketch: Vec::new(),
            fields: fields(content, None),
            text_rank,
            story: None,
            aliases: vec![],
            day: 0,
            verdict: Verdict { what: "new".into(), why: String::new(), at: at(0) },
        }
    }

    fn decided(known: &ArticleState, found: &Content, order: u64, text_rank: TextRank) -> Decision {
        let content_hash = text::content_hash(found.title.as_deref(), found.text.as_deref());
        let fields = fields(found, None);
        decide(
            Some(known),
            FoundEdition {
                order,
                text_rank,
                content_hash: &content_hash,
                wording: wording(found),
                fields: &fields,
            },
        )
    }

    #[test]
    fn a_changed_text_is_a_revision_that_names_its_fields() {
        let known = known(&content("A", "one"), 1, TextRank::Page);
        let revised = decided(&known, &content("A", "two"), 2, TextRank::Page);
        assert_eq!(revised, Decision::Revised { changed_fields: vec!["text".into()] });
    }

    #[test]
    fn a_field_that_was_not_known_when_an_article_was_published_is_not_told_as_changed() {
        // A row of a store as an older program left it, which knew neither subtitles nor agencies.
        let row = include_str!("../../../../tests/fixtures/store/article-of-fewer-fields.json");
        let before: ArticleState = serde_json::from_str(row).unwrap();
        let found = Content {
            subtitle: Some("The deck".into()),
            agencies: vec!["AFP".into()],
            section: Some("Sports".into()),
            ..content("A", "two")
        };
        let revised = decided(&before, &found, 2, TextRank::Page);
        assert_eq!(
            revised,
            Decision::Revised { changed_fields: vec!["section".into(), "text".into()] }
        );
        // From then on they are known.
        let before = known(&found, 2, TextRank::Page);
        let next =
            Content { subtitle: Some("Another deck".into()), text: Some("three".into()), ..found };
        let revised = decided(&before, &next, 3, TextRank::Page);
        assert_eq!(
            revised,
            Decision::Revised { changed_fields: vec!["subtitle".into(), "text".into()] }
        );
    }

    #[test]
    fn other_white_space_is_no_revision() {
        let known = known(&content("A", "one two"), 1, TextRank::Page);
        assert_eq!(
            decided(&known, &content(" A ", "one\u{a0} two"), 2, TextRank::Page),
            Decision::Duplicate
        );
    }

    #[test]
    fn a_counter_that_went_up_is_no_revision_and_a_number_in_a_sentence_is_one() {
        let of = |deaths: u32, comments: u32| {
            let text = format!("The flood killed {deaths} people.\n\nMore.\n\n{comments} comments");
            content("A", &text)
        };
        let known = known(&of(3, 7), 1, TextRank::Page);
        assert_eq!(decided(&known, &of(3, 9), 2, TextRank::Page), Decision::Duplicate);
        assert!(matches!(decided(&known, &of(4, 7), 3, TextRank::Page), Decision::Revised { .. }));
    }

    #[test]
    fn a_row_of_an_older_program_without_a_wording_is_compared_by_its_hash() {
        let before = content("A", "one\n\n3 comments");
        let known = ArticleState { wording: None, ..known(&before, 1, TextRank::Page) };
        assert_eq!(decided(&known, &before, 2, TextRank::Page), Decision::Duplicate);
        assert!(matches!(
            decided(&known, &content("A", "two"), 3, TextRank::Page),
            Decision::Revised { .. }
        ));
    }

    #[test]
    fn an_earlier_look_never_replaces_a_later_one() {
        let known = known(&content("A", "two"), 5, TextRank::Page);
        assert_eq!(decided(&known, &content("A", "one"), 4, TextRank::Page), Decision::Stale);
    }

    #[test]
    fn a_teaser_does_not_replace_a_page_but_a_page_replaces_a_teaser() {
        let from_page = known(&content("A", "the whole text"), 1, TextRank::Page);
        assert_eq!(decided(&from_page, &content("A", "teaser"), 2, TextRank::Feed), Decision::Kept);
        let from_feed = known(&content("A", "teaser"), 1, TextRank::Feed);
        assert!(matches!(
            decided(&from_feed, &content("A", "the whole text"), 2, TextRank::Page),
            Decision::Revised { .. }
        ));
    }
}
