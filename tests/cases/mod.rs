//! Cases: small inputs after reports of what goes wrong in feed readers and article extractors, each
//! with what somebody who knows the matter would ask for, and no more.
//!
//! A case is a line of a table in `tests/fixtures/cases`: which tool reads which file, what the
//! situation is, and what is expected. Pure tools are run in `crates/nashra-read/tests/cases.rs`,
//! those that need a network in `tests/it/cases.rs`. What must stay true: an expectation that nobody
//! knows fails its case, so that a misspelt one never passes.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use article::check_article;

mod article;
mod feed;
mod lists;

/// A line of a table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) id: String,
    /// `extract`, `listing`, `feed` and `opml` as the commands; `discover` as `sources discover`;
    /// `records` as `run` with what feeds say alone, `pages` as `run` with their pages.
    pub(crate) tool: String,
    /// The input, a file beside the table. In records `@BASE@` is the address of the site.
    pub(crate) file: String,
    /// Where it was read.
    #[serde(default)]
    pub(crate) url: Option<url::Url>,
    /// The situation and what is right, for whoever reads the table.
    #[serde(rename = "says")]
    _says: String,
    /// What else the server has, by path.
    #[serde(default)]
    pub(crate) serve: BTreeMap<String, Served>,
    /// Headers of the answer.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) expect: Map<String, Value>,
}

/// What a server answers for a path.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Served {
    /// A file beside the table.
    #[serde(default)]
    pub(crate) file: Option<String>,
    /// The start of a file of media in hexadecimal, behind which stand bytes that are no text.
    #[serde(default)]
    pub(crate) magic: Option<String>,
    /// Its media type; without one there is no header.
    #[serde(default, rename = "type")]
    pub(crate) media_type: Option<String>,
}

/// Why a case fails; none where it passes.
pub(crate) type Reasons = Vec<String>;

/// Where the tables are.
pub(crate) fn folder() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = if own.join("tests/fixtures").is_dir() { own } else { own.join("../..") };
    root.join("tests/fixtures/cases")
}

/// The bytes of a file beside the tables, with the address of its site put in.
pub(crate) fn read(file: &str, base: &str) -> Vec<u8> {
    let path = folder().join(file);
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while let Some(at) = memchr::memmem::find(rest, b"@BASE@") {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(base.as_bytes());
        rest = &rest[at + b"@BASE@".len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// The cases of a table that these tools read.
pub(crate) fn of(table: &str, tools: &[&str]) -> Vec<Case> {
    let text = fs::read_to_string(folder().join(table)).unwrap();
    let cases = text.lines().filter(|line| !line.is_empty()).map(|line| {
        serde_json::from_str::<Case>(line).unwrap_or_else(|error| panic!("{error} in {line}"))
    });
    cases.filter(|case| tools.contains(&case.tool.as_str())).collect()
}

/// Puts each case through `judge`; fails with the reasons of all that fail.
pub(crate) fn all_pass(cases: &[Case], judge: impl Fn(&Case) -> Reasons) {
    assert!(!cases.is_empty(), "a table without such cases");
    let failed: Vec<String> = cases
        .iter()
        .map(|case| (case, judge(case)))
        .filter(|(_, reasons)| !reasons.is_empty())
        .map(|(case, reasons)| format!("{}: {}", case.id, reasons.join("; ")))
        .collect();
    assert!(failed.is_empty(), "{} of {} cases:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

/// What is wrong with an answer of a tool, in the form of its JSON.
pub(crate) fn check(case: &Case, answer: &Value) -> Reasons {
    let mut why = Reasons::new();
    match case.tool.as_str() {
        "extract" => article::check_page(answer, &case.expect, &mut why),
        "feed" => feed::check(answer, &case.expect, &mut why),
        "records" | "pages" => lists::check_records(answer, &case.expect, &mut why),
        _ => lists::check_links(answer, &case.expect, &mut why),
    }
    why
}

/// White space as single spaces.
fn squash(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The strings of a list, or the one that stands alone.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Whether a date is the one that is wanted: none, a day, or a moment.
fn same_date(want: &Value, got: Option<&str>) -> bool {
    match (want.as_str(), got) {
        (Some(want), Some(got)) if want.contains('T') => {
            let moment = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
            moment(want).is_some() && moment(want) == moment(got)
        }
        (Some(want), Some(got)) => got.starts_with(want),
        (want, got) => want.is_none() && got.is_none(),
    }
}

fn same_dates(want: &Value, got: Option<&str>) -> bool {
    items(want).iter().any(|want| same_date(want, got))
}
