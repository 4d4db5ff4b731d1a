//! What the documents promise of exit codes, topics and headers, held against the built program.

use std::{collections::BTreeSet, fs, path::Path};

use rdkafka::consumer::Consumer as _;
use tempfile::tempdir;

use crate::{
    kafka::{World, consumer, wait_for},
    support::command,
};

/// The first cells, in code spans, of the rows of a table behind a heading of a page.
fn first_cells(page: &str, heading: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = format!("\n{}", fs::read_to_string(path).unwrap());
    let (_, section) = text.split_once(&format!("\n{heading}\n")).unwrap();
    let section = section.split("\n#").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap().to_owned()).collect()
}

#[test]
fn each_exit_code_is_one_that_the_page_of_commands_explains() {
    let dir = tempdir().unwrap();
    let explained = first_cells("commands.md", "## Exit codes");
    let mut seen = BTreeSet::new();
    for (code, arguments) in [
        (0, "schema article"),
        (1, "check -c nowhere.toml"),
        (1, "try nowhere.html"),
        (2, "nonsense"),
        (2, "run --no-such-option"),
        (3, "try http://127.0.0.1:1/ --allow-address 127.0.0.1"),
        (3, "reload --data-dir nowhere"),
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let (ended, _, words) = command(dir.path(), &arguments);
        assert_eq!(ended, Some(code), "{arguments:?}: {words}");
        seen.insert(code.to_string());
    }
    assert_eq!(seen, explained);
}

#[test]
fn the_topics_and_headers_that_are_there_are_those_of_the_page_of_topics() {
    let Some(world) = World::new("documented") else { return };
    world.articles(&["a"]);
    let feed = format!("{}/feed\n", world.site.base);
    let nashra = world.start_at(&world.brokers, &feed, "polls = true\nlatest = true");
    wait_for(&nashra, 1);
    assert_eq!(nashra.stop(), Some(0));
    let metadata =
        consumer(&world.brokers).fetch_metadata(None, std::time::Duration::from_secs(20)).unwrap();
    let topics: BTreeSet<String> = metadata
        .topics()
        .iter()
        .filter_map(|topic| topic.name().strip_prefix(&world.prefix))
        .map(|name| format!("nashra.{name}"))
        .collect();
    assert_eq!(topics, first_cells("topics.md", "# Topics"));
    let record = world.published().remove(0);
    let headers: BTreeSet<String> = record.headers.into_keys().collect();
    assert_eq!(headers, first_cells("topics.md", "## Headers"));
}
