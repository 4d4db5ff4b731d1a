//! A page that was read: its articles, and how it ends.

use std::fmt;

use url::Url;

use crate::model::record::Content;

/// Whether the end of a page is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The page is whole.
    Whole,
    /// The end of its body is missing, but the last element is whole: many good pages end so.
    Open,
    /// It ends inside a word or a tag.
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
    /// The page on which its article goes on, where that has several: what is there is missing here.
    pub next: Option<NextPage>,
}

/// A further page of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPage {
    /// Its address, absolute.
    pub url: Url,
    /// Its number, from 2.
    pub number: u32,
    /// Why it was not read, for people; nothing where nobody wanted it.
    pub why: Option<String>,
}

impl fmt::Display for NextPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = self.why.as_deref().unwrap_or("further pages are not asked for");
        write!(f, "page {} is missing: {why}", self.number)
    }
}

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PageKind {
    /// One article, or several one after the other.
    Article,
    /// A page of links to articles.
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
    /// The article, without what enrichers derive.
    pub content: Content,
    /// What they derive it from beside the content.
    pub evidence: Evidence,
}

/// What an extractor knows of an article that no field of the record holds, for the enrichers
/// (`policy/enrich`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// The language that the publisher claims, as it is written.
    pub language: Option<String>,
    /// Lines beside the text that name its sources.
    pub credits: Vec<String>,
    /// How many words the article has, as its page counts them.
    pub words: Option<u32>,
    /// Where the text comes from.
    pub source: TextSource,
}

/// Where a text comes from, and what the page itself shows with it: title, date and pictures,
/// whatever its feed adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is whether the page shows one")]
pub enum TextSource {
    /// A page in HTML.
    Html { title: bool, date: bool },
    /// A plain-text page.
    PlainText { title: bool, date: bool, images: bool },
    /// The full text that a feed carries.
    FeedContent,
    /// The teaser of a feed.
    FeedSummary,
}

impl Default for TextSource {
    fn default() -> Self {
        Self::Html { title: false, date: false }
    }
}
