//! Holds every `use crate::…` of both packages against the tables of layers in ARCHITECTURE.md, and
//! what one room alone knows against the others.
//!
//! A line of a table names rooms (modules), two spaces or more before what is inside them. A room
//! may use those of the lines above its own, none of its own line but itself, and none below. What
//! is compiled for tests alone may use anything.

#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A room's place: the line of its table, from the bottom layer up.
type Lines = BTreeMap<String, usize>;

/// The rooms of the house, and those within a room, by the room's name; the whole house has the
/// name "".
fn tables() -> BTreeMap<String, Lines> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut tables = BTreeMap::new();
    let mut open: Option<(String, Lines)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) if info.starts_with("layers") => {
                open = Some((info["layers".len()..].trim().to_owned(), Lines::new()));
            }
            (Some(_), Some(_)) => tables.extend(open.take()),
            (Some((_, rooms)), None) => {
                let place = rooms.values().max().map_or(0, |last| last + 1);
                let names = line.split_once("  ").map_or(line, |(names, _)| names);
                rooms.extend(names.split(',').map(|name| (name.trim().to_owned(), place)));
            }
            (None, _) => {}
        }
    }
    tables
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folders of the code, one a package.
fn packages() -> [PathBuf; 2] {
    [root().join("crates/nashra-read/src"), root().join("src")]
}

/// All files of the code.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for package in packages() {
        sources(&package, &mut found);
    }
    found
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The path of a file's module, without the crate; files that are compiled for tests alone have
/// none.
fn module(file: &Path) -> Option<Vec<String>> {
    let path = packages()
        .iter()
        .find_map(|package| file.strip_prefix(package).ok())
        .unwrap()
        .with_extension("");
    let mut parts: Vec<String> =
        path.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if matches!(parts.last().unwrap().as_str(), "mod" | "lib" | "main") {
        parts.pop();
    }
    (!parts.iter().any(|part| part == "tests")).then_some(parts)
}

