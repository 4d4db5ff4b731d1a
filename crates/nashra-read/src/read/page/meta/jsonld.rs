//! Reads JSON-LD of schema.org: the articles among the objects of a page.

use serde_json::Value;

use crate::{
    html::{NodeId, Tag, Tree},
    model::record::BylineKind,
    text::collapse,
};

/// The most objects of one page that are read.
const MAX_OBJECTS: usize = 500;
/// The most articles of one page.
const MAX_ARTICLES: usize = 100;
/// The most entries of a live blog.
const MAX_POSTED: usize = 1_000;

/// What the object of an article says of it.
#[derive(Debug, Clone, Default)]
pub(in crate::read::page) struct ArticleMetadata {
    pub(in crate::read::page) headline: Option<String>,
    pub(in crate::read::page) alternative_headline: Option<String>,
    pub(in crate::read::page) description: Option<String>,
    pub(in crate::read::page) body: Option<String>,
    pub(in crate::read::page) published: Option<String>,
    pub(in crate::read::page) modified: Option<String>,
    pub(in crate::read::page) authors: Vec<(String, BylineKind)>,
    pub(in crate::read::page) section: Option<String>,
    pub(in crate::read::page) keywords: Vec<String>,
    pub(in crate::read::page) language: Option<String>,
    pub(in crate::read::page) image: Option<String>,
    pub(in crate::read::page) url: Option<String>,
    pub(in crate::read::page) publisher: Option<String>,
    pub(in crate::read::page) free: Option<bool>,
    /// How many words the article has.
    pub(in crate::read::page) words: Option<u32>,
    pub(in crate::read::page) live: bool,
    pub(in crate::read::page) posted: Vec<Posted>,
}

/// An entry of a live blog.
#[derive(Debug, Clone, Default)]
pub(in crate::read::page) struct Posted {
    pub(in crate::read::page) headline: Option<String>,
    pub(in crate::read::page) body: Option<String>,
    pub(in crate::read::page) published: Option<String>,
    pub(in crate::read::page) url: Option<String>,
}

/// The articles that a page's scripts describe, with the script that each stands in, in the order
/// of the page; and when the page itself was published, where they say that.
pub(super) fn collect(tree: &Tree<'_>) -> (Vec<(NodeId, ArticleMetadata)>, Option<String>) {
    let mut budget = MAX_OBJECTS;
    let (mut found, mut page) = (Vec::new(), None);
    for node in (0..tree.len()).filter(|node| tree.tag(*node) == Tag::Script) {
        let json = tree.attribute(node, "type").is_some_and(|attribute| {
            attribute.trim().to_ascii_lowercase().starts_with("application/ld+json")
        });
        if let Some(value) = json.then(|| parse(&tree.whole_text(node))).flatten() {
            let mut articles = Vec::new();
            find(&value, &mut budget, &mut articles, &mut page);
            found.extend(
                articles
                    .into_iter()
                    .take(MAX_ARTICLES - found.len().min(MAX_ARTICLES))
                    .map(|article| (node, article_metadata(article))),
            );
        }
    }
    (found, page)
}

/// Parses JSON, also with line breaks inside strings, as some content systems write it.
fn parse(text: &str) -> Option<Value> {
    let text =
        text.trim().trim_start_matches("<!--").trim_end_matches("-->").trim().trim_end_matches(';');
    serde_json::from_str(text).ok().or_else(|| {
        let mended: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        serde_json::from_str(&mended).ok()
    })
}

fn find<'a>(
    value: &'a Value,
    budget: &mut usize,
    found: &mut Vec<&'a Value>,
    page: &mut Option<String>,
) {
    let Some(left) = budget.checked_sub(1) else { return };
    *budget = left;
    match value {
        Value::Array(items) => items.iter().for_each(|item| find(item, budget, found, page)),
        Value::Object(object) => {
            let kinds = object.get("@type").map(strings).unwrap_or_default();
            let article = kinds.iter().any(|kind| {
                kind.ends_with("Article") || kind.ends_with("Posting") || kind == "Report"
            });
            if article && (object.contains_key("headline") || object.contains_key("name")) {
                found.push(value);
                return;
            }
            if page.is_none() && kinds.iter().any(|kind| kind.ends_with("Page")) {
                *page = object.get("datePublished").and_then(first);
            }
            for name in ["@graph", "mainEntity", "mainEntityOfPage"] {
                if let Some(inner) = object.get(name) {
                    find(inner, budget, found, page);
                }
            }
        }
        _ => {}
    }
}

