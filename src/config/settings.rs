//! Every setting: its name, its type, its default, its range and what it does.
//!
//! `config/nashra.toml` says the same to those who run nashra, and a test holds both together.

use std::{path::PathBuf, thread, time::Duration};

use ipnet::IpNet;

use super::{
    checks::{at_least_mib, lasting, rising, spanning, within},
    choices::{LogFormat, PageMode, RobotsMode},
    setting::settings,
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
        /// Where the store, the dead letters and the control socket are; relative to the current
        /// folder.
        data_dir: PathBuf = "nashra-data".into();
        /// Lists of sources; relative to the config file.
        sources: Vec<SourceList> = Vec::new();
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
        /// Sizes of the bounded channels between the stages.
        queues: Queues = Queues::default();
        /// The life of the process.
        run: Run = Run::default();
    }
}

settings! {
    /// When sources are visited.
    pub Poll {
        /// The shortest time between two visits to a source.
        min_interval: Duration = 5 * MINUTE, lasting(SHORTEST, LONGEST);
        /// The longest time between two visits to a source that answers.
        max_interval: Duration = 6 * HOUR, lasting(SHORTEST, LONGEST);
        /// Polls of a source a day, on average over all sources. See
        /// [`Poll::polls_per_source_day`].
        budget: usize = 24, within(1..=864_000);
        /// Polls at once, over all hosts.
        concurrency: usize = 256, within(1..=10_000);
        /// What a new source lists at its first poll is published when it is no older; the rest
        /// counts as seen.
        backlog: Backlog = Backlog::Within(3 * DAY), spanning(Duration::ZERO, LONGEST);
        /// Entries that are taken of one listing of a source, or of one push of its hub.
        entries_per_poll: usize = 5_000, within(1..=1_000_000);
        /// Entries that are taken of a source in a day (UTC), changed ones included.
        entries_per_day: usize = 50_000, within(1..=10_000_000);
        /// Entries of a source that may wait to be read.
        entries_pending: usize = 20_000, within(1..=1_000_000);
        /// Whether all sources are due at the start, whatever the store says.
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
        /// Where the operators of a site reach us: an address of the web or of mail. A config file
        /// must give it.
        contact: Option<Contact> = None;
        /// The `User-Agent` header; the contact is added where it is not in it.
        user_agent: UserAgent = UserAgent::default();
        /// Requests at once to one host.
        per_host: usize = 4, within(1..=1_000);
        /// The time between two requests to one host; zero is none.
        spacing: Duration = Duration::ZERO, lasting(Duration::ZERO, HOUR);
        /// Requests to one host that may follow each other at once after a rest, where there is a
        /// spacing.
        burst: u32 = 1, within(1..=10_000);
        /// Whether robots.txt is heeded.
        robots: RobotsMode = RobotsMode::Obey;
        /// What a robots.txt may ask for with `Crawl-delay` at most; zero heeds none.
        max_crawl_delay: Duration = 30 * SECOND, lasting(Duration::ZERO, HOUR);
        /// For the name, TCP and TLS.
        connect_timeout: Duration = 10 * SECOND, lasting(SHORTEST, HOUR);
        /// From a request to the first byte of its answer, the connection included.
        first_byte_timeout: Duration = 30 * SECOND, lasting(SHORTEST, HOUR);
        /// Bytes of a body a second at least, on average over ten seconds; zero is none.
        least_rate: ByteSize = ByteSize::new(100), within(ByteSize::new(0)..=ByteSize::mib(1024));
        /// For one whole fetch, redirects and body included.
        timeout: Duration = MINUTE, lasting(SHORTEST, HOUR);
        /// The largest body as sent.
        max_body: ByteSize = ByteSize::mib(10), within(ByteSize::new(1024)..=ByteSize::mib(1024));
        /// The largest body after decompression.
        max_decoded: ByteSize = ByteSize::mib(20), within(ByteSize::new(1024)..=ByteSize::mib(1024));
        /// Memory for bodies: as they come, decoded, while they are read, and what was made of them
        /// until that is durable.
        memory: ByteSize = ByteSize::mib(256), at_least_mib(32);
        /// Redirects that one fetch follows.
        max_redirects: usize = 5, within(0..=20);
        /// Parameters of sources' addresses whose values are secrets and are shown nowhere.
        secret_parameters: Vec<String> = PARAMETERS.map(str::to_owned).to_vec();
        /// Addresses that are not public and may be fetched all the same.
        allow_addresses: Vec<IpNet> = Vec::new();
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
        /// Whether pages are fetched.
        mode: PageMode = PageMode::On;
        /// Threads that extract articles; 0 is one a core.
        workers: usize = 0, within(0..=1_024);
        /// Pages fetched at once, over all hosts.
        concurrency: usize = 64, within(1..=10_000);
        /// How often a page is tried before the article is made of what the feed says.
        tries: u32 = 8, within(1..=1_000);
        /// The wait before the second try; each further wait is four times as long.
        retry_first: Duration = 2 * SECOND, lasting(SHORTEST, LONGEST);
        /// The longest wait between two tries.
        retry_max: Duration = 6 * HOUR, lasting(SHORTEST, LONGEST);
        /// How often in a day a page is fetched again because its entry changed.
        refetch_per_day: u32 = 6, within(0..=1_440);
        /// How long after an article was first seen its page is looked at again, in rising order.
        looks: Vec<Duration> = vec![HOUR, 6 * HOUR, DAY], rising(8);
        /// The shortest time between two looks that find a page gone before its article counts as
        /// withdrawn.
        withdraw_after: Duration = HOUR, lasting(SHORTEST, DAY);
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
        /// Whether a revision tells where its text differs from the one before.
        difference: bool = false;
    }
}

