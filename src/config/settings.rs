//! Every setting: its name, its type, its default, its range and what it does.
//!
//! What stands beside a setting here is what those who run nashra read: `config/nashra.toml` and
//! `docs/configuration.md` are made of it, in Markdown.

use std::{path::PathBuf, thread, time::Duration};

use ipnet::IpNet;

use super::{
    checks::{at_least_mib, lasting, rising, spanning, within},
    choices::{LogFormat, PageMode, RobotsMode},
    collector::CollectorUrl,
    labels::LabelTables,
    reference::Example,
    routes::RouteTables,
    setting::settings,
    share::Share,
    sinks::{Kafka, Sink},
    size::ByteSize,
    values::{Backlog, Contact, HostName, Listen, LogFilter, PublicUrl, SourceList, UserAgent},
};
use crate::base::private::PARAMETERS;

/// The shortest time that makes sense between two visits: a test on loopback, never a real site.
const SHORTEST: Duration = Duration::from_millis(100);
pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_mins(1);
pub(super) const HOUR: Duration = Duration::from_hours(1);
pub(super) const DAY: Duration = Duration::from_hours(24);
/// Ten years and more: long enough for every purpose, and no sum of such times can overflow.
pub(super) const LONGEST: Duration = DAY.saturating_mul(4000);