fn article_metadata(article: &Value) -> ArticleMetadata {
    let live = article
        .get("@type")
        .map(strings)
        .unwrap_or_default()
        .iter()
        .any(|kind| kind == "LiveBlogPosting");
    let text = |name: &str| article.get(name).and_then(first);
    let authors =
        article.get("author").or_else(|| article.get("creator")).map(people).unwrap_or_default();
    ArticleMetadata {
        live,
        posted: article.get("liveBlogUpdate").map(posted).unwrap_or_default(),
        headline: text("headline").or_else(|| text("name")),
        alternative_headline: text("alternativeHeadline"),
        description: text("description"),
        body: text("articleBody"),
        published: text("datePublished").or_else(|| text("dateCreated")),
        modified: text("dateModified"),
        authors,
        section: text("articleSection"),
        keywords: article
            .get("keywords")
            .map(strings)
            .unwrap_or_default()
            .iter()
            .flat_map(|keywords| super::split_list(keywords))
            .collect(),
        language: text("inLanguage"),
        image: article.get("image").or_else(|| article.get("thumbnailUrl")).and_then(address),
        url: text("url").or_else(|| article.get("mainEntityOfPage").and_then(address)),
        publisher: article
            .get("publisher")
            .and_then(|publisher| publisher.get("name"))
            .and_then(first),
        words: article.get("wordCount").and_then(|value| {
            value
                .as_u64()
                .and_then(|count| u32::try_from(count).ok())
                .or_else(|| first(value)?.parse().ok())
        }),
        free: article.get("isAccessibleForFree").and_then(|free| {
            free.as_bool().or_else(|| Some(!first(free)?.eq_ignore_ascii_case("false")))
        }),
    }
}

fn posted(updates: &Value) -> Vec<Posted> {
    let one = |update: &Value| {
        let text = |name: &str| update.get(name).and_then(first);
        Posted {
            headline: text("headline").or_else(|| text("name")),
            body: text("articleBody").or_else(|| text("description")),
            published: text("datePublished").or_else(|| text("dateCreated")),
            url: text("url").or_else(|| text("@id")),
        }
    };
    match updates {
        Value::Array(items) => items.iter().take(MAX_POSTED).map(one).collect(),
        other => vec![one(other)],
    }
}

fn people(value: &Value) -> Vec<(String, BylineKind)> {
    match value {
        Value::Array(items) => items.iter().take(50).flat_map(people).collect(),
        Value::Object(object) => {
            let organisation = object
                .get("@type")
                .map(strings)
                .unwrap_or_default()
                .iter()
                .any(|kind| kind.ends_with("Organization"));
            let kind = if organisation { BylineKind::Organisation } else { BylineKind::Person };
            object
                .get("name")
                .map(strings)
                .unwrap_or_default()
                .into_iter()
                .map(|name| (name, kind))
                .collect()
        }
        _ => strings(value)
            .iter()
            .flat_map(|text| text.split([',', ';']))
            .map(|name| (collapse(name), BylineKind::Person))
            .collect(),
    }
}

fn address(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => items.first().and_then(address),
        Value::Object(object) => {
            // A name within the script is no address.
            let id = || object.get("@id").and_then(first).filter(|id| !id.contains('#'));
            object.get("url").or_else(|| object.get("contentUrl")).and_then(first).or_else(id)
        }
        _ => first(value),
    }
}

fn first(value: &Value) -> Option<String> {
    strings(value).into_iter().next()
}

/// The strings of a value, cleaned: content systems escape twice, and leave markup in.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => {
            Some(clean(text)).filter(|text| !text.is_empty()).into_iter().collect()
        }
        Value::Array(items) => items
            .iter()
            .take(100)
            .filter_map(|item| item.as_str().map(clean))
            .filter(|value| !value.is_empty())
            .collect(),
        _ => Vec::new(),
    }
}

fn clean(text: &str) -> String {
    let plain = if text.contains('&') { htmlize::unescape(text) } else { text.into() };
    if plain.contains('<') {
        collapse(&Tree::parse(&plain).whole_text(0))
    } else {
        collapse(&plain)
    }
}
