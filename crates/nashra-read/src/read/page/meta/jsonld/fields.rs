//! The fields of an article's object.

use serde_json::{Map, Value};

use super::{ArticleMetadata, Objects, Posted, is_article, kinds};
use crate::{
    html::{Tag, Tree},
    model::record::BylineKind,
    read::borders,
    text::collapse,
};

/// The most entries of a live blog.
const MAX_POSTED: usize = 1_000;
/// The most writers that are read of one article.
const MAX_PEOPLE: usize = 50;
/// How deep people stand in lists and in one another.
const MAX_DEPTH: usize = 4;

type Object = Map<String, Value>;

impl Objects<'_> {
    /// What an object says of an article.
    pub(super) fn article(&self, article: &Object) -> ArticleMetadata {
        let kinds = kinds(article);
        let text = |name: &str| get(article, name).and_then(first);
        let moment = |name: &str| get(article, name).and_then(date);
        let authors = ["author", "creator", "authors"]
            .iter()
            .filter_map(|name| get(article, name))
            .map(|people| self.people(people))
            .find(|people| !people.is_empty())
            .unwrap_or_default();
        ArticleMetadata {
            certain: kinds.iter().any(|kind| is_article(kind)),
            live: kinds.iter().any(|kind| kind == "LiveBlogPosting"),
            posted: get(article, "liveBlogUpdate").map(posted).unwrap_or_default(),
            headline: text("headline").or_else(|| text("name")),
            alternative_headline: text("alternativeHeadline"),
            description: text("description"),
            body: text("articleBody"),
            published: ["datePublished", "pubDate", "uploadDate", "dateCreated"]
                .iter()
                .find_map(|name| moment(name)),
            modified: ["dateModified", "upDate"].iter().find_map(|name| moment(name)),
            authors,
            section: text("articleSection"),
            keywords: keywords(article),
            language: text("inLanguage"),
            image: get(article, "image")
                .or_else(|| get(article, "thumbnailUrl"))
                .and_then(|image| self.address(image)),
            url: text("url")
                .or_else(|| get(article, "mainEntityOfPage").and_then(|page| self.address(page))),
            publisher: get(article, "publisher")
                .and_then(|publisher| self.people(publisher).into_iter().next())
                .map(|publisher| publisher.0),
            words: get(article, "wordCount").and_then(|value| {
                value
                    .as_u64()
                    .and_then(|count| u32::try_from(count).ok())
                    .or_else(|| first(value)?.parse().ok())
            }),
            free: is_free(article),
        }
    }

    /// The names of people and organisations.
    fn people(&self, value: &Value) -> Vec<(String, BylineKind)> {
        let mut found = Vec::new();
        self.add_people(value, MAX_DEPTH, &mut found);
        found
    }

    fn add_people(&self, value: &Value, depth: usize, found: &mut Vec<(String, BylineKind)>) {
        if depth == 0 || found.len() >= MAX_PEOPLE {
            return;
        }
        match value {
            Value::Array(items) => {
                for item in items {
                    self.add_people(item, depth - 1, found);
                }
            }
            Value::Object(object) => {
                let object = self.resolve(object);
                if let Some(inner) = object.get("@list").or_else(|| object.get("@set")) {
                    return self.add_people(inner, depth - 1, found);
                }
                let organisation = kinds(object).iter().any(|kind| kind.ends_with("Organization"));
                let kind = if organisation { BylineKind::Organisation } else { BylineKind::Person };
                let mut names = get(object, "name").map(strings).unwrap_or_default();
                if names.is_empty() {
                    let part = |name: &str| get(object, name).and_then(first);
                    let parts = [part("givenName"), part("familyName")];
                    let whole = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
                    names.extend(Some(whole).filter(|whole| !whole.is_empty()));
                }
                if names.is_empty()
                    && let Some(inner @ Value::Object(_)) =
                        get(object, "author").or_else(|| get(object, "name"))
                {
                    // A role, such as that of an author, holds who has it.
                    return self.add_people(inner, depth - 1, found);
                }
                found.extend(names.into_iter().map(|name| (name, kind)));
            }
            _ => found.extend(strings(value).into_iter().map(|name| (name, BylineKind::Person))),
        }
    }

    fn address(&self, value: &Value) -> Option<String> {
        match value {
            Value::Array(items) => items.first().and_then(|first| self.address(first)),
            Value::Object(object) => {
                let object = self.resolve(object);
                // A name within the script is no address.
                let id = || object.get("@id").and_then(first).filter(|id| !id.contains('#'));
                get(object, "url").or_else(|| get(object, "contentUrl")).and_then(first).or_else(id)
            }
            _ => first(value),
        }
    }
}

/// A property of an object, also by the longer names that it has in other notations:
/// `schema:headline`, `http://schema.org/headline`.
pub(super) fn get<'v>(object: &'v Object, name: &str) -> Option<&'v Value> {
    let long = |key: &str| key.rsplit([':', '/']).next() == Some(name) && key.contains("schema");
    object
        .get(name)
        .or_else(|| object.iter().find(|(key, _)| long(key)).map(|(_, value)| value))
        .filter(|value| !value.is_null())
}

