//! The chaos ledger: a seeded world publishes and revises, nashra and a real broker are killed and stopped at
//! seeded moments, and in the end every record that a `read_committed` consumer sees is held against the truth.
//!
//!     tests/chaos.sh --seed 7 --minutes 10
//!
//! Prints one JSON object with what was done and found; exit code 1 where the ledger is not clean.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, missing_docs, reason = "a test program")]

mod ledger;
mod processes;
mod world;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use clap::Parser;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use processes::{Broker, Nashra};
use world::{Rng, World};

#[derive(Debug, Parser)]
struct Options {
    /// What happens when.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long the world goes on.
    #[arg(long, default_value_t = 2.0)]
    minutes: f64,
    /// The program under test.
    #[arg(long)]
    nashra: PathBuf,
    /// The script that starts and kills the broker.
    #[arg(long)]
    broker_script: PathBuf,
    /// A folder for everything; kept where the ledger is not clean.
    #[arg(long)]
    dir: PathBuf,
}

/// Mean seconds between two kills of nashra, of the broker, and between two stops.
const NASHRA_KILL: f64 = 14.0;
const BROKER_KILL: f64 = 75.0;
const PAUSE: f64 = 40.0;

fn main() {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let clean = runtime.block_on(run(&options));
    std::process::exit(i32::from(!clean));
}

async fn run(options: &Options) -> bool {
    std::fs::create_dir_all(&options.dir).unwrap();
    let broker = Broker::start(&options.broker_script, &options.dir.join("broker"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let world = Arc::new(Mutex::new(World::new(options.seed, base)));
    let stop = CancellationToken::new();
    let serving = Arc::clone(&world);
    let server = tokio::spawn(nashra::admin::http::serve(listener, move |asked| serving.lock().unwrap().answer(asked.path), stop.clone()));
    let mut nashra = Nashra::new(&options.nashra, &options.dir, broker.bootstrap(), &world.lock().unwrap().feeds());
    nashra.start();

    let happened = torment(options, &world, &broker, &mut nashra).await;
    let settled = settle(&world, &mut nashra, broker.bootstrap()).await;
    let stopped = nashra.terminate();
    stop.cancel();
    server.await.unwrap();
    let (truth, requests) = {
        let world = world.lock().unwrap();
        (world.truth(), world.requests)
    };
    let found = ledger::audit(broker.bootstrap(), &truth);
    broker.stop();
    let clean = found.clean() && settled && stopped;
    let report = serde_json::json!({
        "seed": options.seed, "minutes": options.minutes, "clean": clean, "settled": settled, "exit_0_on_sigterm": stopped,
        "nashra_kills": happened.nashra_kills, "broker_kills": happened.broker_kills, "pauses": happened.pauses,
        "articles": truth.len(), "versions": truth.values().sum::<u32>(), "requests": requests, "found": found,
    });
    println!("{report}");
    clean
}

#[derive(Debug, Default)]
struct Happened {
    nashra_kills: u32,
    broker_kills: u32,
    pauses: u32,
}

/// The world goes on, and things are killed and stopped at seeded moments.
async fn torment(options: &Options, world: &Mutex<World>, broker: &Broker, nashra: &mut Nashra) -> Happened {
    let mut rng = Rng::new(options.seed ^ 0x00c0_ffee);
    let end = Instant::now() + Duration::from_secs_f64(options.minutes * 60.0);
    let mut happened = Happened::default();
    let after = |rng: &mut Rng, mean: f64| Instant::now() + Duration::from_secs_f64(mean * (0.3 + 1.4 * rng.unit()));
    let mut kill = after(&mut rng, NASHRA_KILL);
    // A run of two minutes sees the broker die too.
    let mut broker_kill = after(&mut rng, BROKER_KILL.min(options.minutes * 20.0));
    let mut pause = after(&mut rng, PAUSE);
    while Instant::now() < end {
        world.lock().unwrap().tick();
        let now = Instant::now();
        if now >= kill {
            nashra.kill();
            happened.nashra_kills += 1;
            tokio::time::sleep(Duration::from_millis(rng.below(1_500))).await;
            nashra.start();
            kill = after(&mut rng, NASHRA_KILL);
        }
        if now >= broker_kill {
            tokio::task::block_in_place(|| {
                broker.kill();
                std::thread::sleep(Duration::from_millis(rng.below(4_000)));
                broker.start_again();
            });
            happened.broker_kills += 1;
            broker_kill = after(&mut rng, BROKER_KILL);
        }
        if now >= pause {
            // Longer than the transaction timeout in one of four: the broker aborts what was open.
            let long = rng.below(4) == 0;
            let length = Duration::from_secs_f64(if long { 13.0 } else { 0.5 + 3.0 * rng.unit() });
            if rng.below(3) == 0 {
                broker.pause(length).await;
            } else {
                nashra.pause(length).await;
            }
            happened.pauses += 1;
            pause = after(&mut rng, PAUSE);
        }
        // The beat of the world, not a wait for something.
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    happened
}

/// Waits until the topic holds the last version of every article.
async fn settle(world: &Mutex<World>, nashra: &mut Nashra, bootstrap: &str) -> bool {
    world.lock().unwrap().calm();
    let truth = world.lock().unwrap().truth();
    let end = Instant::now() + Duration::from_mins(4);
    while Instant::now() < end {
        nashra.ensure_running();
        let missing = tokio::task::block_in_place(|| ledger::missing(bootstrap, &truth));
        if missing == 0 {
            return true;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    false
}
