//! `WebSub` (W3C Recommendation of 23 January 2018): hubs tell what is new, so that polls are only the safety net.
//!
//! A poll that reads a source finds its hubs ([`announced`]). The [`stage`] subscribes there, and keeps what it knows of each
//! [`subscription`] in the store. Hubs reach us at the [`listener`], whose address is public and apart from the admin
//! endpoint: it hands questions to the stage and content, once its [`signature`] is found right, to the poll stage, where it
//! is read like a poll of its source and never at the same time. Polls count what a hub missed ([`delivery`]).
//!
//! What must stay true: content is believed only with a signature made with a secret that one hub was told; a hub hears of
//! success only when what it sent is durable, or else sends it again; nothing is lost where a hub lies, sleeps or
//! dies, because a source is polled at least before half of its listing has passed.

mod desk;
mod stage;
mod signature;
mod slots;
mod listener;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, sync::oneshot};
use url::Url;

use crate::{
    config::sources::Source,
    fetch::{Fetch, Fetched},
    policy::hub::{
        announced::Announced,
        question::{Answer, Question},
    },
    store::{StoreError, SubscriptionStore},
};

pub use listener::{Listener, Outputs, serve};
pub(crate) use slots::BODIES;
pub use stage::{Inputs, Parts, run};

/// What a poll found a source to say of its hubs; nothing where it names none any more.
#[derive(Debug)]
pub struct Found {
    /// Whose.
    pub source: Arc<Source>,
    /// Where its changes are announced.
    pub announced: Option<Announced>,
}

/// What a hub sent.
#[derive(Debug)]
pub struct Push {
    /// About which source.
    pub source: Arc<Source>,
    /// What is new in it; nothing where the hub only told that there is something.
    pub content: Option<Box<Fetched>>,
    /// Told once what it brought is durable.
    pub done: oneshot::Sender<()>,
}

/// What the listener asks the stage.
#[derive(Debug)]
pub struct Ask {
    /// Which subscription: the end of the callback's path.
    token: String,
    what: What,
}

#[derive(Debug)]
enum What {
    /// What the hub that asks this is to hear.
    Answer(Question, oneshot::Sender<Answer>),
    /// Whose content it is.
    Whose(oneshot::Sender<Whose>),
}

/// Whose content came.
#[derive(Debug)]
enum Whose {
    /// Of a subscription that is to last.
    Wanted { source: Arc<Source>, secret: String, at: Url },
    /// Of one that is being ended.
    Ending,
    /// Of one whose hub has sent too much of late.
    TooOften,
    /// Of none.
    Unknown,
}

/// What the two stages begin with.
#[derive(Debug)]
pub struct Setup {
    /// Where hubs connect.
    pub listener: TcpListener,
    /// What they are told for it.
    pub public_url: Url,
    /// The lease that is asked for.
    pub lease: Duration,
    /// Bytes of what a hub sends.
    pub max_body: usize,
}

impl Setup {
    /// The stages' parts. Of the sources only those that are subscribed to are remembered; others come with their polls.
    pub fn parts<F: Fetch, C>(
        self,
        store: &SubscriptionStore,
        sources: &[Source],
        (fetcher, clock): (Arc<F>, Arc<C>),
    ) -> Result<(Parts<F, C>, Listener<C>), StoreError> {
        let subscribed: HashSet<String> = store.all()?.into_iter().map(|it| it.source).collect();
        let wanted = sources.iter().filter(|it| !it.paused && subscribed.contains(it.id.as_str()));
        let sources: HashMap<String, Arc<Source>> = wanted.map(|it| (it.id.to_string(), Arc::new(it.clone()))).collect();
        let (Self { listener, public_url, lease, max_body }, memory) = (self, fetcher.memory());
        let desk = Parts { fetcher, store: store.clone(), public_url, lease, sources, clock: Arc::clone(&clock) };
        Ok((desk, Listener { listener, max_body, memory, clock }))
    }
}
