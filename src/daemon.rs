//! Puts a daemon together from its config and runs it: config → build → run → drain.

pub mod admin;
pub mod erase;
pub mod explain;
pub mod letters;
mod list_sizes;
mod lists;
mod monitor;
mod older_letters;
pub mod reload;
pub(crate) mod summary;
mod systemd;

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    base::{
        clock::{Clock as _, SystemClock},
        sequence::Sequence,
    },
    config::{Backlog, Config, ConfigErrors, labels, sources::Sources},
    daemon::{
        admin::{
            AdminState,
            access::Access,
            api::Api,
            control,
            forms::Forms,
            requests::RequestTargets,
            status::{Health, StatusPages},
        },
        list_sizes::ListSizes,
        reload::{ReloadCommand, ReloadInputs, ReloadTargets, Reloader},
    },
    fetch::{Fetch as _, HttpFetcher, Limits, Memory, Pace, memory::MemoryPlan},
    pipeline::{self, Queues, Steering},
    policy::{looks::LookRules, polling::decide::Bounds, retry},
    stages::{
        PipelineError,
        commit::{self, LabelRules},
        input,
        pages::{self, reading, source_settings},
        poll,
        publish::{Status, sink::Sink, sinks},
        schedule::{Pressure, change::ScheduleRequest},
        websub,
    },
    store::{LetterStore, Store, StoreError},
    telemetry::{
        metrics,
        ready::Ready,
        traces::{
            Tracer,
            export::{self, Export, ExportSettings},
        },
        unreadable::UnreadablePages,
    },
};

/// How often a start on a full disk checks whether there is room.
const FULL_DISK_RECHECK: Duration = Duration::from_secs(1);

/// Why a daemon did not start or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The config or the sources are wrong.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The HTTP client cannot be made.
    #[error("starting the HTTP client: {0}")]
    Client(String),
    /// The admin address is taken.
    #[error("listening on {address}: {source}")]
    Listen {
        /// The configured address.
        address: SocketAddr,
        /// Why that is not possible.
        source: std::io::Error,
    },
    /// The control socket cannot be made.
    #[error("the control socket {}: {source}", path.display())]
    Control {
        /// The path of the socket.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The operating system refused something at the start.
    #[error("starting: {0}")]
    Start(std::io::Error),
    /// A stage failed.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
}

/// What the daemon is given beside its config.
#[derive(Debug)]
pub struct Start {
    /// What to poll, and which topics to read.
    pub sources: Sources,
    /// `None` where the config is not to be read again.
    pub reload: Option<ReloadInputs>,
    /// Renders the metrics.
    pub metrics: Option<PrometheusHandle>,
    /// Where the address of the admin endpoint goes, once it is served.
    pub served: Option<oneshot::Sender<SocketAddr>>,
    /// Ends the daemon in order.
    pub stop: CancellationToken,
}

/// Runs until `stop`, with the sink that the config names.
///
/// # Errors
/// What keeps the daemon from starting. Once it runs, only a damaged store or a panic ends it.
pub async fn run(config: &Config, start: Start) -> Result<(), DaemonError> {
    run_with(config, start, |store| sinks::start(config, store.id())).await
}

/// Runs the daemon with a sink of the caller's, which is made once the store is open.
pub async fn run_with(
    config: &Config,
    mut start: Start,
    sink: impl FnOnce(&Store) -> Box<dyn Sink>,
) -> Result<(), DaemonError> {
    let labels = LabelRules::new(labels::load(config)?);
    let store = open(config, &start.stop).await?;
    let mut sources = std::mem::take(&mut start.sources);
    let mut sizes = ListSizes::read(&store)?;
    let flags = start.reload.as_ref().map(|inputs| &inputs.flags);
    let empty = sizes.empty_now((config, flags), &sources);
    sizes.warn(&empty);
    sizes.note(&sources, &empty, &store).await;
    sources.with_added(store.added().all()?)?;
    let sink = sink(&store);
    if let Some(dir) = store.dir() {
        let letters = store.letters(config.dead_letters.max_bytes.bytes());
        older_letters::take_over(dir, &letters).await?;
    }
    let (mut beside, steering, reloads) = start_beside(config, &store, &mut start).await?;
    tracing::info!(store = %store.id(), sources = sources.polled.len(), topics = sources.topics.len(), data_dir = %config.data_dir.display(), "started");
    let (traces, export) = start_traces(config, &store)?;
    let mut parts = parts(config, sources, store.clone(), beside.letters, sink)?;
    parts.page.unreadable = beside.unreadable;
    parts.commit.labels = labels.clone();
    parts.trace_into(traces);
    if let Some(inputs) = start.reload {
        let (changes, pages) = (beside.changes, parts.page.rules.clone());
        let targets = ReloadTargets { changes, pages, store: store.clone(), sizes, labels };
        let running = (config.clone(), parts.sources.topics.clone());
        beside.tasks.spawn(Reloader::new(inputs, running, targets).run(reloads));
    }
    parts.websub = websub(config).await?;
    systemd::started();
    let outcome = pipeline::run(parts, queues(config), steering).await;
    if store.trouble().is_some() {
        // Whoever still waits for a store that cannot be reopened must not keep the process.
        store.close();
    }
    beside.tasks.shutdown().await;
    if let Some(export) = export {
        export.finish().await;
    }
    summary::stopped(start.metrics.as_ref(), &store);
    Ok(outcome?)
}

