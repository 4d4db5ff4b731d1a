//! `nashra dedup`: a stream of articles, told apart.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::support::command;

/// The opening of the demo's longest article, four times as long as an excerpt of it.
const WORDS: &str = "The ferry that joins the two halves of the town will run through the night from \
    the first week of spring, the harbour office said after a winter in which the last boat left \
    before the shift at the cannery ended. Workers had asked for a later crossing for eleven years, \
    and had rowed home in small groups when the tide allowed. The office will hire four deckhands \
    and a second mate, and will pay for them by a small charge on parcels that are sent across \
    without a passenger. Fishermen fear that the lights of a boat at night will move the shoals \
    away from the narrows, and want the engine changed for a quieter one. The captain, who has \
    steered the crossing since her father left it to her, said that fish have no ears worth naming.";

fn article(id: &str, url: Option<&str>, text: &str) -> Value {
    json!({"id": id, "url": url, "source": "s", "published": "2026-03-01T10:00:00Z", "title": id, "text": text})
}

fn dedup(folder: &Path, articles: &[Value], flags: &[&str]) -> Vec<Value> {
    let file = folder.join("articles.jsonl");
    let text: Vec<String> = articles.iter().map(ToString::to_string).collect();
    fs::write(&file, text.join("\n")).unwrap();
    let arguments: Vec<&str> =
        ["dedup"].into_iter().chain(flags.iter().copied()).chain(["articles.jsonl"]).collect();
    let (code, out, told) = command(folder, &arguments);
    assert_eq!(code, Some(0), "{told}");
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn articles_are_told_apart_as_new_duplicate_revision_copy_and_excerpt() {
    let folder = tempdir().unwrap();
    let excerpt: String = WORDS.split_inclusive(' ').take(50).collect();
    let answers = dedup(
        folder.path(),
        &[
            article("one", Some("https://one.example/a"), WORDS),
            article("one", Some("http://www.one.example/a?utm_source=x"), WORDS),
            article("one", Some("https://one.example/a"), &format!("{WORDS} It sails at nine.")),
            article("copy", Some("https://two.example/b"), &WORDS.to_uppercase()),
            article("part", None, &excerpt),
            article("other", None, "Nothing of the kind is said here, in so few words as these."),
        ],
        &[],
    );
    let told: Vec<(&str, &str)> = answers
        .iter()
        .map(|answer| (answer["verdict"].as_str().unwrap(), answer["story"].as_str().unwrap()))
        .collect();
    let expected = [
        ("new", "one"),
        ("duplicate", "one"),
        ("revision", "one"),
        ("copy", "one"),
        ("excerpt", "one"),
        ("new", "other"),
    ];
    assert_eq!(told, expected);
    assert_eq!(answers[3]["of"], "one");
    assert_eq!(answers[3]["similarity"], 1.0);
}

#[test]
fn stories_that_were_merged_later_are_one_at_the_end() {
    let folder = tempdir().unwrap();
    let words: Vec<&str> = WORDS.split(' ').collect();
    let (head, tail) = (words[..80].join(" "), words[50..].join(" "));
    let articles =
        [article("head", None, &head), article("tail", None, &tail), article("all", None, WORDS)];
    let stories = |flags: &[&str]| -> Vec<String> {
        let answers = dedup(folder.path(), &articles, flags);
        answers.iter().map(|answer| answer["story"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stories(&[]), ["head", "tail", "head"]);
    assert_eq!(stories(&["--final"]), ["head", "head", "head"]);
}

#[test]
fn a_line_that_is_no_article_is_named() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("articles.jsonl");
    fs::write(&file, format!("{}\n\n{{\"text\":1}}\n", article("a", None, WORDS))).unwrap();
    let (code, out, told) = command(folder.path(), &["dedup", "articles.jsonl"]);
    assert_eq!(code, Some(1));
    assert!(told.contains("articles.jsonl:3: "), "{told}");
    assert_eq!(out.lines().count(), 1);
}

#[test]
fn with_days_a_text_that_comes_again_later_is_known_by_its_words_alone() {
    let folder = tempdir().unwrap();
    let on = |id: &str, date: &str, text: &str| json!({"id": id, "published": format!("{date}T10:00:00Z"), "title": id, "text": text});
    let answers = dedup(
        folder.path(),
        &[
            on("one", "2026-01-01", WORDS),
            on("again", "2026-03-01", &WORDS.to_uppercase()),
            on("edited", "2026-05-01", &WORDS.replace("eleven", "twelve")),
            on("third", "2026-07-01", WORDS),
            on("template", "2026-09-01", WORDS),
        ],
        &["--days", "7"],
    );
    let told: Vec<(&str, &str)> = answers
        .iter()
        .map(|answer| (answer["verdict"].as_str().unwrap(), answer["story"].as_str().unwrap()))
        .collect();
    let expected =
        [("new", "one"), ("copy", "one"), ("new", "edited"), ("copy", "one"), ("new", "template")];
    assert_eq!(told, expected);
}
