//! Reads JSON-LD of schema.org: the articles among the objects of a page.
//!
//! Objects name others by `@id`, also those of other scripts; what they name is looked up among all
//! objects of the page.

mod fields;
mod script;

use std::cell::{Cell, OnceCell};

use hashbrown::HashMap;

use serde_json::{Map, Value};

pub(super) use self::fields::clean;
use self::fields::{get, strings};
use crate::{
    html::{NodeId, Tag, Tree},
    model::record::BylineKind,
};

/// The most objects of one page that are read.
const MAX_OBJECTS: usize = 500;
/// The most objects of one page among which those that others name are looked up.
const MAX_NAMED: usize = 20_000;
/// The most bytes of objects of one page that are read because others name them: many may name one
/// that is large, and lists may name lists.
const MAX_FOLLOWED: usize = 10_000_000;
/// The most articles of one page.
const MAX_ARTICLES: usize = 100;
/// Types of what a page may be about in the place of an article.
const OTHERS: [&str; 7] =
    ["Recipe", "Review", "VideoObject", "AudioObject", "PodcastEpisode", "CreativeWork", "HowTo"];

/// What the object of an article says of it.
#[derive(Debug, Clone, Default)]
pub(in crate::read::page) struct ArticleMetadata {
    /// Whether its type is one of articles; a film or a recipe may be what the page is about, too.
    pub(in crate::read::page) certain: bool,
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

/// What the scripts of a page say.
#[derive(Debug, Default)]
pub(super) struct Described {
    /// The articles, each with the script that it stands in, in the order of the page.
    pub(super) articles: Vec<(NodeId, ArticleMetadata)>,
    /// What they say of the page as such: when it was published, and who wrote it.
    pub(super) page: ArticleMetadata,
}

/// Reads the scripts of a page.
pub(super) fn collect(tree: &Tree<'_>) -> Described {
    let scripts: Vec<(NodeId, Value)> = (0..tree.len())
        .filter(|node| tree.tag(*node) == Tag::Script && is_described(tree, *node))
        .flat_map(|node| {
            script::parse(&tree.whole_text(node)).into_iter().map(move |value| (node, value))
        })
        .take(MAX_OBJECTS)
        .collect();
    let mut found = Found::default();
    let mut budget = MAX_OBJECTS;
    for (node, value) in &scripts {
        found.add(*node, value, &mut budget);
    }
    let objects =
        Objects { scripts: &scripts, named: OnceCell::new(), left: Cell::new(MAX_FOLLOWED) };
    let articles = if found.articles.is_empty() { found.others } else { found.articles };
    Described {
        articles: articles
            .into_iter()
            .take(MAX_ARTICLES)
            .map(|(node, article)| (node, objects.article(article)))
            .collect(),
        page: found.page.map(|page| objects.article(page)).unwrap_or_default(),
    }
}

/// Whether a script is structured data.
pub(in crate::read::page) fn is_described(tree: &Tree<'_>, script: NodeId) -> bool {
    tree.attribute(script, "type")
        .is_some_and(|kind| kind.trim().to_ascii_lowercase().starts_with("application/ld+json"))
}

/// The objects of scripts that may say something of an article.
#[derive(Debug, Default)]
struct Found<'a> {
    articles: Vec<(NodeId, &'a Map<String, Value>)>,
    others: Vec<(NodeId, &'a Map<String, Value>)>,
    page: Option<&'a Map<String, Value>>,
}

impl<'a> Found<'a> {
    fn add(&mut self, node: NodeId, value: &'a Value, budget: &mut usize) {
        let Some(left) = budget.checked_sub(1) else { return };
        *budget = left;
        let object = match value {
            Value::Array(items) => {
                return items.iter().for_each(|item| self.add(node, item, budget));
            }
            Value::Object(object) => object,
            _ => return,
        };
        let kinds = kinds(object);
        let has = |names: &[&str]| names.iter().any(|name| get(object, name).is_some());
        if kinds.iter().any(|kind| is_article(kind))
            && has(&["headline", "name", "datePublished", "author", "articleBody"])
        {
            return self.articles.push((node, object));
        }
        if kinds.iter().any(|kind| OTHERS.contains(&kind.as_str())) && has(&["headline", "name"]) {
            self.others.push((node, object));
        }
        // Search engines in China ask for a script without a type.
        let dated = has(&["datePublished", "pubDate"]);
        if self.page.is_none()
            && (kinds.iter().any(|kind| kind.ends_with("Page")) || kinds.is_empty() && dated)
        {
            self.page = Some(object);
        }
        for name in ["@graph", "mainEntity", "mainEntityOfPage"] {
            if let Some(inner) = get(object, name) {
                self.add(node, inner, budget);
            }
        }
    }
}

/// The types of an object, without the address of their vocabulary.
fn kinds(object: &Map<String, Value>) -> Vec<String> {
    let kinds = object.get("@type").map(strings).unwrap_or_default();
    let name = |kind: String| kind.rsplit(['/', ':', '#']).next().map(str::to_owned);
    kinds.into_iter().filter_map(name).collect()
}

fn is_article(kind: &str) -> bool {
    kind.ends_with("Article") || kind.ends_with("Posting") || kind == "Report"
}

/// The objects of a page, to look up what one of them names.
struct Objects<'a> {
    scripts: &'a [(NodeId, Value)],
    /// Made when the first of them is looked up.
    named: OnceCell<HashMap<&'a str, &'a Map<String, Value>>>,
    /// How many bytes of named objects may still be read.
    left: Cell<usize>,
}

impl<'a> Objects<'a> {
    /// The object that stands for a value: itself, or the one that it names.
    fn resolve<'v>(&self, object: &'v Map<String, Value>) -> &'v Map<String, Value>
    where
        'a: 'v,
    {
        let Some(Value::String(id)) = object.get("@id") else { return object };
        if self.left.get() == 0 || object.keys().any(|key| !key.starts_with('@')) {
            return object;
        }
        let named = self.named.get_or_init(|| {
            let (mut named, mut budget) = (HashMap::new(), MAX_NAMED);
            self.scripts.iter().for_each(|(_, value)| index(value, &mut named, &mut budget));
            named
        });
        let Some(found) = named.get(id.as_str()) else { return object };
        let left = self.left.get().checked_sub(size(found));
        self.left.set(left.unwrap_or(0));
        if left.is_some() { found } else { object }
    }
}

/// About how many bytes an object has.
fn size(object: &Map<String, Value>) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len() + 1,
            Value::Array(items) => items.iter().map(of).sum::<usize>() + 1,
            Value::Object(object) => size(object),
            _ => 1,
        }
    }
    object.iter().map(|(key, value)| key.len() + of(value)).sum::<usize>() + 1
}

/// Notes the objects of a value by their names.
fn index<'a>(
    value: &'a Value,
    named: &mut HashMap<&'a str, &'a Map<String, Value>>,
    budget: &mut usize,
) {
    let Some(left) = budget.checked_sub(1) else { return };
    *budget = left;
    match value {
        Value::Array(items) => items.iter().for_each(|item| index(item, named, budget)),
        Value::Object(object) => {
            // The object itself says more than a mention that has no more than its type.
            if let Some(Value::String(id)) = object.get("@id")
                && object.keys().any(|key| !key.starts_with('@'))
            {
                named.entry(id).or_insert(object);
            }
            object.values().for_each(|inner| index(inner, named, budget));
        }
        _ => {}
    }
}
