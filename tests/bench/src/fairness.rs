//! How late a good source's articles are beside a hostile one: runs the built program for each
//! scenario, with real sockets, and prints a table. `cargo run --release --manifest-path
//! tests/bench/Cargo.toml --bin fairness -- NASHRA [SECONDS] [SCENARIO…]`.
//!
//! The good source lists a new article each two seconds and is polled some times a second; an
//! article is late by the time from when it is listed until its record is in the file of the sink.
//! All hosts are addresses of 127.0.0.0/8.

use std::{
    collections::HashMap,
    error::Error,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

type Failed = Box<dyn Error + Send + Sync>;

const GOOD: &str = "127.1.0.1";

/// A scenario: its name, how many hostile sources it has, and what a poll of one of them gives.
type Scenario = (&'static str, usize, fn(&Ports, usize) -> String);

const SCENARIOS: [Scenario; 8] = [
    ("alone", 0, |_, _| String::new()),
    ("1,000 silent hosts of one feed", 1, |ports, number| links(ports.silent, number, 1000)),
    ("1,000 silent hosts of ten feeds", 10, |ports, number| links(ports.silent, number, 100)),
    ("10,000 silent hosts of ten feeds", 10, |ports, number| links(ports.silent, number, 1000)),
    ("100 silent hosts of 100 feeds", 100, |ports, number| links(ports.silent, number, 1)),
    ("1,000 hosts that trickle", 1, |ports, number| links(ports.trickling, number, 1000)),
    ("20,000 entries without links", 1, |_, _| flood(20_000, "same")),
    ("500 new ids at each poll", 1, |ports, _| flood(500, &ports.next())),
];

/// Where the servers of a scenario are.
struct Ports {
    silent: u16,
    trickling: u16,
    polls: Mutex<u64>,
}

impl Ports {
    fn next(&self) -> String {
        let Ok(mut polls) = self.polls.lock() else { return String::new() };
        *polls += 1;
        polls.to_string()
    }
}

fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let nashra = fs::canonicalize(arguments.next().ok_or("the program's path is missing")?)?;
    let seconds: u64 = arguments.next().map_or(Ok(60), |argument| argument.parse())?;
    let wanted: Vec<String> = arguments.collect();
    println!("| beside the good source | articles | came | late, p50 | p99 | most |\n|---|---|---|---|---|---|");
    for (name, hostile, body) in SCENARIOS {
        if wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted.as_str())) {
            run(&nashra, (name, hostile, body), seconds)?;
        }
    }
    Ok(())
}

