//! All subscriptions, by the ends of their callbacks, and when each is to be looked at.
//!
//! What must stay true: what was asked of a hub is durable before the hub hears of it, and what a
//! hub verified is durable before the hub hears yes; a source has one subscription that is to last.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use url::Url;

use super::{CallbackOwner, CallbackRequest, HubAnnouncement, RequestKind, stage::WebsubContext};
use crate::{
    base::{clock::Clock, private::shown},
    fetch::{FetchError, Post, Reply},
    model::source::AllowedNetworks,
    policy::hub::{
        announced::Announced,
        question::{Answer, Question},
        subscription::{Mode, State, Step, Subscription, bounded},
    },
    stages::schedule::EarlyPoll,
    store::{StoreError, SubscriptionCommit},
    telemetry::metrics,
};

/// How often the numbers of subscriptions in each state are counted.
const LOOK: TimeDelta = TimeDelta::seconds(5);
/// The clock may jump: so long is waited at most.
const MOST: Duration = Duration::from_secs(5);
/// A hub may send about a source as often as this in the long run, and so many times at once: each
/// may hold as much as a poll.
const SPACING: TimeDelta = TimeDelta::seconds(2);
const BURST: i32 = 30;

/// All subscriptions, and when each is to be looked at.
pub(super) struct SubscriptionManager<F, C> {
    parts: WebsubContext<F, C>,
    early_polls: mpsc::Sender<EarlyPoll>,
    /// The subscriptions by their tokens, with which the addresses of their callbacks end.
    subscriptions: HashMap<String, Subscription>,
    /// The one of each source that is to last.
    wanted: HashMap<String, String>,
    /// An entry whose time is no longer that of its subscription means nothing.
    due: BinaryHeap<Reverse<(DateTime<Utc>, String)>>,
    counted: DateTime<Utc>,
    /// When a hub that sent of late has all of its burst again, by the end of the callback.
    rested: HashMap<String, DateTime<Utc>>,
}

impl<F: Post, C: Clock> SubscriptionManager<F, C> {
    /// Loads the subscriptions: those of sources that are polled still, under the address that hubs
    /// are told now.
    pub(super) async fn open(
        parts: WebsubContext<F, C>,
        early_polls: mpsc::Sender<EarlyPoll>,
    ) -> Result<Self, StoreError> {
        let (now, all) = (parts.clock.now(), parts.store.all()?);
        let mut manager = Self {
            parts,
            early_polls,
            subscriptions: HashMap::new(),
            wanted: HashMap::new(),
            due: BinaryHeap::new(),
            counted: DateTime::UNIX_EPOCH,
            rested: HashMap::new(),
        };
        let mut commit = SubscriptionCommit::default();
        for mut subscription in all {
            let elsewhere = !subscription.is_at(&manager.parts.public_url);
            if !manager.parts.sources.contains_key(&subscription.source) && subscription.wanted {
                subscription.end(now);
                commit.keep(&subscription);
            } else if elsewhere {
                // Nobody would hear the hub there: it finds that out by itself.
                commit.forget(&subscription);
                if !subscription.wanted {
                    continue;
                }
                subscription = Subscription::new(
                    &subscription.source,
                    subscription.announced,
                    &manager.parts.public_url,
                    now,
                );
                commit.keep(&subscription);
            }
            manager.put(subscription);
        }
        manager.parts.store.commit(commit).await?;
        Ok(manager)
    }

    fn put(&mut self, subscription: Subscription) {
        let token = subscription.token().to_owned();
        if subscription.wanted {
            self.wanted.insert(subscription.source.clone(), token.clone());
        } else if self.wanted.get(&subscription.source) == Some(&token) {
            self.wanted.remove(&subscription.source);
        }
        if self.subscriptions.get(&token).is_none_or(|before| before.next != subscription.next) {
            self.due.push(Reverse((subscription.next, token.clone())));
        }
        self.subscriptions.insert(token, subscription);
    }

    /// Keeps a subscription that changed, durably.
    async fn keep(&mut self, subscription: Subscription) -> Result<(), StoreError> {
        let mut commit = SubscriptionCommit::default();
        commit.keep(&subscription);
        self.put(subscription);
        self.parts.store.commit(commit).await
    }

    /// The time until the next step.
    pub(super) fn wait(&self) -> Duration {
        let look = self.counted + LOOK;
        let next = self.due.peek().map_or(look, |Reverse((at, _))| look.min(*at));
        (next - self.parts.clock.now()).to_std().unwrap_or_default().min(MOST)
    }

