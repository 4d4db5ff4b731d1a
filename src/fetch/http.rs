//! Fetches over HTTP.
//!
//! One client serves all hosts: it only pools connections and speaks HTTP/1.1 and HTTP/2. Redirects
//! are followed here and not by the client, because every hop has to be looked at: its scheme, its
//! address, its host's turn. There are no cookies, no referers and no proxies from the environment.
//!
//! What must stay true: nothing is connected to before [`AddressPolicy`] permitted that very
//! address; no answer makes us hold more than `max_body` bytes, of which all but a little have
//! their [`Room`](super::Room), or wait longer than `total_timeout`; a turn at a host is held while
//! we talk to that host and never while we wait for another's, so turns cannot wait for each other
//! in a circle; credentials in an address are sent to its host and appear in no outcome; what a
//! host says about how often to come is noted while its turn is held, so that the next in the line
//! hears of it.

mod doors;
mod hop;
mod read;
mod refusal;
mod rules;
mod post;

use std::{error::Error, fmt, mem, sync::Arc, time::Duration};

use reqwest::{
    Client,
    header::{ACCEPT_ENCODING, HeaderMap, HeaderValue},
    redirect::Policy,
};
use tokio::{sync::watch, time::Instant};
use url::Url;

use super::{
    BlockKind, Fetch, FetchError, Fetched, Limits, Memory, Outcome, Request,
    address::{AddressPolicy, AddressRefused, Lookup, PublicResolver, SystemLookup},
    challenge,
    hosts::{self, Hosts, Order, Pace},
    names::Remembered,
    network::Network,
    robots::Robots,
};
use crate::{
    base::{clock::Clock, live::Live, sequence::Sequence},
    model::source::AllowedNetworks,
};
use doors::{ClientFactory, ScopedClient, ScopedClients};
use hop::{Hop, Redirect};
use read::{BodyLimits, Deadline};

/// Most hosts are visited once in minutes, so a connection that was not used again soon will not
/// be. With 100,000 hosts in five minutes this keeps some three thousand idle.
const IDLE: Duration = Duration::from_secs(10);
/// What a server may send ahead of what is read, of a stream and of a connection: it lies in
/// memory, outside of the budget.
const AHEAD: u32 = 256 << 10;

/// Fetches over HTTP within its [`Limits`].
#[derive(Debug)]
pub struct HttpFetcher<C> {
    doors: Live<ScopedClients>,
    make: ClientMaker,
    hosts: Hosts,
    network: Network,
    robots: Robots,
    memory: Memory,
    clock: C,
    sequence: Sequence,
}

/// Makes clients, with the resolver that the first ones have.
#[derive(Clone)]
struct ClientMaker(Arc<ClientFactory>);

// A function has nothing to show.
impl fmt::Debug for ClientMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientMaker")
    }
}

/// Other limits, with clients that keep to them.
#[derive(Debug)]
pub struct PreparedLimits(ScopedClients);

/// Whether an address may be asked for.
enum Admission {
    /// Its host may be asked this often.
    At(Pace),
    /// Not now, or not at all.
    Refused(Outcome),
}

impl<C: Clock> HttpFetcher<C> {
    /// A fetcher that stays within `limits`.
    ///
    /// # Errors
    /// When the client cannot be built: the user agent is no header value, or the system's TLS does
    /// not start.
    pub fn new(limits: Limits, clock: C) -> Result<Self, FetchError> {
        Self::resolving(limits, clock, Remembered::new(SystemLookup))
    }

    /// The same with another resolver of names.
    ///
    /// # Errors
    /// Fails as [`HttpFetcher::new`] does.
    pub fn resolving(limits: Limits, clock: C, lookup: impl Lookup) -> Result<Self, FetchError> {
        let make = ClientMaker(Arc::new(move |limits: &Limits, addresses| {
            client(limits, addresses, lookup.clone())
        }));
        let (hosts, robots) = (Hosts::new(limits.per_host), Robots::default());
        let (network, sequence) = (Network::default(), Sequence::default());
        let memory = limits.memory.clone();
        let doors = Live::new(ScopedClients::new(limits, Arc::clone(&make.0))?);
        Ok(Self { doors, make, hosts, network, robots, memory, clock, sequence })
    }

