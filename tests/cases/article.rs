//! What is expected of an article.

use serde_json::{Map, Value};

use super::{Reasons, items, same_date, same_dates, squash, strings};

/// Holds the first article of a page against what is wanted.
pub(super) fn check_page(answer: &Value, want: &Map<String, Value>, why: &mut Reasons) {
    let articles = items(&answer["articles"]);
    if want.contains_key("error") {
        return why.extend(articles.first().map(|_| "an article was found".to_owned()));
    }
    let Some(first) = articles.first() else {
        return why.push(format!("no article: {}", answer["error"]));
    };
    if want.get("articles").is_some_and(|wanted| *wanted != articles.len()) {
        why.push(format!("{} articles", articles.len()));
    }
    check_article(first, want, why);
}

/// Holds an article against what is wanted of it.
pub(super) fn check_article(article: &Value, want: &Map<String, Value>, why: &mut Reasons) {
    for (key, value) in want {
        let is_right = match key.as_str() {
            "articles" | "error" => Some(true),
            key if key.starts_with("text") || key.starts_with("raw") || key == "rows" => {
                text(article["text"].as_str().unwrap_or_default(), key, value, why)
            }
            key if key.starts_with("byline") || key == "places" => bylines(article, key, value),
            key if key.contains("image") => images(&article["images"], key, value, why),
            key if key.contains("block") || key.starts_with("embeds") => {
                blocks(items(&article["blocks"]), key, value)
            }
            key => field(article, key, value),
        };
        match is_right {
            Some(true) => {}
            Some(false) => why.push(format!("{key} is not {value}: {}", shown(article, key))),
            None => why.push(format!("unknown expectation {key}")),
        }
    }
}

/// What an article says where `key` is expected.
fn shown(article: &Value, key: &str) -> String {
    let name = key.split('_').next().unwrap_or(key);
    let field = match name {
        "embeds" | "block" => "blocks",
        "places" => "bylines",
        "paywalled" | "truncated" => "quality",
        "raw" | "rows" => "text",
        name => name,
    };
    article[field].to_string().chars().take(400).collect()
}

fn field(article: &Value, key: &str, value: &Value) -> Option<bool> {
    let title = article["title"].as_str();
    Some(match key {
        "title" => match (value, title) {
            (Value::Null, title) => title.is_none(),
            (value, title) => title.is_some_and(|title| same_name(value, title)),
        },
        "title_lacks" => {
            strings(value).iter().all(|lack| !title.unwrap_or_default().contains(lack))
        }
        "subtitle" => article["subtitle"].as_str().is_some_and(|title| same_name(value, title)),
        "url" => strings(value).contains(&article["url"].as_str()?),
        "agencies_has" => {
            strings(value).iter().all(|agency| strings(&article["agencies"]).contains(agency))
        }
        "published" => same_date(value, article["published"].as_str()),
        "published_any" => same_dates(value, article["published"].as_str()),
        "language" | "script" | "direction" | "section" => article[key] == *value,
        "paywalled" | "truncated" => article["quality"][key] == *value,
        "enclosures_has" => has_parts(items(&article["enclosures"]), value),
        _ => return None,
    })
}

/// A name or one of several that are all right.
fn same_name(want: &Value, got: &str) -> bool {
    strings(want).iter().any(|want| squash(want) == squash(got))
}

/// Whether each of these is part of the address of some item.
fn has_parts(items: &[Value], value: &Value) -> bool {
    strings(value).iter().all(|part| items.iter().any(|item| has_part(item, part)))
}

fn has_part(item: &Value, part: &str) -> bool {
    item["url"].as_str().is_some_and(|url| url.contains(part))
}

fn text(text: &str, key: &str, value: &Value, why: &mut Reasons) -> Option<bool> {
    let flat = squash(text);
    let mut all = |word: &str, is_right: &dyn Fn(&str) -> bool| {
        for part in strings(value).into_iter().filter(|part| !is_right(part)) {
            why.push(format!("the text {word} {part:?}"));
        }
    };
    match key {
        "text_has" => all("lacks", &|part| flat.contains(&squash(part))),
        "text_lacks" => all("has", &|part| !flat.contains(&squash(part))),
        "raw_has" => all("lacks as it is written", &|part| text.contains(part)),
        "raw_lacks" => all("has as it is written", &|part| !text.contains(part)),
        "text_once" => all("has not once", &|part| {
            flat.to_lowercase().matches(&squash(part).to_lowercase()).count() == 1
        }),
        "text_order" => return Some(in_order(&flat, value)),
        "rows" => {
            for row in items(value) {
                if !text.lines().any(|line| in_order(&squash(line), row)) {
                    why.push(format!("no line of the text has {row}"));
                }
            }
        }
        _ => return None,
    }
    Some(true)
}