settings! {
    /// All that the operator decides.
    pub Config {
        /// Where the store, the dead letters and the control socket (`control.sock`) are. Relative
        /// to the folder that nashra is started in.
        data_dir: PathBuf = "nashra-data".into();
        /// Lists of sources: TOML, OPML, or one URL a line; files, relative to this one, or URLs.
        /// nashra never writes them. `[]` is none.
        @hot sources: Vec<SourceList> = Vec::new() => Example::Set(r#"["sources.toml"]"#);
        /// Files of rules for labels, relative to this one: a `[[label]]` table for each rule.
        @hot labels: Vec<PathBuf> = Vec::new();
        /// Rules for labels that stand here: which words and phrases give an article which of
        /// `labels` in its record.
        ///
        /// ```toml
        /// [[label]]
        /// name = "floods"
        /// any = ["flood", "floods"]
        /// ```
        @hot label: LabelTables = LabelTables::default();
        /// Routes, as `[[route]]` tables: which articles go to further topics of Kafka, or to them instead of
        /// `articles`. An article that is in a topic stays in it with all its revisions.
        route: RouteTables = RouteTables::default();
        /// When sources are visited.
        poll: Poll = Poll::default();
        /// How bodies are fetched.
        fetch: Fetch = Fetch::default();
        /// What is done with the pages behind entries.
        page: Page = Page::default();
        /// What records hold.
        record: Record = Record::default();
        /// What is remembered, and for how long.
        store: Store = Store::default();
        /// Which articles carry the same text.
        stories: Stories = Stories::default();
        /// What was published of articles, for their pages.
        editions: Editions = Editions::default();
        /// What could not be published.
        dead_letters: DeadLetters = DeadLetters::default();
        /// The records that the sink has not yet acknowledged.
        outbox: Outbox = Outbox::default();
        /// Where records go.
        sink: Sink = Sink::default();
        /// The Kafka sink, and the brokers of topics that are sources.
        kafka: Kafka = Kafka::default();
        /// Metrics, health and the status page.
        admin: Admin = Admin::default();
        /// Where hubs tell what is new.
        websub: WebSub = WebSub::default();
        /// What is logged, and how.
        log: Log = Log::default();
        /// Traces for OpenTelemetry.
        telemetry: Telemetry = Telemetry::default();
        /// Sizes of the bounded channels between the stages.
        queues: Queues = Queues::default();
        /// The life of the process.
        run: Run = Run::default();
    }
}

settings! {
    /// When sources are visited. Between the two limits, each source's own rhythm decides.
    pub Poll {
        /// The shortest time between two visits to a source. If only one of the two limits is set
        /// and it contradicts the default of the other, then the other gives way.
        @hot min_interval: Duration = 5 * MINUTE, lasting(SHORTEST, LONGEST);
        /// The longest time between two visits to a source that answers.
        @hot max_interval: Duration = 6 * HOUR, lasting(SHORTEST, LONGEST);
        /// Polls of a source a day, on average over all sources: they are spent where they find
        /// most, so a busy source gets more of them and a quiet one fewer. At least twice as many
        /// as the longest interval alone would need.
        @hot budget: usize = 24, within(1..=864_000);
        /// Polls at once, over all hosts; of one host at most `fetch.per_host`.
        concurrency: usize = 256, within(1..=10_000);
        /// What a new source lists at its first poll is published when it is no older than this;
        /// the rest counts as seen. "all" publishes everything.
        @hot backlog: Backlog = Backlog::Within(3 * DAY), spanning::<Backlog>(Duration::ZERO, LONGEST);
        /// Entries that are taken of one listing of a source, or of one push of its hub. Of what is
        /// beyond the three bounds the newest are taken first, the others when there is room, as
        /// long as they are listed; until then the source is `throttled`. A source can have bounds
        /// of its own.
        @hot entries_per_poll: usize = 5_000, within(1..=1_000_000);
        /// Entries that are taken of all listings of a source in a day (UTC), changed ones
        /// included.
        @hot entries_per_day: usize = 50_000, within(1..=10_000_000);
        /// Entries of a source that may wait to be read.
        @hot entries_pending: usize = 20_000, within(1..=1_000_000);
        /// true: all sources are due at the start, whatever the store says.
        now: bool = false;
    }
}

impl Poll {
    /// The budget that is kept to. One that the longest interval alone would spend leaves nothing
    /// to decide, so it is at least twice that.
    #[must_use]
    pub fn polls_per_source_day(&self) -> f64 {
        let budget = u32::try_from(self.budget).map_or(f64::INFINITY, f64::from);
        budget.max(2.0 * DAY.as_secs_f64() / self.max_interval.as_secs_f64())
    }
}

settings! {
    /// How bodies are fetched.
    pub Fetch {
        /// Where a site that has trouble with your requests reaches you, instead of blocking you:
        /// the address of a page or of mail. It is sent with every request; a config file without
        /// one is refused. The one in the example is no contact: put yours there.
        @hot contact: Option<Contact> = None => Example::Set(r#""https://example.org/our-bot""#);
        /// The `User-Agent` header; `{version}` is filled in, and the contact is added where it is
        /// not in it.
        @hot user_agent: UserAgent = UserAgent::default();
        /// Requests at once to one host.
        @hot per_host: usize = 4, within(1..=1_000);
        /// The time between two requests to one host; "0s" is none.
        @hot spacing: Duration = Duration::ZERO, lasting(Duration::ZERO, HOUR);
        /// Requests to one host that may follow each other at once after a rest, where there is a
        /// spacing.
        @hot burst: u32 = 1, within(1..=10_000);
        /// "obey": what a site's `robots.txt` (RFC 9309) forbids to "nashra" or to all is not
        /// fetched; "ignore": it is not asked for. A source can have its own setting.
        @hot robots: RobotsMode = RobotsMode::Obey;
        /// The longest `Crawl-delay` of a `robots.txt` that is kept to; what is longer counts as
        /// this. "0s" heeds none.
        @hot max_crawl_delay: Duration = 30 * SECOND, lasting(Duration::ZERO, HOUR);
        /// The most time for the name, TCP and TLS.
        @hot connect_timeout: Duration = 10 * SECOND, lasting(SHORTEST, HOUR);
        /// The most time from a request to the first byte of the answer, the connection included.
        @hot first_byte_timeout: Duration = 30 * SECOND, lasting(SHORTEST, HOUR);
        /// Bytes of a body a second at least, on average over ten seconds; "0B" is none.
        @hot least_rate: ByteSize = ByteSize::new(100), within(ByteSize::new(0)..=ByteSize::mib(1024));
        /// The most time for one whole fetch, redirects and body included.
        @hot timeout: Duration = MINUTE, lasting(SHORTEST, HOUR);
        /// The largest body as sent.
        @hot max_body: ByteSize = ByteSize::mib(10), within(ByteSize::new(1024)..=ByteSize::mib(1024));
        /// The largest body after decompression.
        @hot max_decoded: ByteSize = ByteSize::mib(20), within(ByteSize::new(1024)..=ByteSize::mib(1024));
        /// Memory for bodies: as they come, decoded, while they are read, and what was made of them
        /// until that is durable. Large ones wait for each other, small ones never. The program
        /// itself takes some 100 MiB more.
        memory: ByteSize = ByteSize::mib(256), at_least_mib(32);
        /// Redirects that one fetch follows.
        @hot max_redirects: usize = 5, within(0..=20);
        /// Parameters of sources' addresses (`?token=...`) whose values are secrets, in any case
        /// and with "-" or without. They are sent with requests and kept in `data_dir`, and shown
        /// as `***` in records, topics, logs and answers, as is what repeats them in the addresses
        /// of articles; user names and passwords (`https://user:password@...`) are shown nowhere
        /// either.
        @hot secret_parameters: Vec<String> = PARAMETERS.map(str::to_owned).to_vec();
        /// Addresses that are not public (loopback, private, link-local, …) are never fetched,
        /// whoever names them, unless they are in one of these networks, such as `["10.1.0.0/16",
        /// "127.0.0.1"]`. They hold for all sources, and for whatever address a source's pages
        /// name; a source can have its own as well.
        @hot allow_addresses: Vec<IpNet> = Vec::new();
    }
}

impl Fetch {
    /// The whole `User-Agent` header.
    #[must_use]
    pub fn user_agent(&self) -> String {
        let name = self.user_agent.as_str();
        match &self.contact {
            Some(contact) if !name.contains(contact.as_str()) => {
                format!("{name} (+{})", contact.as_str())
            }
            _ => name.to_owned(),
        }
    }
}

settings! {
    /// What is done with the pages behind entries.
    pub Page {
        /// "on": fetch them and extract the articles; "feed": publish what feeds say; "off": record
        /// entries and publish nothing. A source can have its own setting.
        @hot mode: PageMode = PageMode::On;
        /// Threads that extract articles; 0 is one a core.
        workers: usize = 0, within(0..=1_024);
        /// Pages fetched at once, over all hosts.
        concurrency: usize = 64, within(1..=10_000);
        /// How often a page is tried before the article is made of what the feed says; and how
        /// often a text that became very short is looked at before it is believed.
        @hot tries: u32 = 8, within(1..=1_000);
        /// The wait before the second try; each further wait is four times as long.
        @hot retry_first: Duration = 2 * SECOND, lasting(SHORTEST, LONGEST);
        /// The longest wait between two tries.
        @hot retry_max: Duration = 6 * HOUR, lasting(SHORTEST, LONGEST);
        /// How often in a day a page is fetched again because its entry changed, looks at a page
        /// that still shows the edition before included; 0 is never.
        @hot refetch_per_day: u32 = 6, within(0..=1_440);
        /// How long after an article was first seen its page is looked at again, because feeds do
        /// not tell of every change; `[]` is never. Unchanged pages answer 304 where their server
        /// can. New articles go first.
        @hot looks: Vec<Duration> = vec![HOUR, 6 * HOUR, DAY], rising(8);
        /// How many further pages are read of an article that goes on behind "page 2", to make one
        /// text. Each is a request to the same host. With 0 such an article is published as far as
        /// its first page, with `quality.truncated`.
        @hot follow_pages: usize = 0, within(0..=100);
        /// An article whose page is gone (404 or 410) at two looks at least so far apart is
        /// published as withdrawn; not while its host fails, keeps us out or has lost many pages at
        /// once.
        @hot withdraw_after: Duration = HOUR, lasting(SHORTEST, DAY);
    }
}

impl Page {
    /// The number of extracting threads, at least one.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        match self.workers {
            0 => thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        }
    }
}

