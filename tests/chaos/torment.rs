//! What is done to nashra and to what it needs. Two things go on side by side: what is done to its
//! processes, and what is done to the brokers, the network, the disk and the clock.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use crate::{
    broker::Cluster,
    clock::Clock,
    copies::{self, Verdict},
    disk::Disk,
    plan::{Kind, Plan},
    processes::{self, Nashra, Setup},
    proxy::Network,
    topics::{Arrived, Tail},
    watch::{Counts, Watch},
    world::{FEEDS, World},
};

/// Longer than a transaction may last: the broker aborts what was open.
const LONG: f64 = 13.0;

pub(crate) struct Torment {
    pub(crate) dir: PathBuf,
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) counts: Counts,
    pub(crate) setup: Setup,
    pub(crate) nashra: tokio::sync::Mutex<Nashra>,
    pub(crate) cluster: Cluster,
    pub(crate) tail: Tail,
    pub(crate) disk: Option<Disk>,
    pub(crate) clock: Option<Arc<Clock>>,
    /// What damaged copies and commands did that they must not.
    pub(crate) wrong: Mutex<Vec<String>>,
}

impl Torment {
    /// What is done to nashra's processes.
    pub(crate) async fn processes(self: Arc<Self>, mut plan: Plan) {
        loop {
            let next = plan.next();
            let at = next.map_or(plan.end(), |next| next.1);
            while Instant::now() < at {
                self.nashra.lock().await.revive();
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            let Some((kind, _)) = next else { return };
            match kind {
                Kind::Kill => self.kill(&mut plan).await,
                Kind::Freeze => self.freeze(&mut plan).await,
                Kind::Twins => self.twins().await,
                Kind::Damage => self.damage(&mut plan).await,
                _ => unreachable!("{kind:?} is not done to processes"),
            }
            plan.done(kind);
        }
    }

    /// What is done to what nashra needs.
    pub(crate) async fn surroundings(self: Arc<Self>, mut plan: Plan) {
        loop {
            let next = plan.next();
            tokio::time::sleep_until(next.map_or(plan.end(), |next| next.1).into()).await;
            let Some((kind, _)) = next else { return };
            match kind {
                Kind::BrokerKill => self.kill_broker(&mut plan).await,
                Kind::BrokerFreeze => self.freeze_broker(&mut plan).await,
                Kind::Proxy => self.network(&mut plan).await,
                Kind::Disk => self.fill(&mut plan).await,
                Kind::Clock => self.jump(&mut plan).await,
                Kind::Poison => {
                    self.note("poison");
                    self.world.lock().unwrap().poison();
                }
                Kind::Operator => self.operate(&mut plan),
                _ => unreachable!("{kind:?} is not done to the surroundings"),
            }
            plan.done(kind);
        }
    }

    fn note(&self, what: &str) {
        self.counts.add(what);
        self.watch.note(what);
    }

    async fn kill(&self, plan: &mut Plan) {
        let mut nashra = self.nashra.lock().await;
        let _down = self.watch.down();
        self.note("nashra killed");
        nashra.kill();
        tokio::time::sleep(plan.seconds(0.0, 1.5)).await;
        nashra.start_again();
    }

    async fn freeze(&self, plan: &mut Plan) {
        let length = freezing(plan);
        let mut nashra = self.nashra.lock().await;
        nashra.revive();
        let _down = self.watch.down();
        self.note(if length.as_secs_f64() < LONG {
            "nashra frozen"
        } else {
            "nashra frozen for long"
        });
        nashra.pause(length).await;
    }

    /// The copy is behind when its process starts: it must stop, and not disturb the one that goes
    /// on. It is behind once an article has arrived that was published after the copy was made; of
    /// two that are equally far, either may go on.
    async fn twins(&self) {
        let mut nashra = self.nashra.lock().await;
        let copy = self.dir.join("twin");
        self.copied(&mut nashra, &copy);
        let before = self.world.lock().unwrap().truth();
        let patience = Instant::now() + Duration::from_secs(30);
        let nothing_new = || {
            let now = self.world.lock().unwrap().truth();
            self.tail.look(|tail| {
                !tail.articles.keys().any(|url| now.contains_key(url) && !before.contains_key(url))
            })
        };
        while nothing_new() {
            if Instant::now() > patience {
                self.watch.note("no twin: nothing new arrived");
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.note("twin started");
        let config = nashra.setup.config("twin", &copy, None);
        let length = format!("{}s", copies::TWIN.as_secs());
        let mut twin = nashra
            .setup
            .spawn(&["run", "-c", config.to_str().unwrap(), "--for", &length], "twin.log");
        tokio::task::block_in_place(|| {
            processes::wait(&mut twin, copies::TWIN + Duration::from_secs(30));
            processes::end(twin);
        });
        self.watch.note("twin ended");
    }

    async fn damage(&self, plan: &mut Plan) {
        let copy = self.dir.join("damaged");
        let known = self.tail.look(|tail| Arrived {
            articles: tail.articles.clone(),
            seq: tail.seq,
            ..Arrived::default()
        });
        let mut nashra = self.nashra.lock().await;
        self.copied(&mut nashra, &copy);
        let how = copies::damage(&copy, plan.rng());
        let verdict = tokio::task::block_in_place(|| copies::judge(&nashra.setup, &copy, &known));
        self.note(match verdict {
            Verdict::Refused => "damaged copy refused",
            Verdict::Whole => "damaged copy whole",
            Verdict::Behind => "damaged copy behind",
            Verdict::Wrong(_) => "damaged copy wrong",
        });
        self.watch.note(&format!("{verdict:?}: {how}"));
        if let Verdict::Wrong(words) = verdict {
            self.wrong.lock().unwrap().push(format!("{how}: {words}"));
        }
    }

    /// A copy of the data directory as a crash leaves it.
    fn copied(&self, nashra: &mut Nashra, copy: &std::path::Path) {
        let _down = self.watch.down();
        self.note("nashra killed and copied");
        nashra.kill();
        tokio::task::block_in_place(|| copies::copy(&nashra.data_dir, copy));
        nashra.start_again();
    }

    async fn kill_broker(&self, plan: &mut Plan) {
        let (at, length) = (plan.rng().index(self.cluster.brokers.len()), plan.seconds(0.0, 4.0));
        let _down = self.down_without_one();
        self.note("broker killed");
        tokio::task::block_in_place(|| self.cluster.brokers[at].kill());
        tokio::time::sleep(length).await;
        tokio::task::block_in_place(|| self.cluster.brokers[at].start_again());
    }

    async fn freeze_broker(&self, plan: &mut Plan) {
        let (at, length) = (plan.rng().index(self.cluster.brokers.len()), freezing(plan));
        let _down = self.down_without_one();
        self.note("broker frozen");
        self.cluster.brokers[at].pause(length).await;
    }

    /// One of three brokers is not needed.
    fn down_without_one(&self) -> Option<crate::watch::Down<'_>> {
        (self.cluster.brokers.len() == 1).then(|| self.watch.down())
    }

    async fn network(&self, plan: &mut Plan) {
        let at = plan.rng().index(self.cluster.brokers.len());
        let proxy = &self.cluster.brokers[at].proxy;
        let (network, what, length) = match plan.rng().below(4) {
            0 => {
                self.note("network reset");
                for _ in 0..=plan.rng().below(3) {
                    proxy.reset();
                    tokio::time::sleep(plan.seconds(0.0, 1.0)).await;
                }
                return;
            }
            1 => (Network::Slow(plan.seconds(0.02, 0.4)), "network slow", plan.seconds(5.0, 15.0)),
            2 => (Network::Hole, "network black hole", plan.seconds(2.0, 18.0)),
            _ => (Network::HalfOpen, "network half-open", plan.seconds(2.0, 18.0)),
        };
        let _down = self.down_without_one();
        self.note(what);
        proxy.set(network);
        tokio::time::sleep(length).await;
        proxy.set(Network::Good);
    }

    async fn fill(&self, plan: &mut Plan) {
        let Some(disk) = &self.disk else { return };
        let end = Instant::now() + plan.seconds(3.0, 15.0);
        let _down = self.watch.down();
        self.note("disk filled");
        while Instant::now() < end {
            tokio::task::block_in_place(|| disk.fill());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        disk.free();
        self.watch.note("disk freed");
    }

    async fn jump(&self, plan: &mut Plan) {
        let Some(clock) = &self.clock else { return };
        let (forward, length) = (plan.rng().below(2) == 0, plan.seconds(8.0, 20.0));
        self.note(if forward { "clock a day forward" } else { "clock an hour back" });
        clock.jump(forward);
        tokio::time::sleep(length).await;
        clock.correct();
        self.watch.note("clock corrected");
    }
}

impl Torment {
    /// What an operator does. It may find nashra dead, frozen or starting.
    fn operate(&self, plan: &mut Plan) {
        let source = format!("feed-{}", plan.rng().index(FEEDS));
        let arguments: &[&str] = match plan.rng().below(5) {
            0 => &["sources", "pause", &source, "--for", "5s"],
            1 => &["sources", "resume", &source],
            2 => &["sources", "poll", &source],
            3 => &["deadletters", "retry", "--all"],
            _ => &["reload"],
        };
        self.note(&format!("operator: {} {}", arguments[0], arguments.get(1).unwrap_or(&"")));
        let config = self.dir.join("nashra.toml");
        let arguments = [arguments, &["-c", config.to_str().unwrap()]].concat();
        let mut command = self.setup.spawn(&arguments, "operator.log");
        let status = tokio::task::block_in_place(|| {
            let status = processes::wait(&mut command, Duration::from_secs(30));
            processes::end(command);
            status
        });
        // It may be refused, but not break.
        if status.is_none_or(|status| status.code().is_none_or(|code| code > 3)) {
            let words = format!("{arguments:?} ended with {status:?}");
            self.wrong.lock().unwrap().push(words);
        }
    }
}

fn freezing(plan: &mut Plan) -> Duration {
    if plan.rng().below(4) == 0 { Duration::from_secs_f64(LONG) } else { plan.seconds(0.5, 3.5) }
}
