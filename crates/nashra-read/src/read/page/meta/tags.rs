//! Collects the machine-readable elements of a page (`<meta>`, `<link>`, microdata) and its
//! headings.

use std::ops::Range;

use super::names;
use crate::{
    html::{NodeId, Tag, Tree},
    read::{borders, credits::byline},
    text::collapse,
};

/// The machine-readable elements and the headings of a page, collected in one pass.
#[derive(Default)]
pub(super) struct Tags {
    /// The `<meta>` elements: name in lower case, content.
    pub(super) metas: Vec<(String, String)>,
    /// The `<link>` elements: rel in lower case, href.
    pub(super) links: Vec<(String, String)>,
    pub(super) headings: Vec<(Tag, String)>,
    pub(super) title: Option<String>,
    pub(super) language: Option<String>,
    /// Microdata that say that it is a live blog.
    pub(super) live: bool,
    properties: Vec<Property>,
    /// When the recordings of the page were published, in microdata.
    recordings: Vec<String>,
    /// The first headings of the highest level.
    main: Vec<NodeId>,
}

/// A property in microdata.
struct Property {
    name: String,
    value: String,
    /// The item that it is a property of; the whole page where it names none.
    item: Range<NodeId>,
}

/// The most elements of one kind that are read.
const MAX_ELEMENTS: usize = 1_000;
/// The most headings of the highest level that items are looked for around.
const MAX_MAIN: usize = 5;
/// Properties of an article that are read.
const PROPERTIES: [&str; 6] = [
    "headline",
    "datePublished",
    "dateCreated",
    "dateModified",
    "articleSection",
    "alternativeHeadline",
];
/// Properties whose items may be the page's article.
const OWN_ITEMS: [&str; 6] =
    ["", "mainEntity", "mainEntityOfPage", "blogPost", "blogPosts", "article"];
/// Endings of the types of items that are no article, though they may stand in one.
const NO_ARTICLES: [&str; 8] =
    ["Comment", "Comments", "Event", "Person", "Organization", "Offer", "Rating", "Object"];
/// Endings of the types of items that are recordings.
const RECORDINGS: [&str; 2] = ["AudioObject", "VideoObject"];

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
                        // Those in microdata may be of a picture.
                        let own = || matches!(item(tree, node), Item::Article(_));
                        if attribute("itemprop").is_none() || own() {
                            tags.metas.push((name.to_lowercase(), content));
                        }
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
                _ => {}
            }
            if tree.tag(node) == Tag::H1 && tags.main.len() < MAX_MAIN {
                tags.main.push(node);
            }
            tags.live |= attribute("itemtype")
                .is_some_and(|attribute| attribute.ends_with("/LiveBlogPosting"));
            if tags.properties.len() + tags.recordings.len() < MAX_ELEMENTS
                && let Some((name, value)) = property(tree, node)
            {
                match item(tree, node) {
                    Item::Article(item) => tags.properties.push(Property { name, value, item }),
                    Item::Recording if name == "datePublished" => tags.recordings.push(value),
                    Item::Recording | Item::Other => {}
                }
            }
        }
        tags
    }

    /// The content of the first of these `<meta>` names that is not empty.
    pub(super) fn first(&self, names: &[&str]) -> Option<String> {
        names
            .iter()
            .find_map(|name| self.metas.iter().find(|(key, _)| key == name))
            .map(|(_, content)| content.clone())
    }

    /// The contents of the `<meta>` that say when the article was published, the most exact names
    /// first, and whether the name says little.
    pub(super) fn published(&self) -> impl Iterator<Item = (&str, bool)> {
        self.ranked(names::published).map(|(rank, content)| (content, names::is_weak(rank)))
    }

    /// When the one recording that the page has was published; `None` where it has several.
    pub(super) fn recorded(&self) -> Option<&str> {
        let (first, others) = self.recordings.split_first()?;
        others.iter().all(|other| other == first).then_some(first)
    }

    /// The same for when it, or its page, was made.
    pub(super) fn made(&self) -> impl Iterator<Item = &str> {
        self.ranked(names::made).map(|found| found.1)
    }

    /// The same for when it was changed.
    pub(super) fn modified(&self) -> impl Iterator<Item = &str> {
        self.ranked(names::modified).map(|found| found.1)
    }

    fn ranked(&self, rank: impl Fn(&str) -> Option<usize>) -> impl Iterator<Item = (usize, &str)> {
        let mut found: Vec<(usize, &str)> = self
            .metas
            .iter()
            .filter_map(|(name, content)| Some((rank(name)?, content.as_str())))
            .collect();
        found.sort_by_key(|found| found.0);
        found.into_iter()
    }

    /// What `<meta>` say of the writers, the most exact first: the contents of all of one name.
    pub(super) fn writers(&self) -> impl Iterator<Item = Vec<&str>> {
        let mut named: Vec<(usize, Vec<&str>)> = Vec::new();
        for (name, content) in &self.metas {
            let Some(rank) = names::writer(name) else { continue };
            match named.iter_mut().find(|named| named.0 == rank) {
                Some((_, contents)) if contents.contains(&content.as_str()) => {}
                Some((_, contents)) => contents.push(content),
                None => named.push((rank, vec![content])),
            }
        }
        named.sort_by_key(|named| named.0);
        // A pair that is made for previews: `Written by`, in the site's language, and who.
        let written = self.metas.iter().filter(|(key, value)| {
            (key == "twitter:data1" || key.starts_with("twitter:misc:"))
                && byline::looks_like_name(value)
        });
        named.into_iter().map(|named| named.1).chain(written.map(|(_, value)| vec![value.as_str()]))
    }

    pub(super) fn link(&self, rel: &str) -> Option<String> {
        self.links
            .iter()
            .find(|(rels, _)| rels.split(' ').any(|part| part == rel))
            .map(|(_, href)| href.clone())
    }

    /// A property of the article: of the item with the page's heading, else of the first item.
    pub(super) fn property(&self, name: &str) -> Option<String> {
        let of_heading =
            |property: &&Property| self.main.iter().any(|heading| property.item.contains(heading));
        let named = || self.properties.iter().filter(|property| property.name == name);
        named().find(of_heading).or_else(|| named().next()).map(|property| property.value.clone())
    }
}

