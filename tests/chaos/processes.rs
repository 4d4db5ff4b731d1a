//! The processes under torment: nashra and the broker.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// nashra, started again and again on one data directory.
#[derive(Debug)]
pub(crate) struct Nashra {
    program: PathBuf,
    dir: PathBuf,
    child: Option<Child>,
}

impl Nashra {
    pub(crate) fn new(program: &Path, dir: &Path, bootstrap: &str, feeds: &str) -> Self {
        fs::write(dir.join("sources.txt"), feeds).unwrap();
        let config = format!(
            r#"
data_dir = "{data}"
sources = ["sources.txt"]
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
[sink]
kind = "kafka"
[kafka]
brokers = ["{bootstrap}"]
topic_prefix = "chaos."
partitions = 3
transaction_timeout = "10s"
batch_records = 50
[admin]
listen = "off"
[run]
drain_timeout = "20s"
"#,
            data = dir.join("data").display()
        );
        fs::write(dir.join("nashra.toml"), config).unwrap();
        Self { program: program.to_owned(), dir: dir.to_owned(), child: None }
    }

    pub(crate) fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.dir.join("nashra.log")).unwrap();
        let mut command = Command::new(&self.program);
        command.args(["run", "-c"]).arg(self.dir.join("nashra.toml")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        assert!(child.try_wait().unwrap().is_none(), "nashra had ended by itself: see nashra.log");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn ensure_running(&mut self) {
        let ended = self.child.as_mut().unwrap().try_wait().unwrap();
        assert!(ended.is_none(), "nashra ended by itself with {ended:?}: see nashra.log");
    }

    pub(crate) async fn pause(&self, length: Duration) {
        pause(self.child.as_ref().unwrap().id(), length).await;
    }

    /// SIGTERM; whether it ended with 0 in time.
    pub(crate) fn terminate(&mut self) -> bool {
        let mut child = self.child.take().unwrap();
        signal("TERM", child.id());
        let end = Instant::now() + Duration::from_secs(40);
        while Instant::now() < end {
            if let Some(status) = child.try_wait().unwrap() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        child.kill().unwrap();
        child.wait().unwrap().success()
    }
}

impl Drop for Nashra {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// The broker, through the script that knows how to start one.
#[derive(Debug)]
pub(crate) struct Broker {
    script: PathBuf,
    dir: PathBuf,
    bootstrap: String,
}

impl Broker {
    pub(crate) fn start(script: &Path, dir: &Path) -> Self {
        let mut broker = Self { script: script.to_owned(), dir: dir.to_owned(), bootstrap: String::new() };
        broker.verb("start");
        fs::read_to_string(dir.join("bootstrap")).unwrap().trim().clone_into(&mut broker.bootstrap);
        broker
    }

    pub(crate) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    fn verb(&self, verb: &str) {
        // The broker outlives the script and must not hold our output open.
        let status = Command::new(&self.script).arg(verb).arg(&self.dir).stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
        assert!(status.success(), "{} {verb} failed", self.script.display());
    }

    pub(crate) fn kill(&self) {
        self.verb("kill");
    }

    pub(crate) fn start_again(&self) {
        self.verb("start");
    }

    pub(crate) async fn pause(&self, length: Duration) {
        let pid = fs::read_to_string(self.dir.join("broker.pid")).unwrap().trim().parse().unwrap();
        pause(pid, length).await;
    }

    pub(crate) fn stop(&self) {
        self.verb("stop");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Already stopped in an ordinary run; a panic must not leave it behind.
        Command::new(&self.script).arg("kill").arg(&self.dir).stdout(Stdio::null()).stderr(Stdio::null()).status().ok();
    }
}

async fn pause(pid: u32, length: Duration) {
    signal("STOP", pid);
    tokio::time::sleep(length).await;
    signal("CONT", pid);
}

fn signal(name: &str, pid: u32) {
    Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap();
}