    /// Makes ready for other limits. Memory stays as it is.
    ///
    /// # Errors
    /// Fails as [`HttpFetcher::new`] does; nothing has changed then.
    pub fn prepare(&self, limits: Limits) -> Result<PreparedLimits, FetchError> {
        let limits = Limits { memory: self.memory.clone(), ..limits };
        ScopedClients::new(limits, Arc::clone(&self.make.0)).map(PreparedLimits)
    }

    /// Keeps to other limits from the next fetch on. Connections that wait are not used again.
    pub fn take_over(&self, PreparedLimits(doors): PreparedLimits) {
        self.hosts.set_per_host(doors.limits().per_host);
        self.doors.replace(doors);
    }

    /// The same, numbering its requests with others'.
    #[must_use]
    pub fn numbered_by(self, sequence: Sequence) -> Self {
        Self { sequence, ..self }
    }

    /// Whether the network is lost, now and whenever that changes: no host answers at all.
    #[must_use]
    pub fn network_lost(&self) -> watch::Receiver<bool> {
        self.network.watch()
    }

    async fn follow(
        &self,
        mut request: Request,
        bound: BodyLimits<'_>,
        door: &ScopedClient,
    ) -> Result<Outcome, FetchError> {
        let total = door.limits.total_timeout;
        let mut left = total;
        let mut via: Vec<Url> = Vec::new();
        let (mut moved, mut for_good) = (None, true);
        loop {
            door.permit(&request.url)?;
            let host = hosts::name(&request.url);
            let pace = match self.admit(&request, &host, door).await? {
                Admission::At(pace) => pace,
                Admission::Refused(outcome) => return Ok(outcome),
            };
            let order = match (request.goes_first, via.is_empty()) {
                (true, _) => Order::First,
                (false, true) => Order::Next,
                (false, false) => Order::Queued,
            };
            let turn = match request
                .silence
                .pause(self.hosts.claim(&host, pace, order, &self.clock))
                .await
            {
                Ok(turn) => turn,
                Err(deferred) => return Ok(Outcome::Deferred(deferred)),
            };
            let mut deadline = Deadline::within(left, total);
            let hop = self.hop(&request, bound, door, &mut deadline).await;
            self.record_answer(&host, &hop);
            let hop = hop?;
            drop(turn);
            left = deadline.at.saturating_duration_since(Instant::now());
            match hop {
                Hop::Done(Outcome::NotModified { fresh_for, .. }) => {
                    return Ok(Outcome::NotModified { fresh_for, moved });
                }
                Hop::Done(outcome) => return Ok(outcome),
                Hop::Body(fetched) => {
                    if via
                        .first()
                        .is_some_and(|asked| challenge::wants_consent(asked, &fetched.url))
                    {
                        return Ok(Outcome::Blocked(BlockKind::Consent(hosts::name(&fetched.url))));
                    }
                    return Ok(Outcome::New(Box::new(Fetched { via, moved, ..*fetched })));
                }
                Hop::Redirect(Redirect { target, permanent }) => {
                    // What lies behind a passing redirect may be elsewhere tomorrow.
                    for_good &= permanent;
                    if for_good {
                        moved = Some(without_credentials(target.clone()));
                    }
                    let seen = without_credentials(mem::replace(&mut request.url, target));
                    via.push(seen);
                    // An address that leads back to itself only wants a cookie, which it will not
                    // get.
                    if via.len() > door.limits.max_redirects || via.contains(&request.url) {
                        return Err(FetchError::Redirects(door.limits.max_redirects));
                    }
                }
            }
        }
    }

    /// Whether an address may be asked for now, the host's robots.txt considered, and how often the
    /// host may be.
    async fn admit(
        &self,
        request: &Request,
        host: &str,
        door: &ScopedClient,
    ) -> Result<Admission, FetchError> {
        let pace = door.limits.pace;
        if !request.obeys_robots {
            return Ok(Admission::At(pace));
        }
        // Nor is a host that is left alone asked for that file.
        if let Err(deferred) = self.hosts.check_cooldown(host, self.clock.now()) {
            return Ok(Admission::Refused(Outcome::Deferred(deferred)));
        }
        let rules = self.rules(&request.url, door).await?;
        if let Some(rule) = rules.forbidden_by(&request.url) {
            return Ok(Admission::Refused(Outcome::Blocked(BlockKind::Robots(rule))));
        }
        let delay = rules.delay.unwrap_or_default().min(door.limits.max_crawl_delay);
        let is_longer = delay > pace.spacing;
        Ok(Admission::At(if is_longer { Pace { spacing: delay, burst: 1 } } else { pace }))
    }
}

