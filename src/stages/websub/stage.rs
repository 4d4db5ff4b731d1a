//! Keeps the subscriptions: asks hubs when it is time, answers what they ask, follows what sources
//! say of their hubs.
//!
//! One task owns all of it ([`SubscriptionManager`]), so nothing is decided twice; requests to hubs
//! run beside it. It ends when polls have ended. What must stay true: this task waits for nobody
//! who waits for it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinSet};
use url::Url;

use super::{CallbackRequest, HubAnnouncement, manager::SubscriptionManager};
use crate::{
    base::{clock::Clock, live::Live},
    config::sources::Source,
    fetch::{FetchError, Post, Reply},
    policy::hub::subscription::Mode,
    stages::{PipelineError, schedule::EarlyPoll},
    store::SubscriptionStore,
};

/// Requests to hubs at once.
const CONCURRENCY: usize = 16;

/// What the stage works with.
#[derive(Debug)]
pub struct WebsubContext<F, C> {
    /// Posts requests to hubs.
    pub fetcher: Arc<F>,
    /// The durable subscriptions.
    pub store: SubscriptionStore,
    /// The address at which hubs reach us, without the token of a subscription.
    pub public_url: Url,
    /// The lease that hubs are asked for.
    pub lease: Live<Duration>,
    /// The sources that may be subscribed to, by id.
    pub sources: HashMap<String, Arc<Source>>,
    /// The clock of all times here.
    pub clock: Arc<C>,
}

/// What the stage works on.
#[derive(Debug)]
pub struct Inputs {
    /// From polls: what sources say of their hubs.
    pub found: mpsc::Receiver<HubAnnouncement>,
    /// From the schedule: sources that are polled no more, by their ids.
    pub gone: mpsc::Receiver<Vec<String>>,
    /// From the listener: what hubs ask and send.
    pub callbacks: mpsc::Receiver<CallbackRequest>,
    /// To the schedule: whose hub is gone, so that it is polled at its own pace again.
    pub early_polls: mpsc::Sender<EarlyPoll>,
}

/// Runs until no more polls are made.
pub async fn run<F: Post, C: Clock>(
    parts: WebsubContext<F, C>,
    mut inputs: Inputs,
) -> Result<(), PipelineError> {
    let mut requests: JoinSet<(String, Mode, Result<Reply, FetchError>)> = JoinSet::new();
    let mut manager = SubscriptionManager::open(parts, inputs.early_polls).await?;
    loop {
        let wait = manager.wait();
        tokio::select! {
            found = inputs.found.recv() => match found {
                Some(announcement) => manager.follow(announcement).await?,
                None => return Ok(()),
            },
            Some(gone) = inputs.gone.recv() => manager.end_all_of(&gone).await?,
            Some(request) = inputs.callbacks.recv() => manager.answer(request).await?,
            Some(ended) = requests.join_next() => {
                let (token, mode, reply) = ended?;
                manager.request_ended(&token, mode, reply).await?;
            }
            () = tokio::time::sleep(wait), if requests.len() < CONCURRENCY => {
                if let Some((token, mode)) = manager.step().await? {
                    let (fetcher, hub, form) = manager.request(&token, mode);
                    if let Some((hub, allowed)) = hub {
                        requests.spawn(async move { (token, mode, fetcher.post_within(hub, form, &allowed).await) });
                    }
                }
            }
        }
    }
}
