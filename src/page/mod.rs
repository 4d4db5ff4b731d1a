//! Pages to clean content: bytes in, candidate out. Pure: no I/O, no clock, no shared state.

pub mod blocks;
mod dump;
pub(crate) mod encoding;
pub(crate) mod guard;
mod meta;
pub mod extract;
pub mod language;
mod claim;
mod gate;
mod reading;
pub mod stage;

use url::Url;

use crate::article::Content;

pub use claim::{Claim, Claimed};
pub use dump::{is_dump, read as read_dump};
pub use extract::extract;
pub(crate) use meta::dates;
pub use reading::Settings;

/// A fetched page.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The body after decompression.
    pub bytes: &'a [u8],
    /// The `Content-Type` header as it was sent.
    pub content_type: Option<&'a str>,
    /// Where it was read, after redirects.
    pub url: &'a Url,
}

/// What a page holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The address that the page claims for itself, made absolute. A claim: not yet believed.
    pub canonical: Option<Url>,
    /// Other addresses of the same article (AMP, `og:url`), absolute.
    pub alternates: Vec<Url>,
    /// The site's own name.
    pub site_name: Option<String>,
    /// What it is, taken as a whole.
    pub kind: PageKind,
    /// The articles, in the order of the page; never empty. A listing has its best body here.
    pub articles: Vec<Part>,
}

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PageKind {
    /// One article, or several one after the other.
    Article,
    /// Links to articles.
    Listing,
    /// One article that grows by entries with times.
    LiveBlog,
    /// Anything else with a text.
    Other,
}

/// One of the articles of a page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// The address that the part claims for itself, absolute; the first one's is the page's.
    pub url: Option<Url>,
    /// The article.
    pub content: Content,
}

/// Why a page gave no article.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Not HTML: a PDF, an image, JSON.
    #[error("not an HTML page: {0}")]
    NotHtml(String),
    /// HTML without a text that could be an article.
    #[error("no article text found")]
    NoText,
    /// Too deep, too many elements: refused before it costs.
    #[error("refused: {0}")]
    Hostile(&'static str),
    /// A parser panicked on it.
    #[error("the extractor panicked")]
    Panicked,
}
