//! What bytes are: a feed, a listing or a page; and what was not taken of them.

use url::Url;

use super::{RejectedCandidate, TrialError};
use crate::{
    dates::moment,
    html::Tree,
    model::{
        entry::Feed,
        identity,
        kind::{EntryFormat, Format, SourceKind},
        page::{Page, PageKind},
    },
    read::{
        encoding, entries, listing,
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

impl<'a> TrialInput<'a> {
    /// What relative addresses are resolved against.
    fn base(self) -> &'a Url {
        self.url.unwrap_or(self.at)
    }
}

/// What bytes turned out to be.
pub(super) enum ParsedDocument {
    /// A body that lists entries; of a page also the links that were not taken for articles'.
    Entries {
        kind: SourceKind,
        feed: Box<Feed>,
        lost: Option<Vec<RejectedCandidate>>,
    },
    /// A sitemap; what an index names has to be fetched.
    Sitemap,
    Page(Box<Page>, Vec<FieldCandidate>),
}

/// Reads bytes as the kind of source that they are to be read as; else as whichever they are.
pub(super) fn parse(
    input: TrialInput<'_>,
    read_as: Option<SourceKind>,
    rules: &Rules,
) -> Result<ParsedDocument, TrialError> {
    let Some(kind) = read_as else { return detect(input, rules) };
    match kind.format() {
        Format::Entries(format) => parse_entries(kind, format, input),
        Format::Sitemap => Ok(ParsedDocument::Sitemap),
        Format::Page => parse_page(input, rules).map(|page| with_candidates(page, input)),
        // No document is one of these.
        Format::Site | Format::Messages => return detect(input, rules),
    }
    .map_err(|reason| TrialError::Other { kind, reason })
}

/// Reads bytes as a feed or another body that says what it is, a sitemap, a listing or a page,
/// whichever they are.
fn detect(input: TrialInput<'_>, rules: &Rules) -> Result<ParsedDocument, TrialError> {
    let TrialInput { bytes, content_type, .. } = input;
    let feed = match entries::detect(bytes, content_type, input.base()) {
        Ok((kind, feed)) => {
            return Ok(ParsedDocument::Entries { kind, feed: Box::new(feed), lost: None });
        }
        Err(reason) => reason,
    };
    // A text that begins with an address is one only where that is said.
    if bytes.contains(&b'<') && sitemap::parse(bytes, content_type, input.base()).is_ok() {
        return Ok(ParsedDocument::Sitemap);
    }
    let page = parse_page(input, rules);
    // A page that leads to articles and has hardly a text of its own.
    let leads = page.as_ref().map_or(true, |page| page.kind == PageKind::Listing);
    if leads && let Ok(found) = parse(input, Some(SourceKind::Listing), rules) {
        return Ok(found);
    }
    page.map(|page| with_candidates(page, input)).map_err(|page| TrialError::Neither { feed, page })
}

/// Reads bytes as a body that lists entries; of a page with the links that were not taken for
/// articles'.
fn parse_entries(
    kind: SourceKind,
    format: EntryFormat,
    input: TrialInput<'_>,
) -> Result<ParsedDocument, String> {
    let feed = entries::parse(format, None, input.bytes, input.content_type, input.base())?;
    let lost = if format.is_page() { Some(lost_links(input)?) } else { None };
    Ok(ParsedDocument::Entries { kind, feed: Box::new(feed), lost })
}

/// The links of a page that were not taken for articles', those that came nearest to it first.
fn lost_links(input: TrialInput<'_>) -> Result<Vec<RejectedCandidate>, String> {
    let mut weighed = listing::weighed_links(input.bytes, input.content_type, input.base())
        .map_err(|error| error.to_string())?;
    weighed.retain(|weighed| !weighed.article);
    weighed.sort_by(|one, other| other.score.total_cmp(&one.score));
    let lost = |link: listing::WeighedLink| RejectedCandidate {
        field: "link",
        value: link.url.into(),
        why: format!("weighed {:.1}, an article's is above 0", link.score),
    };
    Ok(weighed.into_iter().take(MAX_LOST).map(lost).collect())
}

fn parse_page(input: TrialInput<'_>, rules: &Rules) -> Result<Page, String> {
    let TrialInput { bytes, content_type, url, .. } = input;
    let rules = Some(rules).filter(|rules| !rules.is_empty());
    page::parse_with(rules, bytes, content_type, url, None).map_err(|error| error.to_string())
}

/// A page, with what it says of its fields.
fn with_candidates(page: Page, input: TrialInput<'_>) -> ParsedDocument {
    let TrialInput { bytes, content_type, .. } = input;
    let candidates = if Form::detect(bytes, content_type) == Form::Html {
        meta::candidates(&Tree::parse(&encoding::to_text(bytes, content_type)), input.base())
    } else {
        Vec::new()
    };
    ParsedDocument::Page(Box::new(page), candidates)
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
