//! Has a real Prometheus scrape a run that works and one that does not, and asks it for every
//! expression.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::make;

/// Longer than anything here takes on a slow machine: only a failing test waits so long.
const PATIENCE: Duration = Duration::from_mins(5);
/// Alerts that the run that does not work raises, once they have lasted.
const RAISED: [&str; 4] =
    ["NashraNotReady", "NashraPollingStopped", "NashraReadsNothing", "NashraSourcesFail"];

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Starts a program in a folder; what it says is in `log` there.
fn start(program: &str, arguments: &[&str], dir: &Path, log: &str) -> std::io::Result<Running> {
    let said = fs::File::create(dir.join(log)).unwrap();
    let mut command = Command::new(program);
    command.args(arguments).current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(said).spawn().map(Running)
}

/// Waits until something is there.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The address at which a run of nashra serves its metrics.
fn address(dir: &Path, log: &str) -> String {
    until("the address is logged", || {
        let said = fs::read_to_string(dir.join(log)).unwrap();
        let line = said.lines().find(|line| line.contains("metrics, health and status"))?;
        let line: Value = serde_json::from_str(line).ok()?;
        Some(line["url"].as_str()?.trim_start_matches("http://").trim_end_matches('/').to_owned())
    })
}

/// What Prometheus answers at a path, as its `data`.
fn ask(port: u16, path: &str) -> Option<Value> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    let body: Value = serde_json::from_str(body).ok()?;
    assert!(body["error"].is_null(), "{path}: {body}");
    Some(body["data"].clone())
}

/// Whether an expression returned something at any time since the start.
fn returns(port: u16, expression: &str) -> bool {
    let ever = format!("last_over_time(({expression})[10m:1s])");
    let query: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("query", &ever).finish();
    ask(port, &format!("/api/v1/query?{query}"))
        .is_some_and(|data| !data["result"].as_array().unwrap().is_empty())
}

/// An expression of a dashboard as it is asked for without one.
fn whole(expression: &str) -> String {
    expression.replace("$s", r#"job=~".*""#).replace("$__rate_interval", "1m")
}

/// The vectors that an expression selects.
fn selectors(expression: &str) -> Vec<String> {
    let mut found = Vec::new();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = expression;
    while let Some(at) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let begin = &rest[at..];
        let (name, after) = begin.split_at(begin.find(|c| !is_name(c)).unwrap_or(begin.len()));
        rest = after;
        if name == "up" || name.starts_with("nashra_") || name.starts_with("process_") {
            let labels = after.strip_prefix('{').and_then(|after| after.split_once('}'));
            found.push(
                labels.map_or_else(|| name.to_owned(), |(labels, _)| format!("{name}{{{labels}}}")),
            );
        }
        // What stands in braces names labels.
        if let Some((_, after)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            rest = after;
        }
    }
    found
}

/// A run whose sink and sources are all away.
fn start_faulty(dir: &Path) -> Running {
    let sources = "[[source]]\nurl = \"http://127.0.0.2:1/feed\"\n[[source]]\nurl = \"http://127.0.0.3:1/feed\"\n\
        [[source]]\nurl = \"http://127.0.0.4:1/feed\"\n[[source]]\nkind = \"kafka\"\ntopic = \"pages\"\n";
    fs::write(dir.join("sources.toml"), sources).unwrap();
    let arguments = [
        "run",
        "--sources",
        "sources.toml",
        "--data-dir",
        "data",
        "--sink",
        "kafka",
        "--brokers",
        "127.0.0.1:1",
        "--min-interval",
        "1s",
        "--max-interval",
        "2s",
        "--allow-address",
        "127.0.0.0/8",
        "--listen",
        "127.0.0.1:0",
    ];
    start(env!("CARGO_BIN_EXE_nashra"), &arguments, dir, "faulty.log").unwrap()
}

/// Has it read a list again that is wrong.
fn refuse_reload(faulty: &Running, dir: &Path) {
    fs::write(dir.join("sources.toml"), "wrong").unwrap();
    let pid = faulty.0.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
}

fn start_prometheus(dir: &Path, targets: &[String]) -> std::io::Result<(Running, u16)> {
    let alerts = make::root().join("deploy/prometheus/alerts.yml");
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 5s}}\nrule_files: [\"{}\"]\n\
         scrape_configs: [{{job_name: nashra, static_configs: [{{targets: {targets:?}}}]}}]\n",
        alerts.display()
    );
    fs::write(dir.join("prometheus.yml"), config).unwrap();
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let listen = format!("--web.listen-address=127.0.0.1:{port}");
    let arguments = ["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", &listen];
    Ok((start("prometheus", &arguments, dir, "prometheus.log")?, port))
}

#[expect(
    clippy::explicit_write,
    reason = "the test runner keeps the output of `eprintln` to itself where a test passes"
)]
fn leave_out() {
    writeln!(
        std::io::stderr(),
        "left out: the expressions of dashboards and alerts need Prometheus (apt-get install prometheus)"
    )
    .unwrap();
}

#[test]
fn every_expression_of_a_panel_an_annotation_and_an_alert_returns_something_of_a_real_run_or_a_faulty_one()
 {
    if Command::new("prometheus").arg("--version").output().is_err() {
        return leave_out();
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let demo = ["demo", "--for", "10m"];
    let _demo = start(env!("CARGO_BIN_EXE_nashra"), &demo, dir, "demo.log").unwrap();
    let faulty = start_faulty(dir);
    let targets = [address(dir, "demo.log"), address(dir, "faulty.log")];
    refuse_reload(&faulty, dir);
    let (_prometheus, port) = start_prometheus(dir, &targets).unwrap();
    let rules = until("Prometheus has the rules", || {
        let rules = ask(port, "/api/v1/rules")?["groups"][0]["rules"].clone();
        rules.as_array().cloned().filter(|rules| !rules.is_empty())
    });
    let mut left: Vec<(String, String)> =
        make::expressions().into_iter().map(|(at, expression)| (at, whole(&expression))).collect();
    assert!(left.len() > 70 && rules.len() > 20);
    for rule in &rules {
        let (name, query) = (rule["name"].as_str().unwrap(), rule["query"].as_str().unwrap());
        left.extend(selectors(query).into_iter().map(|selector| (name.to_owned(), selector)));
        if RAISED.contains(&name) {
            left.push((format!("{name}, which the faulty run raises"), query.to_owned()));
        }
    }
    let end = Instant::now() + PATIENCE;
    while !left.is_empty() {
        left.retain(|(_, expression)| !returns(port, expression));
        assert!(Instant::now() < end, "these return nothing: {left:#?}");
        std::thread::sleep(Duration::from_millis(500));
    }
}