impl<C: Clock> Fetch for HttpFetcher<C> {
    async fn fetch(&self, request: Request) -> Outcome {
        self.fetch_within(request, &AllowedNetworks::default()).await
    }

    async fn fetch_within(&self, request: Request, allowed: &AllowedNetworks) -> Outcome {
        let door = match self.doors.get().door_for(allowed) {
            Ok(door) => door,
            Err(error) => return Outcome::Failed(error),
        };
        let bound = door.bound(door.limits.max_body, false);
        self.follow(request, bound, &door).await.unwrap_or_else(Outcome::Failed)
    }

    fn memory(&self) -> Memory {
        self.memory.clone()
    }

    fn cool_down(&self, host: &str, wait: Duration) {
        self.hosts.cool_down(host, wait, self.clock.now());
    }
}

/// A client that connects to what its policy permits alone.
fn client(
    limits: &Limits,
    addresses: Arc<AddressPolicy>,
    lookup: impl Lookup,
) -> Result<Client, FetchError> {
    let encodings = (ACCEPT_ENCODING, HeaderValue::from_static("gzip, br, zstd, deflate"));
    Client::builder()
        .user_agent(&limits.user_agent)
        .default_headers(HeaderMap::from_iter([encodings]))
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .dns_resolver(PublicResolver::new(addresses, lookup))
        .connect_timeout(limits.connect_timeout)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(limits.per_host)
        .http2_initial_stream_window_size(AHEAD)
        .http2_initial_connection_window_size(AHEAD)
        // Old servers fold lines and write nonsense into headers that we do not read.
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .build()
        .map_err(transport)
}

/// Says what broke and why: the client's own text is the outermost of a chain, and hides the cause.
fn transport(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let connecting = error.is_connect();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<AddressRefused>() {
            return FetchError::Forbidden {
                address: format!("{} ({})", refused.address, refused.host),
            };
        }
        let inner = error.to_string();
        if !text.ends_with(&inner) {
            text.push_str(": ");
            text.push_str(&inner);
        }
        cause = error.source();
    }
    if connecting { FetchError::Unreachable(text) } else { FetchError::Transport(text) }
}

/// User name and password are between us and the host; what is reported goes to logs and into
/// records.
fn without_credentials(mut url: Url) -> Url {
    // Both fail only for addresses without a host, which have no credentials either.
    url.set_username("").unwrap_or_default();
    url.set_password(None).unwrap_or_default();
    url
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::base::clock::SystemClock;

    #[tokio::test]
    async fn waiting_for_a_turn_does_not_count_against_the_timeout() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let total_timeout = Duration::from_secs(1);
        let allow = vec!["127.0.0.0/8".parse().unwrap()];
        let fetcher = HttpFetcher::new(
            Limits { total_timeout, allow, per_host: 1, ..Limits::default() },
            SystemClock,
        )
        .unwrap();

        let turn = fetcher
            .hosts
            .claim(&hosts::name(&url), Limits::default().pace, Order::Next, &SystemClock)
            .await
            .unwrap();
        let release = async {
            tokio::time::sleep(total_timeout + Duration::from_millis(100)).await;
            drop(turn);
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_u8().await.unwrap();
            stream.write_all(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n").await.unwrap();
            stream
        };
        let request = Request { obeys_robots: false, ..Request::new(url, "*/*") };
        let (outcome, _stream) = tokio::join!(fetcher.fetch(request), release);
        assert!(matches!(outcome, Outcome::Gone { status: 410 }), "{outcome:?}");
        assert!(fetcher.hosts.is_empty());
    }

    #[test]
    fn a_user_agent_that_is_no_header_is_an_error() {
        let limits = Limits { user_agent: "two\nlines".to_owned(), ..Limits::default() };
        assert!(matches!(HttpFetcher::new(limits, SystemClock), Err(FetchError::Transport(_))));
    }
}
