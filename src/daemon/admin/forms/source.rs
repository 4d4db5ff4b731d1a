//! The buttons of a source: pause, resume, poll now.

use chrono::TimeDelta;
use hyper::StatusCode;
use maud::{Markup, html};

use super::{FormPage, FormState, Forms, Outcome, closed, hidden};
use crate::{
    base::clock::{Clock as _, SystemClock},
    config::duration,
    daemon::admin::status::Query,
    model::source::Pause,
    stages::schedule::change::{ChangeCommand, PauseOrder},
};

const PAUSE: &str = "/source/pause";
const RESUME: &str = "/source/resume";
const POLL: &str = "/source/poll";
/// Where these forms are sent.
pub(super) const PATHS: [&str; 3] = [PAUSE, RESUME, POLL];

impl Forms {
    pub(super) async fn change_source(&self, path: &str, form: &Query) -> Outcome {
        let names = vec![form.get("id").to_owned()];
        let wanted = match path {
            RESUME => ChangeCommand::Resume(names),
            POLL => ChangeCommand::Poll(names),
            _ => {
                let time = Some(form.get("for")).filter(|time| !time.is_empty());
                let time = time.map(duration::parse).transpose();
                let time = time.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
                let until = time.and_then(|time| {
                    SystemClock.now().checked_add_signed(TimeDelta::from_std(time).ok()?)
                });
                let reason = Some(form.get("reason").to_owned());
                ChangeCommand::Pause(PauseOrder { names, until, reason })
            }
        };
        let report = self.targets.change(wanted, false).await;
        let report =
            report.map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
        if report.wrong.is_empty() {
            Ok(FormPage::Source.redirect(form))
        } else {
            Err((StatusCode::CONFLICT, report.wrong.join("; ")))
        }
    }
}

/// The buttons of a source.
pub(in crate::daemon::admin) fn buttons(
    id: &str,
    pause: Option<&Pause>,
    state: &FormState,
) -> Markup {
    let FormState::Open(word) = state else {
        return closed(FormPage::Source, &[("id", id)], "Pause, resume and poll now", state);
    };
    let hidden = || hidden(&[("id", id), ("word", word)]);
    html! {
        div.buttons {
            @if pause.is_some() {
                form method="post" action=(RESUME) { (hidden()) button { "Resume" } }
            } @else {
                form method="post" action=(POLL) { (hidden()) button { "Poll now" } }
                form method="post" action=(PAUSE) {
                    (hidden())
                    label { "For (such as 3d)" input name="for" size="6"; }
                    label { "Reason" input name="reason" maxlength="200" dir="auto"; }
                    button { "Pause" }
                }
            }
        }
    }
}
