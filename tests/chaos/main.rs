//! The chaos ledger: a seeded world publishes and revises, things are done at seeded moments to
//! nashra and to all that it needs, and in the end every record that a `read_committed` consumer
//! sees is held against the truth.
//!
//!     tests/chaos.sh --seed 7 --minutes 10
//!     tests/chaos.sh --seed 7 --minutes 10 --without disk,clock
//!     tests/chaos.sh --seed 7 --minutes 90 --brokers 3
//!
//! Says on stderr what it does when, and prints one JSON object with what was done and found; exit
//! code 1 where the ledger is not clean. The seed decides what happens in which order; when it
//! meets nashra depends on the machine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test program"
)]

mod broker;
mod clock;
mod copies;
mod disk;
mod ledger;
mod plan;
mod processes;
mod proxy;
mod rng;
mod site;
mod topics;
mod torment;
mod watch;
mod world;

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use clap::{Parser, ValueEnum as _};
use tokio::net::TcpListener;

use broker::Cluster;
use clock::Clock;
use disk::Disk;
use ledger::Truth;
use plan::{Kind, Plan};
use processes::{Nashra, Setup};
use rng::Rng;
use site::Site;
use topics::Tail;
use torment::Torment;
use watch::{Counts, Watch};
use world::{Bases, Troubles, World};

#[derive(Debug, Parser)]
struct Options {
    /// The seed of everything that is left to chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long the world goes on.
    #[arg(long, default_value_t = 2.0)]
    minutes: f64,
    /// How often torments come, against what is usual.
    #[arg(long, default_value_t = 1.0)]
    pace: f64,
    /// 1, or 3 with three replicas of everything.
    #[arg(long, default_value_t = 1)]
    brokers: usize,
    /// Nothing but these torments.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Kind>,
    /// All torments but these.
    #[arg(long, value_delimiter = ',')]
    without: Vec<Kind>,
    /// After so many seconds without any record of the steady site, though all that is needed is
    /// there, nashra is wedged.
    #[arg(long, default_value_t = 60)]
    patience: u64,
    /// The program under test.
    #[arg(long)]
    nashra: PathBuf,
    /// The script that starts and kills brokers.
    #[arg(long)]
    broker_script: PathBuf,
    /// The built `clock.c`.
    #[arg(long)]
    clock_library: PathBuf,
    /// An empty folder for everything.
    #[arg(long)]
    dir: PathBuf,
}

impl Options {
    fn has(&self, kind: Kind) -> bool {
        (self.only.is_empty() || self.only.contains(&kind)) && !self.without.contains(&kind)
    }

    fn length(&self) -> Duration {
        Duration::from_secs_f64(self.minutes * 60.0)
    }

    /// The plan of those of `kinds` that are wanted, with numbers of its own.
    fn plan(&self, salt: u64, kinds: &[Kind]) -> Plan {
        let wanted: Vec<Kind> = kinds.iter().copied().filter(|kind| self.has(*kind)).collect();
        Plan::new(Rng::new(self.seed ^ salt), &wanted, self.length(), self.pace)
    }

    /// The command that does it again.
    fn again(&self) -> String {
        let names = |flag: &str, kinds: &[Kind]| {
            let names: Vec<String> = kinds
                .iter()
                .filter_map(|kind| Some(kind.to_possible_value()?.get_name().to_owned()))
                .collect();
            if names.is_empty() { String::new() } else { format!(" --{flag} {}", names.join(",")) }
        };
        let (only, without) = (names("only", &self.only), names("without", &self.without));
        let Self { seed, minutes, pace, brokers, .. } = self;
        format!(
            "tests/chaos.sh --seed {seed} --minutes {minutes} --pace {pace} --brokers {brokers}{only}{without}"
        )
    }
}

