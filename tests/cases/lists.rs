//! What is expected of the links of a list or a page, and of all records of a source.

use serde_json::{Map, Value};

use super::{Reasons, check_article, items, strings};

/// Holds a list of addresses against what is wanted of it.
pub(super) fn check_links(links: &Value, want: &Map<String, Value>, why: &mut Reasons) {
    let links = strings(links);
    for (key, value) in want {
        match key.as_str() {
            "links_has" => {
                let missing = strings(value).into_iter().filter(|link| !links.contains(link));
                why.extend(missing.map(|link| format!("no link {link}: {links:?}")));
            }
            "links_lack" => {
                let found = strings(value)
                    .into_iter()
                    .filter(|part| links.iter().any(|l| l.contains(part)));
                why.extend(found.map(|part| format!("a link is {part}")));
            }
            "entries" => {
                if *value != links.len() {
                    why.push(format!("{} links: {links:?}", links.len()));
                }
            }
            _ => why.push(format!("unknown expectation {key}")),
        }
    }
}

/// Holds the records of a source against what is wanted of them. What was asked of its server is
/// judged where there is one.
pub(super) fn check_records(records: &Value, want: &Map<String, Value>, why: &mut Reasons) {
    let records = items(records);
    let titles: Vec<&Value> = records.iter().map(|record| &record["title"]).collect();
    for (key, value) in want {
        match key.as_str() {
            "n" => {
                if *value != records.len() {
                    why.push(format!("{} articles: {titles:?}", records.len()));
                }
            }
            "titles" => {
                let (mut want, mut got) = (items(value).to_vec(), titles.clone());
                want.sort_by_key(Value::to_string);
                got.sort_by_key(ToString::to_string);
                if want.iter().collect::<Vec<_>>() != got {
                    why.push(format!("the titles are {titles:?}"));
                }
            }
            "titles_has" => {
                let lost = items(value).iter().filter(|title| !titles.contains(title));
                why.extend(lost.map(|title| format!("not published: {title}: {titles:?}")));
            }
            "records" => items(value).iter().for_each(|want| record(records, want, why)),
            "not_fetched" => {}
            _ => why.push(format!("unknown expectation {key}")),
        }
    }
}

fn record(records: &[Value], want: &Value, why: &mut Reasons) {
    let Some(found) = records.iter().find(|record| record["title"] == want["title"]) else {
        return why.push(format!("not published: {}", want["title"]));
    };
    let mut inner = Reasons::new();
    check_article(found, want.as_object().unwrap(), &mut inner);
    why.extend(inner.into_iter().map(|reason| format!("{}: {reason}", want["title"])));
}
