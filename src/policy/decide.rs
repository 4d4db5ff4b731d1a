//! What a new look at an article means. Pure: what is known and what was found, in; a verdict out.

use std::collections::BTreeMap;

use crate::{
    base::hash::digest,
    model::{
        article::{ArticleState, Standing},
        record::Content,
    },
    text,
};

/// What to do with a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Never seen: publish revision 1.
    New,
    /// The text changed: publish the next revision.
    Revised {
        /// Names of the fields that differ.
        changed_fields: Vec<String>,
    },
    /// The same text: publish nothing.
    Duplicate,
    /// An earlier look than the one that was published: publish nothing, remember nothing.
    Stale,
    /// The page could not be read this time and what is published is better: publish nothing.
    Kept,
}

impl Decision {
    /// The word for metrics and `nashra explain`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Revised { .. } => "revised",
            Self::Duplicate => "duplicate",
            Self::Stale => "stale",
            Self::Kept => "kept",
        }
    }
}

/// What was found, as far as the decision needs it.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Which look it was, in the order of all that is looked at.
    pub order: u64,
    /// How near to the article its text was read.
    pub standing: Standing,
    /// Hash of title and text.
    pub content_hash: &'a str,
    /// Hash of each field.
    pub fields: &'a BTreeMap<String, u64>,
}

/// Decides.
#[must_use]
pub fn decide(known: Option<&ArticleState>, found: Found<'_>) -> Decision {
    let Some(known) = known else { return Decision::New };
    if found.order < known.order {
        return Decision::Stale;
    }
    if known.content_hash == found.content_hash {
        return Decision::Duplicate;
    }
    // The teaser of a feed does not replace the text of a page, nor what another page repeats of it the article's own.
    if found.standing < known.standing {
        return Decision::Kept;
    }
    let changed = |(name, hash): &(&String, &u64)| known.fields.get(*name) != Some(*hash);
    Decision::Revised { changed_fields: found.fields.iter().filter(changed).map(|(name, _)| name.clone()).collect() }
}

/// A hash of each field whose change a consumer may want to know of.
#[must_use]
pub fn fields(content: &Content, url: Option<&str>) -> BTreeMap<String, u64> {
    let hash = |value: serde_json::Value| u64::from_be_bytes(digest(&[value.to_string().as_bytes()]));
    let folded = |value: &Option<String>| serde_json::Value::from(value.as_deref().map(text::collapse));
    [
        ("url", serde_json::Value::from(url)),
        ("title", folded(&content.title)),
        ("subtitle", folded(&content.subtitle)),
        ("summary", folded(&content.summary)),
        ("section", folded(&content.section)),
        ("keywords", serde_json::json!(content.keywords)),
        ("language", serde_json::json!(content.language)),
        ("bylines", serde_json::json!(content.bylines)),
        ("agencies", serde_json::json!(content.agencies)),
        ("published", serde_json::json!(content.published.map(|it| it.to_utc()))),
        ("modified", serde_json::json!(content.modified.map(|it| it.to_utc()))),
        ("text", folded(&content.text)),
        ("images", serde_json::json!(content.images)),
        ("enclosures", serde_json::json!(content.enclosures)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), hash(value)))
    .collect()
}

/// An article as the tests know it.
#[cfg(test)]
pub(super) fn known_for_tests(standing: Standing) -> ArticleState {
    tests::known(&Content::default(), 1, standing)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;
    use crate::model::article::Verdict;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn content(title: &str, body: &str) -> Content {
        Content { title: Some(title.into()), text: Some(body.into()), ..Content::default() }
    }

    pub(super) fn known(content: &Content, order: u64, standing: Standing) -> ArticleState {
        ArticleState {
            revised: order,
            shown: None,
            doubted: None,
            revision: 1,
            url: None,
            alternate_urls: vec![],
            source: "s".into(),
            guid: None,
            first_seen: at(0),
            looked: at(0),
            order,
            content_hash: text::content_hash(content.title.as_deref(), content.text.as_deref()),
            fields: fields(content, None),
            standing,
            aliases: vec![],
            day: 0,
            verdict: Verdict { what: "new".into(), why: String::new(), at: at(0) },
        }
    }

    fn decided(known: &ArticleState, found: &Content, order: u64, standing: Standing) -> Decision {
        let content_hash = text::content_hash(found.title.as_deref(), found.text.as_deref());
        let fields = fields(found, None);
        decide(Some(known), Found { order, standing, content_hash: &content_hash, fields: &fields })
    }

    #[test]
    fn a_changed_text_is_a_revision_that_names_its_fields() {
        let known = known(&content("A", "one"), 1, Standing::Page);
        let revised = decided(&known, &content("A", "two"), 2, Standing::Page);
        assert_eq!(revised, Decision::Revised { changed_fields: vec!["text".into()] });
    }

    #[test]
    fn other_white_space_is_no_revision() {
        let known = known(&content("A", "one two"), 1, Standing::Page);
        assert_eq!(decided(&known, &content(" A ", "one\u{a0} two"), 2, Standing::Page), Decision::Duplicate);
    }

    #[test]
    fn an_earlier_look_never_replaces_a_later_one() {
        let known = known(&content("A", "two"), 5, Standing::Page);
        assert_eq!(decided(&known, &content("A", "one"), 4, Standing::Page), Decision::Stale);
    }

    #[test]
    fn a_teaser_does_not_replace_a_page_but_a_page_replaces_a_teaser() {
        let from_page = known(&content("A", "the whole text"), 1, Standing::Page);
        assert_eq!(decided(&from_page, &content("A", "teaser"), 2, Standing::Feed), Decision::Kept);
        let from_feed = known(&content("A", "teaser"), 1, Standing::Feed);
        assert!(matches!(decided(&from_feed, &content("A", "the whole text"), 2, Standing::Page), Decision::Revised { .. }));
    }
}