settings! {
    /// What records hold beside what they always do.
    pub Record {
        /// true: a revision tells in `difference` where its text differs from the one before, word
        /// by word. The last text of each article is kept for that, compressed: about half a
        /// kilobyte for each 1,000 characters; texts above 256 KiB are not kept.
        @hot difference: bool = false;
    }
}

settings! {
    /// What is remembered, and for how long.
    pub Store {
        /// How long entries and articles are kept after a source last listed them.
        @hot retention: Duration = 90 * DAY, lasting(HOUR, LONGEST);
        /// Memory for the store's cache.
        cache: ByteSize = ByteSize::mib(64), at_least_mib(1);
        /// Free disk below which nothing new is polled. A quarter of it, 64 MiB at most, is kept
        /// back for the store's own recovery.
        @hot min_free_disk: ByteSize = ByteSize::mib(256);
    }
}

settings! {
    /// What could not be published, kept with its bytes so that it can be looked at and tried again
    /// (`nashra deadletters`).
    pub DeadLetters {
        /// Disk for them, compressed; the oldest go first. The bytes of one are kept where they take no more than a
        /// quarter of it.
        max_bytes: ByteSize = ByteSize::mib(256);
        /// How long one is kept after it was tried last.
        @hot max_age: Duration = 30 * DAY, lasting(HOUR, LONGEST);
    }
}

settings! {
    /// The last editions of articles as they were published, kept so that their status pages, the API
    /// and `nashra explain` show what they said and what a revision changed.
    pub Editions {
        /// How many of an article; 0 keeps none.
        per_article: usize = 5, within(0..=100);
        /// How long one is kept after it was published.
        @hot max_age: Duration = 30 * DAY, lasting(HOUR, LONGEST);
        /// Disk for all of them, compressed; the oldest go first. One takes no more than a 64th of it.
        max_bytes: ByteSize = ByteSize::mib(64);
    }
}

settings! {
    /// Stories: which articles carry the same text, across sources.
    pub Stories {
        /// For how long a new text is compared with those before it, in whole days. "0s" finds no
        /// stories.
        compare_for: Duration = 7 * DAY, lasting(Duration::ZERO, 365 * DAY);
        /// For how long after a text was published last an article with the very same text is known
        /// as its copy, also when it is not compared any more; some 60 bytes of disk for each text.
        /// "0s" keeps none.
        exact_for: Duration = 90 * DAY, lasting(Duration::ZERO, 3_650 * DAY);
        /// Memory for the texts that are compared, some 1 kB each. The oldest go first.
        memory: ByteSize = ByteSize::mib(512), at_least_mib(1);
    }
}

