//! Pauses that operators asked for by command. The visit of a paused source asks nobody; it only
//! has the source's facts say that it is paused, and is made again when the pause ends.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::{
    config::sources::Source,
    model::source::Pause,
    policy::polling::decide::NextPoll,
    store::{Facts, PollStore, StoreError},
};

/// The source, paused where it has a pause, with that.
pub(super) fn find<'a>(
    source: &'a Source,
    store: &PollStore,
    now: DateTime<Utc>,
) -> Result<(Cow<'a, Source>, Option<Pause>), StoreError> {
    let pause = store.pause_at(source.id.as_str(), now)?;
    let source = if pause.is_some() {
        Cow::Owned(Source { paused: true, ..source.clone() })
    } else {
        Cow::Borrowed(source)
    };
    Ok((source, pause))
}

/// Says why the source is paused, where it has a pause, and has it due when that ends.
pub(super) fn tell(pause: Option<&Pause>, facts: &mut Facts, mut next: NextPoll) -> NextPoll {
    let Some(pause) = pause else { return next };
    facts.reason = pause.to_string();
    if let Some(until) = pause.until.filter(|until| *until < next.at) {
        (next.at, next.why) = (until, "its pause ends then".to_owned());
    }
    next
}
