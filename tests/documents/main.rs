//! Holds the documents to the tree and the code: what they link to and every path that they name
//! exists, what the code has several of they name whole, and those that are made of the code are as
//! it says.
//!
//! A path is a code span with a slash whose first part is a folder of the repository or of the
//! code, or that ends in `.rs`; the ending may be left out.

#![expect(clippy::unwrap_used, reason = "this is a test")]

mod book;
mod commands;
mod glossary;
mod names;
mod records;
mod settings;
mod written;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args as _;
use nashra::{
    config::{Overrides, PageMode, SinkKind, StartAt},
    model::kind::SourceKind,
};

/// Media types look like paths in the room `text`.
const MEDIA_TYPES: [&str; 3] = ["text/html", "text/plain", "text/xml"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What paths may begin in: the repository, and the code of each package.
fn bases() -> [PathBuf; 3] {
    [root().to_owned(), root().join("src"), root().join("crates/nashra-read/src")]
}

fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["", "docs", "docs/design"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "md") {
                found.push(path);
            }
        }
    }
    found
}

/// A document without its fenced blocks: line numbers and lines.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            lines.push((at + 1, line));
        }
    }
    lines
}

fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn is_path(span: &str) -> bool {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-' | '.' | '/');
    let Some((first, _)) = span.split_once('/') else { return false };
    let folder = !first.is_empty()
        && first != "target"
        && bases().iter().any(|base| base.join(first).is_dir());
    let file = Path::new(span).extension().is_some_and(|ending| ending == "rs");
    span.chars().all(plain) && (folder || file) && !MEDIA_TYPES.contains(&span)
}

fn exists(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    bases().iter().any(|base| base.join(path).exists() || base.join(format!("{path}.rs")).exists())
}

#[test]
fn every_link_leads_to_a_file() {
    let mut wrong = Vec::new();
    for document in documents() {
        for (line, words) in prose(&fs::read_to_string(&document).unwrap()) {
            for target in
                links(words).filter(|target| !target.contains("://") && !target.starts_with('#'))
            {
                let file = target.split('#').next().unwrap();
                if !document.parent().unwrap().join(file).exists() {
                    wrong.push(format!("{}:{line}: {target}", document.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere\n{}", wrong.join("\n"));
}

#[test]
fn every_path_that_is_named_exists() {
    let mut wrong = Vec::new();
    // The changelog names what was there at its time.
    for document in documents().into_iter().filter(|document| !document.ends_with("CHANGELOG.md")) {
        for (line, words) in prose(&fs::read_to_string(&document).unwrap()) {
            wrong.extend(
                code_spans(words)
                    .filter(|span| is_path(span) && !exists(span))
                    .map(|span| format!("{}:{line}: {span}", document.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "paths that are not there\n{}", wrong.join("\n"));
}

#[test]
fn a_path_is_told_from_an_address_a_media_type_and_a_command() {
    let line = "See `read/feed`, `none/here.rs` and `text/plain`, `/metrics`, `target/release/nashra`, `cargo test --test it`.";
    assert_eq!(
        code_spans(line).filter(|span| is_path(span)).collect::<Vec<_>>(),
        ["read/feed", "none/here.rs"]
    );
    assert!(
        exists("read/feed")
            && exists("src/fetch/memory.rs")
            && exists("docs/design")
            && !exists("none/here.rs")
    );
    assert_eq!(
        links("[a](b.md), [c](https://d.example/)").collect::<Vec<_>>(),
        ["b.md", "https://d.example/"]
    );
}

#[test]
fn the_index_of_design_notes_names_each_of_them() {
    let folder = root().join("docs/design");
    let index = fs::read_to_string(folder.join("README.md")).unwrap();
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name == "README.md" || index.contains(&format!("]({name})")),
            "{name} is not in docs/design/README.md"
        );
    }
}

#[test]
fn every_kind_of_source_is_in_the_readme_and_in_the_example_list() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let page = fs::read_to_string(root().join("docs/sources.md")).unwrap();
    let list = fs::read_to_string(root().join("config/sources.toml")).unwrap();
    for kind in SourceKind::ALL {
        assert!(
            readme.contains(&format!("\n| `{kind}` | ")),
            "{kind} is not in the table of sources in README.md"
        );
        assert!(page.contains(&format!("\n| `{kind}` | ")), "{kind} is not in docs/sources.md");
        assert!(
            list.contains(&format!("\"{kind}\": ")),
            "config/sources.toml does not say what the kind {kind} is"
        );
    }
    for start in StartAt::ALL {
        assert!(
            list.contains(&format!("\"{start}\"")),
            "config/sources.toml does not name {start}"
        );
    }
}

#[test]
fn the_help_of_a_flag_names_each_of_its_values() {
    let help = Overrides::augment_args(clap::Command::new("nashra")).render_long_help().to_string();
    for (flag, names) in [
        ("sink", SinkKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>()),
        ("pages", PageMode::ALL.iter().map(|mode| mode.as_str()).collect()),
    ] {
        assert!(help.contains(&format!("--{flag} <{}>", names.join("|"))), "{help}");
    }
}
