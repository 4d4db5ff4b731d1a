//! Puts a daemon together from its config and runs it: config → build → run → drain.

pub mod admin;
pub mod erase;
pub mod explain;
pub mod letters;
mod list_sizes;
mod lists;
mod live;
mod monitor;
mod older_letters;
mod parts;
pub mod reload;
pub(crate) mod summary;
mod systemd;
mod watched_files;

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

pub(crate) use live::{fetcher, rules};

use crate::{
    base::clock::{Clock as _, SystemClock},
    config::{Config, ConfigErrors, labels, sources::Sources},
    daemon::{
        admin::{
            AdminState,
            api::Api,
            control,
            forms::Forms,
            requests::RequestTargets,
            status::{Health, StatusPages},
        },
        list_sizes::ListSizes,
        live::LiveSettings,
        parts::{edition_bounds, parts, start_traces, websub},
        reload::{ReloadCommand, ReloadInputs, ReloadTargets, Reloader},
    },
    pipeline::{self, Queues, Steering},
    stages::{
        PipelineError,
        publish::{Status, sink::Sink, sinks},
        schedule::{Pressure, change::ScheduleRequest},
    },
    store::{LetterStore, Store, StoreError},
    telemetry::{metrics, ready::Ready, unreadable::UnreadablePages},
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
    config.route.routes().topics().iter().for_each(|topic| metrics::begin_route(topic));
    let live = LiveSettings::new(config, labels::load(config)?);
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
    let (mut beside, steering, reloads) = start_beside(config, &live, &store, &mut start).await?;
    tracing::info!(store = %store.id(), sources = sources.polled.len(), topics = sources.topics.len(), data_dir = %config.data_dir.display(), "started");
    let (traces, export) = start_traces(config, &live, &store)?;
    let mut parts = parts((config, &live), sources, store.clone(), beside.letters, sink)?;
    parts.page.unreadable = beside.unreadable;
    parts.trace_into(traces);
    let lost = parts.poll.fetcher.network_lost();
    beside.tasks.spawn(admin::report_network(lost, steering.ready.clone()));
    if let Some(inputs) = start.reload {
        let pages = parts.page.rules.clone();
        let fetcher = Arc::clone(&parts.poll.fetcher);
        let targets = ReloadTargets {
            changes: beside.changes,
            pages,
            live: live.clone(),
            fetcher,
            store: store.clone(),
            sizes,
        };
        let running = (config.clone(), parts.sources.topics.clone());
        beside.tasks.spawn(Reloader::new(inputs, running, targets).run(reloads));
    }
    parts.websub = websub(config, &live).await?;
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
    live: &LiveSettings,
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
    let access = live.access.clone();
    let forms = Forms::new(targets.clone(), access.clone());
    let pages = StatusPages::new(start.metrics.clone(), health, targets.clone(), forms);
    let api = Api::new(targets.clone(), access, ready.clone(), SystemClock.now());
    let admin =
        AdminState { metrics: start.metrics.clone(), hosts: live.admin_hosts.clone(), pages, api };
    let address = start_admin(config, admin, &mut tasks).await?;
    if let (Some(address), Some(served)) = (address, start.served.take()) {
        // Whoever wanted to know may have gone.
        served.send(address).ok();
    }
    tasks.spawn(control_socket(config)?.serve(targets));
    let metrics = start.metrics.clone();
    let monitored = monitor::Outputs { pressure: pressure_tx, ready: ready.clone(), metrics };
    let settings = live.monitor.clone();
    let swept = monitor::Swept {
        letters: letters.clone(),
        editions: store.editions(edition_bounds(config)),
    };
    tasks.spawn(monitor::run(store.clone(), settings, monitored, swept));
    let steering = Steering {
        pressure,
        status: status_tx,
        changes,
        operator_requests,
        ready,
        stop: start.stop.clone(),
        drain: live.drain.clone(),
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
