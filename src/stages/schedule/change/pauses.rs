//! Pauses, their ends, and polls at once: what is done with which sources, and why not with some.

use chrono::{DateTime, Utc};

use super::{
    ChangePlan,
    names::{Known, unknown},
};
use crate::{
    base::private::shown,
    config::sources::label,
    model::source::Pause,
    store::{AddedStore, StoreError},
};

impl ChangePlan {
    /// Pauses topics and sources that are not paused by their declarations. A pause that lasts
    /// still gets another end and another reason.
    pub(super) fn pausing(
        names: &[Known<'_>],
        pause: &Pause,
        store: &AddedStore,
    ) -> Result<Self, StoreError> {
        let mut plan = Self::default();
        let reason = pause.reason.as_deref().and_then(|words| label(&printable(words)));
        for known in names {
            let Some(id) = known.id().map(ToString::to_string) else {
                plan.report.wrong.push(unknown(&known.name));
                continue;
            };
            if let Some(source) = known.source.filter(|source| source.paused) {
                let place = &source.place;
                plan.report.known.push(format!("{id} is paused already, by `paused` at {place}"));
                continue;
            }
            let before = store.pause_at(&id, pause.since)?;
            let since = before.map_or(pause.since, |before| before.since);
            plan.report.done.push(id.clone());
            plan.pause.push((id, Pause { since, until: pause.until, reason: reason.clone() }));
        }
        Ok(plan)
    }

    /// Ends pauses, also those of sources that are not listed at present.
    pub(super) fn resuming(
        names: &[Known<'_>],
        store: &AddedStore,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let mut plan = Self::default();
        for known in names {
            let mut paused = None;
            for id in known.ids() {
                if store.pause_at(&id, now)?.is_some() {
                    paused = Some(id);
                    break;
                }
            }
            let report = &mut plan.report;
            match (paused, known.source, known.id()) {
                (Some(id), ..) => {
                    report.done.push(id.clone());
                    plan.resume.push(id);
                }
                (None, Some(source), _) if source.paused => report.wrong.push(format!(
                    "{} is paused by `paused` at {}: take that out there",
                    source.id, source.place
                )),
                (None, _, Some(id)) => report.known.push(format!("{id} is not paused")),
                (None, ..) => report.wrong.push(unknown(&known.name)),
            }
        }
        Ok(plan)
    }

    /// Polls sources at once that are not paused. What is read all the time cannot be polled.
    pub(super) fn polling(
        names: &[Known<'_>],
        store: &AddedStore,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let mut plan = Self::default();
        for known in names {
            let wrong = &mut plan.report.wrong;
            let Some(source) = known.source else {
                wrong.push(if known.topic.is_some() {
                    format!("{} is a topic, which is read all the time", shown(&known.name))
                } else {
                    unknown(&known.name)
                });
                continue;
            };
            let (id, place) = (&source.id, &source.place);
            match store.pause_at(id.as_str(), now)? {
                _ if source.paused => wrong.push(format!(
                    "{id} is paused by `paused` at {place}: it is not polled before that is taken out"
                )),
                Some(pause) => wrong.push(format!(
                    "{id} is {pause}: `nashra sources resume` ends that, and has it polled"
                )),
                None if plan.poll.contains(id) => {}
                None => {
                    plan.report.done.push(id.to_string());
                    plan.poll.push(id.clone());
                }
            }
        }
        Ok(plan)
    }
}

/// A text without characters that control a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::*;
    use crate::{config::sources, store::Store};

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    async fn ask(change: SourceChange, store: &AddedStore, minutes: i64) -> ChangeReport {
        let list = "[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\n\
            [[source]]\nid = \"b\"\nurl = \"https://b.example/\"\npaused = true\n";
        let listed = sources::parse("own.toml", list.as_bytes()).sources;
        let topics = TopicIds(vec![("t".parse().unwrap(), Place::whole("own.toml"))]);
        let now = NOW + TimeDelta::minutes(minutes);
        let plan = plan(change, listed.iter(), &topics, store, now).unwrap();
        commit(&plan, store, now).await.unwrap();
        plan.report
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn pause(of: &[&str], minutes: Option<i64>, reason: &str) -> SourceChange {
        let until = minutes.map(|minutes| NOW + TimeDelta::minutes(minutes));
        let reason = Some(reason.to_owned());
        SourceChange::Pause(PauseOrder { names: names(of), until, reason })
    }

    #[tokio::test]
    async fn sources_and_topics_are_paused_and_what_its_list_pauses_is_said() {
        let store = Store::in_memory().unwrap().added();
        let report =
            ask(pause(&["https://a.example/", "b", "t", "c"], None, " it \n\u{1b}x "), &store, 0)
                .await;
        assert_eq!(report.done, ["a", "t"]);
        assert_eq!(report.known, ["b is paused already, by `paused` at own.toml:4:1"]);
        assert!(report.wrong[0].starts_with("c: no source is known"), "{report:?}");
        let row = store.pause_at("a", NOW).unwrap().unwrap();
        assert_eq!(row.to_string(), "paused by command since 1970-01-01T00:00:00Z: it x");
    }

    #[tokio::test]
    async fn a_pause_that_is_over_is_none_and_goes_with_the_next_change() {
        let store = Store::in_memory().unwrap().added();
        ask(pause(&["a"], Some(10), "x"), &store, 0).await;
        let longer = ask(pause(&["a"], Some(20), "y"), &store, 9).await;
        assert_eq!((longer.done.len(), store.pause_at("a", NOW).unwrap().unwrap().since), (1, NOW));
        let report = ask(SourceChange::Poll(names(&["a"])), &store, 19).await;
        assert!(
            report.wrong[0].contains("until 1970-01-01T00:20:00Z: y: `nashra sources resume`"),
            "{report:?}"
        );
        let at = |minutes| NOW + TimeDelta::minutes(minutes);
        assert!(store.pause_at("a", at(19)).unwrap().is_some(), "it lasts");
        assert!(store.pause_at("a", at(20)).unwrap().is_none(), "it is over, and not shown");
        assert_eq!(ask(SourceChange::Poll(names(&["a"])), &store, 20).await.done, ["a"]);
        let report = ask(SourceChange::Resume(names(&["a", "b"])), &store, 20).await;
        assert_eq!((report.known[0].as_str(), report.wrong.len()), ("a is not paused", 1));
        ask(pause(&["t"], None, ""), &store, 21).await;
        assert!(store.pauses().unwrap().iter().all(|(id, _)| id != "a"), "it is forgotten");
        assert_eq!(ask(SourceChange::Resume(names(&["t"])), &store, 22).await.done, ["t"]);
        assert_eq!(store.pauses().unwrap(), []);
    }
}
