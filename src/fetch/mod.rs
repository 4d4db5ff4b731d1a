//! Gets bodies over HTTP: politely, bounded in every direction, and only from addresses that may be
//! fetched.
//!
//! The flow: `http` takes a [`Request`], waits for its turn at the host (`hosts`), connects to
//! addresses that are permitted (`address`), reads what came (`headers`), tells it from pages that
//! keep us out (`challenge`), and hands on the body as it was sent. [`Body::decode`] (`body`) is
//! left to the threads that parse, so that a compressed bomb never stalls the network's threads.
//!
//! Between two fetches idle connections are remembered and what a host asks of all who come: its
//! robots.txt (`robots`) and how long its cooldown lasts. Validators, redirects and waiting times
//! of one source are its facts, and kept with it.

pub mod address;
mod body;
mod challenge;
mod cpu;
pub mod file;
mod headers;
pub mod hosts;
mod robots;
pub mod http;
mod limits;
pub mod memory;
mod names;
mod network;
mod silence;

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use url::Url;

use crate::model::source::{AllowedNetworks, HeaderLinks, Validators};
pub use body::MAX_ENCODINGS;
pub use hosts::{DeferralReason, Deferred, Pace};
pub use http::{HttpFetcher, PreparedLimits};
pub use limits::Limits;
pub use memory::{Memory, Room, UnreadBody};
pub use silence::Silence;

/// One request, and how it is made.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each answers a question of its own, and is read in one place"
)]
pub struct Request {
    /// The address that is fetched.
    pub url: Url,
    /// What an earlier answer gave; sent back byte for byte.
    pub validators: Validators,
    /// The `Accept` header.
    pub accept: &'static str,
    /// Whether the site's robots.txt is heeded.
    pub obeys_robots: bool,
    /// Whether it goes before those who were sent away until the host's pace allows for them: a
    /// poll before the pages that earlier ones found.
    pub goes_first: bool,
    /// Whether only what is new since the validators will do (RFC 3229 with the instance
    /// manipulation `feed`).
    pub delta: bool,
    /// Whether the status is all that is asked for: then no body is read.
    pub status_only: bool,
    /// For how long the host is silent; whoever cares begins it.
    pub silence: Silence,
}

impl Request {
    /// For a whole body, whatever was known of it; behind those who wait for the host, and by its
    /// robots.txt.
    #[must_use]
    pub fn new(url: Url, accept: &'static str) -> Self {
        Self {
            url,
            validators: Validators::default(),
            accept,
            obeys_robots: true,
            goes_first: false,
            delta: false,
            status_only: false,
            silence: Silence::default(),
        }
    }
}

/// What a fetch came to. Only transport trouble is `Failed`; the rest are expected endings.
#[derive(Debug)]
pub enum Outcome {
    /// 200, or another 2xx with a body.
    New(Box<Fetched>),
    /// 304: what the validators are of is still the same.
    NotModified {
        /// For how long it says that the answer may be kept from now on; at most 30 days.
        fresh_for: Option<Duration>,
        /// Where permanent redirects led, without a passing one before: where it is from now on, as
        /// it seems.
        moved: Option<Url>,
    },
    /// 429, 503 with `Retry-After`, or a 403 that means the same.
    Throttled {
        /// 429, 503 or 403.
        status: u16,
        /// How long to stay away, where the server says; at most 30 days.
        retry_after: Option<Duration>,
    },
    /// 404 or 410.
    Gone {
        /// 404 or 410.
        status: u16,
    },
    /// No request was made: the host's other answers or its pace forbid it now.
    Deferred(Deferred),
    /// We are not wanted, or not like this.
    Blocked(BlockKind),
    /// Transport failed, or the status is none of the above.
    Failed(FetchError),
}

impl Outcome {
    /// The body that was asked for without validators, or in words why there is none.
    pub fn whole(self) -> Result<Fetched, String> {
        match self {
            Self::New(fetched) => Ok(*fetched),
            Self::NotModified { .. } => {
                Err("HTTP status 304 to an unconditional request".to_owned())
            }
            Self::Throttled { status, .. } | Self::Gone { status } => {
                Err(format!("HTTP status {status}"))
            }
            Self::Deferred(deferred) => Err(deferred.to_string()),
            Self::Blocked(block) => Err(block.to_string()),
            Self::Failed(error) => Err(error.to_string()),
        }
    }

    /// Whether the host said something.
    pub(crate) fn is_answer(&self) -> bool {
        match self {
            Self::Failed(error) => matches!(
                error,
                FetchError::Status(_)
                    | FetchError::TooLarge { .. }
                    | FetchError::NotText(_)
                    | FetchError::Redirects(_)
                    | FetchError::BadRedirect(_)
                    | FetchError::Decode(_)
            ),
            Self::Deferred(_) => false,
            _ => true,
        }
    }
}

/// How we are kept out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockKind {
    /// A page that wants proof of a human.
    #[error("a challenge page of {service} (HTTP status {status})")]
    Challenge {
        /// It may come with any.
        status: u16,
        /// The service whose page it is, by name.
        service: &'static str,
    },
    /// A page that wants consent.
    #[error("a consent wall at {0}")]
    Consent(String),
    /// The site's robots.txt, by this rule.
    #[error("robots.txt: {0}")]
    Robots(String),
}

