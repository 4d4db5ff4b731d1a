//! The real stages, between a site that misbehaves and a sink that remembers, under a clock that
//! jumps.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio::task::JoinHandle;
use url::Url;

use super::*;
use crate::{
    base::{clock::SystemClock, sequence::Sequence},
    config::{Kafka, PageMode, RobotsMode, sources},
    fetch::{Body, FetchError, Fetched, Memory, Outcome, Reply, Request, Room},
    model::source::{HeaderLinks, Validators},
    policy::{looks::LookRules, polling::decide::Bounds, retry::Retry},
    stages::{
        pages::{reading::Settings, source_settings::SourcePageSettings},
        publish::sinks::memory::MemorySink,
    },
    telemetry::unreadable::UnreadablePages,
};

mod mistakes;
mod order;

/// The machine's clock, set forwards or back.
#[derive(Debug, Default)]
struct Jumping(Mutex<TimeDelta>);

impl Jumping {
    fn jump(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Jumping {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + *self.0.lock().unwrap()
    }
}

/// What a page answers: the first of these, and the last one for ever.
type Answers = VecDeque<Result<Vec<u8>, u16>>;

/// A site with one feed.
#[derive(Debug)]
struct Site {
    feed: Mutex<String>,
    pages: Mutex<HashMap<String, Answers>>,
    asked: Mutex<Vec<String>>,
    sequence: Sequence,
    memory: Memory,
    clock: Arc<Jumping>,
}

impl Fetch for Site {
    fn memory(&self) -> Memory {
        self.memory.clone()
    }

    async fn fetch(&self, request: Request) -> Outcome {
        let (path, order) = (request.url.path().to_owned(), self.sequence.next());
        self.asked.lock().unwrap().push(path.clone());
        let answer = if path == "/feed" {
            Ok(self.feed.lock().unwrap().clone().into_bytes())
        } else {
            let mut pages = self.pages.lock().unwrap();
            let answers = pages.get_mut(&path).unwrap();
            if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }.unwrap()
        };
        match answer {
            Ok(body) => Outcome::New(Box::new(Fetched {
                url: request.url,
                via: Vec::new(),
                content_type: None,
                body: Body {
                    bytes: Bytes::from(body),
                    encodings: Vec::new(),
                    room: Room::default(),
                },
                validators: Validators::default(),
                moved: None,
                fresh_for: None,
                links: HeaderLinks::default(),
                requested: self.clock.now(),
                order,
                delta: false,
            })),
            Err(status) => Outcome::Failed(FetchError::Status(status)),
        }
    }
}

impl Post for Site {
    async fn post(&self, _: Url, _: String) -> Result<Reply, FetchError> {
        Err(FetchError::Status(404))
    }
}

/// A world in which nashra runs, is stopped and runs again.
struct World {
    dir: tempfile::TempDir,
    clock: Arc<Jumping>,
    sink: MemorySink,
    site: Option<Arc<Site>>,
    running: Option<(CancellationToken, JoinHandle<Result<(), PipelineError>>)>,
    feed: String,
    pages: HashMap<String, Answers>,
}

