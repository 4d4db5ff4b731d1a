//! The `WebSub` stage's part of the store: the topics that are subscribed to, at which hub, and
//! until when.
//!
//! What must stay true: only the `WebSub` stage writes this table; the poll stage reads it.

use super::{
    Batch, StoreError,
    engine::{Engine, Snapshot, Table},
    from_json, json, passing_over,
};
use crate::policy::hub::subscription::Subscription;

/// The handle of `WebSub`.
#[derive(Debug, Clone)]
pub struct SubscriptionStore {
    engine: Engine,
}

impl SubscriptionStore {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// Reads every subscription, whatever its state.
    pub fn all(&self) -> Result<Vec<Subscription>, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let rows = snapshot.from(Table::Subscriptions, &[]);
        rows.filter_map(|row| row.and_then(|row| passing_over(decode(&row.1))).transpose())
            .collect()
    }

    /// Commits: durable when it returns.
    pub async fn commit(&self, commit: SubscriptionCommit) -> Result<(), StoreError> {
        self.engine.commit(commit.0).await
    }
}

/// Changes that become durable together.
#[derive(Debug, Default)]
pub struct SubscriptionCommit(Batch);

impl SubscriptionCommit {
    /// Keeps a subscription.
    pub fn keep(&mut self, subscription: &Subscription) {
        self.0.put(Table::Subscriptions, key(subscription), json(subscription));
    }

    /// Forgets a subscription.
    pub fn forget(&mut self, subscription: &Subscription) {
        self.0.delete(Table::Subscriptions, key(subscription));
    }
}

/// The key of a subscription: its source and its token. A source has two while one ends and the
/// next begins.
fn key(subscription: &Subscription) -> Vec<u8> {
    [subscription.source.as_bytes(), b"\0", subscription.token().as_bytes()].concat()
}

/// The subscription of a source that is wanted, not one that is about to end.
pub(super) fn of_source(
    snapshot: &Snapshot,
    source: &str,
) -> Result<Option<Subscription>, StoreError> {
    let start = [source.as_bytes(), b"\0"].concat();
    for row in snapshot.from(Table::Subscriptions, &start) {
        let (key, value) = row?;
        if !key.starts_with(&start) {
            break;
        }
        let Some(found) = passing_over(decode(&value))? else { continue };
        if found.wanted {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

pub(super) fn decode(bytes: &[u8]) -> Result<Subscription, StoreError> {
    from_json("subscriptions", bytes)
}
