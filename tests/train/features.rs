//! Writes the measures of the lines of pages, for training: `features LIST ROWS LINES`. LIST has
//! tab separated lines, id and file; ROWS gets the measures as little-endian `f32`, a row a line;
//! LINES gets JSON lines of `[id, text]`.
//!
//! `features --parts LIST SIGNS` writes what is measured of lines that could be the headline of a
//! further article: LIST has a third column, the headlines of the page's further articles as JSON;
//! SIGNS gets JSON lines of `[id, is, signs]`.
#![allow(clippy::unwrap_used, missing_docs, reason = "a tool for those who train the model")]

use std::io::Write as _;

use nashra::{
    html::Tree,
    read::{
        encoding,
        lines::Lines,
        page::{extract::signs_of_parts, features::measure, hints::HintReader, meta},
    },
    text::fold,
};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments[1] == "--parts" {
        return parts(&arguments[2], &arguments[3]);
    }
    let reader = HintReader::new().unwrap();
    let mut rows = std::io::BufWriter::new(std::fs::File::create(&arguments[2]).unwrap());
    let mut texts = std::io::BufWriter::new(std::fs::File::create(&arguments[3]).unwrap());
    let base = url::Url::parse("https://page.example/").unwrap();
    for entry in std::fs::read_to_string(&arguments[1]).unwrap().lines() {
        let (id, file) = entry.split_once('\t').unwrap();
        let bytes = std::fs::read(file).unwrap();
        let html = encoding::to_text(&bytes, None);
        let (tree, meta) = (Tree::parse(&html), meta::parse(&Tree::parse(&html), &base));
        let lines = Lines::from_tree(&tree);
        drop(measure(&tree, &lines, &reader, meta.page_metadata(), |group| {
            let values = group.iter().flatten();
            let bytes: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
            rows.write_all(&bytes).unwrap();
        }));
        for line in &lines.lines {
            writeln!(texts, "{}", serde_json::json!([id, lines.get(line)])).unwrap();
        }
    }
}

fn parts(list: &str, signs: &str) {
    let mut out = std::io::BufWriter::new(std::fs::File::create(signs).unwrap());
    let base = url::Url::parse("https://page.example/").unwrap();
    for entry in std::fs::read_to_string(list).unwrap().lines() {
        let mut fields = entry.split('\t');
        let (id, file, titles) =
            (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        let titles: Vec<String> = serde_json::from_str::<Vec<String>>(titles)
            .unwrap()
            .iter()
            .map(|title| fold(title))
            .collect();
        let html = encoding::to_text(&std::fs::read(file).unwrap(), None).into_owned();
        for (row, is) in signs_of_parts(&html, &base, |line| titles.contains(&fold(line))) {
            writeln!(out, "{}", serde_json::json!([id, is, row])).unwrap();
        }
    }
}
