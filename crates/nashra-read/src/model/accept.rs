//! The `Accept` headers (RFC 9110 §12.5.1) of requests, by what is expected.

/// Asks for a feed.
pub const FEED: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5";
/// Asks for a sitemap or a sitemap index.
pub const SITEMAP: &str =
    "application/xml, text/xml, application/gzip;q=0.9, text/plain;q=0.8, */*;q=0.5";
/// Asks for the page of an article, or the home page of a site.
pub const PAGE: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5";
/// Asks for a page that is a source, which may be plain text.
pub const PAGE_OR_TEXT: &str =
    "text/html, application/xhtml+xml;q=0.9, text/plain;q=0.8, */*;q=0.5";
/// Asks for a feed or a page.
pub const FEED_OR_PAGE: &str = "application/atom+xml, application/rss+xml, application/feed+json, text/html, application/xhtml+xml;q=0.9, */*;q=0.5";
/// Asks for a list of sources.
pub const LIST: &str =
    "text/x-opml, application/toml, text/plain, application/xml;q=0.9, */*;q=0.5";
/// Asks for a `robots.txt`.
pub const ROBOTS: &str = "text/plain, */*;q=0.5";
