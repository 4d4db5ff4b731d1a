//! A format is a file: every feed in `tests/fixtures/feed` has beside it what is read from it, as
//! `nashra feed` writes it. With `BLESS=1` the files are written anew; look at the difference
//! before you keep it.

use std::{fs, path::Path};

use super::*;

#[test]
fn every_fixture_is_read_as_its_snapshot_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/feed");
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if file.to_string_lossy().ends_with(".read.json") {
            continue;
        }
        let document = parse_document(&fs::read(&file).unwrap(), None, &url())
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let read = serde_json::to_string_pretty(&without_blanks(
            serde_json::to_value(FeedOutput::new(document, &url())).unwrap(),
        ))
        .unwrap()
            + "\n";
        let snapshot = file.with_added_extension("read.json");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&snapshot, &read).unwrap();
        }
        assert_eq!(read, fs::read_to_string(&snapshot).unwrap_or_default(), "{}", file.display());
        count += 1;
    }
    assert!(count > 4);
}

/// Without what is absent, so that a snapshot says what there is.
fn without_blanks(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value::{Array, Object};
    match value {
        Object(map) => Object(
            map.into_iter()
                .map(|(name, value)| (name, without_blanks(value)))
                .filter(|(_, value)| {
                    !value.is_null()
                        && value.as_array().is_none_or(|list| !list.is_empty())
                        && *value != serde_json::Value::Bool(false)
                })
                .collect(),
        ),
        Array(list) => Array(list.into_iter().map(without_blanks).collect()),
        other => other,
    }
}
