//! What is changed: sources, their pauses, the config that is read again.

use chrono::TimeDelta;
use hyper::StatusCode;
use serde_json::{Map, Value};

use super::{Api, Problem, body::PauseWords, declaration::Declaration, problem::FieldError, value};
use crate::{
    base::clock::{Clock as _, SystemClock},
    config::{
        duration,
        sources::{Source, added},
    },
    daemon::admin::requests::RequestError,
    model::source::AddedSource,
    stages::schedule::{
        change::{ChangeCommand, ChangeReport, PauseOrder},
        reload::ReloadOrder,
    },
};

/// What a source that was added shows as its place.
const ORIGIN: &str = "HTTP API";

impl Api {
    pub(super) async fn add(
        &self,
        sources: Vec<Declaration>,
        dry_run: bool,
    ) -> Result<Value, Problem> {
        if sources.is_empty() {
            return Err(wrong_field("sources", "there is none".to_owned()));
        }
        let tables = sources.into_iter().map(|source| source.0).collect();
        let now = SystemClock.now();
        // A long list takes a while.
        let parsed = tokio::task::spawn_blocking(move || declared(tables));
        let sources = parsed.await.map_err(|_| Problem::busy())??;
        let rows = sources.iter().map(|source| source.to_added(now)).collect();
        self.ask(ChangeCommand::Add(rows), dry_run).await
    }

    /// Merges settings into those of a source that was added (RFC 7396).
    pub(super) async fn change(
        &self,
        id: String,
        Declaration(wanted): Declaration,
        dry_run: bool,
    ) -> Result<Value, Problem> {
        self.known(&id).await?;
        let row = self.targets.store.added().get(&id)?;
        let row = row.ok_or_else(|| {
            conflict("a list of the config names this source: change it there".to_owned())
        })?;
        let mut table = added::table_of(&row)
            .ok_or_else(|| conflict("the settings of this source cannot be read".to_owned()))?;
        if wanted.get("id").is_some_and(|wanted| wanted.as_str() != Some(id.as_str())) {
            return Err(wrong_field(
                "id",
                "it stays the same: remove the source and add another one".to_owned(),
            ));
        }
        if wanted.get("url").and_then(Value::as_str).is_some_and(|url| url.contains("***")) {
            return Err(wrong_field(
                "url",
                "a part of it is hidden: leave it out where it stays the same".to_owned(),
            ));
        }
        merge(&mut table, wanted);
        let sources = declared(vec![table])?;
        let rows = sources.iter().map(|source| source.to_added(SystemClock.now()));
        let mut rows = rows.map(|changed| AddedSource {
            origin: row.origin.clone(),
            position: row.position,
            ..changed
        });
        let Some(row) = rows.next() else { return Err(Problem::busy()) };
        self.ask(ChangeCommand::Replace(id, row), dry_run).await
    }

    pub(super) async fn remove(&self, id: String, dry_run: bool) -> Result<Value, Problem> {
        self.known(&id).await?;
        self.ask(ChangeCommand::Remove(vec![id]), dry_run).await
    }

    pub(super) async fn pause(
        &self,
        id: String,
        PauseWords { reason, duration }: PauseWords,
        dry_run: bool,
    ) -> Result<Value, Problem> {
        let time = duration.as_deref().map(duration::parse).transpose();
        let time = time.map_err(|error| wrong_field("for", error.to_string()))?;
        let until = time
            .and_then(|time| SystemClock.now().checked_add_signed(TimeDelta::from_std(time).ok()?));
        self.known(&id).await?;
        self.ask(ChangeCommand::Pause(PauseOrder { names: vec![id], until, reason }), dry_run).await
    }

    pub(super) async fn resume(&self, id: String, dry_run: bool) -> Result<Value, Problem> {
        self.known(&id).await?;
        self.ask(ChangeCommand::Resume(vec![id]), dry_run).await
    }

    pub(super) async fn poll(&self, id: String, dry_run: bool) -> Result<Value, Problem> {
        self.known(&id).await?;
        self.ask(ChangeCommand::Poll(vec![id]), dry_run).await
    }

    pub(super) async fn reload(&self, order: ReloadOrder) -> Result<Value, Problem> {
        match self.targets.reload(order).await {
            Ok(reloaded) => Ok(value(&reloaded)),
            // The files are wrong.
            Err(RequestError::Unknown(words)) => {
                Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn ask(&self, wanted: ChangeCommand, dry_run: bool) -> Result<Value, Problem> {
        let report: ChangeReport = self.targets.change(wanted, dry_run).await?;
        if report.done.is_empty() && !report.wrong.is_empty() {
            return Err(conflict(report.wrong.join("; ")));
        }
        Ok(value(&report))
    }

    /// Whether anything is known by an id: what is polled, read, was added, or is paused.
    async fn known(&self, id: &str) -> Result<(), Problem> {
        let polled = self.targets.polled().await?;
        if polled.iter().any(|known| known.source.id.as_str() == id) {
            return Ok(());
        }
        let store = &self.targets.store;
        let is_known = store.added().get(id)?.is_some()
            || store.topics().state(id)?.is_some()
            || store.added().pause_at(id, SystemClock.now())?.is_some();
        is_known.then_some(()).ok_or_else(|| Problem::not_found("no source has this id"))
    }
}

fn conflict(words: String) -> Problem {
    Problem::new(StatusCode::CONFLICT, words)
}

fn wrong_field(field: &str, message: String) -> Problem {
    Problem::wrong_fields(vec![FieldError { field: field.to_owned(), message }])
}

/// Reads settings as a TOML list would be read.
fn declared(tables: Vec<Map<String, Value>>) -> Result<Vec<Source>, Problem> {
    let list = added::of_tables(tables, ORIGIN).map_err(|words| wrong_field("sources", words))?;
    if list.errors.is_empty() {
        return Ok(list.sources);
    }
    let errors = list.errors.into_iter().map(|error| FieldError {
        field: error.key.replacen("source[", "sources[", 1),
        message: error.message,
    });
    Err(Problem::wrong_fields(errors.collect()))
}

fn merge(table: &mut Map<String, Value>, wanted: Map<String, Value>) {
    for (name, value) in wanted {
        match (table.get_mut(&name), value) {
            (_, Value::Null) => drop(table.remove(&name)),
            (Some(Value::Object(before)), Value::Object(value)) => merge(before, value),
            (_, value) => drop(table.insert(name, value)),
        }
    }
}