/// Whether these stand one after the other, none of them inside of a longer word or number.
fn in_order(flat: &str, parts: &Value) -> bool {
    let mut rest = flat;
    strings(parts).into_iter().all(|part| match find(rest, &squash(part)) {
        Some(end) => {
            rest = &rest[end..];
            true
        }
        None => false,
    })
}

/// Where `part` ends in `text`, not inside of a longer ASCII word or number.
fn find(text: &str, part: &str) -> Option<usize> {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let joins = |a: Option<char>, b: Option<char>| a.is_some_and(is_word) && b.is_some_and(is_word);
    let ends = text.match_indices(part).find(|(at, _)| {
        let (before, behind) = (&text[..*at], &text[*at + part.len()..]);
        !joins(before.chars().next_back(), part.chars().next())
            && !joins(part.chars().next_back(), behind.chars().next())
    });
    ends.map(|(at, _)| at + part.len())
}

fn bylines(article: &Value, key: &str, value: &Value) -> Option<bool> {
    let all = items(&article["bylines"]);
    let people: Vec<&Value> = all.iter().filter(|byline| byline["kind"] == "person").collect();
    let names = || people.iter().filter_map(|byline| byline["name"].as_str());
    let begin = || names().count() >= items(value).len();
    let equal = || items(value).iter().zip(names()).all(|(want, got)| same_name(want, got));
    Some(match key {
        "bylines" => names().count() == items(value).len() && equal(),
        "bylines_first" => begin() && equal(),
        "bylines_lack" => strings(value).iter().all(|lack| {
            !all.iter()
                .any(|byline| byline["name"].as_str().is_some_and(|name| name.contains(lack)))
        }),
        "places" => {
            people.len() == items(value).len()
                && items(value).iter().zip(&people).all(|(want, got)| got["place"] == *want)
        }
        _ => return None,
    })
}

fn images(images: &Value, key: &str, value: &Value, why: &mut Reasons) -> Option<bool> {
    let found = items(images);
    match (key, value) {
        ("images", Value::Number(_)) => return Some(*value == found.len()),
        ("images", _) => {
            for want in items(value) {
                let urls = strings(&want["url"]);
                let one = found
                    .iter()
                    .find(|image| image["url"].as_str().is_some_and(|url| urls.contains(&url)));
                match one {
                    None => why.push(format!("no picture {urls:?}: {images}")),
                    Some(one) => image(one, want, why),
                }
            }
        }
        ("images_lack", _) => {
            let lacks = |part: &&str| !found.iter().any(|image| has_part(image, part));
            return Some(strings(value).iter().all(lacks));
        }
        ("images_urls", _) => return Some(found.iter().all(|image| image["url"].is_string())),
        _ => return None,
    }
    Some(true)
}

fn image(image: &Value, want: &Value, why: &mut Reasons) {
    if let Some(caption) = want.get("caption") {
        let got = image["caption"].as_str();
        if !got.map_or(caption.is_null(), |got| same_name(caption, got)) {
            why.push(format!("the caption of {} is {got:?}", image["url"]));
        }
    }
    let credit = format!("{} {}", image["credit"], image["agency"]);
    if want["credit_has"].as_str().is_some_and(|part| !credit.contains(part)) {
        why.push(format!("the credit of {} is {credit}", image["url"]));
    }
}

fn blocks(blocks: &[Value], key: &str, value: &Value) -> Option<bool> {
    let of_kind = |kind: &&str| blocks.iter().any(|block| block["kind"] == **kind);
    Some(match key {
        "blocks_kinds_has" => strings(value).iter().all(of_kind),
        "blocks_kinds_lack" => !strings(value).iter().any(of_kind),
        "embeds_has" => strings(value).iter().all(|part| {
            blocks.iter().any(|block| block["kind"] == "embed" && has_part(block, part))
        }),
        "embeds_lack" => {
            !strings(value).iter().any(|part| blocks.iter().any(|block| has_part(block, part)))
        }
        "block_urls_has" => has_parts(blocks, value),
        _ => return None,
    })
}
