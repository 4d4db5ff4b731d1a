//! From the bytes of a page or a document to its articles. Pure, and run on a CPU thread.
//!
//! What must stay true: a page that is guessed to be an article must look like one. How often an
//! unreadable page is tried again depends on whether its site may mend it. A document never
//! changes, so it is tried once.

use bytes::Bytes;

use super::failure::{FEW_TRIES, Failure, kept_start};
use crate::{
    fetch::{FetchError, Fetched},
    model::{
        candidate::FetchedPage,
        page::{End, PageKind},
        pending::PendingEntry,
        source::Validators,
    },
    policy::doubt::is_shown,
    read::{
        encoding, guard,
        page::{self, PageError, Rules},
    },
    text,
};

/// Bytes of a page in which the headline of its entry is looked for, where it has no text.
const LOOKED_AT: usize = 500_000;

/// What is known of a page before it is read.
pub(super) struct Expected {
    /// It is guessed to be an article, so it must look like one.
    pub(super) guessed: bool,
    /// The headline that its source gives it.
    pub(super) listed: Option<String>,
}

impl Expected {
    /// The number of tries of a page that cannot be read.
    fn tries(&self, error: &PageError, bytes: &[u8], content_type: Option<&str>) -> u32 {
        match error {
            // Nothing, or no page at all, is sent by mistake, so it counts as a failed fetch.
            PageError::Nothing(_) => u32::MAX,
            // A front page in the place of an article, whose headline it may show among others.
            PageError::Listing if !self.guessed => u32::MAX,
            PageError::NoText | PageError::Scripts | PageError::Listing => {
                // The page broke off before its text, or it is about something else, such as an
                // error, and is not the page of this entry.
                let is_other = guard::end(bytes) != End::Whole
                    || !self.guessed && self.is_about_something_else(bytes, content_type);
                // A publisher's slip is mended within minutes, and so is a redirect to the front
                // page.
                if is_other { u32::MAX } else { FEW_TRIES }
            }
            // Such a wall is shown to everybody from here, and now and then to nobody.
            PageError::Consent => FEW_TRIES,
            PageError::NotHtml(_) | PageError::Panicked => 1,
        }
    }

    /// Whether the page does not show the headline that its source gives it.
    fn is_about_something_else(&self, bytes: &[u8], content_type: Option<&str>) -> bool {
        let html = encoding::to_text(bytes, content_type);
        let start = &html[..html.floor_char_boundary(LOOKED_AT)];
        self.listed
            .as_deref()
            .is_some_and(|listed| is_shown(listed, &text::fold(start)) == Some(false))
    }
}

/// Reads the page of an entry.
pub(super) fn extract(
    fetched: Fetched,
    bytes: Result<Bytes, FetchError>,
    rules: Option<&Rules>,
    expected: &Expected,
) -> Result<FetchedPage, Failure> {
    let bytes = bytes.map_err(|error| Failure::fetch(error.to_string()))?;
    let page =
        page::parse_article(rules, &bytes, fetched.content_type.as_deref(), Some(&fetched.url));
    let page = page.and_then(|page| {
        if expected.guessed && page.kind == PageKind::Other {
            Err(PageError::NoText)
        } else {
            Ok(page)
        }
    });
    let page = page.map_err(|error| Failure {
        tries: expected.tries(&error, &bytes, fetched.content_type.as_deref()),
        ..Failure::page(&error, &bytes)
    })?;
    let end = page::end(&bytes, fetched.content_type.as_deref());
    Ok(FetchedPage {
        fetched_at: fetched.requested,
        order: fetched.order,
        url: Some(fetched.url),
        via: fetched.via,
        validators: fetched.validators,
        end,
        page,
    })
}

/// Reads the document that came with an entry.
pub(super) fn open(
    entry: PendingEntry,
    bytes: Result<Bytes, FetchError>,
    rules: Option<&Rules>,
) -> Result<FetchedPage, Failure> {
    let damaged = |error: FetchError| Failure {
        reason: "document",
        tries: 1,
        ..Failure::fetch(error.to_string())
    };
    let bytes = bytes.map_err(damaged)?;
    let unreadable = entry.properties().map_or("source", |property| property.unreadable);
    let Some(document) = entry.document else {
        return Err(Failure::fetch("no document".to_owned()));
    };
    if let Some(error) = document.unreadable {
        return Err(Failure {
            reason: unreadable,
            tries: 1,
            bytes: Some(kept_start(&bytes)),
            ..Failure::fetch(error)
        });
    }
    let page =
        page::parse_article(rules, &bytes, document.content_type.as_deref(), document.url.as_ref())
            .map_err(|error| Failure { tries: 1, ..Failure::page(&error, &bytes) })?;
    let end = page::end(&bytes, document.content_type.as_deref());
    Ok(FetchedPage {
        fetched_at: document.received,
        order: entry.order,
        url: document.url,
        via: document.via,
        validators: Validators::default(),
        end,
        page,
    })
}
