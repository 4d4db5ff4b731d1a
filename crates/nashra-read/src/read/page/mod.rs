//! Pages to clean content: bytes in, candidate out. Pure: no I/O, no clock, no shared state.

pub mod hints;
pub mod features;
mod forest;
mod topic;
mod writers;
mod split;
mod wholes;
mod embedded;
mod pictures;
mod related;
mod live;
mod kind;
mod parts;
pub mod further;
mod plain_text;
pub mod meta;
mod consent;
pub mod extract;
mod rules;

use url::Url;

use crate::{
    model::{
        bounds,
        page::{End, Page, PageKind},
    },
    read::guard,
};

pub use extract::extract;
pub use plain_text::{is_plain_text, parse as parse_plain_text};
pub use rules::{RuleError, Rules};

/// A fetched page, as it is handed to an extractor.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The body after decompression.
    pub bytes: &'a [u8],
    /// The `Content-Type` header as it was sent.
    pub content_type: Option<&'a str>,
    /// Where it was read, after redirects.
    pub url: &'a Url,
    /// The operator's selectors for such pages.
    pub rules: Option<&'a Rules>,
}

/// The form of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A page in HTML.
    Html,
    /// Its text, the way it is copied or printed from a browser.
    Text,
}

impl Form {
    /// Decides by the content type and by the bytes.
    #[must_use]
    pub fn detect(bytes: &[u8], content_type: Option<&str>) -> Self {
        if is_plain_text(bytes, content_type)
            && guard::foreign(bytes).is_none()
            && guard::nothing(bytes).is_none()
        {
            Self::Text
        } else {
            Self::Html
        }
    }
}

/// Extracts the articles of a page. Without a `form` it is detected; without an address relative
/// links are left out.
///
/// # Errors
/// Says what the bytes are instead. Never panics.
pub fn parse(
    bytes: &[u8],
    content_type: Option<&str>,
    url: Option<&Url>,
    form: Option<Form>,
) -> Result<Page, PageError> {
    parse_with(None, bytes, content_type, url, form)
}

/// The same with the operator's rules. They select elements, so a plain-text page ignores them.
///
/// # Errors
/// Those of [`parse`].
pub fn parse_with(
    rules: Option<&Rules>,
    bytes: &[u8],
    content_type: Option<&str>,
    url: Option<&Url>,
    form: Option<Form>,
) -> Result<Page, PageError> {
    let nowhere;
    let url = if let Some(url) = url {
        url
    } else {
        // A base that makes no relative address absolute; it always parses.
        nowhere = Url::parse("about:blank").map_err(|_| PageError::NoText)?;
        &nowhere
    };
    if let Some(what) = guard::sent_as_file(bytes, content_type) {
        return Err(PageError::NotHtml(what));
    }
    let input = Input { bytes, content_type, url, rules };
    let mut page = match form.unwrap_or_else(|| Form::detect(bytes, content_type)) {
        Form::Html => extract(input),
        Form::Text => parse_plain_text(input),
    }?;
    bounds::page(&mut page);
    Ok(page)
}

/// The same for a page whose article is published: a listing is refused.
///
/// # Errors
/// [`PageError::Listing`] beside those of [`parse`].
pub fn parse_article(
    rules: Option<&Rules>,
    bytes: &[u8],
    content_type: Option<&str>,
    url: Option<&Url>,
) -> Result<Page, PageError> {
    let page = parse_with(rules, bytes, content_type, url, None)?;
    if page.kind == PageKind::Listing { Err(PageError::Listing) } else { Ok(page) }
}

/// Whether the end of a page is missing; a plain text has no end that could be.
#[must_use]
pub fn end(bytes: &[u8], content_type: Option<&str>) -> End {
    match Form::detect(bytes, content_type) {
        Form::Html => guard::end(bytes),
        Form::Text => End::Whole,
    }
}
/// Why a page gave no article.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Not HTML: a PDF, an image, JSON.
    #[error("not an HTML page: {0}")]
    NotHtml(String),
    /// Nothing at all, or what a site sends by mistake: white space, JSON, bytes that are no text.
    #[error("not a page: {0}")]
    Nothing(&'static str),
    /// HTML without a text that could be an article.
    #[error("no article text found")]
    NoText,
    /// It shows nothing, and its scripts hold no text that could be an article.
    #[error("no article text found: the page is made by scripts")]
    Scripts,
    /// It asks for consent before it shows anything.
    #[error("a wall that wants consent")]
    Consent,
    /// It leads to articles and is none.
    #[error("a page of links to articles")]
    Listing,
    /// A parser panicked on it.
    #[error("the extractor panicked")]
    Panicked,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_told_from_a_page_by_what_it_is_said_to_be_and_else_by_its_bytes() {
        let text = b"Harbour reopens\n\nThe harbour of the old town is open again, and 3 < 4.";
        assert_eq!(Form::detect(text, None), Form::Text);
        assert_eq!(Form::detect(text, Some("text/html")), Form::Html);
        assert_eq!(
            Form::detect(b"<!doctype html><p>x", Some("text/plain; charset=utf-8")),
            Form::Text
        );
        // What is neither is refused by the reader of pages, with its name.
        for foreign in [&b"%PDF-1.7"[..], b"{\"a\": 1}", b""] {
            assert_eq!(Form::detect(foreign, None), Form::Html);
        }
    }

    #[test]
    fn a_file_of_another_kind_is_known_by_its_kind_whatever_its_bytes_look_like() {
        // It is given up at once; what is no text in any language is asked for again and again.
        let noise = [1, 200, 3, 150].repeat(1_000);
        assert_eq!(
            parse(&[b"%PDF-1.7\n", &noise[..]].concat(), None, None, None).err(),
            Some(PageError::NotHtml("a PDF".to_owned()))
        );
        assert!(matches!(parse(&noise, None, None, None), Err(PageError::Nothing(_))));
    }
}
