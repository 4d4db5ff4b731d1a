//! The fields of an article that are read from its page and its feed: one list, which says all that
//! is to be said of each.
//!
//! To add a field, add a row here and fill it where it is read (`read`) or derived
//! (`policy/enrich`). Each row gives what the field means (that becomes its line in `nashra schema
//! article` and in `docs/record.md`), its type, and three rules:
//!
//! - `merge`: whose value an article takes where both its page and its feed were read ([`Merge`]);
//! - `bound`: the function of `model/bounds` that keeps it short, with the limit in bytes or items;
//! - `change`: whether a revision names the field in `changed_fields`, and what counts as a change
//!   (a function of [`change`]).
//!
//! A new type is written here or, where it is long, in a file of `content/`, together with how its
//! texts are cut and cleaned ([`Item`]); its field has the bound `each` or, as a list, `list`. A
//! field that is added to a version needs `#[serde(default)]`, because records of older programs
//! are read back from the topic.
//!
//! What must stay true: the fingerprint of a field is durable. Where it is computed in another way,
//! every article that is remembered shows the field as changed in its next revision; a test holds
//! the fingerprints to what they were.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bounds;
use crate::{base::hash::digest, dates::stamp};

pub(super) mod block;
mod byline;
mod enclosure;
mod image;
mod item;
mod plain;

pub use block::{Block, Update};
pub use byline::{Byline, BylineKind};
pub use enclosure::Enclosure;
pub use image::{Image, Related};
use item::Clean;
pub(super) use item::Item;
pub use plain::{Direction, Origin, Provenance, Quality};

/// Whose value of a field an article takes where both its page and its feed were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// The page's, also where it is empty.
    Page,
    /// The feed's, also where it is empty.
    Feed,
    /// The page's, unless it is empty.
    PageElseFeed,
    /// That of whoever gives the text: the feed, where it carries the whole text and the page shows
    /// a third of it or less.
    Text,
    /// That of whoever gives the date of publication: the feed, where the page gives none or shows
    /// it to readers alone.
    Date,
    /// Nobody's: an enricher derives it once the two are merged.
    Derived,
    /// Each of its parts goes with the field that it is about.
    Parts,
}

impl Merge {
    /// The rule in words, for documents.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Page => "the page",
            Self::Feed => "the feed",
            Self::PageElseFeed => "the page, otherwise the feed",
            Self::Text => {
                "the page; the feed if it has the whole text and the page at most a third of it"
            }
            Self::Date => {
                "the page; the feed if the page gives no date, or only in its visible text"
            }
            Self::Derived => "derived by nashra",
            Self::Parts => "as for the field it describes",
        }
    }
}

/// What is said of a field beside its type, for the documents and for tests.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in the record.
    pub name: &'static str,
    /// Whose value an article takes.
    pub merge: Merge,
    /// Whether `changed_fields` names it.
    pub is_told: bool,
}

macro_rules! content {
    ($($(#[$attribute:meta])* $name:ident: $type:ty { merge: $merge:ident, bound: $bound:ident$(($limit:expr))?, change: $change:ident })*) => {
        /// What a page or a feed entry says, cleaned. Both make one; the article is put together
        /// from them.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub struct Content {
            $($(#[$attribute])* pub $name: $type,)*
        }

        impl Content {
            /// All fields, in the order of the record.
            #[must_use]
            pub fn list() -> Vec<Field> {
                let all = Self::default();
                vec![$(Field { name: stringify!($name), merge: Merge::$merge, is_told: change::$change(&all.$name).is_some() }),*]
            }

            /// Cuts each field to its bound.
            pub(super) fn bound(&mut self) {
                $(bounds::$bound(&mut self.$name $(, $limit)?);)*
            }

            /// Cleans each field by its type.
            pub(super) fn clean(&mut self) {
                $(self.$name.clean_value();)*
            }

            /// Empties every list, for a record that is too large all the same.
            pub fn clear_lists(&mut self) {
                $(self.$name.clear_list();)*
            }

            /// Takes the fields of the feed's content for which `takes` says so; it is told the
            /// field's rule and whether the page's value is empty.
            pub fn take_from(&mut self, feed: Self, takes: impl Fn(Merge, bool) -> bool) {
                $(if takes(Merge::$merge, self.$name == <$type>::default()) {
                    self.$name = feed.$name;
                })*
            }

            /// The fingerprint of each field whose change is told, by the field's name.
            #[must_use]
            pub fn fingerprints(&self) -> BTreeMap<String, u64> {
                [$((stringify!($name), change::$change(&self.$name))),*]
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.to_owned(), fingerprint(&value?))))
                    .collect()
            }
        }
    };
}

