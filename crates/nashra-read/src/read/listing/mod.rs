//! Finds the links to articles on a listing page. Pure: bytes in, links out.
//!
//! A listing is a home or section page: some of its links lead to articles, the others to sections,
//! tags, writers, services and advertisers. Nobody marks which is which, so each address is
//! measured (its form, the words that name it, where its links stand, how it compares with the
//! page's others) and a small model weighs the measures. It knows no language: lengths are counted
//! by script, and words only as the web's own names for kinds of pages. A source may give CSS
//! selectors instead; then nothing is guessed.
//!
//! What must stay true: time and memory are linear in the page; no address, title or teaser is
//! longer than its bound.

pub mod selectors;
mod survey;

mod words;

mod address;

mod gather;

mod features;

mod compare;

mod model;
mod weights;

mod groups;

mod card;

mod entries;

use chrono::{DateTime, FixedOffset};
use url::Url;

use crate::{
    html::{Tag, Tree},
    read::{encoding, guard, listing::selectors::Selectors},
    text::collapse,
};
use gather::Gathered;
use survey::Survey;

/// The most links of one listing: more than any front page has.
const MAX_LINKS: usize = 5_000;

/// The links of a listing page.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The page's own title.
    pub title: Option<String>,
    /// Its language as it claims it, a BCP 47 tag.
    pub language: Option<String>,
    /// The links to articles, each address once, in the order of the page; never empty.
    pub links: Vec<Link>,
}

/// A link to an article, with what its card shows.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Link {
    /// The address, absolute and without a fragment.
    pub url: Url,
    /// The heading in or around the link, else its longest text, else the text in place of its
    /// picture.
    pub title: Option<String>,
    /// The longest text of the card beside the title.
    pub teaser: Option<String>,
    /// The card's first picture.
    pub image: Option<Url>,
    /// The machine-readable date of the card.
    #[serde(with = "crate::dates::stamp")]
    pub published: Option<DateTime<FixedOffset>>,
}

/// A link with its measures and score, for `nashra try`.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct WeighedLink {
    /// The address, absolute and without a fragment.
    pub url: Url,
    /// Whether it was taken for an article's.
    pub article: bool,
    /// The model's sum: above 0 is an article.
    pub score: f32,
    /// Equal for links that have the same place in the items of one list.
    pub group: u64,
    /// Its measures, by name.
    pub measures: Vec<(&'static str, f32)>,
}

/// Why a page lists nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingError {
    /// Not HTML: a feed, an image, JSON.
    #[error("not an HTML page: {0}")]
    NotHtml(String),
    /// It has links, and none of them looks like that of an article.
    #[error("none of the page's {links} links looks like that of an article")]
    NoArticles {
        /// The number of different addresses that it links.
        links: usize,
    },
    /// The source's selectors match no link.
    #[error("no link found by {selectors}")]
    NoMatch {
        /// The selectors as they were written.
        selectors: String,
    },
}

/// Parses a listing; the model decides which links lead to articles.
///
/// # Errors
/// Says what the page is or lacks instead.
pub fn parse(bytes: &[u8], content_type: Option<&str>, url: &Url) -> Result<Listing, ListingError> {
    with_page(bytes, content_type, url, |survey, found| {
        let scores = groups::scores(&features::measure(survey, found, url));
        let chosen: Vec<usize> =
            (0..scores.len()).filter(|index| scores[*index] > 0.0).take(MAX_LINKS).collect();
        if chosen.is_empty() {
            return Err(ListingError::NoArticles { links: found.targets.len() });
        }
        Ok(chosen.into_iter().map(|chosen| card::link(survey, found, chosen, None)).collect())
    })
}

/// Parses a listing; the source's own selectors decide which links lead to articles.
///
/// # Errors
/// Says what the page is or lacks instead.
pub fn parse_with(
    selectors: &Selectors,
    bytes: &[u8],
    content_type: Option<&str>,
    url: &Url,
) -> Result<Listing, ListingError> {
    with_page(bytes, content_type, url, |survey, found| {
        let chosen = selectors.choose(survey, found);
        if chosen.is_empty() {
            return Err(ListingError::NoMatch { selectors: selectors.to_string() });
        }
        Ok(chosen
            .into_iter()
            .take(MAX_LINKS)
            .map(|(index, item)| card::link(survey, found, index, item))
            .collect())
    })
}

/// All links of a page with their scores, in the order of the page.
///
/// # Errors
/// Says what the bytes are instead of a page.
pub fn weighed_links(
    bytes: &[u8],
    content_type: Option<&str>,
    url: &Url,
) -> Result<Vec<WeighedLink>, ListingError> {
    surveyed(bytes, content_type, url, |_, survey, found| {
        let measures = features::measure(survey, &found, url);
        let scores = groups::scores(&measures);
        let weighed = found.targets.into_iter().zip(measures).zip(scores);
        let weighed = weighed.map(|((target, (group, measures)), score)| {
            let measures = features::NAMES.iter().copied().zip(measures.values()).collect();
            WeighedLink { url: target.url, article: score > 0.0, score, group, measures }
        });
        Ok(weighed.collect())
    })
}

fn with_page(
    bytes: &[u8],
    content_type: Option<&str>,
    url: &Url,
    choose: impl FnOnce(&Survey<'_, '_>, &Gathered) -> Result<Vec<Link>, ListingError>,
) -> Result<Listing, ListingError> {
    surveyed(bytes, content_type, url, |tree, survey, found| {
        let links = choose(survey, &found)?;
        let title = tree
            .find(0, Tag::Title)
            .map(|node| bounded(&collapse(&tree.start_of_text(node)), 300))
            .filter(|title| !title.is_empty());
        let language = tree
            .find(0, Tag::Html)
            .and_then(|root| tree.attribute(root, "lang"))
            .map(|language| language.trim().to_owned());
        Ok(Listing {
            title,
            language: language.filter(|language| (2..=35).contains(&language.len())),
            links,
        })
    })
}

/// Parses a page, gathers its links and passes both to a function.
fn surveyed<T>(
    bytes: &[u8],
    content_type: Option<&str>,
    url: &Url,
    then: impl FnOnce(&Tree<'_>, &Survey<'_, '_>, Gathered) -> Result<T, ListingError>,
) -> Result<T, ListingError> {
    if let Some(what) = guard::not_html(bytes) {
        return Err(ListingError::NotHtml(what.to_owned()));
    }
    let text = encoding::to_text(bytes, content_type);
    let tree = Tree::parse(&text);
    let survey = Survey::new(&tree);
    let found = gather::gather(&survey, url);
    then(&tree, &survey, found)
}

/// The start of a text, at most that many bytes.
fn bounded(text: &str, longest: usize) -> String {
    text[..text.floor_char_boundary(longest)].trim_end().to_owned()
}

pub use entries::to_feed;

#[cfg(test)]
mod tests;
