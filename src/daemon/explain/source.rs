//! What is known of a source that is polled.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Facts, date};
use crate::{
    base::private::shown,
    config::sources::{added, export},
    model::source::{AddedSource, Pause, State},
    policy::hub::subscription::Subscription,
    store::{self, LeftOut, Store, StoreError},
};

/// A source that was polled or added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedSource {
    /// Its id.
    pub id: String,
    /// Its state after the last poll; `new` where it was never polled.
    pub state: State,
    /// Why it has that state; empty where there is nothing to say.
    pub reason: String,
    /// What its polls came to; `null` where it was never polled.
    pub polls: Option<ExplainedPolls>,
    /// Its subscription to a hub, where it has one.
    pub hub: Option<ExplainedHub>,
    /// Its pause by command, while that lasts.
    pub pause: Option<Pause>,
    /// How it was added, where it was added by command or over HTTP.
    pub added: Option<ExplainedAddition>,
}

/// What polls of a source came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedPolls {
    /// The address that was configured, without what is secret in it.
    pub url: String,
    /// Polls that failed in a row.
    pub failures: u32,
    /// What is read of a site in its place.
    pub reads: Option<ExplainedDiscovery>,
    /// When it is polled next.
    pub next: Option<DateTime<Utc>>,
    /// Why it is polled then, in words.
    pub next_why: String,
    /// The interval at which it is polled, in seconds.
    pub interval_s: u64,
    /// When it was last polled.
    pub last: Option<DateTime<Utc>>,
    /// When it last answered well.
    pub last_success: Option<DateTime<Utc>>,
    /// When it last had a new entry.
    pub last_new: Option<DateTime<Utc>>,
    /// When it publishes; `null` before anything new was seen.
    pub rhythm: Option<ExplainedRhythm>,
    /// The shortest time between two polls that it asks for, where it asks for one.
    pub asks_for: Option<LeastInterval>,
    /// Where it says that it has moved to.
    pub moved: Option<ExplainedMove>,
    /// Whether its 304 kept entries from us lately, so that it is read in full.
    pub distrusted: bool,
    /// Since when it says that it is gone (410), and how often it said so.
    pub gone: Option<ExplainedGone>,
    /// Polls so far.
    pub count: u64,
    /// Entries taken so far.
    pub entries: u64,
    /// How often nothing of the last listing was there any more.
    pub gaps: u64,
    /// Entries that were left out, where some were.
    pub left_out: Option<ExplainedLeftOut>,
}

/// What is read of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedDiscovery {
    /// Its kind.
    pub kind: String,
    /// Its address, without what is secret in it.
    pub url: String,
    /// How it was found, in words.
    pub how: String,
    /// Since when it is read.
    pub since: DateTime<Utc>,
    /// When it was last looked for a better one.
    pub looked: DateTime<Utc>,
}

/// When a source publishes, as far as that was learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedRhythm {
    /// Entries a day.
    pub per_day: f64,
    /// The hour of the day (UTC) with the most entries.
    pub busiest_hour: usize,
    /// The share of a day's entries in each hour of the day (UTC), from 0 to 1.
    pub hours: Vec<f64>,
}

/// What a source asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeastInterval {
    /// In seconds.
    pub seconds: u64,
    /// Who asks, in words.
    pub who: String,
}

/// A source that has moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedMove {
    /// Its new address, without what is secret in it.
    pub to: String,
    /// Since when it says so.
    pub since: DateTime<Utc>,
    /// Whether that held long enough to be asked there.
    pub adopted: bool,
}

/// A source that says that it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedGone {
    /// Since when.
    pub since: DateTime<Utc>,
    /// How often.
    pub polls: u32,
}

/// Entries that were left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedLeftOut {
    /// How many the last such poll left out.
    pub entries: usize,
    /// The setting that bounds them.
    pub setting: String,
    /// Since when some are left out.
    pub since: DateTime<Utc>,
    /// When some were last left out.
    pub at: DateTime<Utc>,
}

/// A subscription to a hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedHub {
    /// The hub's address, without what is secret in it.
    pub hub: String,
    /// The topic, likewise.
    pub topic: String,
    /// The state of the subscription.
    pub state: String,
    /// Why, where something is wrong; else empty.
    pub reason: String,
    /// Since when it holds.
    pub since: Option<DateTime<Utc>>,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
    /// When the hub is asked next.
    pub next: DateTime<Utc>,
    /// Entries that it brought.
    pub brought: u32,
    /// Entries that it should have brought of late, and did not.
    pub missed: u32,
    /// Its last push.
    pub last: Option<DateTime<Utc>>,
    /// Whether polls are rarer because of it.
    pub relied_on: bool,
}

