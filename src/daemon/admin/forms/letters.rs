//! The buttons of dead letters: one is tried again, or all that a list shows.

use hyper::StatusCode;
use maud::{Markup, html};
use uuid::Uuid;

use super::{FormPage, FormState, Forms, Outcome, closed, hidden};
use crate::{
    daemon::{
        admin::status::Query,
        letters::{LettersAnswer, LettersRequest, WhichLetters},
    },
    stages::commit::{NO_LETTER, RetryOutcome},
    store::LetterFilter,
};

const RETRY: &str = "/deadletter/retry";
const RETRY_ALL: &str = "/deadletters/retry";
/// Where these forms are sent.
pub(super) const PATHS: [&str; 2] = [RETRY, RETRY_ALL];

impl Forms {
    pub(super) async fn retry(&self, path: &str, form: &Query) -> Outcome {
        let (which, page) = if path == RETRY_ALL {
            (WhichLetters::All(letter_filter(form)), FormPage::Letters)
        } else {
            let id: Uuid = form
                .get("id")
                .parse()
                .map_err(|_| (StatusCode::NOT_FOUND, NO_LETTER.to_owned()))?;
            (WhichLetters::Ids(vec![id]), FormPage::Letter)
        };
        let asked = self.targets.letters(LettersRequest::Retry { which, dry_run: false }).await;
        let summary = match asked {
            Ok(LettersAnswer::Retried(summary)) => summary,
            Ok(_) => return Ok(page.redirect(form)),
            Err(error) => return Err((StatusCode::SERVICE_UNAVAILABLE, error.to_string())),
        };
        let refused = summary.letters.iter().find(|report| {
            matches!(report.outcome, RetryOutcome::Impossible | RetryOutcome::Unknown)
        });
        match refused.and_then(|report| report.why.clone()) {
            // Of many, the list shows which are tried and which are not.
            Some(why) if page == FormPage::Letter => Err((StatusCode::CONFLICT, why)),
            _ => Ok(page.redirect(form)),
        }
    }
}

/// Which letters a list shows, and its button has tried again.
pub(in crate::daemon::admin) fn letter_filter(query: &Query) -> LetterFilter {
    let given = |name: &str| Some(query.get(name).to_owned()).filter(|value| !value.is_empty());
    LetterFilter {
        reason: given("reason"),
        source: given("source"),
        host: given("host"),
        words: given("q"),
        ..LetterFilter::default()
    }
}

/// The fields of a filter that are given, as [`letter_filter`] reads them.
pub(in crate::daemon::admin) fn filter_fields(filter: &LetterFilter) -> Vec<(&str, &str)> {
    let LetterFilter { reason, source, host, words, .. } = filter;
    let fields = [("reason", reason), ("source", source), ("host", host), ("q", words)];
    fields.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
}

/// The button of one letter.
pub(in crate::daemon::admin) fn retry_button(id: &str, state: &FormState) -> Markup {
    let FormState::Open(word) = state else {
        return closed(FormPage::Letter, &[("id", id)], "Try it again", state);
    };
    html! {
        form method="post" action=(RETRY) {
            (hidden(&[("id", id), ("word", word)]))
            button { "Try it again" }
        }
    }
}

/// The button of all letters that a filter includes, which are so many.
pub(in crate::daemon::admin) fn retry_all_button(
    filter: &LetterFilter,
    count: &str,
    state: &FormState,
) -> Markup {
    let (fields, what) = (filter_fields(filter), format!("Try these {count} again"));
    let FormState::Open(word) = state else {
        return closed(FormPage::Letters, &fields, &what, state);
    };
    html! {
        form method="post" action=(RETRY_ALL) {
            (hidden(&fields))
            (hidden(&[("word", word)]))
            button { (what) }
        }
    }
}