content! {
    /// The headline, without the site's name.
    title: Option<String> { merge: PageElseFeed, bound: cut_some(bounds::TITLE), change: of_words }
    /// The line under the headline (the deck or standfirst).
    subtitle: Option<String> { merge: Page, bound: cut_some(bounds::SUBTITLE), change: of_words }
    /// A short description of the article.
    summary: Option<String> { merge: PageElseFeed, bound: cut_some(bounds::SUMMARY), change: of_words }
    /// The section of the site, as the page names it.
    section: Option<String> { merge: Page, bound: cut_some(bounds::NAME), change: of_words }
    /// Keywords and categories, as the page or the feed gives them.
    keywords: Vec<String> { merge: PageElseFeed, bound: names(bounds::KEYWORDS), change: any }
    /// The language of the text, as a BCP 47 tag.
    language: Option<String> { merge: Derived, bound: whole(bounds::TOKEN), change: any }
    /// The script of the text, as an ISO 15924 code.
    script: Option<String> { merge: Derived, bound: whole(bounds::TOKEN), change: untold }
    /// The reading direction: `ltr` or `rtl`.
    direction: Option<Direction> { merge: Derived, bound: fixed_size, change: untold }
    /// The authors, in the order in which the page names them.
    bylines: Vec<Byline> { merge: PageElseFeed, bound: list(bounds::WRITERS), change: any }
    /// The news agencies that the article credits, by their canonical names.
    agencies: Vec<String> { merge: Derived, bound: names(bounds::KEYWORDS), change: any }
    /// When the article was first published, in the publisher's own UTC offset, so that its date is
    /// the publisher's. In UTC where the publisher gives no offset.
    #[serde(with = "stamp", default)]
    #[schemars(with = "Option<DateTime<FixedOffset>>")]
    published: Option<DateTime<FixedOffset>> { merge: Date, bound: fixed_size, change: of_moment }
    /// When the publisher last changed the article, with an offset as in `published`.
    #[serde(with = "stamp", default)]
    #[schemars(with = "Option<DateTime<FixedOffset>>")]
    modified: Option<DateTime<FixedOffset>> { merge: PageElseFeed, bound: fixed_size, change: of_moment }
    /// Notes on dates that were missing, implausible or corrected, such as `published: missing`.
    date_notes: Vec<String> { merge: Page, bound: names(bounds::NOTES), change: untold }
    /// The article as plain text, with an empty line between paragraphs; `null` if neither page nor
    /// feed gave any.
    text: Option<String> { merge: Text, bound: in_fit, change: of_words }
    /// The parts of the text in order, with inline images and embeds.
    blocks: Vec<Block> { merge: Text, bound: each, change: untold }
    /// The entries of a live blog, in the order of the page; empty for any other article.
    #[serde(default)]
    updates: Vec<Update> { merge: Page, bound: list(bounds::UPDATES), change: untold }
    /// The number of words in the text; in scripts without spaces each character counts as one.
    word_count: u32 { merge: Derived, bound: fixed_size, change: untold }
    /// The images, the lead image first.
    images: Vec<Image> { merge: PageElseFeed, bound: list(bounds::IMAGES), change: any }
    /// The articles that the page itself lists as related.
    related: Vec<Related> { merge: Page, bound: list(bounds::RELATED), change: untold }
    /// The audio, video and other files that the feed attached.
    enclosures: Vec<Enclosure> { merge: Feed, bound: list(bounds::ENCLOSURES), change: any }
    /// Where `title`, `text`, `published` and `bylines` came from.
    provenance: Provenance { merge: Parts, bound: fixed_size, change: untold }
    /// How reliable the extraction is, and whether the text is complete.
    quality: Quality { merge: Text, bound: fixed_size, change: untold }
}

/// The fingerprint of a field, by what counts as a change of it.
#[must_use]
pub fn fingerprint(value: &serde_json::Value) -> u64 {
    u64::from_be_bytes(digest(&[value.to_string().as_bytes()]))
}

/// What of a field counts as a change of it.
pub mod change {
    use chrono::{DateTime, FixedOffset};
    use serde::Serialize;
    use serde_json::Value;

    use crate::text;

    /// Nothing: a revision never names it.
    #[must_use]
    pub fn untold<T>(_: &T) -> Option<Value> {
        None
    }

    /// Every difference counts.
    #[must_use]
    pub fn any<T: Serialize>(value: &T) -> Option<Value> {
        // Our own plain types always serialise.
        Some(serde_json::to_value(value).unwrap_or_default())
    }

    /// Another text, but no other white space and no invisible characters.
    #[must_use]
    pub fn of_words(text: &Option<String>) -> Option<Value> {
        Some(text.as_deref().map(text::collapse).into())
    }

    /// Another moment, but no other distance from UTC.
    #[must_use]
    pub fn of_moment(date: &Option<DateTime<FixedOffset>>) -> Option<Value> {
        any(&date.map(|date| date.to_utc()))
    }
}

#[cfg(test)]
mod tests;
