//! The kinds of source, and every property in which they differ.
//!
//! What must stay true: code that depends on a source's kind asks for its [`Properties`] and
//! matches no kinds, so that a further kind is said here, and does not compile before all of it is
//! said. One whose bodies become entries in a new way adds an [`EntryFormat`], which the reader of
//! entries alone matches (`read::entries`). One that is visited in a new way adds a [`Format`],
//! which does not compile before each stage says what it does with it.

use super::accept;
use crate::base::choices::choices;

choices! {
    /// The kind of a source.
    SourceKind {
        /// RSS, Atom, RDF or JSON Feed.
        Feed = "feed",
        /// An HTML page with links to articles.
        Listing = "listing",
        /// A news sitemap, another sitemap, or an index of them.
        Sitemap = "sitemap",
        /// A home page: which of its site's feeds and sitemaps is read is found by itself.
        Site = "site",
        /// One page, as HTML or as text, whose article changes or gives way to another.
        Page = "page",
        /// A Kafka topic through which other services hand over addresses, pages and texts.
        Kafka = "kafka",
    }
}

/// What is the same for all sources of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Properties {
    /// How what comes from it is parsed.
    pub format: Format,
    /// The `Accept` header with which it is asked; empty where it is not polled.
    pub accept: &'static str,
    /// Whether its server is told that new entries alone are enough (RFC 3229, `A-IM: feed`).
    pub delta: bool,
    /// Which of its entries may be no articles.
    pub guesses: Guesses,
    /// Whether a poll brings an entry's page along. It may show an earlier edition, as a page that
    /// is fetched may.
    pub brings_pages: bool,
    /// The reason in the dead letter of what it brought and nobody can read.
    pub unreadable: &'static str,
    /// Which settings it has beside those of all sources.
    pub settings: Settings,
    /// Whether OPML can list it.
    pub in_opml: bool,
    /// The usual paths of such sources on a site, where discovery looks for them.
    pub usual_paths: &'static [&'static str],
}

/// How a source is visited, and how what comes from it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As one body that lists entries.
    Entries(EntryFormat),
    /// As a sitemap, with those that it names where it is an index.
    Sitemap,
    /// As the page of an article.
    Page,
    /// As a home page from which another source is looked for, which is then read in its place.
    Site,
    /// As messages of a topic: it is not polled.
    Messages,
}

/// How a body that lists entries is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EntryFormat {
    /// As a feed: RSS, Atom, RDF or JSON Feed.
    #[default]
    Feed,
    /// As a page whose links lead to articles.
    Links,
}

/// Which entries are guesses: only the page behind one can say that it is an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guesses {
    /// No entry is a guess.
    Nothing,
    /// Entries without a headline are guesses.
    Untitled,
    /// Every entry is a guess.
    Everything,
}

/// Groups of settings that some kinds have, and others refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a kind has any of them, or not")]
pub struct Settings {
    /// An address and how it is polled.
    pub polling: bool,
    /// `[source.listing]`: which links lead to articles.
    pub links: bool,
    /// `[source.page]`: which elements of a page hold what.
    pub elements: bool,
    /// A file instead of an address.
    pub file: bool,
    /// A topic and its brokers.
    pub topic: bool,
}

/// The settings of what is polled, and nothing else.
const POLLED: Settings =
    Settings { polling: true, links: false, elements: true, file: false, topic: false };

const FEED: Properties = Properties {
    format: Format::Entries(EntryFormat::Feed),
    accept: accept::FEED,
    delta: true,
    guesses: Guesses::Nothing,
    brings_pages: false,
    unreadable: "source",
    settings: POLLED,
    in_opml: true,
    usual_paths: &["/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml"],
};

const LISTING: Properties = Properties {
    format: Format::Entries(EntryFormat::Links),
    accept: accept::PAGE_OR_TEXT,
    delta: false,
    guesses: Guesses::Everything,
    brings_pages: false,
    unreadable: "source",
    settings: Settings { links: true, ..POLLED },
    in_opml: false,
    usual_paths: &[],
};

const SITEMAP: Properties = Properties {
    format: Format::Sitemap,
    accept: accept::SITEMAP,
    delta: false,
    guesses: Guesses::Untitled,
    brings_pages: false,
    unreadable: "source",
    settings: POLLED,
    in_opml: false,
    // Those for news first.
    usual_paths: &[
        "/news-sitemap.xml",
        "/sitemap-news.xml",
        "/sitemap_news.xml",
        "/sitemap.xml",
        "/sitemap_index.xml",
    ],
};

const SITE: Properties = Properties {
    format: Format::Site,
    accept: accept::PAGE_OR_TEXT,
    delta: false,
    guesses: Guesses::Nothing,
    brings_pages: false,
    unreadable: "source",
    settings: POLLED,
    in_opml: false,
    usual_paths: &[],
};

const PAGE: Properties = Properties {
    format: Format::Page,
    accept: accept::PAGE_OR_TEXT,
    delta: false,
    guesses: Guesses::Nothing,
    brings_pages: true,
    unreadable: "source",
    settings: Settings { file: true, ..POLLED },
    in_opml: false,
    usual_paths: &[],
};

const KAFKA: Properties = Properties {
    format: Format::Messages,
    accept: "",
    delta: false,
    guesses: Guesses::Nothing,
    // What another service hands over is an edition because it says so.
    brings_pages: false,
    unreadable: "message",
    settings: Settings { polling: false, links: false, elements: false, file: false, topic: true },
    in_opml: false,
    usual_paths: &[],
};

impl SourceKind {
    /// All in which this kind differs from others.
    #[must_use]
    pub const fn properties(self) -> &'static Properties {
        match self {
            Self::Feed => &FEED,
            Self::Listing => &LISTING,
            Self::Sitemap => &SITEMAP,
            Self::Site => &SITE,
            Self::Page => &PAGE,
            Self::Kafka => &KAFKA,
        }
    }

    /// How what comes from it is parsed.
    #[must_use]
    pub const fn format(self) -> Format {
        self.properties().format
    }

    /// Whether it is polled; else it is a topic that is read.
    #[must_use]
    pub const fn is_polled(self) -> bool {
        match self.format() {
            Format::Entries(_) | Format::Sitemap | Format::Page | Format::Site => true,
            Format::Messages => false,
        }
    }

    /// Whether another source is looked for from its address, and read in its place.
    #[must_use]
    pub const fn is_site(self) -> bool {
        match self.format() {
            Format::Site => true,
            Format::Entries(_) | Format::Sitemap | Format::Page | Format::Messages => false,
        }
    }
}

impl Format {
    /// Whether its source is one body that lists entries.
    #[must_use]
    pub const fn lists_entries(self) -> bool {
        match self {
            Self::Entries(_) => true,
            Self::Sitemap | Self::Page | Self::Site | Self::Messages => false,
        }
    }
}

impl EntryFormat {
    /// Whether such a body is an HTML page. If so, its bytes cannot tell it from other pages; if
    /// not, an HTML page in its place is a notice or a login.
    #[must_use]
    pub const fn is_page(self) -> bool {
        match self {
            Self::Feed => false,
            Self::Links => true,
        }
    }
}

impl Guesses {
    /// Whether an entry, which has a headline or none, is a guess.
    #[must_use]
    pub const fn include(self, has_title: bool) -> bool {
        match self {
            Self::Nothing => false,
            Self::Untitled => !has_title,
            Self::Everything => true,
        }
    }
}