/// The name and the value of the property that an element gives, where an article may have it.
fn property(tree: &Tree<'_>, node: NodeId) -> Option<(String, String)> {
    let attribute = |node: NodeId, name: &str| {
        tree.attribute(node, name).map(|value| collapse(&value)).filter(|value| !value.is_empty())
    };
    let said = attribute(node, "itemprop")?;
    let name = said.split(' ').find(|name| PROPERTIES.contains(name))?.to_owned();
    let value = attribute(node, "content")
        .or_else(|| attribute(node, "datetime"))
        .or_else(|| attribute(node, "title").filter(|_| tree.tag(node) == Tag::Abbr))
        .or_else(|| text_of(tree, node))?;
    Some((name, value))
}

/// The item in microdata that a property belongs to.
enum Item {
    /// It may be the article: its elements; the whole page where no item is named.
    Article(Range<NodeId>),
    /// What one hears or sees, beside an article or in its place.
    Recording,
    /// Surely no article.
    Other,
}

/// The item in microdata that an element stands in.
fn item(tree: &Tree<'_>, node: NodeId) -> Item {
    let has = |node: NodeId, name: &str| tree.attribute(node, name).is_some();
    let item = tree.ancestors(node).find(|node| has(*node, "itemscope") || has(*node, "itemtype"));
    let Some(item) = item else { return Item::Article(0..tree.len()) };
    let kind = tree.attribute(item, "itemtype").unwrap_or_default();
    let kind = kind.trim().trim_end_matches('/');
    let ends = |endings: &[&str]| endings.iter().any(|ending| kind.ends_with(ending));
    // An item that is a property itself is of another one, such as a source that it cites.
    let part = tree.attribute(item, "itemprop").is_some_and(|of| !OWN_ITEMS.contains(&of.trim()));
    if ends(&RECORDINGS) {
        Item::Recording
    } else if part || ends(&NO_ARTICLES) {
        Item::Other
    } else {
        Item::Article(tree.subtree(item))
    }
}

fn text_of(tree: &Tree<'_>, node: NodeId) -> Option<String> {
    Some(borders::text_of(tree, node)).filter(|text| !text.is_empty())
}