settings! {
    /// What is remembered, and for how long.
    pub Store {
        /// How long entries and articles are kept after a source last listed them.
        retention: Duration = 90 * DAY, lasting(HOUR, LONGEST);
        /// Memory for the store's cache.
        cache: ByteSize = ByteSize::mib(64), at_least_mib(1);
        /// Free disk below which nothing new is polled.
        min_free_disk: ByteSize = ByteSize::mib(256);
        /// Disk for the bytes of dead letters; the oldest go first.
        dead_letter_bytes: ByteSize = ByteSize::mib(256);
    }
}

settings! {
    /// Which articles carry the same text.
    pub Stories {
        /// For how long a new text is compared with those before it, in whole days; zero finds no
        /// stories.
        compare_for: Duration = 7 * DAY, lasting(Duration::ZERO, 365 * DAY);
        /// For how long after that an article is known as a copy whose text is the same as one that
        /// came before; zero keeps no keys.
        exact_for: Duration = 90 * DAY, lasting(Duration::ZERO, 3_650 * DAY);
        /// The most memory for the texts that are compared, some 1 kB each; the oldest go first.
        memory: ByteSize = ByteSize::mib(512), at_least_mib(1);
    }
}

settings! {
    /// The records that the sink has not yet acknowledged.
    pub Outbox {
        /// Disk for records that wait for the sink; polling slows down and stops before it is full.
        max_bytes: ByteSize = ByteSize::mib(2048), at_least_mib(1);
    }
}

settings! {
    /// Metrics, health and the status page.
    pub Admin {
        /// Where they are served.
        listen: Listen = Listen::On(([127, 0, 0, 1], 9606).into());
        /// Names on the internet under which it is reached. Addresses and private names need not be
        /// listed.
        hosts: Vec<HostName> = Vec::new();
    }
}

settings! {
    /// Where hubs tell what is new; off unless both addresses are given.
    pub WebSub {
        /// Where hubs connect, or a proxy for them.
        listen: Listen = Listen::Off;
        /// The address under which they reach that from the internet. See [`PublicUrl`].
        public_url: Option<PublicUrl> = None;
        /// The lease that hubs are asked for; they decide.
        lease: Duration = 10 * DAY, lasting(MINUTE, 365 * DAY);
    }
}

settings! {
    /// What is logged, and how.
    pub Log {
        /// How lines look.
        format: LogFormat = LogFormat::Auto;
        /// Which lines are written.
        level: LogFilter = LogFilter::default();
    }
}

settings! {
    /// Sizes of the bounded channels between the stages.
    pub Queues {
        /// Sources that are due and wait for a fetch.
        due: usize = 256, within(1..=100_000);
        /// Polls that wait for their commit.
        polled: usize = 64, within(1..=100_000);
        /// Messages of one Kafka topic that wait for their first reading.
        topic: usize = 256, within(1..=100_000);
        /// Extracted pages that wait for their commit.
        extracted: usize = 64, within(1..=100_000);
    }
}

settings! {
    /// The life of the process.
    pub Run {
        /// How long a stop waits for what is in flight.
        drain_timeout: Duration = 30 * SECOND, lasting(Duration::ZERO, DAY);
        /// Whether config and lists of sources are read again when one of their files changes.
        watch: bool = false;
    }
}