settings! {
    /// The records that the sink has not yet acknowledged.
    pub Outbox {
        /// Disk for records that wait for the sink. Polling slows down and stops before it is full;
        /// nothing that was recorded is lost.
        @hot max_bytes: ByteSize = ByteSize::mib(2048), at_least_mib(1);
    }
}

settings! {
    /// Metrics (`/metrics`), health (`/healthz`, `/readyz`) and the status pages (`/`).
    pub Admin {
        /// An IP address and a port (0 picks a free one), or "off".
        listen: Listen = Listen::On(([127, 0, 0, 1], 9606).into());
        /// Names on the internet under which it is reached: requests for other names are refused,
        /// so that no page in somebody's browser can read it under a name of its own. Addresses,
        /// names without a dot and those that end in `.local`, `.internal`, `.lan`, `.localhost` or
        /// `.home.arpa` are always answered. For instance `["status.example.org"]`.
        @hot hosts: Vec<HostName> = Vec::new();
        /// A file that holds the token with which sources are changed over HTTP (docs/api.md), 16
        /// bytes or more; relative to the current folder. It is read at each change, so that it
        /// can be exchanged.
        @hot token_file: Option<PathBuf> = None => Example::Shown("\"/etc/nashra/token\"");
        /// The variable of the environment that holds the token, where no file is named. Without a
        /// token nothing can be changed over HTTP.
        @hot token_env: String = "NASHRA_ADMIN_TOKEN".to_owned();
    }
}

settings! {
    /// Hubs of `WebSub` tell what is new, and the sources that have one are polled only as a safety
    /// net. Off unless both addresses are given. Hubs must reach `public_url` from the internet:
    /// give an https address of a proxy that hands on to `listen`.
    pub WebSub {
        /// An IP address and a port, or "off". Apart from the admin endpoint, because it is public.
        listen: Listen = Listen::Off;
        /// What hubs are told; each subscription adds an unguessable end to its path.
        public_url: Option<PublicUrl> = None => Example::Shown(r#""https://news.example.org/hooks""#);
        /// How long hubs are asked to go on before it is renewed; they decide.
        @hot lease: Duration = 10 * DAY, lasting(MINUTE, 365 * DAY);
    }
}

settings! {
    /// What is logged, and how.
    pub Log {
        /// "auto" is text on a terminal and JSON elsewhere; "text" is for people, "json" is one
        /// object a line.
        format: LogFormat = LogFormat::Auto;
        /// "off", "error", "warn", "info", "debug" or "trace", also for single parts:
        /// `"info,nashra::fetch=debug"`. `--log-level` and the environment variable
        /// `NASHRA_LOG` go before it.
        @hot level: LogFilter = LogFilter::default();
    }
}

settings! {
    /// What is told beside metrics and logs.
    pub Telemetry {
        /// Traces for OpenTelemetry.
        traces: Traces = Traces::default();
    }
}

settings! {
    /// Traces for OpenTelemetry, sent to a collector.
    pub Traces {
        /// The share of the polls of which a trace is recorded, from 0 to 1: from the poll to the
        /// acknowledgement of what it found (`docs/traces.md`). 0 makes, keeps and sends nothing.
        @hot sample: Share = Share::default();
        /// Where a collector takes OTLP over HTTP, as protobuf; without a path, `/v1/traces` is
        /// added. It must be given where `sample` is not 0.
        endpoint: Option<CollectorUrl> = None => Example::Shown(r#""http://127.0.0.1:4318""#);
    }
}

settings! {
    /// Sizes of the bounded channels between the stages; `ARCHITECTURE.md` draws them.
    pub Queues {
        /// Sources that are due and wait for a fetch.
        due: usize = 256, within(1..=100_000);
        /// Polls that wait for their commit.
        polled: usize = 64, within(1..=100_000);
        /// Messages of one Kafka topic (a source of kind "kafka") that wait for their first
        /// reading.
        topic: usize = 256, within(1..=100_000);
        /// Extracted pages that wait for their commit.
        extracted: usize = 64, within(1..=100_000);
    }
}

settings! {
    /// The life of the process.
    pub Run {
        /// How long a stop (SIGTERM, SIGINT) waits for what is in flight.
        @hot drain_timeout: Duration = 30 * SECOND, lasting(Duration::ZERO, DAY);
        /// true: this file and the lists of sources are read again when one of them changes, as
        /// SIGHUP and `nashra reload` have them read. Where something is wrong, nothing changes.
        @hot watch: bool = false;
    }
}
