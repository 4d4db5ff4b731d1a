//! What elements are called: namespaces by their address or by the prefix that everybody uses, and
//! local names.
//!
//! Publishers leave declarations out, misspell addresses and write names in any case. An element in
//! a namespace that nobody knows is [`Namespace::Other`] and never one of the feed's own, whatever
//! its local name.

mod field;

pub(super) use field::Field;

/// Vocabularies that feeds use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespace {
    /// RSS in any version, or none.
    Core,
    /// Elements of Atom 1.0.
    Atom,
    /// Elements of Atom 0.3.
    Atom03,
    /// Dublin Core elements.
    Dc,
    /// Dublin Core terms.
    DcTerms,
    /// RSS 1.0 content.
    Content,
    /// Elements of Media RSS.
    Media,
    /// Apple's elements for podcasts.
    Itunes,
    /// Google's elements for podcasts.
    GooglePlay,
    /// Places of entries.
    GeoRss,
    /// Geography Markup Language.
    Gml,
    /// Points of the W3C (`geo:lat`).
    Geo,
    /// Elements of RDF itself.
    Rdf,
    /// RSS 1.0 syndication.
    Syndication,
    /// Feed paging and archiving (RFC 5005).
    History,
    /// Comments on entries.
    Wfw,
    /// Elements that `FeedBurner` adds.
    FeedBurner,
    /// Elements of XHTML.
    Xhtml,
    /// Attributes with the prefix `xml:`.
    Xml,
    /// One that nobody knows.
    Other,
}

/// Declarations that are remembered at once; a feed has a dozen.
const MAX_DECLARED: usize = 64;

/// The namespaces in scope.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    declared: Vec<(&'a str, Namespace)>,
}

impl<'a> Names<'a> {
    /// Where the scope of an element begins; [`Names::leave`] takes it back.
    pub(super) fn enter(&self) -> usize {
        self.declared.len()
    }

    pub(super) fn leave(&mut self, scope: usize) {
        self.declared.truncate(scope);
    }

    pub(super) fn declare(&mut self, prefix: &'a str, address: &str) {
        if self.declared.len() < MAX_DECLARED {
            self.declared.push((
                prefix,
                by_address(address).unwrap_or_else(|| by_prefix(prefix).unwrap_or(unknown(prefix))),
            ));
        }
    }

    /// The namespace and the local name; whether the prefix was never declared.
    pub(super) fn resolve<'n>(&self, name: &'n str) -> (Namespace, &'n str, bool) {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        match self.declared.iter().rev().find(|(declared, _)| *declared == prefix) {
            Some((_, namespace)) => (*namespace, local, false),
            None if prefix.is_empty() => (Namespace::Core, local, false),
            None => (
                by_prefix(prefix).unwrap_or(Namespace::Other),
                local,
                !prefix.eq_ignore_ascii_case("xml"),
            ),
        }
    }
}

fn unknown(prefix: &str) -> Namespace {
    if prefix.is_empty() { Namespace::Core } else { Namespace::Other }
}

fn by_prefix(prefix: &str) -> Option<Namespace> {
    Some(match prefix.to_ascii_lowercase().as_str() {
        "rss" => Namespace::Core,
        "atom" | "atom10" | "a10" => Namespace::Atom,
        "dc" => Namespace::Dc,
        "dcterms" | "dct" => Namespace::DcTerms,
        "content" => Namespace::Content,
        "media" => Namespace::Media,
        "itunes" => Namespace::Itunes,
        "googleplay" => Namespace::GooglePlay,
        "georss" => Namespace::GeoRss,
        "gml" => Namespace::Gml,
        "geo" => Namespace::Geo,
        "rdf" => Namespace::Rdf,
        "sy" => Namespace::Syndication,
        "fh" => Namespace::History,
        "wfw" => Namespace::Wfw,
        "feedburner" => Namespace::FeedBurner,
        "xhtml" => Namespace::Xhtml,
        "xml" => Namespace::Xml,
        _ => return None,
    })
}

fn by_address(address: &str) -> Option<Namespace> {
    let lower = address.trim().to_ascii_lowercase();
    let bare =
        lower.strip_prefix("http://").or_else(|| lower.strip_prefix("https://")).unwrap_or(&lower);
    let bare = bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches(['/', '#']);
    Some(match bare {
        "purl.org/rss/1.0"
        | "purl.org/net/rss1.1"
        | "my.netscape.com/rdf/simple/0.9"
        | "my.netscape.com/rdf/simple/0.9.1"
        | "channel.netscape.com/rdf/simple/0.9"
        | "backend.userland.com/rss"
        | "backend.userland.com/rss2"
        | "backend.userland.com/rss091"
        | "backend.userland.com/rss20"
        | "blogs.law.harvard.edu/tech/rss"
        | "cyber.law.harvard.edu/rss"
        | "rssboard.org/rss-specification"
        | "purl.org/rss/2.0"
        | "" => Namespace::Core,
        "w3.org/2005/atom" => Namespace::Atom,
        "purl.org/atom/ns" | "purl.org/atom" => Namespace::Atom03,
        "purl.org/dc/elements/1.0" | "purl.org/dc/elements/1.1" => Namespace::Dc,
        "purl.org/dc/terms" => Namespace::DcTerms,
        "purl.org/rss/1.0/modules/content" => Namespace::Content,
        "search.yahoo.com/mrss"
        | "search.yahoo.com/mrss/1.0"
        | "rssboard.org/media-rss"
        | "tools.search.yahoo.com/mrss" => Namespace::Media,
        "itunes.com/dtds/podcast-1.0.dtd" | "itunes.com/dtds/podcast-1.0" => Namespace::Itunes,
        "google.com/schemas/play-podcasts/1.0"
        | "google.com/schemas/play-podcasts/1.0/play-podcasts.xsd" => Namespace::GooglePlay,
        "georss.org/georss" | "georss.org/georss/10" | "georss.org/georss/11" => Namespace::GeoRss,
        "opengis.net/gml" | "opengis.net/gml/3.2" => Namespace::Gml,
        "w3.org/2003/01/geo/wgs84_pos" => Namespace::Geo,
        "w3.org/1999/02/22-rdf-syntax-ns" => Namespace::Rdf,
        "purl.org/rss/1.0/modules/syndication" => Namespace::Syndication,
        "purl.org/syndication/history/1.0" => Namespace::History,
        "wellformedweb.org/commentapi" => Namespace::Wfw,
        "rssnamespace.org/feedburner/ext/1.0" => Namespace::FeedBurner,
        "w3.org/1999/xhtml" => Namespace::Xhtml,
        _ => return None,
    })
}