/// Starts sending traces, where the config wants it.
fn start_traces(config: &Config, store: &Store) -> Result<(Tracer, Option<Export>), DaemonError> {
    let traces = &config.telemetry.traces;
    let Some(endpoint) = &traces.endpoint else { return Ok((Tracer::default(), None)) };
    let settings = ExportSettings {
        endpoint: endpoint.url().clone(),
        share: traces.sample.get(),
        store: store.id(),
    };
    export::start(settings).map_err(|error| DaemonError::Client(error.to_string()))
}

/// What runs beside the stages.
struct Beside {
    tasks: JoinSet<()>,
    /// Where the schedule takes requests.
    changes: mpsc::Sender<ScheduleRequest>,
    letters: LetterStore,
    /// What the status pages show of pages that cannot be read.
    unreadable: UnreadablePages,
}

/// Starts what shows how the stages do and takes commands for them; returns it with the other ends
/// of its channels.
async fn start_beside(
    config: &Config,
    store: &Store,
    start: &mut Start,
) -> Result<(Beside, Steering, mpsc::Receiver<ReloadCommand>), DaemonError> {
    let (status_tx, status) = watch::channel(Status::default());
    let (pressure_tx, pressure) = watch::channel(Pressure::default());
    let (operator_requests_tx, operator_requests) = mpsc::channel(1);
    let (changes_tx, changes) = mpsc::channel(1);
    let (reloads_tx, reloads) = mpsc::channel(1);
    let ready = Ready::default();
    let letters = store.letters(config.dead_letters.max_bytes.bytes());
    let mut tasks = JoinSet::new();
    tasks.spawn(systemd::show_life());
    if let Some(metrics) = start.metrics.clone() {
        tasks.spawn(summary::run(metrics));
    }
    let stop = start.stop.clone();
    tasks.spawn(async move {
        stop.cancelled().await;
        metrics::polling_stopped("stopping", true);
        systemd::stopping();
    });
    tasks.spawn(admin::report_status(status, ready.clone()));
    let unreadable = UnreadablePages::default();
    let health = Health { ready: ready.clone(), unreadable: unreadable.clone() };
    let targets = RequestTargets {
        store: store.clone(),
        operator_requests: operator_requests_tx,
        changes: changes_tx.clone(),
        reloads: reloads_tx,
        letters: letters.clone(),
    };
    let access = Access::new(&config.admin);
    let forms = Forms::new(targets.clone(), access.clone());
    let pages = StatusPages::new(start.metrics.clone(), health, targets.clone(), forms);
    let api = Api::new(targets.clone(), access, ready.clone(), SystemClock.now());
    let admin = AdminState {
        metrics: start.metrics.clone(),
        hosts: config.admin.hosts.iter().map(ToString::to_string).collect(),
        pages,
        api,
    };
    let address = start_admin(config, admin, &mut tasks).await?;
    if let (Some(address), Some(served)) = (address, start.served.take()) {
        // Whoever wanted to know may have gone.
        served.send(address).ok();
    }
    tasks.spawn(control_socket(config)?.serve(targets));
    let metrics = start.metrics.clone();
    let monitored = monitor::Outputs { pressure: pressure_tx, ready: ready.clone(), metrics };
    let settings = monitor::Settings::from_config(config);
    tasks.spawn(monitor::run(store.clone(), settings, monitored, letters.clone()));
    let steering = Steering {
        pressure,
        status: status_tx,
        changes,
        operator_requests,
        ready,
        stop: start.stop.clone(),
        drain: config.run.drain_timeout,
    };
    Ok((Beside { tasks, changes: changes_tx, letters, unreadable }, steering, reloads))
}

