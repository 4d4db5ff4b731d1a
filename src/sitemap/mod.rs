//! Sitemaps to entries: news sitemaps, plain ones, lists of addresses, and indexes of them.
//!
//! A sitemap names each of its addresses as an article's or a page's, so nothing is guessed about links; a news sitemap
//! also says its headline and when it was published. `read` makes entries of bytes and is pure; `follow` fetches what an
//! index names. What must stay true: an entry is known by the alias of its address and versioned by what the sitemap
//! says of it; an index leads to a bounded number of sitemaps and to no depth; time and memory are linear in the bytes.

mod read;

mod follow;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};
use url::Url;

use crate::{
    feed::Feed,
    fetch::{Body, FetchError},
};

pub use follow::{Followed, Unfollowed, follow};
pub use read::read;

/// What sitemaps are asked for.
pub const ACCEPT: &str = "application/xml, text/xml, application/gzip;q=0.9, text/plain;q=0.8, */*;q=0.5";

/// What a document is.
#[derive(Debug, Clone, PartialEq)]
pub enum Sitemap {
    /// It names pages.
    Entries(Box<Feed>),
    /// It names sitemaps.
    Index(Vec<Child>),
}

/// A sitemap that an index names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Where it is.
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

/// Whether a file is itself compressed.
fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1f\x8b")
}

/// The body of a file that is itself compressed: `.xml.gz` is served as what it is, without a `Content-Encoding`.
///
/// # Errors
/// When it is larger than `limit` bytes, damaged or cut off.
pub fn unpack(bytes: Bytes, limit: usize) -> Result<Bytes, FetchError> {
    if !is_packed(&bytes) {
        return Ok(bytes);
    }
    Body { bytes, encodings: vec!["gzip".to_owned()], ..Body::default() }.decode(limit)
}

#[cfg(test)]
mod tests;
