//! What bytes are: a feed, a listing or a page; and what was not taken of them.

use url::Url;

use super::{RejectedCandidate, TrialError};
use crate::{
    dates::moment,
    html::Tree,
    model::{
        entry::Feed,
        identity,
        kind::Format,
        page::{Page, PageKind},
    },
    read::{
        encoding, feed, listing,
        page::{
            self, Form, Rules,
            meta::{self, FieldCandidate},
        },
        sitemap,
    },
};

/// Links of a listing that are told although they were not taken.
const MAX_LOST: usize = 20;

/// A document that is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct TrialInput<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) content_type: Option<&'a str>,
    /// Its address, where that is known.
    pub(super) url: Option<&'a Url>,
    /// Where it was read: an address or a file's path.
    pub(super) at: &'a Url,
}

/// What bytes turned out to be.
pub(super) enum ParsedDocument {
    Feed(Feed),
    Listing(Feed, Vec<RejectedCandidate>),
    /// A sitemap; what an index names has to be fetched.
    Sitemap,
    Page(Box<Page>, Vec<FieldCandidate>),
}

/// Reads bytes as what they are to be read as; else as a feed, a sitemap, a listing or a page,
/// whichever they are.
pub(super) fn parse(
    input: TrialInput<'_>,
    read_as: Option<Format>,
    rules: &Rules,
) -> Result<ParsedDocument, TrialError> {
    let TrialInput { bytes, content_type, url, at } = input;
    let base = url.unwrap_or(at);
    let feed = match read_as {
        None | Some(Format::Feed) => {
            feed::parse(bytes, content_type, base).map_err(|error| error.to_string())
        }
        Some(_) => Err("not read as one".to_owned()),
    };
    let feed = match feed {
        Ok(feed) => return Ok(ParsedDocument::Feed(feed)),
        Err(reason) if read_as == Some(Format::Feed) => {
            return Err(TrialError::Neither { feed: reason, page: "not read as one".to_owned() });
        }
        Err(reason) => reason,
    };
    // A text that begins with an address is one only where that is said.
    let is_sitemap = || bytes.contains(&b'<') && sitemap::parse(bytes, content_type, base).is_ok();
    if read_as == Some(Format::Sitemap) || (read_as.is_none() && is_sitemap()) {
        return Ok(ParsedDocument::Sitemap);
    }
    let page = match read_as {
        Some(Format::Links) => None,
        _ => Some(page::parse_with(
            Some(rules).filter(|rules| !rules.is_empty()),
            bytes,
            content_type,
            url,
            None,
        )),
    };
    // A page that leads to articles and has hardly a text of its own.
    let leads = page
        .as_ref()
        .is_none_or(|page| page.as_ref().map_or(true, |page| page.kind == PageKind::Listing));
    if leads && read_as != Some(Format::Page) {
        match parse_listing(bytes, content_type, base) {
            Ok(found) => return Ok(found),
            Err(reason) if page.is_none() => {
                return Err(TrialError::Neither { feed, page: reason });
            }
            Err(_) => {}
        }
    }
    match page {
        Some(Ok(page)) => {
            let text = encoding::to_text(bytes, content_type);
            let candidates = if Form::detect(bytes, content_type) == Form::Html {
                meta::candidates(&Tree::parse(&text))
            } else {
                Vec::new()
            };
            Ok(ParsedDocument::Page(Box::new(page), candidates))
        }
        Some(Err(page)) => Err(TrialError::Neither { feed, page: page.to_string() }),
        None => Err(TrialError::Neither { feed, page: "not read as one".to_owned() }),
    }
}

/// The page as a listing, with the links that were not taken for articles'.
fn parse_listing(
    bytes: &[u8],
    content_type: Option<&str>,
    base: &Url,
) -> Result<ParsedDocument, String> {
    let found = listing::parse(bytes, content_type, base).map_err(|error| error.to_string())?;
    let mut weighed =
        listing::weighed_links(bytes, content_type, base).map_err(|error| error.to_string())?;
    weighed.retain(|weighed| !weighed.article);
    weighed.sort_by(|one, other| other.score.total_cmp(&one.score));
    let lost = |link: listing::WeighedLink| RejectedCandidate {
        field: "link",
        value: link.url.into(),
        why: format!("weighed {:.1}, an article's is above 0", link.score),
    };
    Ok(ParsedDocument::Listing(
        listing::to_feed(found),
        weighed.into_iter().take(MAX_LOST).map(lost).collect(),
    ))
}

/// What the page says and what was not taken of it.
pub(super) fn rejected_candidates(
    page: &Page,
    candidates: Vec<FieldCandidate>,
    read: Option<&Url>,
) -> Vec<RejectedCandidate> {
    let why = "an address of another site, or its home page: a claim to it is no identity";
    let unbelieved = |field: &'static str| {
        move |url: &Url| {
            (!identity::believable(url, read)).then(|| RejectedCandidate {
                field,
                value: url.to_string(),
                why: why.to_owned(),
            })
        }
    };
    let canonical = page.canonical.iter().filter_map(unbelieved("url"));
    let alternates = page.alternates.iter().filter_map(unbelieved("alternate_urls"));
    let parts = page
        .articles
        .iter()
        .skip(1)
        .filter_map(|article| article.url.as_ref())
        .filter_map(unbelieved("url"));
    let content = page.articles.first().map(|article| &article.content);
    let differs = |candidate: &FieldCandidate| {
        if candidate.field == "title" {
            return content.and_then(|content| content.title.as_ref()) != Some(&candidate.value);
        }
        let read = moment::parse(&candidate.value, None).map(|date| date.time);
        read.is_none() || content.and_then(|content| content.published) != read
    };
    let weaker = candidates.into_iter().filter(differs).map(|candidate| {
        let origin = serde_json::to_value(candidate.origin)
            .ok()
            .and_then(|candidate| candidate.as_str().map(str::to_owned))
            .unwrap_or_default();
        RejectedCandidate {
            field: candidate.field,
            value: candidate.value,
            why: format!("what {origin} says; another was taken"),
        }
    });
    canonical.chain(alternates).chain(parts).chain(weaker).collect()
}
