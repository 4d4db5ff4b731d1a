//! `nashra demo`, piped.

use std::collections::HashSet;

use tempfile::tempdir;

use crate::support::Nashra;

#[test]
fn the_demo_shows_arabic_articles_a_copy_and_a_revision_and_repeats_nothing() {
    let dir = tempdir().unwrap();
    let mut demo = Nashra::start(dir.path(), &["demo", "--for", "1m"]);
    let mut seen = HashSet::new();
    let (mut arabic, mut parts, mut revised, mut copies) =
        (0, HashSet::new(), false, HashSet::new());
    for record in demo.records() {
        assert!(
            seen.insert((record["id"].to_string(), record["revision"].to_string())),
            "twice: {record}"
        );
        arabic += usize::from(record["language"] == "ar" && record["direction"] == "rtl");
        if record["part"]["of"] == 4 {
            assert_eq!(
                record["related"].as_array().map(Vec::len),
                Some(if record["part"]["index"] == 0 { 5 } else { 0 })
            );
            parts.insert(record["title"].to_string());
        }
        if record["title"] == "Harbour reopens three days after the storm" {
            copies.insert(record["id"].to_string());
        }
        if record["revision"] == 2 {
            revised = true;
            assert_eq!(record["changed_fields"], serde_json::json!(["modified", "text", "title"]));
        }
        if seen.len() >= 20 && arabic >= 10 && parts.len() == 4 && revised && copies.len() == 2 {
            break;
        }
    }
    assert_eq!((revised, copies.len(), arabic, parts.len()), (true, 2, 10, 4));
    assert_eq!(demo.stop(), Some(0));
}
