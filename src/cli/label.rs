//! `nashra label`: records → the same with the labels that rules give them, as JSON lines, for
//! trying rules on what was published before.

use std::{
    fmt,
    io::{self, BufWriter, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Instant,
};

use clap::Args;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use super::{
    WRONG_INPUT,
    filter::{FilterStats, cpu_time},
    lines::{self, LinesError},
};
use crate::{
    config::labels,
    model::{label::ArticleLabel, story::Role},
    policy::label::{LabelInput, Labels},
};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// JSON lines: records of nashra, or other objects with `title`, `text` and the like. `-` is
    /// standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// A file of rules, with `[[label]]` tables; may be given several times.
    #[arg(long, value_name = "FILE", required = true)]
    rules: Vec<PathBuf>,
    /// Prints the labels of each record and where their words stand, instead of the records.
    #[arg(long)]
    explain: bool,
    /// With --explain: as JSON lines.
    #[arg(long, requires = "explain")]
    json: bool,
    /// At the end, one JSON object on standard error: items, bytes, seconds and `cpu_seconds` of
    /// the work itself.
    #[arg(long)]
    stats: bool,
}

pub(super) fn run(options: &Options) -> ExitCode {
    let labels = match labels::load_files(&options.rules) {
        Ok(labels) => labels,
        Err(errors) => {
            say!("{errors}");
            return ExitCode::from(WRONG_INPUT);
        }
    };
    let out = BufWriter::new(io::stdout().lock());
    let mut run = LabelRun { labels, form: Form::of(options), out, stats: FilterStats::default() };
    let outcome = options
        .files
        .iter()
        .try_for_each(|file| lines::read(file, |record, bytes| run.label(record, bytes)))
        .and_then(|()| run.out.flush().map_err(LinesError::Output));
    if options.stats {
        say!("{}", serde_json::to_string(&run.stats).unwrap_or_default());
    }
    outcome.map_or_else(|error| ExitCode::from(error.tell()), |()| ExitCode::SUCCESS)
}

/// What is written of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Record,
    Words,
    Json,
}

impl Form {
    fn of(options: &Options) -> Self {
        match (options.explain, options.json) {
            (false, _) => Self::Record,
            (true, false) => Self::Words,
            (true, true) => Self::Json,
        }
    }
}

struct LabelRun {
    labels: Labels,
    form: Form,
    out: BufWriter<io::StdoutLock<'static>>,
    stats: FilterStats,
}

impl LabelRun {
    fn label(&mut self, mut record: Record, bytes: usize) -> Result<(), LinesError> {
        let (started, cpu) = (Instant::now(), cpu_time());
        let given = record.labels(&self.labels);
        self.stats.bytes += bytes as u64;
        self.stats.add(started, cpu);
        let written = match self.form {
            Form::Record => {
                record.set("labels", given.iter().map(|label| label.name.as_str()).collect());
                write_line(&mut self.out, &record)
            }
            Form::Json => {
                write_line(&mut self.out, &Explained { id: record.get("id"), labels: &given })
            }
            Form::Words => tell(&mut self.out, &record, &given),
        };
        written.map_err(LinesError::Output)
    }
}

fn write_line(out: &mut impl io::Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// A record's labels for people.
fn tell(out: &mut impl io::Write, record: &Record, given: &[ArticleLabel]) -> io::Result<()> {
    let first = ["url", "id", "title"].into_iter().find_map(|field| record.text(field));
    writeln!(out, "{}", first.unwrap_or("a record without url, id and title").escape_debug())?;
    for ArticleLabel { name, places } in given {
        let places: Vec<String> = places.iter().map(ToString::to_string).collect();
        let colon = if places.is_empty() { "" } else { ": " };
        writeln!(out, "    {name}{colon}{}", places.join(", "))?;
    }
    if given.is_empty() {
        writeln!(out, "    no label")?;
    }
    Ok(())
}

/// A line about a record.
#[derive(Serialize)]
struct Explained<'a> {
    id: Option<&'a Value>,
    labels: &'a [ArticleLabel],
}

/// A JSON object whose fields stay in their order.
#[derive(Debug)]
pub(super) struct Record(Vec<(String, Value)>);

impl Record {
    pub(super) fn get(&self, field: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, value)| value)
    }

    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.get(field).and_then(Value::as_str)
    }

    fn set(&mut self, field: &str, value: Value) {
        match self.0.iter_mut().find(|(name, _)| name == field) {
            Some((_, known)) => *known = value,
            None => self.0.push((field.to_owned(), value)),
        }
    }

    /// The tags of its source.
    pub(super) fn tags(&self) -> Vec<String> {
        strings(self.get("source").and_then(|source| source.get("tags")))
    }

    /// The labels that rules give it.
    pub(super) fn labels(&self, labels: &Labels) -> Vec<ArticleLabel> {
        let source = self.get("source");
        let (keywords, tags) = (strings(self.get("keywords")), self.tags());
        let role = self.get("story").and_then(|story| story.get("role"));
        labels.give(&LabelInput {
            title: self.text("title"),
            text: self.text("text"),
            section: self.text("section"),
            keywords: &keywords,
            language: self.text("language"),
            tags: &tags,
            url: self.text("url"),
            source_url: source.and_then(|source| source.get("url")).and_then(Value::as_str),
            role: role.and_then(|role| Role::deserialize(role).ok()),
        })
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Record;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Record(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}