/// Whether everybody may read the article: what it says itself, or of its parts.
fn is_free(article: &Object) -> Option<bool> {
    let said = |object: &Object| {
        let free = get(object, "isAccessibleForFree")?;
        free.as_bool().or_else(|| {
            let plain = first(free)?.to_ascii_lowercase();
            let plain = plain.rsplit(['/', ':']).next().unwrap_or_default();
            Some(!matches!(plain, "false" | "no" | "0"))
        })
    };
    let part = |value: &Value| value.as_object().and_then(said);
    let parts = match get(article, "hasPart") {
        Some(Value::Array(parts)) => parts.iter().filter_map(part).reduce(|a, b| a && b),
        Some(other) => part(other),
        None => None,
    };
    said(article).or(parts.filter(|free| !free))
}

fn keywords(article: &Object) -> Vec<String> {
    let said = match get(article, "keywords") {
        Some(Value::Array(items)) => items
            .iter()
            .take(100)
            .filter_map(|item| first(item).or_else(|| first(get(item.as_object()?, "name")?)))
            .collect(),
        Some(other) => strings(other),
        None => Vec::new(),
    };
    said.iter().flat_map(|keywords| super::super::split_list(keywords)).collect()
}

fn posted(updates: &Value) -> Vec<Posted> {
    let one = |update: &Value| {
        let text = |name: &str| update.as_object().and_then(|it| get(it, name)).and_then(first);
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

/// A moment: a text, or a number of seconds.
fn date(value: &Value) -> Option<String> {
    first(value).or_else(|| value.as_u64().map(|number| number.to_string()))
}

pub(super) fn first(value: &Value) -> Option<String> {
    strings(value).into_iter().next()
}

/// The strings of a value, cleaned: content systems escape twice, and leave markup in.
pub(super) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => {
            Some(clean(text)).filter(|text| !text.is_empty()).into_iter().collect()
        }
        Value::Array(items) => items
            .iter()
            .take(100)
            .filter_map(|item| match item {
                Value::String(text) => Some(clean(text)),
                Value::Object(object) => object.get("@value")?.as_str().map(clean),
                _ => None,
            })
            .filter(|value| !value.is_empty())
            .collect(),
        Value::Object(object) => object.get("@value").map(strings).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// A text without the markup and the escapes that content systems leave in it.
pub(in crate::read::page::meta) fn clean(text: &str) -> String {
    let plain = if text.contains('&') { htmlize::unescape(text) } else { text.into() };
    if !plain.contains('<') {
        return collapse(&plain);
    }
    let tree = Tree::parse(&plain);
    // `Vec<int>` is no markup, though it looks like it.
    let known = |tag: Tag| !matches!(tag, Tag::Document | Tag::Text | Tag::Other);
    if !plain.contains("</") && !(0..tree.len()).any(|node| known(tree.tag(node))) {
        return collapse(&plain);
    }
    borders::text_of(&tree, 0)
}

#[cfg(test)]
mod tests {
    use super::super::collect;
    use crate::html::Tree;

    /// How many writers each article of a script has.
    fn writers(script: &str) -> Vec<usize> {
        let html = format!("<script type=application/ld+json>{script}</script>");
        let described = collect(&Tree::parse(&html));
        described.articles.iter().map(|(_, article)| article.authors.len()).collect()
    }

    #[test]
    fn lists_that_name_lists_cost_no_more_than_they_hold() {
        let many = |name: &str| vec![format!(r#"{{"@id": "{name}"}}"#); 20_000].join(",");
        let (inner, outer) = (many("#nobody"), many("#list"));
        let script = format!(
            r##"[{{"@id": "#list", "x": 1, "@list": [{inner}]}},
            {{"@type": "Article", "headline": "Harbour opens", "author": [{outer}]}}]"##
        );
        assert_eq!(writers(&script), [0]);
    }

    #[test]
    fn a_long_name_that_many_articles_name_is_read_a_few_times() {
        let name = "Ann <b>Lee</b> ".repeat(100_000);
        let people = [r##"{"@id": "#ann"}"##; 50].join(",");
        let article =
            format!(r#"{{"@type": "Article", "headline": "Harbour opens", "author": [{people}]}}"#);
        let script =
            format!(r##"[{{"@id": "#ann", "name": "{name}"}}, {}]"##, vec![article; 50].join(","));
        let found = writers(&script);
        assert!(found[0] > 0 && found[1..].iter().all(|count| *count == 0), "{found:?}");
    }

    #[test]
    fn an_object_that_many_articles_name_is_read_for_each() {
        let article =
            r##"{"@type": "Article", "headline": "Harbour opens", "author": {"@id": "#ann"}}"##;
        let about = "The harbour of the old town. ".repeat(200);
        let script = format!(
            r##"[{{"@id": "#ann", "name": "Ann Lee", "description": "{about}"}}, {}]"##,
            [article; 100].join(",")
        );
        assert_eq!(writers(&script), [1; 100]);
    }
}