/// The code alone: comments, texts and what is compiled for tests become spaces, so that lines keep
/// their numbers.
fn code(text: &str) -> String {
    let mut out: Vec<char> = text.chars().collect();
    let mut at = 0;
    let blank = |out: &mut Vec<char>, from: usize, to: usize| {
        let to = to.min(out.len());
        out[from..to].iter_mut().filter(|out| **out != '\n').for_each(|out| *out = ' ');
    };
    while at < out.len() {
        let from = at;
        let next = |ahead: usize| out.get(at + ahead).copied().unwrap_or(' ');
        if out[at] == '/' && next(1) == '/' {
            at = out[at..].iter().position(|out| *out == '\n').map_or(out.len(), |to| at + to);
        } else if out[at] == 'r' && (next(1) == '"' || (next(1) == '#' && next(2) == '"')) {
            let closing: &[char] = if next(1) == '"' { &['"'] } else { &['"', '#'] };
            at += 1 + closing.len();
            at = out[at..]
                .windows(closing.len())
                .position(|pair| pair == closing)
                .map_or(out.len(), |to| at + to + closing.len());
        } else if out[at] == '"' {
            at += 1;
            while at < out.len() && out[at] != '"' {
                at += if out[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if out[at] == '\'' && (next(2) == '\'' || next(1) == '\\') {
            let quote = if next(1) == '\\' { 3 } else { 2 };
            at = out[at + quote.min(2)..]
                .iter()
                .position(|out| *out == '\'')
                .map_or(out.len(), |to| at + quote.min(2) + to + 1);
        } else {
            at += 1;
            continue;
        }
        blank(&mut out, from, at);
    }
    let marker: Vec<char> = "#[cfg(test)]".chars().collect();
    while let Some(from) = out.windows(marker.len()).position(|pair| pair == marker) {
        let (mut depth, mut to) = (0, from + marker.len());
        while to < out.len() {
            match out[to] {
                '{' | '(' | '[' => depth += 1,
                '}' | ')' | ']' => depth -= 1,
                _ => {}
            }
            to += 1;
            if depth == 0 && matches!(out[to - 1], '}' | ';') || depth < 0 {
                break;
            }
        }
        blank(&mut out, from, to);
    }
    out.into_iter().collect()
}

/// Each path of this crate that the code names: its line, and its first two modules.
fn named(code: &str, module: &[String]) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for (at, start) in starts(code) {
        let line = code[..at].matches('\n').count() + 1;
        let mut prefix: Vec<String> = match start {
            "crate::" => Vec::new(),
            // Each `super::` is found by itself, the first of a chain with the whole chain behind
            // it.
            _ => module[..module.len().saturating_sub(1)].to_vec(),
        };
        let mut rest = &code[at + start.len()..];
        while let Some(further) = rest.strip_prefix("super::") {
            prefix.pop();
            rest = further;
        }
        expand(rest, &prefix, &mut |path| found.push((line, path)));
    }
    found
}

fn starts(code: &str) -> impl Iterator<Item = (usize, &'static str)> {
    ["crate::", "super::"].into_iter().flat_map(move |start| {
        code.match_indices(start).filter_map(move |(at, _)| {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            (!before.is_alphanumeric() && !matches!(before, '_' | ':' | '$')).then_some((at, start))
        })
    })
}

/// Follows a path, and all of a group's, as far as two modules.
fn expand(rest: &str, prefix: &[String], found: &mut impl FnMut(Vec<String>)) {
    let rest = rest.trim_start();
    if let Some(group) = rest.strip_prefix('{') {
        let (mut depth, mut from) = (0, 0);
        for (at, sign) in group.char_indices() {
            match sign {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    expand(&group[from..at], prefix, found);
                    return;
                }
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand(&group[from..at], prefix, found);
                    from = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if name.is_empty() {
        return;
    }
    let path: Vec<String> = prefix.iter().cloned().chain([name.clone()]).collect();
    match rest[name.len()..].strip_prefix("::") {
        Some(further) if path.len() < 2 => expand(further, &path, found),
        _ => found(path),
    }
}

#[test]
fn no_room_uses_one_of_its_own_layer_or_above() {
    let tables = tables();
    let mut wrong = Vec::new();
    for file in files() {
        let Some(module) = module(&file) else { continue };
        let Some(room) = module.first() else { continue };
        let text = code(&fs::read_to_string(&file).unwrap());
        for (line, path) in named(&text, &module) {
            for (outer, depth) in [("", 0), (room.as_str(), 1)] {
                let (Some(from), Some(to), Some(table)) =
                    (module.get(depth), path.get(depth), tables.get(outer))
                else {
                    continue;
                };
                if from == to || (depth == 1 && path[0] != *room) {
                    continue;
                }
                let Some(place) = table.get(from) else {
                    wrong.push(format!(
                        "{}: the room {from} stands in no table of ARCHITECTURE.md",
                        file.display()
                    ));
                    continue;
                };
                // What a room itself defines is no room.
                if table.get(to).is_some_and(|table| table >= place) {
                    let shown = file.strip_prefix(root()).unwrap().display();
                    wrong.push(format!(
                        "{shown}:{line}: {from} uses {to}, which is not below it ({})",
                        path.join("::")
                    ));
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn formats_of_entries_are_told_apart_by_their_reader_alone() {
    let own = ["crates/nashra-read/src/model/kind.rs", "crates/nashra-read/src/read/entries"];
    let mut wrong = Vec::new();
    for file in files() {
        let shown = file.strip_prefix(root()).unwrap();
        if module(&file).is_none() || own.iter().any(|own| shown.starts_with(own)) {
            continue;
        }
        let text = code(&fs::read_to_string(&file).unwrap());
        for (at, name) in text.match_indices("EntryFormat::") {
            if text[at + name.len()..].starts_with(char::is_uppercase) {
                let line = text[..at].matches('\n').count() + 1;
                wrong.push(format!("{}:{line}", shown.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_room_stands_in_the_table_and_every_name_of_the_table_is_a_room() {
    let rooms = &tables()[""];
    let mut found: Vec<String> = packages()
        .iter()
        .flat_map(|package| fs::read_dir(package).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| room(&path))
        .collect();
    found.sort();
    found.dedup();
    assert_eq!(rooms.keys().collect::<Vec<_>>(), found.iter().collect::<Vec<_>>());
}

fn room(path: &Path) -> Option<String> {
    let name = path.file_stem()?.to_str()?.to_owned();
    (!matches!(name.as_str(), "lib" | "main")).then_some(name)
}

#[test]
fn only_publish_makes_what_trims_the_outbox() {
    for file in files() {
        let Some(module) = module(&file) else { continue };
        let makes = code(&fs::read_to_string(&file).unwrap()).contains("Acked::new(");
        assert!(
            !makes || module.starts_with(&["stages".to_owned(), "publish".to_owned()]),
            "{}",
            file.display()
        );
    }
}

#[test]
fn paths_are_found_in_groups_in_chains_and_in_the_midst_of_code() {
    let module: Vec<String> = ["read", "page", "meta"].map(str::to_owned).to_vec();
    let text = "use crate::{a::b, c::{d, e::f}};\nuse super::{title, super_thing};\nfn f() { let _ = \"crate::no\"; crate::g::h(); } // crate::no\n\
                #[cfg(test)]\nmod tests { use crate::no; }\nuse super::super::lines;";
    let mut found: Vec<(usize, String)> = named(&code(text), &module)
        .into_iter()
        .map(|(line, path)| (line, path.join("::")))
        .collect();
    found.sort();
    let expected = [
        (1, "a::b"),
        (1, "c::d"),
        (1, "c::e"),
        (2, "read::page::super_thing"),
        (2, "read::page::title"),
        (3, "g::h"),
        (6, "read::lines"),
    ];
    let inner = found.iter().map(|(line, path)| (*line, path.as_str())).collect::<Vec<_>>();
    assert_eq!(inner, expected);
}
