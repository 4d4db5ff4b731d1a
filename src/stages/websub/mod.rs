//! `WebSub` (W3C Recommendation of 23 January 2018): hubs tell what is new, so that polls are only
//! the safety net.
//!
//! A poll that reads a source finds its hubs ([`announced`]). The [`stage`] subscribes there, and
//! keeps what it knows of each
//! [`subscription`] in the store. Hubs reach us at the [`listener`], whose address is public and apart from the admin
//! endpoint: it hands questions to the stage and content, once its [`signature`] is found right, to
//! the poll stage, where it is read like a poll of its source and never at the same time. Polls
//! count what a hub missed ([`delivery`]).
//!
//! What must stay true: content is believed only with a signature made with a secret that one hub
//! was told; a hub hears of success only when what it sent is durable, or else sends it again;
//! nothing is lost where a hub lies, sleeps or dies, because a source is polled at least before
//! half of its listing has passed.

mod manager;
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
    base::live::Live,
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
pub use stage::{Inputs, WebsubContext, run};

/// What a source says of its hubs, as a poll found it.
#[derive(Debug)]
pub struct HubAnnouncement {
    /// The source that was polled.
    pub source: Arc<Source>,
    /// Its hubs and its topic; nothing where it names none any more.
    pub announced: Option<Announced>,
}

/// What a hub sent.
#[derive(Debug)]
pub struct Push {
    /// The source that it is about.
    pub source: Arc<Source>,
    /// The body as a fetch gives it; nothing where the hub only said that there is something new.
    pub content: Option<Box<Fetched>>,
    /// Signalled once what the body holds is durable.
    pub done: oneshot::Sender<()>,
}

/// A request that came to a callback, as the listener hands it to the stage.
#[derive(Debug)]
pub struct CallbackRequest {
    /// The end of the callback's path, which names the subscription.
    token: String,
    kind: RequestKind,
}

#[derive(Debug)]
enum RequestKind {
    /// A hub verifies what it was asked for: what is it to hear?
    Verify(Question, oneshot::Sender<Answer>),
    /// A hub sends content: whose is it?
    Owner(oneshot::Sender<CallbackOwner>),
}

/// The subscription that a callback belongs to.
#[derive(Debug)]
enum CallbackOwner {
    /// A subscription that is to last.
    Wanted { source: Arc<Source>, secret: String, at: Url },
    /// One that is being ended.
    Ending,
    /// One whose hub has sent too much of late.
    TooOften,
    /// No subscription has this callback.
    Unknown,
}

/// What the stage and its listener begin with.
#[derive(Debug)]
pub struct WebsubSetup {
    /// The socket that hubs connect to.
    pub listener: TcpListener,
    /// The address that hubs are given for it.
    pub public_url: Url,
    /// The lease that hubs are asked for.
    pub lease: Live<Duration>,
    /// The largest body that a hub may send, in bytes.
    pub max_body: Live<usize>,
}

impl WebsubSetup {
    /// Splits it between the stage and the listener. Of the sources only those that are subscribed
    /// to are remembered; others come with their polls.
    ///
    /// # Errors
    /// Where the subscriptions cannot be read.
    pub fn split<F: Fetch, C>(
        self,
        store: &SubscriptionStore,
        sources: &[Source],
        fetcher: Arc<F>,
        clock: Arc<C>,
    ) -> Result<(WebsubContext<F, C>, Listener<C>), StoreError> {
        let subscribed: HashSet<String> =
            store.all()?.into_iter().map(|subscription| subscription.source).collect();
        let wanted = sources
            .iter()
            .filter(|source| !source.paused && subscribed.contains(source.id.as_str()));
        let sources: HashMap<String, Arc<Source>> =
            wanted.map(|source| (source.id.to_string(), Arc::new(source.clone()))).collect();
        let (Self { listener, public_url, lease, max_body }, memory) = (self, fetcher.memory());
        let context = WebsubContext {
            fetcher,
            store: store.clone(),
            public_url,
            lease,
            sources,
            clock: Arc::clone(&clock),
        };
        Ok((context, Listener { listener, max_body, memory, clock }))
    }
}
