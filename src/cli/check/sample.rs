//! Where the routes of a config send records of a file: for trying them before they are used.

use std::{io::Write, path::Path};

use super::super::{
    label::Record,
    lines::{self, LinesError},
};
use crate::{
    config::Config,
    policy::{
        label::Labels,
        route::{RouteInput, Routes},
    },
};

/// Writes the topics of each record in a file, as if it were new, a line for each: its address, id
/// or headline, and the topics with their prefix.
pub(super) fn tell(
    (config, labels): (&Config, &Labels),
    path: &Path,
    out: &mut impl Write,
) -> Result<(), LinesError> {
    let routes = config.route.routes();
    lines::read(path, |record: Record, _| {
        let topics = topics(&routes, labels, &record);
        let named = topics.iter().map(|topic| config.kafka.topic_prefix.topic(topic));
        let first = ["url", "id", "title"].into_iter().find_map(|field| record.text(field));
        let which = first.unwrap_or("a record without url, id and title").escape_debug();
        let line = format!("{which}: {}", named.collect::<Vec<_>>().join(", "));
        writeln!(out, "{line}").map_err(LinesError::Output)
    })
}

fn topics(routes: &Routes, labels: &Labels, record: &Record) -> Vec<String> {
    let source = record.get("source");
    let of_source = |field: &str| source.and_then(|source| source.get(field)?.as_str());
    let (tags, names): (_, Vec<String>) =
        (record.tags(), record.labels(labels).into_iter().map(|label| label.name).collect());
    let routing = routes.of(
        &RouteInput {
            labels: &names,
            language: record.text("language"),
            source: of_source("id").unwrap_or_default(),
            tags: &tags,
            addresses: [record.text("url"), of_source("url")],
        },
        None,
    );
    let own = (!routing.instead).then(|| "articles".to_owned());
    own.into_iter().chain(routing.topics).collect()
}
