//! A trial's report for people.

use std::fmt;

use serde_json::Value;

use super::{ArticlePreview, EntryPreview, MissingPage, RejectedCandidate, Report, ReportContent};
use crate::read::page::Form;

/// Characters of a text that are shown.
const SHOWN: usize = 300;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.content_type.as_deref().unwrap_or("without a content type");
        let at = self
            .url
            .as_ref()
            .map_or_else(|| "a file without an address".to_owned(), ToString::to_string);
        writeln!(f, "read: {at}, {} bytes, {kind}", self.bytes)?;
        for via in &self.via {
            writeln!(f, "redirected from: {via}")?;
        }
        match &self.content {
            ReportContent::Entries { what, title, language, entries, lost } => {
                write_entries(f, what.as_str(), [title, language], entries)?;
                let Some(lost) = lost else { return Ok(()) };
                writeln!(f)?;
                write_rejected(f, lost)
            }
            ReportContent::Sitemap { title, language, sitemaps, entries } => {
                for followed in sitemaps {
                    writeln!(f, "followed: {followed}")?;
                }
                write_entries(f, "sitemap", [title, language], entries)
            }
            ReportContent::Page { form, kind, articles, missing, lost } => {
                let form = if *form == Form::Html { "HTML" } else { "text" };
                writeln!(
                    f,
                    "a page as {form} of the kind {}, articles: {}",
                    as_words(&serde_json::json!(kind)),
                    articles.len()
                )?;
                for article in articles {
                    write_article(f, article)?;
                }
                if let Some(MissingPage { url, why }) = missing {
                    writeln!(f, "{why} ({url})")?;
                }
                write_rejected(f, lost)
            }
        }
    }
}

fn write_rejected(f: &mut fmt::Formatter<'_>, lost: &[RejectedCandidate]) -> fmt::Result {
    for lost in lost {
        writeln!(f, "lost: {} {}: {}", lost.field, lost.value, lost.why)?;
    }
    Ok(())
}

fn write_entries(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    [title, language]: [&Option<String>; 2],
    entries: &[EntryPreview],
) -> fmt::Result {
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    let fresh = entries.iter().filter(|entry| entry.verdict == "new").count();
    writeln!(f, "a {what}, title: {}, language: {}", shown(title), shown(language))?;
    writeln!(f, "entries: {}, of which a first poll would publish {fresh}", entries.len())?;
    for entry in entries {
        let date = entry.published.map_or_else(
            || "without a date".to_owned(),
            |published| published.format("%Y-%m-%d %H:%M").to_string(),
        );
        let link = entry.link.as_ref().map_or("no link", |link| link.as_str());
        writeln!(
            f,
            "\n{} ({})\n  {date}  {}\n  {link}",
            entry.verdict,
            entry.why,
            shown(&entry.title)
        )?;
    }
    Ok(())
}

fn write_article(
    f: &mut fmt::Formatter<'_>,
    ArticlePreview { known_by, record }: &ArticlePreview,
) -> fmt::Result {
    writeln!(f)?;
    if let (Some(index), Some(of)) =
        (record["part"]["index"].as_u64(), record["part"]["of"].as_u64())
    {
        writeln!(f, "part {} of {of}", index + 1)?;
    }
    writeln!(f, "address: {}, known by: {}", as_words(&record["url"]), known_by.join(", "))?;
    for name in ["title", "published", "bylines"] {
        let from = &record["provenance"][name];
        let from =
            if from.is_null() { String::new() } else { format!(" (from {})", as_words(from)) };
        writeln!(f, "{name}: {}{from}", as_words(&record[name]))?;
    }
    for name in ["subtitle", "section", "modified", "language", "agencies", "date_notes", "quality"]
    {
        if !record[name].is_null() {
            writeln!(f, "{name}: {}", as_words(&record[name]))?;
        }
    }
    for name in ["images", "related", "updates"] {
        writeln!(f, "{name}: {}", record[name].as_array().map_or(0, Vec::len))?;
    }
    let text = record["text"].as_str().unwrap_or_default();
    let start: String = text.chars().take(SHOWN).collect();
    let more = if start.len() < text.len() { " …" } else { "" };
    let from = as_words(&record["provenance"]["text"]);
    writeln!(f, "text: {} words (from {from})\n\n{start}{more}", record["word_count"])
}

/// A value as people write it.
fn as_words(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(as_words).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => {
            let given = fields.iter().filter(|(_, value)| !value.is_null());
            given
                .map(|(name, value)| format!("{name} {}", as_words(value)))
                .collect::<Vec<_>>()
                .join(", ")
        }
        other => other.to_string(),
    }
}
