//! The program under test, started again and again on one data directory, and beside it on copies.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::clock::Clock;

/// The sources whose articles also go to the topic `odd`; those of two others go to `alone` instead
/// of `articles`.
pub(crate) const ODD: [&str; 6] = ["feed-1", "feed-3", "feed-5", "feed-7", "feed-9", "feed-11"];

/// What all starts of nashra share.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) program: PathBuf,
    /// For configs and logs.
    pub(crate) dir: PathBuf,
    pub(crate) brokers: Vec<String>,
    pub(crate) sources: String,
    pub(crate) clock: Option<Arc<Clock>>,
}

impl Setup {
    /// A config for `data_dir`; with a file as the sink where one is given.
    pub(crate) fn config(&self, name: &str, data_dir: &Path, file: Option<&Path>) -> PathBuf {
        fs::write(self.dir.join("sources.toml"), &self.sources).unwrap();
        let (replicas, in_sync) = if self.brokers.len() > 1 { (3, 2) } else { (1, 1) };
        let sink = match file {
            None => "kind = \"kafka\"".to_owned(),
            Some(file) => format!("kind = \"file\"\nfile = \"{}\"", file.display()),
        };
        let config = format!(
            r#"
data_dir = "{data}"
sources = ["sources.toml"]
[poll]
min_interval = "1s"
max_interval = "2s"
backlog = "all"
[fetch]
contact = "bot@example.org"
allow_addresses = ["127.0.0.0/8"]
timeout = "10s"
[page]
retry_first = "500ms"
retry_max = "4s"
tries = 20
refetch_per_day = 1440
looks = ["5s", "15s", "30s", "60s", "120s", "240s"]
withdraw_after = "3s"
[store]
min_free_disk = "16MiB"
[dead_letters]
max_bytes = "32MiB"
[sink]
{sink}
[kafka]
brokers = {brokers:?}
topic_prefix = "chaos."
partitions = 3
replication_factor = {replicas}
min_insync_replicas = {in_sync}
transaction_timeout = "10s"
batch_records = 50
latest = true
[admin]
listen = "off"
[run]
drain_timeout = "20s"
[[route]]
topic = "odd"
source = {ODD:?}
[[route]]
topic = "alone"
source = ["feed-2", "feed-8"]
instead = true
"#,
            data = data_dir.display(),
            brokers = self.brokers
        );
        let path = self.dir.join(format!("{name}.toml"));
        fs::write(&path, config).unwrap();
        path
    }

    /// A child with these arguments, whose words go to the end of a log.
    pub(crate) fn spawn(&self, arguments: &[&str], log: &str) -> Child {
        let log = File::options().create(true).append(true).open(self.dir.join(log)).unwrap();
        let mut command = Command::new(&self.program);
        command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        if let Some(clock) = &self.clock {
            command.envs(clock.environment());
        }
        command.spawn().unwrap()
    }
}

/// nashra on the data directory that counts.
#[derive(Debug)]
pub(crate) struct Nashra {
    pub(crate) setup: Setup,
    pub(crate) data_dir: PathBuf,
    config: PathBuf,
    child: Option<Child>,
    /// The most memory that any process of it had resident, in MiB.
    pub(crate) most_memory: u64,
    /// Ends that nobody asked for.
    pub(crate) ended_by_itself: Vec<String>,
}

impl Nashra {
    pub(crate) fn start(setup: Setup, data_dir: PathBuf) -> Self {
        let config = setup.config("nashra", &data_dir, None);
        let mut nashra = Self {
            setup,
            data_dir,
            config,
            child: None,
            most_memory: 0,
            ended_by_itself: Vec::new(),
        };
        nashra.start_again();
        nashra
    }

    pub(crate) fn start_again(&mut self) {
        self.child =
            Some(self.setup.spawn(&["run", "-c", self.config.to_str().unwrap()], "nashra.log"));
    }

    pub(crate) fn kill(&mut self) {
        self.revive();
        self.measure();
        end(self.child.take().unwrap());
    }

    /// Starts it again where it ended by itself.
    pub(crate) fn revive(&mut self) {
        let child = self.child.as_mut().unwrap();
        if let Some(status) = child.try_wait().unwrap() {
            let log = fs::read_to_string(self.setup.dir.join("nashra.log")).unwrap_or_default();
            let last = log.lines().last().unwrap_or_default();
            self.ended_by_itself.push(format!(
                "ended by itself with {status}: {}",
                last.chars().take(300).collect::<String>()
            ));
            self.start_again();
        }
    }

    pub(crate) async fn pause(&self, length: Duration) {
        pause(self.child.as_ref().unwrap().id(), length).await;
    }

    /// Reads how much memory it had; to be called before it ends.
    pub(crate) fn measure(&mut self) {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.child.as_ref().unwrap().id()))
                .unwrap_or_default();
        let kib = status.lines().find_map(|line| {
            line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
        });
        self.most_memory = self.most_memory.max(kib.unwrap_or(0) >> 10);
    }

    /// SIGTERM; whether it ended with 0 in time.
    pub(crate) fn terminate(&mut self) -> bool {
        self.measure();
        let mut child = self.child.take().unwrap();
        signal("TERM", child.id());
        let ended = wait(&mut child, Duration::from_secs(40));
        end(child);
        ended.is_some_and(|ended| ended.success())
    }
}

impl Drop for Nashra {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            end(child);
        }
    }
}

/// SIGKILL, if it runs.
pub(crate) fn end(mut child: Child) {
    child.kill().ok();
    child.wait().ok();
}

/// How it ended, if it did in this time.
pub(crate) fn wait(child: &mut Child, length: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + length;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    None
}

pub(crate) async fn pause(pid: u32, length: Duration) {
    signal("STOP", pid);
    tokio::time::sleep(length).await;
    signal("CONT", pid);
}

fn signal(name: &str, pid: u32) {
    Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap();
}
