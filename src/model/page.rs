//! A page that was read: its articles, and how it ends.

use url::Url;

use crate::model::record::Content;

/// How a page ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As pages do.
    Whole,
    /// Without the end of its body, but behind an element: many good pages do.
    Open,
    /// In the midst of a word or a tag.
    Midst,
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