    /// Takes the next subscription that has something to do, where its time has come: which hub is
    /// to be asked, for what.
    pub(super) async fn step(&mut self) -> Result<Option<(String, Mode)>, StoreError> {
        let now = self.parts.clock.now();
        self.count(now);
        let Some(Reverse((at, _))) = self.due.peek() else { return Ok(None) };
        if *at > now {
            return Ok(None);
        }
        let Some(Reverse((at, token))) = self.due.pop() else { return Ok(None) };
        let Some(mut subscription) =
            self.subscriptions.get(&token).filter(|subscription| subscription.next == at).cloned()
        else {
            return Ok(None);
        };
        match subscription.step(now) {
            Step::Forget => {
                let mut commit = SubscriptionCommit::default();
                commit.forget(&subscription);
                self.subscriptions.remove(&token);
                if !self.wanted.contains_key(&subscription.source) {
                    self.parts.sources.remove(&subscription.source);
                }
                self.parts.store.commit(commit).await?;
                Ok(None)
            }
            Step::Wait => self.keep(subscription).await.map(|()| None),
            Step::Ask(mode) => self.keep(subscription).await.map(|()| Some((token, mode))),
        }
    }

    /// The request to a subscription's hub.
    pub(super) fn request(
        &self,
        token: &str,
        mode: Mode,
    ) -> (Arc<F>, Option<(Url, AllowedNetworks)>, String) {
        let subscription = self.subscriptions.get(token);
        let hub = subscription.and_then(|subscription| {
            Some((subscription.announced.hubs.first()?.clone(), self.allowed(&subscription.source)))
        });
        let form = subscription
            .map(|subscription| subscription.form(mode, *self.parts.lease.get()))
            .unwrap_or_default();
        (Arc::clone(&self.parts.fetcher), hub, form)
    }

    /// Notes how a request to a hub ended. 2xx means that it will verify.
    pub(super) async fn request_ended(
        &mut self,
        token: &str,
        mode: Mode,
        reply: Result<Reply, FetchError>,
    ) -> Result<(), StoreError> {
        let reason = match reply {
            Ok(Reply { status: 200..=299, .. }) => {
                metrics::websub_request(mode.as_str(), "accepted");
                return Ok(());
            }
            Ok(Reply { status, words }) => bounded(&format!("HTTP status {status}: {words}")),
            Err(error) => error.to_string(),
        };
        metrics::websub_request(mode.as_str(), "failed");
        let Some(mut subscription) = self.subscriptions.get(token).cloned() else { return Ok(()) };
        tracing::warn!(source.id = subscription.source, hub = %subscription.announced.hub(), reason = %self.hidden(&subscription.source, &reason), "the hub did not take the request");
        subscription.refused(&reason, self.parts.clock.now());
        self.keep(subscription).await
    }

    /// Which private networks a source's hubs may be in.
    fn allowed(&self, source: &str) -> AllowedNetworks {
        self.parts
            .sources
            .get(source)
            .map(|source| Arc::clone(&source.allow_addresses))
            .unwrap_or_default()
    }

    /// A text without what is secret in the source's address.
    fn hidden(&self, source: &str, text: &str) -> String {
        self.parts
            .sources
            .get(source)
            .map_or_else(|| text.to_owned(), |source| source.at.secrets().hide(text).into_owned())
    }

    /// Subscribes, changes or ends a subscription by what a source says of its hubs.
    pub(super) async fn follow(
        &mut self,
        HubAnnouncement { source, announced }: HubAnnouncement,
    ) -> Result<(), StoreError> {
        let now = self.parts.clock.now();
        let id = source.id.as_str();
        self.parts.sources.insert(id.to_owned(), Arc::clone(&source));
        let current = self.wanted.get(id).and_then(|token| self.subscriptions.get(token)).cloned();
        match (current, announced) {
            (Some(mut subscription), Some(found))
                if is_same_subscription(&subscription.announced, &found) =>
            {
                // Those that it asks now stay first.
                let (asked, others): (Vec<Url>, Vec<Url>) = found
                    .hubs
                    .into_iter()
                    .partition(|hub| Some(hub) == subscription.announced.hubs.first());
                let announced =
                    Announced { hubs: asked.into_iter().chain(others).collect(), ..found };
                if announced == subscription.announced {
                    return Ok(());
                }
                subscription.announced = announced;
                self.keep(subscription).await
            }
            (current, found) => {
                if let Some(mut subscription) = current {
                    tracing::info!(source.id = id, topic = %shown(&subscription.announced.topic), "it names this hub no more");
                    subscription.end(now);
                    self.keep(subscription).await?;
                }
                if let Some(found) = found.filter(|_| !source.paused) {
                    self.keep(Subscription::new(id, found, &self.parts.public_url, now)).await?;
                }
                Ok(())
            }
        }
    }

