//! Records for a reader at a terminal.

use std::{
    collections::{HashMap, VecDeque},
    fmt::Write as _,
};

use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

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

/// Headlines that are remembered, to name what an article is a copy of.
const HEADLINES: usize = 4096;

/// Prints each record in a few lines.
#[derive(Debug)]
pub struct Readable {
    out: tokio::io::Stdout,
    headlines: Headlines,
}

impl Default for Readable {
    fn default() -> Self {
        Self { out: tokio::io::stdout(), headlines: Headlines::default() }
    }
}

/// The articles that were shown last: each one's headline and source.
#[derive(Debug, Default)]
struct Headlines {
    by_id: HashMap<Uuid, String>,
    order: VecDeque<Uuid>,
}

impl Headlines {
    fn note(&mut self, article: &Article) {
        let title = article.content.title.as_deref().unwrap_or("(no title)");
        let known = self.by_id.insert(article.id, format!("\"{title}\" of {}", source(article)));
        if known.is_some() {
            return;
        }
        self.order.push_back(article.id);
        if self.order.len() > HEADLINES
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }

    fn name(&self, article: Uuid) -> String {
        self.by_id.get(&article).cloned().unwrap_or_else(|| article.to_string())
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
            let words: String = rows.iter().map(|row| words(row, &mut self.headlines)).collect();
            let written = match self.out.write_all(words.as_bytes()).await {
                Ok(()) => self.out.flush().await,
                Err(error) => Err(error),
            };
            written.map_err(|error| PublishError::writing(&error))?;
            Ok(Delivered::default())
        })
    }
}

fn words(row: &OutboxRow, headlines: &mut Headlines) -> String {
    let value = &row.record.value;
    match row.record.topic {
        Topic::Articles => {}
        // The article that joined the story says so.
        Topic::Stories => return String::new(),
        Topic::DeadLetters => return letter_words(value),
    }
    match serde_json::from_slice::<Article>(value) {
        Ok(article) => {
            let words = article_words(&article, headlines);
            headlines.note(&article);
            words
        }
        // Shown all the same: whatever it is, it was published.
        Err(_) => format!("\n{}\n", String::from_utf8_lossy(value)),
    }
}

fn source(article: &Article) -> &str {
    article.source.name.as_deref().unwrap_or(&article.source.id)
}

/// A dead letter: where it was, and why it could not be read.
fn letter_words(value: &[u8]) -> String {
    let letter: serde_json::Value = serde_json::from_slice(value).unwrap_or_default();
    let text = |name: &str| letter[name].as_str().unwrap_or_default().to_owned();
    format!("\n✗ {}\n  {}: {}\n", text("url"), text("reason"), text("error"))
}

fn article_words(article: &Article, headlines: &Headlines) -> String {
    let content = &article.content;
    let mark = match article.change {
        Change::New => "●",
        Change::Revised => "↻",
        Change::Withdrawn => "✗",
    };
    let source = source(article);
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
        let (role, share, of) = (role.label(), share * 100.0, headlines.name(*of));
        write!(out, "\n  ≡ {role}: {share:.0} % of it is in {of}; {size} articles tell this story")
            .ok();
    }
    let start: String = content.text.as_deref().unwrap_or_default().chars().take(SHOWN).collect();
    writeln!(out, "\n  {}…", start.replace('\n', " ")).ok();
    out
}
