//! The program as a child, and what `/proc` says of it.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

pub(crate) struct Daemon(Child);

impl Daemon {
    /// `nashra run` in a folder, with the sources of `sources.toml` there.
    pub(crate) fn start(program: &Path, dir: &Path, more: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args([
            "run",
            "--sources",
            "sources.toml",
            "--data-dir",
            "data",
            "--allow-address",
            "127.0.0.0/8",
        ]);
        command.args([
            "--min-interval",
            "500ms",
            "--max-interval",
            "1s",
            "--listen",
            "127.0.0.1:0",
            "--sink",
            "file",
        ]);
        command.args(more).current_dir(dir).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(fs::File::create(dir.join("log")).unwrap());
        Self(command.spawn().unwrap())
    }

    /// Bytes; 0 once it has ended.
    pub(crate) fn resident(&self, what: &str) -> u64 {
        resident(&self.0.id().to_string(), what)
    }

    pub(crate) fn ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A line of `/proc/…/status`, in bytes.
pub(crate) fn resident(process: &str, what: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0)
        * 1024
}
