//! Collects the machine-readable elements of a page (`<meta>`, `<link>`, microdata) and its
//! headings.

use super::jsonld::ArticleMetadata;
use crate::{
    html::{NodeId, Tag, Tree},
    read::credits::byline,
    text::{collapse, fold},
};

/// Names of `<meta>` that say who wrote an article.
const WRITERS: [&str; 8] = [
    "byl",
    "parsely-author",
    "article:author",
    "author",
    "dc.creator",
    "articleauthor",
    "sailthru.author",
    "cxenseparse:author",
];

/// The machine-readable elements and the headings of a page, collected in one pass.
#[derive(Default)]
pub(super) struct Tags {
    /// The `<meta>` elements: name in lower case, content.
    pub(super) metas: Vec<(String, String)>,
    /// The `<link>` elements: rel in lower case, href.
    pub(super) links: Vec<(String, String)>,
    pub(super) headings: Vec<(Tag, String)>,
    pub(super) title: Option<String>,
    pub(super) times: Vec<String>,
    pub(super) language: Option<String>,
    /// Microdata that say that it is a live blog.
    pub(super) live: bool,
    /// The microdata: property in lower case, value.
    pub(super) properties: Vec<(String, String)>,
}

/// The most elements of one kind that are read.
const MAX_ELEMENTS: usize = 1_000;

impl Tags {
    pub(super) fn collect(tree: &Tree<'_>) -> Self {
        let mut tags = Self::default();
        for node in 1..tree.len() {
            let attribute = |name: &str| {
                tree.attribute(node, name)
                    .map(|attribute| collapse(&attribute))
                    .filter(|value| !value.is_empty())
            };
            match tree.tag(node) {
                Tag::Text => continue,
                Tag::Meta if tags.metas.len() < MAX_ELEMENTS => {
                    let name = ["property", "name", "http-equiv", "itemprop"]
                        .into_iter()
                        .find_map(attribute);
                    if let (Some(name), Some(content)) = (name, attribute("content")) {
                        // Some write `article:published:time`.
                        tags.metas
                            .push((name.to_lowercase().replace("ed:time", "ed_time"), content));
                    }
                }
                Tag::Link if tags.links.len() < MAX_ELEMENTS => {
                    if let (Some(rel), Some(href)) = (attribute("rel"), attribute("href")) {
                        tags.links.push((rel.to_lowercase(), href));
                    }
                }
                Tag::Html => tags.language = attribute("lang").or_else(|| attribute("xml:lang")),
                Tag::Title if tags.title.is_none() => tags.title = text_of(tree, node),
                Tag::H1 | Tag::H2 | Tag::H3 if tags.headings.len() < MAX_ELEMENTS => {
                    tags.headings.extend(text_of(tree, node).map(|text| (tree.tag(node), text)));
                }
                Tag::Time if tags.times.len() < 10 => tags.times.extend(attribute("datetime")),
                _ => {}
            }
            tags.live |= attribute("itemtype")
                .is_some_and(|attribute| attribute.ends_with("/LiveBlogPosting"));
            if tags.properties.len() < MAX_ELEMENTS
                && let Some(property) = attribute("itemprop")
                && matches!(
                    property.as_str(),
                    "headline"
                        | "datePublished"
                        | "dateModified"
                        | "articleSection"
                        | "alternativeHeadline"
                )
                && let Some(value) = attribute("content")
                    .or_else(|| attribute("datetime"))
                    .or_else(|| text_of(tree, node))
            {
                tags.properties.push((property, value));
            }
        }
        tags
    }

    /// Which of the articles that scripts describe is the page's own: the one whose headline the
    /// page's title has; else the first, unless its headline is that of something further down.
    pub(super) fn own(&self, articles: &[(NodeId, ArticleMetadata)]) -> Option<usize> {
        let mut titles: Vec<String> = ["og:title", "twitter:title"]
            .iter()
            .filter_map(|name| self.first(&[name]))
            .map(|title| fold(&title))
            .collect();
        titles.extend(self.title.as_deref().map(fold));
        let first = self
            .headings
            .iter()
            .find(|heading| heading.0 == Tag::H1)
            .or(self.headings.first())
            .map(|heading| fold(&heading.1));
        titles.extend(first);
        let named = |headline: &Option<String>, names: &[String]| {
            let name = headline.as_deref().map(fold).unwrap_or_default();
            name.len() > 3
                && names.iter().any(|other| {
                    other.contains(&name) || other.len() > 12 && name.contains(other.as_str())
                })
        };
        let own = articles.iter().position(|(_, metadata)| named(&metadata.headline, &titles));
        let later: Vec<String> =
            self.headings.iter().skip(1).map(|heading| fold(&heading.1)).collect();
        own.or_else(|| {
            articles.first().filter(|(_, metadata)| !named(&metadata.headline, &later)).map(|_| 0)
        })
    }

    /// The content of the first of these `<meta>` names that is not empty.
    pub(super) fn first(&self, names: &[&str]) -> Option<String> {
        names
            .iter()
            .find_map(|name| self.metas.iter().find(|(key, _)| key == name))
            .map(|(_, content)| content.clone())
    }

    /// What `<meta>` say of the writers, the most exact first.
    pub(super) fn writers(&self) -> impl Iterator<Item = &str> {
        let named =
            WRITERS.iter().flat_map(|name| self.metas.iter().filter(move |(key, _)| key == name));
        // A pair that is made for previews: `Written by`, in the site's language, and who.
        let written = self.metas.iter().filter(|(key, value)| {
            (key == "twitter:data1" || key.starts_with("twitter:misc:"))
                && byline::looks_like_name(value)
        });
        named.chain(written).map(|named| named.1.as_str())
    }

    pub(super) fn link(&self, rel: &str) -> Option<String> {
        self.links
            .iter()
            .find(|(rels, _)| rels.split(' ').any(|part| part == rel))
            .map(|(_, href)| href.clone())
    }

    pub(super) fn property(&self, name: &str) -> Option<String> {
        self.properties.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }
}

fn text_of(tree: &Tree<'_>, node: NodeId) -> Option<String> {
    Some(collapse(&tree.start_of_text(node))).filter(|text| !text.is_empty())
}