fn run(nashra: &Path, (name, hostile, body): Scenario, seconds: u64) -> Result<(), Failed> {
    let ports = Arc::new(Ports { silent: silent()?, trickling: trickling()?, polls: Mutex::new(0) });
    let listed = Arc::new(Mutex::new(Vec::<(String, Instant)>::new()));
    let site = site(Arc::clone(&ports), Arc::clone(&listed), body)?;
    let dir = std::env::temp_dir().join(format!("nashra-fairness-{}-{site}", std::process::id()));
    fs::create_dir_all(&dir)?;
    let bad: String = (0..hostile).map(|number| format!("http://127.2.0.{}:{site}/bad/{number}\n", number + 1)).collect();
    fs::write(dir.join("sources.txt"), format!("{bad}http://{GOOD}:{site}/feed\n"))?;
    let mut child = Started(start(nashra, &dir)?);
    thread::sleep(Duration::from_secs(5));
    let mut came = HashMap::new();
    let begun = Instant::now();
    let mut next = 0;
    while begun.elapsed() < Duration::from_secs(seconds + 15) {
        if begun.elapsed() >= Duration::from_secs(2 * next) && 2 * next < seconds {
            lock(&listed)?.insert(0, (format!("good{next}"), Instant::now()));
            next += 1;
        }
        look(&dir, &mut came);
        if 2 * next >= seconds && came.len() == lock(&listed)?.len() {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    child.0.kill()?;
    child.0.wait()?;
    let listed = lock(&listed)?;
    let mut late: Vec<Duration> = listed.iter().filter_map(|(slug, at)| Some(came.get(slug)?.saturating_duration_since(*at))).collect();
    late.sort_unstable();
    let at = |share: usize| {
        late.get((late.len() * share / 100).min(late.len().saturating_sub(1)))
            .map_or("–".to_owned(), |late| format!("{:.1} s", late.as_secs_f64()))
    };
    println!("| {name} | {} | {} | {} | {} | {} |", listed.len(), late.len(), at(50), at(99), at(100));
    fs::remove_dir_all(&dir)?;
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> Result<std::sync::MutexGuard<'_, T>, Failed> {
    mutex.lock().map_err(|_| "a thread panicked".into())
}

struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn start(nashra: &Path, dir: &Path) -> Result<Child, Failed> {
    let arguments = "run --sources sources.txt --data-dir data --sink file --allow-address 127.0.0.0/8 --min-interval 500ms --max-interval 1s --listen 127.0.0.1:0";
    let log = fs::File::create(dir.join("log"))?;
    Ok(Command::new(nashra).args(arguments.split(' ')).current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?)
}

/// Notes which of the good articles are there.
fn look(dir: &Path, came: &mut HashMap<String, Instant>) {
    let text = fs::read_to_string(dir.join("data/articles.jsonl")).unwrap_or_default();
    for line in text.lines().filter(|line| line.ends_with('}')) {
        if let Some(at) = line.find("\"title\":\"good") {
            let title: String = line[at + 9..].chars().take_while(|c| *c != '"').collect();
            came.entry(title).or_insert_with(Instant::now);
        }
    }
}

/// Takes connections and says nothing.
fn silent() -> Result<u16, Failed> {
    let listener = TcpListener::bind("0.0.0.0:0")?;
    let port = listener.local_addr()?.port();
    // For as long as the program runs.
    std::mem::forget(listener);
    Ok(port)
}

/// Answers at once, and then sends a byte now and then.
fn trickling() -> Result<u16, Failed> {
    serve(|mut stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n").ok();
        while stream.write_all(&[b' '; 200]).is_ok() {
            thread::sleep(Duration::from_secs(1));
        }
    })
}

fn site(ports: Arc<Ports>, listed: Arc<Mutex<Vec<(String, Instant)>>>, body: fn(&Ports, usize) -> String) -> Result<u16, Failed> {
    serve(move |mut stream, path| {
        let host = stream.local_addr().map_or_else(|_| String::new(), |local_addr| local_addr.to_string());
        let (status, body) = match path.split('/').collect::<Vec<_>>()[..] {
            ["", "feed"] => (
                200,
                listed.lock().map_or_else(
                    |_| String::new(),
                    |listed| rss(&listed.iter().take(40).map(|(slug, _)| link(slug, &format!("http://{host}/a/{slug}"))).collect::<String>()),
                ),
            ),
            ["", "a", slug] => (200, page(slug)),
            ["", "bad", number] => (200, rss(&body(&ports, number.parse().unwrap_or(0)))),
            _ => (404, String::new()),
        };
        write!(stream, "HTTP/1.1 {status} -\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).ok();
    })
}

/// A thread for each connection, with one request.
fn serve(answer: impl Fn(TcpStream, &str) + Send + Sync + 'static) -> Result<u16, Failed> {
    let listener = TcpListener::bind("0.0.0.0:0")?;
    let (port, answer) = (listener.local_addr()?.port(), Arc::new(answer));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                let Ok(reading) = stream.try_clone() else { return };
                let mut lines = BufReader::new(reading).lines().map_while(Result::ok);
                let Some(first) = lines.next() else { return };
                lines.find(String::is_empty);
                answer(stream, first.split(' ').nth(1).unwrap_or("/"));
            });
        }
    });
    Ok(port)
}

fn links(port: u16, net: usize, count: usize) -> String {
    (0..count).map(|number| link(&format!("bad {number}"), &format!("http://127.{}.{}.{}:{port}/a", net + 100, number / 250, number % 250 + 1))).collect()
}

fn flood(count: usize, id: &str) -> String {
    (0..count).fold(String::new(), |mut all, number| {
        write!(all, "<item><guid isPermaLink=\"false\">{id} {number}</guid><title>Flood {id} {number}</title><description>Words of {number}.</description></item>").ok();
        all
    })
}

fn link(title: &str, url: &str) -> String {
    format!("<item><title>{title}</title><link>{url}</link></item>")
}

fn rss(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>Feed</title>{items}</channel></rss>")
}

fn page(title: &str) -> String {
    let text =
        "<p>The council met again, the ferry will sail at dawn with forty people on board, and nothing else was decided on that day.</p>"
            .repeat(4);
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>{title}</title></head><body><article><h1>{title}</h1>{text}</article></body></html>"
    )
}
