//! Keeps the subscriptions: asks hubs when it is time, answers what they ask, follows what sources say of their hubs.
//!
//! One task owns all of it ([`Desk`]), so nothing is decided twice; requests to hubs run beside it. It ends when polls have
//! ended. What must stay true: this task waits for nobody who waits for it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinSet};
use url::Url;

use super::{Ask, Found, desk::Desk};
use crate::{
    base::clock::Clock,
    config::sources::Source,
    fetch::{FetchError, Post, Reply},
    policy::hub::subscription::Mode,
    stages::{PipelineError, schedule::Sooner},
    store::SubscriptionStore,
};

/// Requests to hubs at once.
const CONCURRENCY: usize = 16;

/// What the stage works with.
#[derive(Debug)]
pub struct Parts<F, C> {
    /// HTTP.
    pub fetcher: Arc<F>,
    /// What is remembered.
    pub store: SubscriptionStore,
    /// Where hubs reach us.
    pub public_url: Url,
    /// The lease that is asked for.
    pub lease: Duration,
    /// The sources that may be subscribed to, by id.
    pub sources: HashMap<String, Arc<Source>>,
    /// Time.
    pub clock: Arc<C>,
}

/// What the stage works on.
#[derive(Debug)]
pub struct Inputs {
    /// From polls: what sources say of their hubs.
    pub found: mpsc::Receiver<Found>,
    /// From the schedule: sources that are polled no more, by their ids.
    pub gone: mpsc::Receiver<Vec<String>>,
    /// From the listener.
    pub asks: mpsc::Receiver<Ask>,
    /// To the schedule: whose hub is gone, so that it is polled at its own pace again.
    pub sooner: mpsc::Sender<Sooner>,
}

/// Runs until no more polls are made.
pub async fn run<F: Post, C: Clock>(parts: Parts<F, C>, mut inputs: Inputs) -> Result<(), PipelineError> {
    let mut requests: JoinSet<(String, Mode, Result<Reply, FetchError>)> = JoinSet::new();
    let mut desk = Desk::open(parts, inputs.sooner).await?;
    loop {
        let wait = desk.wait();
        tokio::select! {
            found = inputs.found.recv() => match found {
                Some(found) => desk.found(found).await?,
                None => return Ok(()),
            },
            Some(gone) = inputs.gone.recv() => desk.gone(&gone).await?,
            Some(ask) = inputs.asks.recv() => desk.ask(ask).await?,
            Some(ended) = requests.join_next() => desk.answered(ended?).await?,
            () = tokio::time::sleep(wait), if requests.len() < CONCURRENCY => {
                if let Some((token, mode)) = desk.step().await? {
                    let (fetcher, hub, form) = desk.request(&token, mode);
                    if let Some((hub, allowed)) = hub {
                        requests.spawn(async move { (token, mode, fetcher.post_within(hub, form, &allowed).await) });
                    }
                }
            }
        }
    }
}