    /// Ends what is subscribed to for sources that are polled no more.
    pub(super) async fn end_all_of(&mut self, ids: &[String]) -> Result<(), StoreError> {
        let now = self.parts.clock.now();
        for id in ids {
            self.parts.sources.remove(id);
            if let Some(mut subscription) =
                self.wanted.get(id).and_then(|token| self.subscriptions.get(token)).cloned()
            {
                subscription.end(now);
                self.keep(subscription).await?;
            }
        }
        Ok(())
    }

    /// Answers a request of the listener.
    pub(super) async fn answer(
        &mut self,
        CallbackRequest { token, kind }: CallbackRequest,
    ) -> Result<(), StoreError> {
        // The listener may have given up meanwhile.
        match kind {
            RequestKind::Owner(answer) => drop(answer.send(self.owner(&token))),
            RequestKind::Verify(question, answer) => {
                drop(answer.send(self.verify(&token, question).await?));
            }
        }
        Ok(())
    }

    fn owner(&mut self, token: &str) -> CallbackOwner {
        let Some(subscription) = self.subscriptions.get(token) else {
            return CallbackOwner::Unknown;
        };
        let now = self.parts.clock.now();
        let rested = self.rested.get(token).map_or(now, |until| now.max(*until));
        if rested - now > SPACING * BURST {
            return CallbackOwner::TooOften;
        }
        self.rested.insert(token.to_owned(), rested + SPACING);
        match self.parts.sources.get(&subscription.source) {
            Some(source) if subscription.wanted && !source.paused => CallbackOwner::Wanted {
                source: Arc::clone(source),
                secret: subscription.secret.clone(),
                at: subscription.announced.at.clone(),
            },
            _ => CallbackOwner::Ending,
        }
    }

    async fn verify(&mut self, token: &str, question: Question) -> Result<Answer, StoreError> {
        let now = self.parts.clock.now();
        let Some(mut subscription) = self.subscriptions.get(token).cloned() else {
            return Ok(Answer::No);
        };
        let (mode, was_live) = (question.mode.clone(), subscription.is_live(now));
        let answer = subscription.answer(question, *self.parts.lease.get(), now);
        if answer == Answer::No {
            metrics::websub_question("refused");
            return Ok(answer);
        }
        let is_live = subscription.is_live(now);
        metrics::websub_question(if answer == Answer::Noted { "denied" } else { "verified" });
        let until = subscription
            .until
            .map(|until| until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        tracing::info!(
            source.id = subscription.source,
            topic = %shown(&subscription.announced.topic),
            mode,
            until,
            reason = %self.hidden(&subscription.source, &subscription.reason),
            "the hub's question was answered"
        );
        if was_live
            && !is_live
            && let Ok(source) = subscription.source.parse()
        {
            // Full or closed: it is polled in time anyway.
            self.early_polls.try_send(EarlyPoll { source, at: now }).ok();
        }
        self.keep(subscription).await?;
        Ok(answer)
    }

    /// Sets the gauges of subscriptions in each state.
    fn count(&mut self, now: DateTime<Utc>) {
        if now - self.counted < LOOK && now >= self.counted {
            return;
        }
        self.counted = now;
        self.rested.retain(|_, until| *until > now);
        let mut counts = State::ALL.map(|state| (state, 0_u64));
        for subscription in self.subscriptions.values() {
            let state = subscription.state(now);
            for (_, count) in counts.iter_mut().filter(|(counted, _)| *counted == state) {
                *count += 1;
            }
        }
        for (state, count) in counts {
            metrics::subscriptions(state.as_str(), count);
        }
    }
}

/// Whether a subscription is to what a source says now.
fn is_same_subscription(current: &Announced, found: &Announced) -> bool {
    current.topic == found.topic && current.hubs.first().is_some_and(|hub| found.hubs.contains(hub))
}
