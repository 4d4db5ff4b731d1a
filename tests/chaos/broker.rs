//! One broker or a cluster of three, through the script that knows how to start them, each behind a
//! proxy of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{processes, proxy::Proxy};

/// One broker with its folder, and the proxy that clients reach it through.
#[derive(Debug)]
pub(crate) struct Broker {
    script: PathBuf,
    dir: PathBuf,
    pub(crate) proxy: Proxy,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) brokers: Vec<Broker>,
    /// Addresses that lead to the brokers themselves: for the ledger.
    pub(crate) bootstrap: String,
}

impl Cluster {
    pub(crate) async fn start(script: &Path, dir: &Path, count: usize) -> Self {
        let mut proxies = Vec::new();
        for _ in 0..count {
            proxies.push(Proxy::start().await);
        }
        let ports =
            proxies.iter().map(|proxy| proxy.port().to_string()).collect::<Vec<_>>().join(" ");
        let mut command = Command::new(script);
        if count == 1 {
            command.arg("start").arg(dir);
        } else {
            command.arg("cluster").arg(dir);
        }
        // Brokers outlive the script and must not hold our output open.
        let status = command
            .env("NASHRA_BROKER_PROXIES", ports)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{} could not start the brokers", script.display());
        let brokers: Vec<Broker> = proxies
            .into_iter()
            .enumerate()
            .map(|(at, proxy)| {
                let dir = if count == 1 { dir.to_owned() } else { dir.join((at + 1).to_string()) };
                let behind = fs::read_to_string(dir.join("behind")).unwrap();
                proxy.lead_to(behind.trim().parse().unwrap());
                Broker { script: script.to_owned(), dir, proxy }
            })
            .collect();
        let bootstrap = fs::read_to_string(dir.join("bootstrap")).unwrap().trim().to_owned();
        Self { brokers, bootstrap }
    }

    /// Addresses of the proxies: for nashra.
    pub(crate) fn proxied(&self) -> Vec<String> {
        self.brokers.iter().map(|broker| format!("127.0.0.1:{}", broker.proxy.port())).collect()
    }
}

impl Broker {
    fn verb(&self, verb: &str) {
        let status = Command::new(&self.script)
            .arg(verb)
            .arg(&self.dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .unwrap();
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
        processes::pause(pid, length).await;
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // The run is over, or a panic ended it: nothing is wanted of the broker any more.
        Command::new(&self.script)
            .arg("kill")
            .arg(&self.dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok();
    }
}
