//! What is expected of what `nashra feed` says.

use serde_json::{Map, Value};

use super::{Reasons, items, same_date, same_dates, squash, strings};

pub(super) fn check(answer: &Value, want: &Map<String, Value>, why: &mut Reasons) {
    let is_feed = answer["ok"] == true;
    if want.contains_key("error") {
        return why.extend(is_feed.then(|| "it was read as a feed".to_owned()));
    }
    if !is_feed {
        return why.push(format!("no feed: {}", answer["error"]));
    }
    let entries = items(&answer["entries"]);
    for (key, value) in want {
        match key.as_str() {
            "title" if answer["feed"]["title"] != *value => {
                why.push(format!("the title of the feed is {}", answer["feed"]["title"]));
            }
            "entries" if *value != entries.len() => why.push(format!("{} entries", entries.len())),
            "entry_titles" => {
                let titles: Vec<&Value> = entries.iter().map(|entry| &entry["title"]).collect();
                if titles != items(value).iter().collect::<Vec<_>>() {
                    why.push(format!("the titles are {titles:?}"));
                }
            }
            "entry" => items(value).iter().for_each(|want| entry(entries, want, why)),
            "title" | "entries" => {}
            _ => why.push(format!("unknown expectation {key}")),
        }
    }
}

fn entry(entries: &[Value], want: &Value, why: &mut Reasons) {
    let index =
        want["i"].as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or_default();
    let Some(entry) = entries.get(index) else {
        return why.push(format!("no entry {index}"));
    };
    let date = |name: &str| {
        let moment = chrono::DateTime::from_timestamp(entry[name].as_i64()?, 0)?;
        Some(moment.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    };
    let body = [&entry["summary"], &entry["content"]].map(|part| part.as_str().unwrap_or_default());
    let body = squash(&body.join(" "));
    let each = |list: &str, name: &str| -> Vec<Value> {
        items(&entry[list]).iter().map(|item| item[name].clone()).collect()
    };
    for (key, value) in want.as_object().into_iter().flatten() {
        let (is_right, got) = match key.as_str() {
            "i" => (true, String::new()),
            "title" | "link" | "id" => (entry[key] == *value, entry[key].to_string()),
            "published" | "updated" => {
                (same_date(value, date(key).as_deref()), format!("{:?}", date(key)))
            }
            "published_any" => {
                let got = date("published");
                (same_dates(value, got.as_deref()), format!("{got:?}"))
            }
            "body_has" => {
                (strings(value).iter().all(|part| body.contains(&squash(part))), body.clone())
            }
            "body_lacks" => {
                (!strings(value).iter().any(|part| body.contains(&squash(part))), body.clone())
            }
            "authors" => {
                let got = each("authors", "name");
                (items(value) == got, format!("{got:?}"))
            }
            "enclosures" => {
                let got = each("enclosures", "url");
                (items(value) == got, format!("{got:?}"))
            }
            _ => (false, "an expectation that nobody knows".to_owned()),
        };
        if !is_right {
            why.push(format!("{key} of entry {index} is not {value}: {got}"));
        }
    }
}
