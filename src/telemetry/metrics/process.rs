//! What the system says of this process, read at each scrape, under the names that Prometheus'
//! client libraries give it. Linux only; elsewhere nothing is shown.

use std::{fmt::Write as _, fs};

/// The metrics: name, kind and help.
pub(super) const ALL: [(&str, &str, &str); 6] = [
    (
        "process_cpu_seconds_total",
        "counter",
        "Seconds of processor time, of all threads, in the program and for it in the kernel",
    ),
    ("process_resident_memory_bytes", "gauge", "Bytes of memory that the process holds (RSS)"),
    ("process_virtual_memory_bytes", "gauge", "Bytes of address space of the process"),
    ("process_open_fds", "gauge", "Files and sockets that the process has open"),
    ("process_max_fds", "gauge", "Files and sockets that the process may have open"),
    ("process_threads", "gauge", "Threads of the process"),
];

/// Appends them to a page, so far as they can be read.
pub(super) fn write(page: &mut String) {
    for ((name, kind, help), value) in ALL.iter().zip(read()) {
        if let Some(value) = value {
            // Writing to a text has no way to fail.
            writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n").ok();
        }
    }
}

/// Their values, in the order of [`ALL`].
fn read() -> [Option<f64>; ALL.len()] {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold anything; the fields behind it are numbered from 3 (proc(5)).
    let fields: Vec<&str> =
        stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect()).unwrap_or_default();
    let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
    let ticks = whole(rustix::param::clock_ticks_per_second());
    let cpu = field(14).zip(field(15)).map(|(user, system)| (user + system) / ticks);
    let resident = field(24).map(|pages| pages * whole(rustix::param::page_size() as u64));
    let open = fs::read_dir("/proc/self/fd").map(|open| whole(open.count() as u64)).ok();
    [cpu, resident, field(23), open, most_open(), field(20)]
}

/// The soft limit of open files.
fn most_open() -> Option<f64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "these numbers stay far below 2^53")]
fn whole(number: u64) -> f64 {
    number as f64
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_memory_files_and_threads_of_this_process() {
        let [cpu, resident, virtual_memory, open, most, threads] = read().map(Option::unwrap);
        assert!(cpu >= 0.0 && resident > 1e6 && virtual_memory >= resident);
        assert!(open > 2.0 && most >= open && threads >= 1.0);
        let mut page = String::new();
        write(&mut page);
        assert_eq!(page.matches("# TYPE ").count(), ALL.len());
    }
}
