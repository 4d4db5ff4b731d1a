//! Which of the articles that scripts describe is the page's own.

use url::Url;

use super::{Tags, jsonld::ArticleMetadata, title::Site};
use crate::{
    html::{NodeId, Tag},
    text::fold,
};

/// Bytes from which a heading that stands in a title is the page's, in the form of [`fold`].
const MIN_HEADING: usize = 12;

/// The place of the page's own article: the one whose headline the page's title has; else the one
/// with the page's address; else the first, unless the page's own heading is before it.
pub(super) fn find(
    tags: &Tags,
    articles: &[(NodeId, ArticleMetadata)],
    site: &Site,
    base: &Url,
) -> Option<usize> {
    let mut titles: Vec<String> = ["og:title", "twitter:title"]
        .iter()
        .filter_map(|name| tags.first(&[name]))
        .map(|title| fold(&title))
        .collect();
    titles.extend(tags.title.as_deref().map(fold));
    let window = titles.clone();
    let main = tags
        .headings
        .iter()
        .find(|heading| heading.0 == Tag::H1 && !site.is_named(&heading.1))
        .or(tags.headings.first());
    titles.extend(main.map(|heading| fold(&heading.1)));
    let named = |metadata: &ArticleMetadata, names: &[String]| {
        let name = metadata.headline.as_deref().map(fold).unwrap_or_default();
        name.len() > 3
            && names.iter().any(|other| {
                other.contains(&name) || other.len() > 12 && name.contains(other.as_str())
            })
    };
    if let Some(own) = articles.iter().position(|(_, metadata)| named(metadata, &titles)) {
        return Some(own);
    }
    let address = tags.link("canonical").or_else(|| tags.first(&["og:url"]));
    let address = address.and_then(|address| base.join(&address).ok());
    let is_page = |metadata: &ArticleMetadata| {
        let own = metadata.url.as_deref().and_then(|own| base.join(own).ok());
        own.is_some() && own == address
    };
    let certain = || articles.iter().enumerate().filter(|(_, (_, metadata))| metadata.certain);
    if let Some((own, _)) = certain().find(|(_, (_, metadata))| is_page(metadata)) {
        return Some(own);
    }
    // Some pages show a second article below the first and describe that one alone.
    let (first, (_, metadata)) = certain().next()?;
    let headings: Vec<String> = tags.headings.iter().map(|heading| fold(&heading.1)).collect();
    let of_page = |heading: &String| {
        heading.len() >= MIN_HEADING
            && window.iter().any(|title| title.contains(heading) && heading.len() * 2 > title.len())
    };
    let own = headings.iter().position(of_page).unwrap_or(headings.len());
    let later = headings.get(own + 1..).unwrap_or_default();
    Some(first).filter(|_| !named(metadata, later))
}
