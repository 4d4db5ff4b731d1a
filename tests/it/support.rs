//! What the tests share: a small site whose answers a test changes, the built program as a child,
//! waiting.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{HeaderMap, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes on a slow machine: only a failing test waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until something is there.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An answer of the site.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: vec![], body: body.into() }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: vec![], body: b"no".to_vec() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// A request as the site saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
}

#[derive(Debug, Default)]
struct Inside {
    answers: BTreeMap<String, Answer>,
    seen: Vec<Seen>,
}

/// A real HTTP server on loopback.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) base: String,
    inside: Arc<Mutex<Inside>>,
    stop: CancellationToken,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Site {
    pub(crate) fn start() -> Self {
        Self::on("127.0.0.1")
    }

    /// One at another address of loopback.
    pub(crate) fn on(ip: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind((ip, 0))).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let inside = Arc::new(Mutex::new(Inside::default()));
        let (serving, stop) = (Arc::clone(&inside), CancellationToken::new());
        let handler = move |asked: nashra::serve::ServedRequest<'_>| {
            let mut inside = serving.lock().unwrap();
            inside.seen.push(Seen { path: asked.path.to_owned(), headers: asked.headers.clone() });
            respond(
                inside.answers.get(asked.path).cloned().unwrap_or_else(|| Answer::status(404)),
                asked.headers,
            )
        };
        runtime.spawn(nashra::serve::serve(listener, handler, stop.clone()));
        Self { base, inside, stop, runtime: Some(runtime) }
    }

    pub(crate) fn put(&self, path: &str, answer: Answer) {
        self.inside.lock().unwrap().answers.insert(path.to_owned(), answer);
    }

    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        self.inside.lock().unwrap().seen.iter().filter(|seen| seen.path == path).cloned().collect()
    }

    /// A feed of these articles: slug, title.
    pub(crate) fn feed(&self, path: &str, articles: &[(&str, &str)]) {
        let items: String = articles
            .iter()
            .map(|(slug, title)| {
                format!("<item><title>{title}</title><link>{}/a/{slug}</link><guid isPermaLink=\"false\">{slug}</guid><description>About {title}, in short.</description></item>", self.base)
            })
            .collect::<Vec<_>>()
            .concat();
        let xml = format!(
            "<rss version=\"2.0\"><channel><title>Test feed</title><link>{}</link>{items}</channel></rss>",
            self.base
        );
        self.put(path, Answer::ok(xml));
    }

    /// An article's page.
    pub(crate) fn page(&self, slug: &str, title: &str, first: &str) {
        self.page_with(slug, title, first, "");
    }

    /// The same, with more in its head.
    pub(crate) fn page_with(&self, slug: &str, title: &str, first: &str, head: &str) {
        self.put(
            &format!("/a/{slug}"),
            Answer::ok(html(title, first, head)).with("content-type", "text/html; charset=utf-8"),
        );
    }
}

/// A page of the documentation.
pub(crate) fn document(page: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    fs::read_to_string(path).unwrap()
}

/// The fenced blocks of a document, in their order, by their kind.
pub(crate) fn blocks(document: &str, kind: &str) -> Vec<String> {
    let fence = format!("\n```{kind}\n");
    let parts = document.split(&fence).skip(1);
    parts.map(|part| part.split("\n```").next().unwrap().to_owned() + "\n").collect()
}

/// A feed of these items.
pub(crate) fn rss(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>Feed</title>{items}</channel></rss>")
}