fn main() {
    let options = Options::parse();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let clean = runtime.block_on(async {
        let mut terminated =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
        tokio::select! {
            clean = run(&options) => clean,
            _ = tokio::signal::ctrl_c() => false,
            _ = terminated.recv() => false,
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    if !clean {
        eprintln!("again: {}", options.again());
    }
    std::process::exit(i32::from(!clean));
}

async fn run(options: &Options) -> bool {
    let torment = Arc::new(begin(options).await);
    let ticking = tokio::spawn(tick(Arc::clone(&torment), options.length()));
    let of_processes =
        options.plan(0x00c0_ffee, &[Kind::Kill, Kind::Freeze, Kind::Twins, Kind::Damage]);
    let of_surroundings = options.plan(
        0x0dec_af00,
        &[Kind::BrokerKill, Kind::BrokerFreeze, Kind::Proxy, Kind::Disk, Kind::Clock, Kind::Poison],
    );
    let of_operator = options.plan(0x0b5e_55ed, &[Kind::Operator]);
    let processes = tokio::spawn(Arc::clone(&torment).processes(of_processes));
    let surroundings = tokio::spawn(Arc::clone(&torment).surroundings(of_surroundings));
    let operator = tokio::spawn(Arc::clone(&torment).surroundings(of_operator));
    for task in [ticking, processes, surroundings, operator] {
        task.await.unwrap();
    }
    torment.watch.note("no more torment");
    let (truth, settled) = settle(&torment, !options.has(Kind::Clock)).await;
    report(options, &torment, &truth, settled).await
}

/// Starts the brokers, the sites and nashra.
async fn begin(options: &Options) -> Torment {
    let dir = std::path::absolute(&options.dir).unwrap();
    std::fs::create_dir_all(&dir).unwrap();
    let cluster =
        Cluster::start(&options.broker_script, &dir.join("broker"), options.brokers).await;
    let disk = options.has(Kind::Disk).then(|| Disk::mount(&dir.join("disk"))).flatten();
    if options.has(Kind::Disk) && disk.is_none() {
        eprintln!("left out: the full disk (this user may not mount one)");
    }
    let clock =
        options.has(Kind::Clock).then(|| Arc::new(Clock::new(&options.clock_library, &dir)));
    let watch = Arc::new(Watch::new(Duration::from_secs(options.patience)));

    let mut listeners = Vec::new();
    for (site, address) in [
        (Site::Steady, "127.0.0.1:0"),
        (Site::Moody, "127.0.0.2:0"),
        (Site::Hostile, "127.0.0.3:0"),
    ] {
        listeners.push((site, TcpListener::bind(address).await.unwrap()));
    }
    let base = |at: usize| format!("http://{}", listeners[at].1.local_addr().unwrap());
    let bases = Bases { steady: base(0), moody: base(1), hostile: base(2) };
    let troubles =
        Troubles { nonsense: options.has(Kind::Nonsense), poison: options.has(Kind::Poison) };
    let world = Arc::new(Mutex::new(World::new(options.seed, bases, troubles)));
    for (site, listener) in listeners {
        tokio::spawn(site::serve(listener, site, Arc::clone(&world)));
    }

    let setup = Setup {
        program: options.nashra.clone(),
        dir: dir.clone(),
        brokers: cluster.proxied(),
        sources: world.lock().unwrap().sources(),
        clock: clock.clone(),
    };
    let data_dir = dir.join(if disk.is_some() { "disk/data" } else { "data" });
    Torment {
        nashra: tokio::sync::Mutex::new(Nashra::start(setup.clone(), data_dir)),
        setup,
        tail: Tail::start(&cluster.bootstrap, &watch),
        counts: Counts::default(),
        wrong: Mutex::default(),
        dir,
        world,
        watch,
        cluster,
        disk,
        clock,
    }
}

/// The beat of the world.
async fn tick(torment: Arc<Torment>, length: Duration) {
    let end = Instant::now() + length;
    while Instant::now() < end {
        let shown = torment.world.lock().unwrap().tick();
        for (url, version) in shown {
            torment.watch.shown(url, version);
        }
        let taken = torment.tail.look(|tail| {
            torment.world.lock().unwrap().take_away(|url, version| {
                tail.articles.get(url).is_some_and(|held| held.0 == version)
            })
        });
        if let Some(url) = taken {
            torment.counts.add("page taken away");
            torment.watch.note(&format!("taken away: {url}"));
        }
        torment.watch.look();
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Waits until the topics hold the last version of every article, and something of all that the
/// hostile site listed.
async fn settle(torment: &Torment, withdraws_all: bool) -> (Truth, bool) {
    let begun = Instant::now();
    let mut truth = {
        let mut world = torment.world.lock().unwrap();
        world.calm();
        Truth {
            articles: world.truth(),
            gone: world.gone(),
            withdraws_all,
            poison: BTreeSet::new(),
            originals: world.originals(),
            steady: world.steady().to_owned(),
        }
    };
    let at_first = torment.tail.look(|tail| tail.records);
    let mut last = (at_first, begun);
    loop {
        torment.nashra.lock().await.revive();
        truth.poison = torment.world.lock().unwrap().poisoned();
        let Truth { articles, gone, poison, .. } = &truth;
        let (missing, open) = torment.tail.look(|tail| {
            if tail.records != last.0 {
                last = (tail.records, Instant::now());
            }
            let missing = articles
                .iter()
                .filter(|(url, version)| {
                    tail.articles.get(*url).is_none_or(|held| held.0 != **version)
                })
                .count()
                + gone.iter().filter(|url| withdraws_all && !tail.withdrawn.contains(*url)).count();
            (
                missing,
                poison
                    .iter()
                    .filter(|url| !tail.dead.contains(*url) && !tail.articles.contains_key(*url))
                    .count(),
            )
        });
        // All tries of a page together, twenty at most four seconds apart, take less than that.
        let over =
            last.1.elapsed() > Duration::from_mins(2) || begun.elapsed() > Duration::from_mins(5);
        if over
            && missing > 0
            && last.0 == at_first
            && torment.tail.look(|tail| articles.keys().any(|url| !tail.articles.contains_key(url)))
        {
            torment.watch.wedge("after the torment nothing arrived any more");
        }
        if missing + open == 0 || over {
            return (truth, missing == 0);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn report(options: &Options, torment: &Torment, truth: &Truth, settled: bool) -> bool {
    let mut nashra = torment.nashra.lock().await;
    let stopped = tokio::task::block_in_place(|| nashra.terminate());
    let found = tokio::task::block_in_place(|| ledger::audit(&torment.cluster.bootstrap, truth));
    let (wedged, damaged) = (torment.watch.wedged(), torment.wrong.lock().unwrap().clone());
    let ended = &nashra.ended_by_itself;
    let clean = found.clean()
        && settled
        && stopped
        && wedged.is_empty()
        && damaged.is_empty()
        && ended.is_empty();
    let (requests, nonsense) = {
        let world = torment.world.lock().unwrap();
        (world.requests, world.nonsense.clone())
    };
    let report = serde_json::json!({
        "again": options.again(), "clean": clean, "settled": settled, "exit_0_on_sigterm": stopped,
        "done": torment.counts.all(), "nonsense": nonsense, "requests": requests,
        "articles": truth.articles.len(), "versions": truth.articles.values().sum::<u32>(), "found": found,
        "wedged": wedged.len(), "ended_by_itself": ended.len(), "damaged_copies_wrong": damaged.len(),
        "more_examples": wedged.iter().chain(ended).chain(&damaged).take(20).collect::<Vec<_>>(),
        "steady_site_late_s": torment.watch.lateness(), "most_memory_mib": nashra.most_memory,
    });
    println!("{report:#}");
    clean
}
