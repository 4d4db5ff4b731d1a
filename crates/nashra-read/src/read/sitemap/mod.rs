//! Parses sitemaps into entries: news sitemaps, plain ones, lists of addresses, and indexes of
//! them.
//!
//! A sitemap names each of its addresses as an article's or a page's, so nothing is guessed about
//! links; a news sitemap also says its headline and when it was published. `parse` makes entries of
//! bytes and is pure; the stage fetches the sitemaps of an index. What must stay true: an entry is
//! identified by the alias of its address and versioned by what the sitemap says of it; time and
//! memory are linear in the bytes.

mod read;

use chrono::{DateTime, FixedOffset};
use url::Url;

use crate::model::entry::Feed;

pub use read::MAX_ENTRIES;
pub use read::parse;

/// A parsed sitemap document.
#[derive(Debug, Clone, PartialEq)]
pub enum Sitemap {
    /// A sitemap that names pages.
    Entries(Box<Feed>),
    /// An index that names further sitemaps.
    Index(Vec<Child>),
}

/// A sitemap that an index names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The address of the sitemap.
    pub url: Url,
    /// When it was last changed, as the index says.
    pub modified: Option<DateTime<FixedOffset>>,
}

/// Why a body is no sitemap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SitemapError {
    /// An HTML page came instead.
    #[error("an HTML page instead of a sitemap")]
    Html,
    /// Neither a sitemap nor an index nor a list of addresses.
    #[error("not a sitemap: {0}")]
    Malformed(String),
    /// It is cut off before the end of its first entry.
    #[error("cut off before the end of its first entry")]
    Truncated,
}

#[cfg(test)]
mod tests;