/// Serves the admin endpoint, if the config wants it; returns its address.
async fn start_admin(
    config: &Config,
    state: AdminState,
    side_tasks: &mut JoinSet<()>,
) -> Result<Option<SocketAddr>, DaemonError> {
    let Some(address) = config.admin.listen.address() else { return Ok(None) };
    let listener = listen(address).await?;
    let local = listener.local_addr().ok();
    if let Some(local) = local {
        tracing::info!(url = format!("http://{local}/"), "metrics, health and status");
    }
    side_tasks.spawn(state.pages.clone().keep_history());
    side_tasks.spawn(admin::serve(listener, state, CancellationToken::new()));
    Ok(local)
}

fn control_socket(config: &Config) -> Result<control::Socket, DaemonError> {
    let path = config.control_socket();
    control::Socket::bind(&path).map_err(|source| DaemonError::Control { path, source })
}

fn queues(config: &Config) -> Queues {
    let queues = &config.queues;
    Queues { due: queues.due, polled: queues.polled, extracted: queues.extracted }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, DaemonError> {
    TcpListener::bind(address).await.map_err(|source| DaemonError::Listen { address, source })
}

/// The listener to which hubs push what is new, if the config wants it.
async fn websub(config: &Config) -> Result<Option<websub::WebsubSetup>, DaemonError> {
    let (Some(address), Some(public_url)) =
        (config.websub.listen.address(), &config.websub.public_url)
    else {
        return Ok(None);
    };
    let listener = listen(address).await?;
    if let Ok(local) = listener.local_addr() {
        tracing::info!(url = format!("http://{local}/"), public_url = %public_url.url(), "hubs are heard");
    }
    let (public_url, max_body) = (public_url.url().clone(), config.fetch.max_body.as_usize());
    Ok(Some(websub::WebsubSetup { listener, public_url, lease: config.websub.lease, max_body }))
}

/// Opens the store and begins a run. A store that is in use is tried again for three seconds, since
/// a command holds it for a moment only. Room on a full disk is waited for as long as it takes.
async fn open(config: &Config, stop: &CancellationToken) -> Result<Store, StoreError> {
    let mut tries = 30;
    loop {
        let begun = Store::open(&config.data_dir, config.store.cache.as_usize())
            .and_then(|store| store.begin_run().map(|()| store));
        let pause = match &begun {
            Err(StoreError::Locked { .. }) if tries > 0 => {
                tries -= 1;
                Duration::from_millis(100)
            }
            Err(error) if error.is_full_disk() => {
                tracing::error!(%error, "there is no room to start; it is waited for");
                systemd::starting("there is no room to start", FULL_DISK_RECHECK * 30);
                FULL_DISK_RECHECK
            }
            _ => return begun,
        };
        tokio::select! {
            () = stop.cancelled() => return begun,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Every source that the config names. Nothing is written.
///
/// # Errors
/// All that is wrong in the lists, at once.
pub async fn sources(config: &Config) -> Result<Sources, DaemonError> {
    lists::load(config).await.map(|loaded| loaded.sources)
}

/// The same for those who poll them: copies of the lists at addresses are kept.
///
/// # Errors
/// All that is wrong in the lists, at once.
pub async fn sources_to_poll(config: &Config) -> Result<Sources, DaemonError> {
    let loaded = lists::load(config).await?;
    loaded.keep_copies();
    Ok(loaded.sources)
}

type Fetcher = HttpFetcher<Arc<SystemClock>>;

/// The fetcher that the config asks for.
pub(crate) fn fetcher(config: &Config) -> Result<(Arc<Fetcher>, Arc<SystemClock>), DaemonError> {
    fetcher_numbered_by(config, Sequence::default())
}

fn fetcher_numbered_by(
    config: &Config,
    sequence: Sequence,
) -> Result<(Arc<Fetcher>, Arc<SystemClock>), DaemonError> {
    let (clock, fetch) = (Arc::new(SystemClock), &config.fetch);
    let limits = Limits {
        user_agent: fetch.user_agent(),
        per_host: fetch.per_host,
        pace: Pace { spacing: fetch.spacing, burst: fetch.burst },
        max_crawl_delay: fetch.max_crawl_delay,
        connect_timeout: fetch.connect_timeout,
        first_byte_timeout: fetch.first_byte_timeout,
        least_rate: fetch.least_rate.as_usize(),
        total_timeout: fetch.timeout,
        max_body: fetch.max_body.as_usize(),
        max_decoded: fetch.max_decoded.as_usize(),
        max_redirects: fetch.max_redirects,
        memory: Memory::new(MemoryPlan {
            budget: fetch.memory.as_usize(),
            threads: config.page.worker_count(),
            connections: config.poll.concurrency + config.page.concurrency + websub::BODIES,
        }),
        allow: fetch.allow_addresses.clone(),
        ..Limits::default()
    };
    let fetcher = HttpFetcher::new(limits, Arc::clone(&clock))
        .map_err(|error| DaemonError::Client(error.to_string()))?;
    Ok((Arc::new(fetcher.numbered_by(sequence)), clock))
}

/// The rules of polling that the config gives.
pub(crate) fn rules(config: &Config) -> poll::Rules {
    poll::Rules {
        bounds: Bounds { min: config.poll.min_interval, max: config.poll.max_interval },
        backlog: match config.poll.backlog {
            Backlog::All => None,
            Backlog::Within(age) => Some(age),
        },
        entries: poll::EntryBounds {
            per_poll: config.poll.entries_per_poll,
            per_day: config.poll.entries_per_day,
            pending: config.poll.entries_pending,
        },
        retention: config.store.retention,
        pages: config.page.mode,
        robots: config.fetch.robots,
        refetch_per_day: u16::try_from(config.page.refetch_per_day).unwrap_or(u16::MAX),
        max_decoded: config.fetch.max_decoded.as_usize(),
    }
}

/// How stories are found.
fn story_rules(config: &Config) -> commit::StoryRules {
    commit::StoryRules {
        compare_for: config.stories.compare_for,
        exact_for: config.stories.exact_for,
        memory: config.stories.memory.as_usize(),
    }
}

/// When pages are read again.
fn revisits(config: &Config) -> commit::RevisitRules {
    let page = &config.page;
    commit::RevisitRules {
        retry: retry::Retry { tries: page.tries, first: page.retry_first, max: page.retry_max },
        refetch_per_day: rules(config).refetch_per_day,
        looks: LookRules { after: page.looks.clone(), withdraw_after: page.withdraw_after },
    }
}

/// How pages are read.
fn reading_settings(config: &Config, retry: retry::Retry) -> reading::Settings {
    reading::Settings {
        concurrency: config.page.concurrency,
        per_host: config.fetch.per_host,
        in_flight: config.queues.extracted,
        retry,
        max_decoded: config.fetch.max_decoded.as_usize(),
        follow_pages: config.page.follow_pages,
    }
}

fn parts(
    config: &Config,
    sources: Sources,
    store: Store,
    letters: LetterStore,
    sink: Box<dyn Sink>,
) -> Result<pipeline::Parts<Fetcher, SystemClock>, DaemonError> {
    let (fetcher, clock) = fetcher_numbered_by(config, store.sequence())?;
    let max_decoded = config.fetch.max_decoded.as_usize();
    let (rules, revisits) = (rules(config), revisits(config));
    let settings = reading_settings(config, revisits.retry);
    Ok(pipeline::Parts {
        poll: poll::PollContext {
            fetcher: Arc::clone(&fetcher),
            store: store.polls(),
            rules,
            concurrency: config.poll.concurrency,
            per_host: config.fetch.per_host,
            traces: Tracer::default(),
            trace: None,
            clock: Arc::clone(&clock),
        },
        websub: None,
        input: input::Parts {
            store: store.topics(),
            topics: sources.topics.clone(),
            kafka: config.kafka.clone(),
            rules: input::Rules {
                pages: config.page.mode,
                robots: config.fetch.robots,
                waiting: config.queues.topic,
                max_bytes: max_decoded,
            },
            memory: fetcher.memory(),
            clock: Arc::clone(&clock),
        },
        page: pages::PageContext {
            fetcher,
            queue: store.entries(),
            settings,
            rules: source_settings::SourcePageSettings::new(&sources, store.added(), clock.now()),
            unreadable: UnreadablePages::default(),
            traces: Tracer::default(),
            clock: Arc::clone(&clock),
        },
        commit: commit::Parts {
            articles: store.articles(),
            outbox: store.outbox(),
            story_store: store.stories(),
            stories: story_rules(config),
            letters,
            revisits,
            differences: config.record.difference,
            labels: LabelRules::default(),
            traces: Tracer::default(),
            clock,
        },
        sources,
        sink,
        store,
        poll_now: config.poll.now,
        polls_per_source_day: config.poll.polls_per_source_day(),
    })
}

/// Completes at SIGTERM or SIGINT.
pub fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    })
}
