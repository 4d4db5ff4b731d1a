//! Records for a reader at a terminal.

use std::fmt::Write as _;

use tokio::io::AsyncWriteExt as _;

use crate::{
    model::{
        record::{Article, Change, Topic},
        story::Story,
    },
    stages::publish::{
        Position,
        sink::{Delivered, PublishError, Sink, SinkFuture, SinkHoldings},
    },
    store::OutboxRow,
};

/// Characters of the text that are shown.
const SHOWN: usize = 160;

/// Prints each record in a few lines.
#[derive(Debug)]
pub struct Readable(tokio::io::Stdout);

impl Default for Readable {
    fn default() -> Self {
        Self(tokio::io::stdout())
    }
}

impl Sink for Readable {
    fn name(&self) -> String {
        "standard output".to_owned()
    }

    fn open(&mut self, _: Option<i64>) -> SinkFuture<'_, Option<SinkHoldings>> {
        Box::pin(async { Ok(None) })
    }

    fn publish<'a>(
        &'a mut self,
        rows: &'a [OutboxRow],
        _: &'a Position,
    ) -> SinkFuture<'a, Delivered> {
        Box::pin(async move {
            let words: String = rows.iter().map(words).collect();
            let written = match self.0.write_all(words.as_bytes()).await {
                Ok(()) => self.0.flush().await,
                Err(error) => Err(error),
            };
            written
                .map_err(|error| PublishError::Transient(format!("writing records: {error}")))?;
            Ok(Delivered::default())
        })
    }
}

fn words(row: &OutboxRow) -> String {
    let value = &row.record.value;
    match row.record.topic {
        Topic::Articles => {}
        // The article that joined the story says so.
        Topic::Stories => return String::new(),
        Topic::DeadLetters => return format!("\n✗ {}\n", String::from_utf8_lossy(value)),
    }
    match serde_json::from_slice::<Article>(value) {
        Ok(article) => article_words(&article),
        // Shown all the same: whatever it is, it was published.
        Err(_) => format!("\n{}\n", String::from_utf8_lossy(value)),
    }
}

fn article_words(article: &Article) -> String {
    let content = &article.content;
    let mark = if article.change == Change::New { "●" } else { "↻" };
    let source = article.source.name.as_deref().unwrap_or(&article.source.id);
    let mut out = format!("\n{mark} {}\n", content.title.as_deref().unwrap_or("(no title)"));
    let published = content.published.map_or_else(
        || "no date".to_owned(),
        |published| published.format("%Y-%m-%d %H:%M").to_string(),
    );
    let names: Vec<&str> = content.bylines.iter().map(|byline| byline.name.as_str()).collect();
    write!(
        out,
        "  {source} · {} · {published} · {}",
        names.join(", "),
        content.language.as_deref().unwrap_or("?")
    )
    .ok();
    if article.revision > 1 {
        write!(
            out,
            " · revision {}, changed: {}",
            article.revision,
            article.changed_fields.join(", ")
        )
        .ok();
    }
    if let Some(Story { role, of: Some(of), similarity: Some(share), size, .. }) = &article.story {
        let (role, share) = (role.label(), share * 100.0);
        write!(out, "\n  ≡ {role}: {share:.0} % of it is in {of}; {size} articles tell this story")
            .ok();
    }
    let start: String = content.text.as_deref().unwrap_or_default().chars().take(SHOWN).collect();
    writeln!(out, "\n  {}…", start.replace('\n', " ")).ok();
    out
}