/// An article's page as HTML. What its paragraphs say is the article's own, by the first word of its
/// headline, so that pages of other articles are no copies of it.
pub(crate) fn html(title: &str, first: &str, head: &str) -> String {
    let of =
        title.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or("it");
    let filler: String = (0..4).map(|number| format!("<p>Paragraph {number} of {of} says at {of} some length that {of} the council of {of} met again, that {of} the ferry of {of} will sail, and {of} that nothing of {of} was decided on {of} that day.</p>")).collect::<Vec<_>>().concat();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1><p>{first} This sentence makes the first paragraph long enough to be one.</p>{filler}</article></body></html>"
    )
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn respond(answer: Answer, asked: &HeaderMap) -> Response<Full<Bytes>> {
    let tag =
        answer.headers.iter().find(|(name, _)| *name == "etag").map(|(_, value)| value.clone());
    let known = tag.is_some_and(|tag| {
        asked.get("if-none-match").is_some_and(|asked| asked.as_bytes() == tag.as_bytes())
    });
    let mut response =
        Response::new(Full::new(Bytes::from(if known { vec![] } else { answer.body })));
    *response.status_mut() =
        hyper::StatusCode::from_u16(if known { 304 } else { answer.status }).unwrap();
    for (name, value) in &answer.headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

/// The built program.
#[derive(Debug)]
pub(crate) struct Nashra {
    child: Child,
    log: PathBuf,
}

impl Nashra {
    /// `nashra run` on `dir/data`, with the intervals of a test; `more` are further arguments.
    pub(crate) fn run(dir: &Path, sources: &str, more: &[&str]) -> Self {
        fs::write(dir.join("sources.txt"), sources).unwrap();
        Self::with_sources(dir, "sources.txt", more)
    }

    /// The same, with a list of sources that is in `dir` already.
    pub(crate) fn with_sources(dir: &Path, list: &str, more: &[&str]) -> Self {
        Self::under((dir, &[]), list, more)
    }

    /// The same, in an environment that says more.
    pub(crate) fn under(place: (&Path, &[(&str, PathBuf)]), list: &str, more: &[&str]) -> Self {
        let mut arguments = vec![
            "run",
            "--sources",
            list,
            "--data-dir",
            "data",
            "--allow-address",
            "127.0.0.0/8",
            "--min-interval",
            "200ms",
            "--max-interval",
            "400ms",
            "--listen",
            "127.0.0.1:0",
        ];
        arguments.extend(more);
        Self::spawn(place, &arguments)
    }

    pub(crate) fn start(dir: &Path, arguments: &[&str]) -> Self {
        Self::spawn((dir, &[]), arguments)
    }

    fn spawn((dir, environment): (&Path, &[(&str, PathBuf)]), arguments: &[&str]) -> Self {
        let log = dir.join(format!("log-{}", fs::read_dir(dir).unwrap().count()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_nashra"));
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command
            .args(arguments)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap());
        Self { child: command.spawn().unwrap(), log }
    }

    /// Any command, in an environment that says more.
    pub(crate) fn with_environment(place: (&Path, &[(&str, PathBuf)]), arguments: &[&str]) -> Self {
        Self::spawn(place, arguments)
    }

    /// The file of its log, which stays when it has ended.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.log.clone()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// The records of standard output but those of stories, each as it comes.
    pub(crate) fn records(&mut self) -> impl Iterator<Item = Value> + use<> {
        let lines = BufReader::new(self.child.stdout.take().unwrap()).lines();
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).filter(is_no_story)
    }

    /// Where metrics and health are served.
    pub(crate) fn admin(&self) -> String {
        until("the admin address is logged", || {
            let log = self.log();
            let line = log.lines().find(|line| line.contains("metrics, health and status"))?;
            serde_json::from_str::<Value>(line).ok()?["url"].as_str().map(str::to_owned)
        })
    }

    /// The page of its metrics.
    pub(crate) fn metrics(&self) -> String {
        get(&format!("{}metrics", self.admin())).1
    }

    /// Waits until its metrics have this line.
    pub(crate) fn counts(&self, line: &str) {
        until(line, || self.metrics().contains(&format!("{line}\n")).then_some(()));
    }

    /// Waits until a metric, named with its labels, is above 0.
    pub(crate) fn has_counted(&self, metric: &str) {
        until(metric, || {
            let metrics = self.metrics();
            let value =
                metrics.lines().find_map(|line| line.strip_prefix(metric)?.trim().parse().ok());
            value.filter(|value: &f64| *value > 0.0).map(drop)
        });
    }

    /// The most that it had resident so far, in bytes.
    pub(crate) fn most_resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }

    pub(crate) fn signal(&self, name: &str) {
        assert!(
            Command::new("kill")
                .args([format!("-{name}"), self.child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn wait(mut self) -> ExitStatus {
        until("nashra ends", || self.child.try_wait().unwrap())
    }

    /// SIGTERM, and its exit code.
    pub(crate) fn stop(self) -> Option<i32> {
        self.signal("TERM");
        self.wait().code()
    }
}

impl Drop for Nashra {
    fn drop(&mut self) {
        // Already ended in a test that passed.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn is_no_story(record: &Value) -> bool {
    record["schema"] != "nashra.story.v1"
}

/// The records of a file sink but those of stories, so far as they are whole.
pub(crate) fn lines(dir: &Path) -> Vec<Value> {
    let mut lines = all_lines(dir);
    lines.retain(is_no_story);
    lines
}

/// The lines of a file sink, so far as they are whole.
pub(crate) fn all_lines(dir: &Path) -> Vec<Value> {
    let text = fs::read_to_string(dir.join("data/articles.jsonl")).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The articles of a file sink; what could not be read is in dead letters beside them.
pub(crate) fn articles(dir: &Path) -> Vec<Value> {
    let mut articles = all_lines(dir);
    articles.retain(|record| record["schema"] == "nashra.article.v1");
    articles
}

/// Numbers without order, the same each time (xorshift).
pub(crate) fn random(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

/// GET, on a connection of its own: status and body.
pub(crate) fn get(url: &str) -> (u16, String) {
    let (head, body) = get_whole(url);
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
}

/// GET, on a connection of its own: head and body.
pub(crate) fn get_whole(url: &str) -> (String, String) {
    use std::io::{Read as _, Write as _};
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// Runs a command of the program to its end: exit code, standard output, standard error.
pub(crate) fn command(dir: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nashra"))
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The bytes of a dead letter, as `nashra deadletters show` writes them to a file.
pub(crate) fn letter_bytes(dir: &Path, letter: &Value) -> Vec<u8> {
    let file = dir.join("bytes");
    let id = letter["id"].as_str().unwrap();
    let file_name = format!("--bytes={}", file.display());
    let (code, _, errors) =
        command(dir, &["deadletters", "show", id, &file_name, "--data-dir", "data"]);
    assert_eq!(code, Some(0), "{errors}");
    fs::read(file).unwrap()
}
