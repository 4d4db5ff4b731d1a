//! Which pages `run` publishes as articles. `extract` answers with the best body of any page; a daemon that follows
//! links must not make articles of home pages.

use super::{Page, PageKind};
use crate::config::SourceKind;

/// Why a page is not published, where it is not. `kind` is that of the source.
///
/// A page that only lists others is refused whoever named it. One of no clear kind is believed to be an article where a
/// feed says so, and not where it was merely found among the links of a listing.
pub(super) fn refused(page: &Page, kind: &str) -> Option<&'static str> {
    match page.kind {
        PageKind::Listing => Some("the page lists articles and is none itself"),
        PageKind::Other if kind == SourceKind::Listing.as_str() => Some("the page is not clearly an article"),
        _ => None,
    }
}

/// Whether the source's own words are published where its page failed for this reason. A feed's are an article of
/// themselves; those of a listing name a link, and when the page behind it is no article, then there is none.
pub(super) fn stands_without_its_page(reason: &str, kind: &str) -> bool {
    kind != SourceKind::Listing.as_str() || reason != "page"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Part;

    fn page(kind: PageKind) -> Page {
        Page { canonical: None, alternates: Vec::new(), site_name: None, kind, articles: vec![Part::default()] }
    }

    #[test]
    fn a_listing_is_never_published_and_an_unclear_page_only_where_a_feed_names_it() {
        assert!(refused(&page(PageKind::Listing), "feed").is_some());
        assert!(refused(&page(PageKind::Other), "listing").is_some());
        assert_eq!(refused(&page(PageKind::Other), "feed"), None);
        assert_eq!(refused(&page(PageKind::Article), "listing"), None);
        assert_eq!(refused(&page(PageKind::LiveBlog), "listing"), None);
    }

    #[test]
    fn a_listings_words_are_an_article_where_its_page_could_not_be_fetched_and_not_where_it_is_none() {
        assert!(stands_without_its_page("fetch", "listing"));
        assert!(!stands_without_its_page("page", "listing"));
        assert!(stands_without_its_page("page", "feed"));
    }
}
