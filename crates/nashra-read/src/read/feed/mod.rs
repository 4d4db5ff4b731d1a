//! Parses feeds into entries. Pure: bytes in, entries out.
//!
//! The modules stand in the order of the data: `encoding` makes text of bytes, `scan` and `xml` (or
//! `json`) read the text whatever is wrong with it, `channel` and `item` read the elements of
//! all dialects into one model (`model`), and `convert` makes the pipeline's entries of that, which
//! `identities` tells apart. A feed that needs no repair takes the same way as one that does. What
//! must stay true: an entry keeps its identity and its version from poll to poll as long as the
//! publisher says the same, also when a broken feed is well formed again; time and memory are linear
//! in the bytes.

mod encoding;
mod ahead;
mod scan;
mod attributes;
mod entities;
mod names;
mod bases;
mod markup;
mod tree;
mod xml;
mod json;
mod best;
mod pieces;
mod text;
mod dates;
mod person;
mod source;
mod parts;
mod media;
mod geo;
mod channel;
mod item;
mod repairs;
pub mod model;
mod safe_html;
mod output;
mod pictures;
mod writers;
mod convert;
mod identities;
mod discovery;
pub(crate) mod flat;

use url::Url;

use crate::model::{bounds, entry::Feed};

use bases::Bases;
pub(crate) use bases::with_ampersands;
pub use convert::content;
pub use discovery::{
    feeds as offered_by_page, hubs as hubs_of_page, offers_feed, without_feed_scheme,
};
pub use output::FeedOutput;
pub use repairs::{Repair, Repairs};
pub use safe_html::safe_html;
pub use text::{Text, TextKind};

/// Why a body is no feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// An HTML page came instead.
    #[error("an HTML page instead of a feed{}", offered(.feeds))]
    Html {
        /// The feeds that the page offers.
        feeds: Vec<String>,
    },
    /// Neither RSS, Atom nor JSON Feed.
    #[error("not a feed: {0}")]
    Malformed(String),
    /// Its first entry is cut off.
    #[error("cut off before the end of its first entry")]
    Truncated,
    /// It was parsed, and has neither a title nor entries.
    #[error("a document without a title or entries")]
    Empty,
}

fn offered(feeds: &[String]) -> String {
    feeds.first().map(|feed| format!(", which offers {feed}")).unwrap_or_default()
}

/// The most entries of one document; real feeds have far fewer.
const MAX_ENTRIES: usize = 20_000;

/// Reads a feed of any format into its entries.
///
/// # Errors
/// Says what the body is instead.
pub fn parse(bytes: &[u8], content_type: Option<&str>, url: &Url) -> Result<Feed, FeedError> {
    let document = parse_document(bytes, content_type, url)?;
    let truncated = document.recovered.has(Repair::Truncated);
    if document.entries.is_empty() && (truncated || document.feed.title.is_none()) {
        return Err(if truncated { FeedError::Truncated } else { FeedError::Empty });
    }
    let mut feed = convert::feed(document, url);
    identities::settle(&mut feed, url);
    bounds::feed(&mut feed);
    Ok(feed)
}

/// Reads everything that a feed says, in a model that is the same for all formats. A feed without
/// entries is no error.
///
/// # Errors
/// Says what the body is instead.
pub fn parse_document(
    bytes: &[u8],
    content_type: Option<&str>,
    url: &Url,
) -> Result<model::Document, FeedError> {
    let decoded = encoding::decode(bytes, content_type, url.host_str());
    let start = decoded.text.trim_start();
    let bases = Bases::new(url);
    let mut document = if start.starts_with('{') {
        json::parse(start, bases)
    } else {
        xml::parse(&decoded.text, bases)
    }?;
    dates::settle(&mut document);
    document.encoding = decoded.encoding;
    document.recovered.add_all(decoded.repairs);
    Ok(document)
}

#[cfg(test)]
mod tests;