/// A body and what came with it.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Where it was read, after redirects; without user name and password.
    pub url: Url,
    /// The addresses before redirects, first the one that was asked for; empty without redirects;
    /// without user names and passwords.
    pub via: Vec<Url>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The body as it was sent, to be decoded off the network threads.
    pub body: Body,
    /// What to remember once the body was parsed.
    pub validators: Validators,
    /// Where permanent redirects led, without a passing one before: where it is from now on, as it
    /// seems.
    pub moved: Option<Url>,
    /// For how long the answer may be kept, where it says; at most 30 days.
    pub fresh_for: Option<Duration>,
    /// The hubs and the topic that its headers name.
    pub links: HeaderLinks,
    /// When the request was sent that brought this body.
    pub requested: DateTime<Utc>,
    /// Which request that was, in the order of all that is looked at: later looks at a page win
    /// over earlier ones. 0 for what was not asked for over HTTP.
    pub order: u64,
    /// Whether it holds new entries alone (status 226).
    pub delta: bool,
}

/// A body, possibly compressed.
#[derive(Debug, Clone, Default)]
pub struct Body {
    /// The bytes as they were sent.
    pub bytes: Bytes,
    /// `Content-Encoding`, in the order it was applied; never more than [`MAX_ENCODINGS`] and one.
    pub encodings: Vec<String>,
    /// The memory that it has; none where it is small.
    pub room: Room,
}

/// Why a fetch failed.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address may not be fetched.
    #[error("refused: {address} is not a public address (allow it with fetch.allow_addresses)")]
    Forbidden {
        /// Host or address.
        address: String,
    },
    /// Only http and https are fetched.
    #[error("refused: the scheme {:?} is not http or https", .0.scheme())]
    Scheme(Url),
    /// A status that is neither success nor one of the outcomes.
    #[error("HTTP status {0}")]
    Status(u16),
    /// Without the file nobody knows what may be fetched.
    #[error("robots.txt cannot be read: {0}")]
    Robots(String),
    /// A picture, sound, a film or a font: its body is not read.
    #[error("no text: {0}")]
    NotText(String),
    /// The body is larger than the limit.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The largest body that is taken, in bytes.
        limit: usize,
    },
    /// The whole fetch took too long.
    #[error("no complete answer within {0:?}")]
    Timeout(Duration),
    /// Nothing came back in time.
    #[error("no answer within {0:?}")]
    NoAnswer(Duration),
    /// The body trickles.
    #[error("the body came at less than {0} bytes a second")]
    TooSlow(usize),
    /// More redirects than allowed, or a loop.
    #[error("more than {0} redirects, or a loop of them")]
    Redirects(usize),
    /// A redirect without a usable `Location`.
    #[error("a redirect to nowhere: {0}")]
    BadRedirect(String),
    /// There was no connection: DNS, TCP or TLS broke.
    #[error("{0}")]
    Unreachable(String),
    /// HTTP broke, or the connection in the midst of it.
    #[error("{0}")]
    Transport(String),
    /// The body could not be decompressed.
    #[error("decoding the body: {0}")]
    Decode(String),
}

impl FetchError {
    /// Whether trying again may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Forbidden { .. } | Self::Scheme(_) | Self::NotText(_) | Self::TooLarge { .. } => {
                false
            }
            Self::Status(status) => *status >= 500 || matches!(status, 403 | 408 | 425),
            Self::Robots(_)
            | Self::Timeout(_)
            | Self::NoAnswer(_)
            | Self::TooSlow(_)
            | Self::Redirects(_)
            | Self::BadRedirect(_)
            | Self::Unreachable(_)
            | Self::Transport(_)
            | Self::Decode(_) => true,
        }
    }
}

/// An answer to a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status of the last answer, after redirects.
    pub status: u16,
    /// The start of its body, where it is plain text.
    pub words: String,
}

/// A fetcher for one source: what it fetches, redirects and robots.txt included, may also be in the
/// source's own networks.
#[derive(Debug)]
pub struct SourceFetcher<F> {
    fetcher: Arc<F>,
    allowed: AllowedNetworks,
}

impl<F> SourceFetcher<F> {
    /// One for a source that may reach these networks.
    #[must_use]
    pub fn new(fetcher: Arc<F>, allowed: AllowedNetworks) -> Self {
        Self { fetcher, allowed }
    }
}

impl<F: Fetch> Fetch for SourceFetcher<F> {
    fn fetch(&self, request: Request) -> impl Future<Output = Outcome> + Send {
        self.fetcher.fetch_within(request, &self.allowed)
    }

    fn memory(&self) -> Memory {
        self.fetcher.memory()
    }

    fn cool_down(&self, host: &str, wait: Duration) {
        self.fetcher.cool_down(host, wait);
    }
}

/// The HTTP boundary for what is told to others: the requests of `WebSub`.
pub trait Post: Send + Sync + 'static {
    /// Posts a form (`application/x-www-form-urlencoded`), under the same bounds as a fetch.
    /// Redirects that keep the method (307, 308) are followed, others are the answer. No robots.txt
    /// is asked: what is posted to was made for programs.
    fn post(
        &self,
        url: Url,
        form: String,
    ) -> impl Future<Output = Result<Reply, FetchError>> + Send;

    /// Posts for a source that may also reach these networks.
    fn post_within(
        &self,
        url: Url,
        form: String,
        _allowed: &AllowedNetworks,
    ) -> impl Future<Output = Result<Reply, FetchError>> + Send {
        self.post(url, form)
    }
}

/// The HTTP boundary.
pub trait Fetch: Send + Sync + 'static {
    /// Fetches one address; every failure is an outcome.
    fn fetch(&self, request: Request) -> impl Future<Output = Outcome> + Send;

    /// Fetches for a source that may also reach these networks.
    fn fetch_within(
        &self,
        request: Request,
        _allowed: &AllowedNetworks,
    ) -> impl Future<Output = Outcome> + Send {
        self.fetch(request)
    }

    /// The memory that bodies are given and read in.
    fn memory(&self) -> Memory;

    /// Goes on with a cooldown that a host asked an earlier process for: it is not asked for
    /// `wait`.
    fn cool_down(&self, _host: &str, _wait: Duration) {}
}
