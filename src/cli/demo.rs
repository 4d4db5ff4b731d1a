//! `nashra demo`: the bundled news site on loopback, the real pipeline, records on standard output.

use std::{io::IsTerminal as _, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, ValueEnum};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{
    WORLD_FAILED, WRONG_INPUT,
    run::{self, LifeOptions},
};
use crate::{
    base::clock::{Clock as _, SystemClock},
    config::{Config, KafkaFlags, LogFilter, Overrides, SinkFlags, SinkKind, sources::Sources},
    daemon::{self, DaemonError, Start},
    demo,
    telemetry::metrics,
};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Where records go.
    #[arg(long, value_enum, default_value_t = Sink::Stdout)]
    sink: Sink,
    /// Brokers, with --sink kafka.
    #[arg(long, value_name = "HOST:PORT")]
    brokers: Option<String>,
    /// What the topics' names begin with.
    #[arg(long, value_name = "PREFIX")]
    topic_prefix: Option<String>,
    /// Keeps the store here, instead of in a folder that goes away at the end.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where metrics, health and the status page are served.
    #[arg(long, value_name = "ADDR|off", default_value = "127.0.0.1:0")]
    listen: String,
    #[command(flatten)]
    life: LifeOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sink {
    Stdout,
    Kafka,
}

impl Options {
    /// The flags of `nashra run` that do the same.
    fn overrides(&self, data_dir: PathBuf) -> Result<Overrides, String> {
        let parsed = |error: &dyn std::fmt::Display| error.to_string();
        Ok(Overrides {
            data_dir: Some(data_dir),
            sink: SinkFlags {
                kind: Some(if self.sink == Sink::Kafka {
                    SinkKind::Kafka
                } else {
                    SinkKind::Stdout
                }),
                kafka: KafkaFlags {
                    brokers: self
                        .brokers
                        .as_ref()
                        .map(|broker| broker.split(',').map(str::parse).collect())
                        .transpose()
                        .map_err(|error| parsed(&error))?,
                    topic_prefix: self
                        .topic_prefix
                        .as_ref()
                        .map(|topic_prefix| topic_prefix.parse())
                        .transpose()
                        .map_err(|error| parsed(&error))?,
                },
            },
            min_interval: Some(Duration::from_secs(1)),
            max_interval: Some(Duration::from_secs(2)),
            poll_now: Some(true),
            allow_address: Some(vec![
                "127.0.0.0/8".parse().map_err(|error: ipnet::AddrParseError| parsed(&error))?,
            ]),
            listen: Some(self.listen.parse().map_err(|error| parsed(&error))?),
            ..Overrides::default()
        })
    }
}

pub(super) fn run(options: &Options) -> ExitCode {
    let scratch = match tempfile::Builder::new().prefix("nashra-demo-").tempdir() {
        Ok(scratch) => scratch,
        Err(error) => {
            say!("nashra: a folder for the demo: {error}");
            return ExitCode::from(WORLD_FAILED);
        }
    };
    let data_dir = options.data_dir.clone().unwrap_or_else(|| scratch.path().to_owned());
    let mut config =
        match options.overrides(data_dir).map(|overrides| Config::load(None, &overrides)) {
            Ok(Ok(config)) => config,
            Ok(Err(errors)) => {
                say!("{errors}");
                return ExitCode::from(WRONG_INPUT);
            }
            Err(error) => {
                say!("nashra: {error}");
                return ExitCode::from(WRONG_INPUT);
            }
        };
    // What a person watches is the articles; a flag or NASHRA_LOG shows the rest.
    if std::io::stderr().is_terminal() {
        config.log.level = LogFilter::warn();
    }
    run::in_runtime(&config, &options.life, demo(&config, options))
}

async fn demo(config: &Config, options: &Options) -> Result<(), DaemonError> {
    let stop = CancellationToken::new();
    let site = demo::serve(SystemClock.now(), stop.clone()).await.map_err(DaemonError::Start)?;
    say!("{}", demo::introduction(&site.base));
    if options.sink == Sink::Kafka {
        let (brokers, articles) =
            (config.kafka.bootstrap_servers(), config.kafka.topic_prefix.topic("articles"));
        say!("The records go to Kafka; another terminal reads them with");
        say!("  kcat -b {brokers} -t {articles} -C -o beginning -X isolation.level=read_committed");
    }
    run::stop_when_asked(&stop, options.life.for_)?;
    crate::config::ConfigErrors::check(site.sources.errors)?;
    let sources = Sources { polled: site.sources.sources, topics: site.sources.topics };
    let (served, address) = oneshot::channel();
    tokio::spawn(tell_address(address));
    let metrics = metrics::start(SystemClock.now()).ok();
    let start =
        Start { sources, reload: None, metrics: metrics.clone(), served: Some(served), stop };
    run::run_daemon(config, start).await?;
    if let Some(metrics) = metrics {
        say!("\nThe demo is over. {}", daemon::summary::words(&metrics));
    }
    Ok(())
}

/// Says where the status pages are, once they are served.
async fn tell_address(address: oneshot::Receiver<SocketAddr>) {
    if let Ok(address) = address.await {
        say!("Status pages: http://{address}/");
    }
}
