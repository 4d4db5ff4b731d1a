//! Dead letters: lists of them, one with its bytes, and trying them again.

use chrono::{DateTime, Utc};
use hyper::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::{Api, Problem, body::RetryOrder, lists::limit, problem::FieldError, value};
use crate::{
    daemon::{
        admin::status::Query,
        letters::{self, LettersAnswer, LettersRequest, WhichLetters},
    },
    stages::commit::{NO_LETTER, RetryOutcome},
    store::LetterFilter,
};

fn filter(query: &Query) -> LetterFilter {
    let given = |name: &str| Some(query.get(name).to_owned()).filter(|value| !value.is_empty());
    // What is no time was refused before.
    let time = |name: &str| given(name)?.parse::<DateTime<Utc>>().ok();
    LetterFilter {
        reason: given("reason"),
        source: given("source"),
        host: given("host"),
        since: time("since"),
        until: time("until"),
        words: given("q"),
    }
}

fn id_of(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| Problem::not_found(NO_LETTER))
}

impl Api {
    pub(super) async fn letters(&self, query: Query) -> Result<Value, Problem> {
        let kept = self.targets.letters.clone();
        self.with_store(move |_| {
            let before = query.get("cursor").parse().ok();
            Ok(letters::list(&kept.view()?, &filter(&query), before, limit(&query))?)
        })
        .await
    }

    pub(super) async fn letter(&self, id: String, query: Query) -> Result<Value, Problem> {
        let (id, kept) = (id_of(&id)?, self.targets.letters.clone());
        self.with_store(move |_| {
            let shown = letters::show(&kept.view()?, id, query.get("whole") == "true")?;
            shown.ok_or_else(|| Problem::not_found(NO_LETTER))
        })
        .await
    }

    pub(super) async fn retry_letter(&self, id: String, dry_run: bool) -> Result<Value, Problem> {
        let LettersAnswer::Retried(summary) =
            self.retry(WhichLetters::Ids(vec![id_of(&id)?]), dry_run).await?
        else {
            return Err(Problem::busy());
        };
        let why = summary.letters.first().and_then(|report| report.why.clone()).unwrap_or_default();
        if summary.count(RetryOutcome::Unknown) > 0 {
            return Err(Problem::not_found(why));
        }
        if summary.count(RetryOutcome::Impossible) > 0 {
            return Err(Problem::new(StatusCode::CONFLICT, why));
        }
        Ok(value(&summary))
    }

    pub(super) async fn retry_letters(
        &self,
        order: RetryOrder,
        dry_run: bool,
    ) -> Result<Value, Problem> {
        let which = match order {
            RetryOrder::Ids(ids) if !(1..=letters::MOST).contains(&ids.len()) => {
                let message = format!("there must be 1 to {}", letters::MOST);
                let field = "ids".to_owned();
                return Err(Problem::wrong_fields(vec![FieldError { field, message }]));
            }
            RetryOrder::Ids(ids) => WhichLetters::Ids(ids),
            RetryOrder::All(filter) => WhichLetters::All(filter),
        };
        let LettersAnswer::Retried(summary) = self.retry(which, dry_run).await? else {
            return Err(Problem::busy());
        };
        Ok(value(&summary))
    }

    async fn retry(&self, which: WhichLetters, dry_run: bool) -> Result<LettersAnswer, Problem> {
        let _turn = self.turn().await?;
        Ok(self.targets.letters(LettersRequest::Retry { which, dry_run }).await?)
    }
}