impl World {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: Arc::default(),
            sink: MemorySink::default(),
            site: None,
            running: None,
            feed: String::new(),
            pages: HashMap::new(),
        }
    }

    /// Shows this edition of these articles in the feed.
    fn list(&mut self, articles: &[(&str, u32)]) {
        let items = articles.iter().map(|(slug, edition)| {
            format!(
                "<item><guid isPermaLink=\"false\">{slug}</guid><title>{}</title><link>https://a.example/{slug}</link></item>",
                title(slug, *edition)
            )
        });
        self.feed = format!(
            "<rss version=\"2.0\"><channel><title>F</title>{}</channel></rss>",
            items.collect::<String>()
        );
        if let Some(site) = &self.site {
            self.feed.clone_into(&mut site.feed.lock().unwrap());
        }
    }

    /// What a page answers from now on, one after the other.
    fn answer(&mut self, slug: &str, answers: impl IntoIterator<Item = Result<Vec<u8>, u16>>) {
        self.pages.insert(format!("/{slug}"), answers.into_iter().collect());
        if let Some(site) = &self.site {
            *site.pages.lock().unwrap() = self.pages.clone();
        }
    }

    fn start(&mut self) {
        // Threads of the run before may hold its files for a moment.
        let end = std::time::Instant::now() + Duration::from_mins(1);
        let store = loop {
            match Store::open(self.dir.path(), 1 << 20) {
                Ok(store) => break store,
                Err(error) => assert!(std::time::Instant::now() < end, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        store.begin_run().unwrap();
        let site = Arc::new(Site {
            feed: Mutex::new(self.feed.clone()),
            pages: Mutex::new(self.pages.clone()),
            asked: Mutex::default(),
            sequence: store.sequence(),
            memory: Memory::default(),
            clock: Arc::clone(&self.clock),
        });
        self.site = Some(Arc::clone(&site));
        let parts = parts(site, Arc::clone(&self.clock), store, self.sink.clone());
        let stop = CancellationToken::new();
        // Ends of channels that nobody uses.
        let (pressure, changes, operator_requests) =
            (watch::channel(Pressure::None), mpsc::channel(1), mpsc::channel(1));
        let steering = Steering {
            pressure: pressure.1,
            status: watch::channel(publish::Status::default()).0,
            changes: changes.1,
            operator_requests: operator_requests.1,
            ready: Ready::default(),
            stop: stop.clone(),
            drain: Live::new(Duration::from_secs(30)),
        };
        let run = async move {
            let _held = (pressure.0, changes.0, operator_requests.0);
            run(parts, Queues { due: 8, polled: 8, extracted: 8 }, steering).await
        };
        self.running = Some((stop, tokio::spawn(run)));
    }

    async fn stop(&mut self) {
        let (stop, task) = self.running.take().unwrap();
        stop.cancel();
        task.await.unwrap().unwrap();
        self.site = None;
    }

    /// What was published: slug, edition, revision; dead letters have no edition.
    fn published(&self) -> Vec<(String, Option<u32>, u64)> {
        let records = self.sink.values();
        let one = |record: &Value| {
            let slug = record["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            (
                slug,
                record["text"].as_str().and_then(edition_of),
                record["revision"].as_u64().unwrap_or(0),
            )
        };
        let is_story = |record: &&Value| record["schema"] == "nashra.story.v1";
        records.iter().filter(|record| !is_story(record)).map(one).collect()
    }

    /// The editions of one article, in their order.
    fn editions(&self, slug: &str) -> Vec<u32> {
        self.published()
            .into_iter()
            .filter(|published| published.0 == slug)
            .filter_map(|published| published.1)
            .collect()
    }

    /// How many paragraphs they have.
    fn paragraphs(&self, slug: &str) -> Vec<usize> {
        let records = self.sink.values();
        let of = records
            .iter()
            .filter(|record| record["url"].as_str().is_some_and(|url| url.ends_with(slug)));
        of.filter_map(|text| Some(text["text"].as_str()?.matches("It was time number").count()))
            .collect()
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = std::time::Instant::now() + Duration::from_mins(1);
        while !holds(self) {
            assert!(
                std::time::Instant::now() < end,
                "waited in vain until {what}: {:?}",
                self.published()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn asked(&self, slug: &str) -> usize {
        let path = format!("/{slug}");
        self.site.as_ref().map_or(0, |site| {
            site.asked.lock().unwrap().iter().filter(|asked| **asked == path).count()
        })
    }
}

fn revisits(retry: Retry) -> commit::RevisitRules {
    commit::RevisitRules { retry, refetch_per_day: 100, looks: LookRules::none() }
}

const STORIES: commit::StoryRules = commit::StoryRules {
    compare_for: Duration::from_hours(168),
    exact_for: Duration::from_hours(1_000),
    memory: 8 << 20,
};

fn rules() -> poll::Rules {
    poll::Rules {
        bounds: Bounds { min: Duration::from_millis(100), max: Duration::from_millis(200) },
        backlog: None,
        entries: poll::EntryBounds { per_poll: 5_000, per_day: 50_000, pending: 20_000 },
        retention: Duration::from_hours(2_400),
        pages: PageMode::On,
        robots: RobotsMode::Ignore,
        refetch_per_day: 100,
        max_decoded: 1 << 20,
        per_host: 4,
    }
}

fn reading_settings() -> Settings {
    let retry =
        Retry { tries: 5, first: Duration::from_millis(20), max: Duration::from_millis(100) };
    Settings {
        concurrency: 8,
        per_host: 4,
        in_flight: 8,
        retry,
        max_decoded: 1 << 20,
        follow_pages: 0,
    }
}

fn parts(
    site: Arc<Site>,
    clock: Arc<Jumping>,
    store: Store,
    sink: MemorySink,
) -> Parts<Site, Jumping> {
    let source = sources::parse("l", b"https://a.example/feed").sources.remove(0);
    let sources = Sources { polled: vec![source], topics: Vec::new() };
    let settings = reading_settings();
    Parts {
        poll: poll::PollContext {
            fetcher: Arc::clone(&site),
            store: store.polls(),
            rules: Live::new(rules()),
            concurrency: 4,
            traces: Tracer::default(),
            trace: None,
            clock: Arc::clone(&clock),
        },
        websub: None,
        input: input::Parts {
            store: store.topics(),
            topics: Vec::new(),
            kafka: Kafka::default(),
            memory: Memory::default(),
            rules: input::Rules {
                pages: PageMode::On,
                robots: RobotsMode::Ignore,
                waiting: 8,
                max_bytes: 1 << 20,
            },
            clock: Arc::clone(&clock),
        },
        page: page::PageContext {
            fetcher: site,
            queue: store.entries(),
            settings: Live::new(settings),
            rules: SourcePageSettings::new(&sources, store.added(), clock.now()),
            unreadable: UnreadablePages::default(),
            traces: Tracer::default(),
            clock: Arc::clone(&clock),
        },
        commit: commit::Parts {
            articles: store.articles(),
            outbox: store.outbox(),
            story_store: store.stories(),
            stories: STORIES,
            letters: store.letters(1 << 20),
            editions: store.editions(crate::store::EditionBounds::NONE),
            revisits: Live::new(revisits(settings.retry)),
            differences: Live::new(false),
            labels: Live::default(),
            routes: Arc::default(),
            traces: Tracer::default(),
            clock,
        },
        sources,
        sink: Box::new(sink),
        store,
        poll_now: false,
        polls_per_source_day: 1e6,
    }
}

fn title(slug: &str, edition: u32) -> String {
    format!("What the council said of {slug}, edition {edition}")
}

/// The page of an edition, long enough to be missed.
fn page_of(slug: &str, edition: u32) -> Vec<u8> {
    let words = format!(
        "The council met again because of {slug}, and what it said in edition {edition} is told here at some length. "
    );
    html(&title(slug, edition), &words, 12)
}

fn html(title: &str, words: &str, paragraphs: usize) -> Vec<u8> {
    // A page that says something twice means it once, so no two paragraphs are the same.
    let paragraph = |number| {
        format!(
            "<p>{words} It was time number {number}, and nobody thinks that it was the last one either.</p>"
        )
    };
    let text = (1..=paragraphs).map(paragraph).collect::<Vec<_>>().concat();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>{title}</title></head><body><article><h1>{title}</h1>{text}</article></body></html>"
    )
    .into_bytes()
}

fn edition_of(text: &str) -> Option<u32> {
    let rest = text.split_once("in edition ")?.1;
    rest.split(' ').next()?.parse().ok()
}