/// How a source was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedAddition {
    /// When.
    pub at: DateTime<Utc>,
    /// By what.
    pub origin: String,
    /// Its settings as TOML, without what is secret in its address.
    pub declared: String,
}

/// What is known of the source with this id.
pub(super) fn find(
    store: &Store,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<ExplainedSource>, StoreError> {
    let (added, facts) = (store.added().get(id)?, store.polls().facts(id)?);
    if added.is_none() && facts.is_none() {
        return Ok(None);
    }
    let pause = store.added().pause_at(id, now)?;
    let subscription = store.polls().subscription(id)?;
    let hub = facts.as_ref().zip(subscription);
    Ok(Some(ExplainedSource {
        id: id.to_owned(),
        state: facts.as_ref().map_or(State::New, |facts| facts.state),
        reason: facts
            .as_ref()
            .map(|facts| facts.url.secrets().hide(&facts.reason).into_owned())
            .unwrap_or_default(),
        hub: hub.map(|(facts, subscription)| ExplainedHub::new(&subscription, facts, now)),
        polls: facts.map(|facts| ExplainedPolls::new(facts, now)),
        pause,
        added: added.map(ExplainedAddition::new),
    }))
}

impl ExplainedPolls {
    fn new(facts: store::Facts, now: DateTime<Utc>) -> Self {
        let (least, who) = facts.hints.least();
        let rhythm = ExplainedRhythm::new(&facts, now);
        let left_out = facts.intake.left_out.map(|LeftOut { entries, bound, since, at }| {
            ExplainedLeftOut { entries, setting: bound.setting().to_owned(), since, at }
        });
        Self {
            url: facts.url.to_string(),
            failures: facts.failures,
            reads: facts.site.map(|site| ExplainedDiscovery {
                kind: site.kind.to_string(),
                url: site.url.to_string(),
                how: site.how,
                since: site.since,
                looked: site.looked,
            }),
            next: facts.next_due,
            next_why: facts.next_why,
            interval_s: facts.interval_s,
            last: facts.last_poll,
            last_success: facts.last_success,
            last_new: facts.last_new,
            rhythm,
            asks_for: (!least.is_zero())
                .then(|| LeastInterval { seconds: least.as_secs(), who: who.to_owned() }),
            moved: facts.moved.map(|moved| ExplainedMove {
                to: moved.to.to_string(),
                since: moved.since,
                adopted: moved.adopted,
            }),
            distrusted: facts.trust.is_lost(now),
            gone: facts.gone.map(|(polls, since)| ExplainedGone { since, polls }),
            count: facts.polls,
            entries: facts.entries,
            gaps: facts.gaps,
            left_out,
        }
    }
}

impl ExplainedRhythm {
    /// Before anything new was seen, what is expected of every source is expected of this one.
    fn new(facts: &store::Facts, now: DateTime<Utc>) -> Option<Self> {
        (facts.rhythm.since().is_some() && facts.last_new.is_some()).then(|| {
            let expected = facts.rhythm.expectation(now.timestamp());
            let (busiest_hour, _) = expected.busiest_hour();
            let hours = expected.hours().to_vec();
            Self { per_day: expected.per_day(), busiest_hour, hours }
        })
    }
}

impl ExplainedHub {
    fn new(subscription: &Subscription, facts: &store::Facts, now: DateTime<Utc>) -> Self {
        Self {
            hub: subscription.announced.hub(),
            topic: shown(&subscription.announced.topic).into_owned(),
            state: subscription.state(now).as_str().to_owned(),
            reason: facts.url.secrets().hide(&subscription.reason).into_owned(),
            since: subscription.since,
            until: subscription.until,
            next: subscription.next,
            brought: facts.hub.brought,
            missed: facts.hub.missed,
            last: facts.hub.last,
            relied_on: facts.hub.is_reliable(),
        }
    }
}

impl ExplainedAddition {
    fn new(row: AddedSource) -> Self {
        let (at, origin) = (row.at, shown(&row.origin).into_owned());
        let list = added::of_rows([row]);
        let declared = list.sources.first().map(export::shown).unwrap_or_default();
        Self { at, origin, declared: declared.trim_end().to_owned() }
    }
}

impl ExplainedSource {
    /// What stands above the facts.
    pub(super) fn heading(&self) -> String {
        let url = self.polls.as_ref().map(|polls| format!(" {}", polls.url)).unwrap_or_default();
        format!("source {}{url}", self.id)
    }

    pub(super) fn facts(&self, out: &mut Facts) {
        match &self.polls {
            Some(polls) => {
                let reason = in_brackets(&self.reason);
                let state = self.state.as_str();
                out.fact("state", format!("{state}{reason}, {} failures in a row", polls.failures));
                polls.facts(out);
            }
            None => out.fact("state", "new, it was not polled yet".to_owned()),
        }
        if let Some(hub) = &self.hub {
            hub.facts(out);
        }
        if let Some(pause) = &self.pause {
            out.line(pause.to_string());
        }
        if let Some(ExplainedAddition { at, origin, declared }) = &self.added {
            out.line(format!("added by command at {}: {origin}", date(Some(*at))));
            declared.lines().for_each(|line| out.line(line.to_owned()));
        }
    }
}

impl ExplainedPolls {
    fn facts(&self, out: &mut Facts) {
        if let Some(ExplainedDiscovery { kind, url, how, since, looked }) = &self.reads {
            let (since, looked) = (date(Some(*since)), date(Some(*looked)));
            out.line(format!(
                "read as a {kind} at {url} since {since} ({how}), last looked for at {looked}"
            ));
        }
        out.fact("next poll", format!("{}, because: {}", date(self.next), self.next_why));
        out.fact("interval", format!("{} s", self.interval_s));
        out.fact("last poll", date(self.last));
        out.fact("last read well", date(self.last_success));
        out.fact("last news", date(self.last_new));
        self.habits(out);
        let Self { count, entries, gaps, .. } = self;
        out.line(format!("{count} polls, {entries} entries taken, {gaps} times nothing of the last listing was there any more"));
        if let Some(ExplainedLeftOut { entries, setting, since, at }) = &self.left_out {
            let (at, since) = (date(Some(*at)), date(Some(*since)));
            out.fact(
                "left out",
                format!(
                    "{entries} entries at {at}, some since {since}: more than {setting} allows"
                ),
            );
        }
    }

    /// What was learned of when a source publishes, and what the source says of itself.
    fn habits(&self, out: &mut Facts) {
        out.fact("rhythm", self.rhythm.as_ref().map_or_else(|| "not yet known".to_owned(), |rhythm| {
            let ExplainedRhythm { per_day, busiest_hour, hours } = rhythm;
            let share = hours.get(*busiest_hour).copied().unwrap_or_default() * 100.0;
            format!("{per_day:.1} entries a day, {share:.0} % of them from {busiest_hour:02}:00 UTC on for an hour")
        }));
        if let Some(LeastInterval { seconds, who }) = &self.asks_for {
            out.fact(who, format!("{seconds} s"));
        }
        if let Some(ExplainedMove { to, since, adopted }) = &self.moved {
            let adopted =
                if *adopted { "it is asked there" } else { "it is asked there once that has held" };
            let since = date(Some(*since));
            out.line(format!("it says since {since} that it has moved to {to}: {adopted}"));
        }
        if self.distrusted {
            out.line("its 304 kept entries from us: for a month it is read in full".to_owned());
        }
        if let Some(ExplainedGone { since, polls }) = &self.gone {
            out.line(format!(
                "it says since {} that it is gone, {polls} times",
                date(Some(*since))
            ));
        }
    }
}

impl ExplainedHub {
    fn facts(&self, out: &mut Facts) {
        let Self {
            hub,
            topic,
            state,
            reason,
            since,
            until,
            next,
            brought,
            missed,
            last,
            relied_on,
        } = self;
        let (since, until, next) = (date(*since), date(*until), date(Some(*next)));
        let reason = in_brackets(reason);
        out.fact("hub", format!("{hub}, topic {topic}"));
        out.fact(
            "subscription",
            format!("{state}{reason}, since {since}, until {until}, next request {next}"),
        );
        let relied = if *relied_on { "" } else { ": it is polled as if it had no hub" };
        let last = date(*last);
        out.line(format!("the hub brought {brought} entries and missed {missed} of late, last push: {last}{relied}"));
    }
}

fn in_brackets(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
}
