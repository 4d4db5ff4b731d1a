//! What the parts of the daemon are told of the config: made of it in one place, at the start and at
//! each reload, and read anew by whoever works by it.
//!
//! What must stay true: of another config only the settings that a running daemon takes over are used
//! ([`Config::taking_hot`]); all of them are ready before one is.

use std::{env, sync::Arc, time::Duration};

use super::{DaemonError, admin::access::Access, monitor};
use crate::{
    base::{clock::SystemClock, live::Live, sequence::Sequence},
    config::{Backlog, Config, LogFilter},
    fetch::{HttpFetcher, Limits, Memory, Pace, PreparedLimits, memory::MemoryPlan},
    policy::{label::Labels, looks::LookRules, polling::decide::Bounds, retry},
    stages::{commit, pages::reading, poll, websub},
    telemetry::{self, metrics},
};

pub(crate) type Fetcher = HttpFetcher<Arc<SystemClock>>;

/// The settings that may be exchanged; clones share them.
#[derive(Debug, Clone)]
pub(super) struct LiveSettings {
    pub(super) rules: Live<poll::Rules>,
    pub(super) reading: Live<reading::Settings>,
    pub(super) revisits: Live<commit::RevisitRules>,
    pub(super) differences: Live<bool>,
    pub(super) labels: Live<Labels>,
    pub(super) max_body: Live<usize>,
    pub(super) lease: Live<Duration>,
    pub(super) monitor: Live<monitor::Settings>,
    pub(super) admin_hosts: Live<Vec<String>>,
    pub(super) access: Access,
    pub(super) traced_share: Live<f64>,
    pub(super) drain: Live<Duration>,
}

/// What a reload is about to exchange.
#[derive(Debug)]
pub(super) struct PreparedSettings {
    pub(super) config: Config,
    labels: Labels,
    limits: Option<PreparedLimits>,
}

impl LiveSettings {
    pub(super) fn new(config: &Config, labels: Labels) -> Self {
        metrics::label_rules(labels.len(), labels.terms());
        Self {
            rules: Live::new(rules(config)),
            reading: Live::new(reading_settings(config)),
            revisits: Live::new(revisits(config)),
            differences: Live::new(config.record.difference),
            labels: Live::new(labels),
            max_body: Live::new(config.fetch.max_body.as_usize()),
            lease: Live::new(config.websub.lease),
            monitor: Live::new(monitor::Settings::from_config(config)),
            admin_hosts: Live::new(admin_hosts(config)),
            access: Access::new(&config.admin),
            traced_share: Live::new(config.telemetry.traces.sample.get()),
            drain: Live::new(config.run.drain_timeout),
        }
    }

    /// Makes ready for a config in the place of another.
    ///
    /// # Errors
    /// Where the HTTP client cannot be made. Nothing has changed then.
    pub(super) fn prepare(
        (config, labels): (Config, Labels),
        before: &Config,
        fetcher: &Fetcher,
    ) -> Result<PreparedSettings, DaemonError> {
        let is_same = config.fetch == before.fetch;
        let limits = (!is_same).then(|| fetcher.prepare(limits(&config, Memory::default())));
        let limits = limits.transpose().map_err(|error| DaemonError::Client(error.to_string()))?;
        Ok(PreparedSettings { config, labels, limits })
    }

    /// Exchanges all that was made ready.
    pub(super) fn take_over(
        &self,
        PreparedSettings { config, labels, limits }: PreparedSettings,
        fetcher: &Fetcher,
        log_level: Option<&LogFilter>,
    ) {
        if let Some(limits) = limits {
            fetcher.take_over(limits);
        }
        self.rules.replace(rules(&config));
        self.reading.replace(reading_settings(&config));
        self.revisits.replace(revisits(&config));
        self.differences.replace(config.record.difference);
        metrics::label_rules(labels.len(), labels.terms());
        self.labels.replace(labels);
        self.max_body.replace(config.fetch.max_body.as_usize());
        self.lease.replace(config.websub.lease);
        self.monitor.replace(monitor::Settings::from_config(&config));
        self.admin_hosts.replace(admin_hosts(&config));
        self.access.change(&config.admin);
        self.traced_share.replace(config.telemetry.traces.sample.get());
        self.drain.replace(config.run.drain_timeout);
        let filter = config.log.level.in_force(log_level, |name| env::var(name).ok());
        if let Ok(filter) = filter {
            telemetry::change_log_filter(filter.as_str());
        }
    }
}

/// The public names of the admin endpoint.
fn admin_hosts(config: &Config) -> Vec<String> {
    config.admin.hosts.iter().map(ToString::to_string).collect()
}

/// The fetcher that the config asks for.
pub(crate) fn fetcher(config: &Config) -> Result<(Arc<Fetcher>, Arc<SystemClock>), DaemonError> {
    fetcher_numbered_by(config, Sequence::default())
}

pub(super) fn fetcher_numbered_by(
    config: &Config,
    sequence: Sequence,
) -> Result<(Arc<Fetcher>, Arc<SystemClock>), DaemonError> {
    let memory = Memory::new(MemoryPlan {
        budget: config.fetch.memory.as_usize(),
        threads: config.page.worker_count(),
        connections: config.poll.concurrency + config.page.concurrency + websub::BODIES,
    });
    let clock = Arc::new(SystemClock);
    let fetcher = HttpFetcher::new(limits(config, memory), Arc::clone(&clock))
        .map_err(|error| DaemonError::Client(error.to_string()))?;
    Ok((Arc::new(fetcher.numbered_by(sequence)), clock))
}

fn limits(config: &Config, memory: Memory) -> Limits {
    let fetch = &config.fetch;
    Limits {
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
        memory,
        allow: fetch.allow_addresses.clone(),
        ..Limits::default()
    }
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
        refetch_per_day: refetch_per_day(config),
        max_decoded: config.fetch.max_decoded.as_usize(),
        per_host: config.fetch.per_host,
    }
}

fn refetch_per_day(config: &Config) -> u16 {
    u16::try_from(config.page.refetch_per_day).unwrap_or(u16::MAX)
}

/// When pages are tried again that failed.
fn retries(config: &Config) -> retry::Retry {
    let page = &config.page;
    retry::Retry { tries: page.tries, first: page.retry_first, max: page.retry_max }
}

/// When pages are read again.
fn revisits(config: &Config) -> commit::RevisitRules {
    let page = &config.page;
    commit::RevisitRules {
        retry: retries(config),
        refetch_per_day: refetch_per_day(config),
        looks: LookRules { after: page.looks.clone(), withdraw_after: page.withdraw_after },
    }
}

/// How pages are read.
fn reading_settings(config: &Config) -> reading::Settings {
    reading::Settings {
        concurrency: config.page.concurrency,
        per_host: config.fetch.per_host,
        in_flight: config.queues.extracted,
        retry: retries(config),
        max_decoded: config.fetch.max_decoded.as_usize(),
        follow_pages: config.page.follow_pages,
    }
}
