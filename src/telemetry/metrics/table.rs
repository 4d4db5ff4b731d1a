//! Every metric, a line each: kind, name and help. The raw macros are banned elsewhere.
//!
//! What must stay true: a metric is recorded by its constant, so none is without help; one that
//! nothing records does not compile. The unit is the end of the name, as Prometheus wants it.
#![expect(clippy::disallowed_macros, reason = "the one place where metrics are made")]

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Names and values of a metric's labels; each label has few values.
type Labels<'a> = &'a [(&'static str, &'static str)];

/// What only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counter(&'static str);

impl Counter {
    pub(super) fn name(self) -> &'static str {
        self.0
    }

    pub(super) fn add(self, labels: Labels<'_>, count: u64) {
        counter!(self.0, labels).increment(count);
    }

    fn describe(self, help: &'static str) {
        describe_counter!(self.0, help);
    }
}

/// What grows and shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gauge(&'static str);

impl Gauge {
    pub(super) fn set(self, labels: Labels<'_>, value: f64) {
        gauge!(self.0, labels).set(value);
    }

    pub(super) fn add(self, labels: Labels<'_>, change: f64) {
        gauge!(self.0, labels).increment(change);
    }

    fn describe(self, help: &'static str) {
        describe_gauge!(self.0, help);
    }
}

/// How long things take, in buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Histogram(&'static str);

impl Histogram {
    pub(super) fn record(self, took: Duration) {
        histogram!(self.0).record(took);
    }

    fn describe(self, help: &'static str) {
        describe_histogram!(self.0, help);
    }
}

/// A constant of each metric. The help goes to Prometheus with [`describe`].
macro_rules! metrics {
    ($($constant:ident: $kind:ident = $name:literal, $help:literal;)*) => {
        $(pub(super) const $constant: $kind = $kind($name);)*

        /// Says what each metric means.
        pub(super) fn describe() {
            // Not by its constant, which would then count as used.
            $($kind($name).describe($help);)*
        }

        /// Name, kind and help of each metric.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &str, &str)] = &[$(($name, stringify!($kind), $help)),*];
    };
}

metrics! {
    PROCESS_START_TIME_SECONDS: Gauge = "process_start_time_seconds", "When the process began, in seconds since 1970";

    RELOADS: Counter = "nashra_reloads_total", "Times that the config was read again while the daemon ran, by outcome: done, refused (it is wrong, and nothing changed)";
    RELOAD_OK: Gauge = "nashra_reload_ok", "0 from the time that the config was read again and was wrong until it is read again and is right";
    RELOAD_SUCCESS_TIME_SECONDS: Gauge = "nashra_reload_success_time_seconds", "When the config was last read and was right, in seconds since 1970";

    // Polls.
    POLLS: Counter = "nashra_polls_total", "Polls of sources by outcome";
    POLL_DURATION_SECONDS: Histogram = "nashra_poll_duration_seconds", "From the request of a poll until its commit";
    POLL_LATENESS_SECONDS: Histogram = "nashra_poll_lateness_seconds", "How long after its due time a poll began";
    SOURCES: Gauge = "nashra_sources", "Sources by state: new, ok, backoff, throttled, blocked, moved, gone, silent, paused";
    GAPS: Counter = "nashra_gaps_total", "Polls that shared no entry with the one before: something may have been missed";
    AUDITS: Counter = "nashra_audits_total", "Polls without validators that checked what 304 had said, by outcome: true or lied";
    BACKFILLED_PAGES: Counter = "nashra_backfilled_pages_total", "Older pages of listings and news sitemaps read after a gap: read, unreadable, failed, missing";

    // The network.
    FETCHES: Counter = "nashra_fetches_total", "Answers by kind (poll, page) and outcome";
    ROBOTS: Counter = "nashra_robots_total", "Requests for a robots.txt by outcome: rules, none, unreachable";
    HOSTS_LEFT_ALONE: Counter = "nashra_hosts_left_alone_total", "Answers after which a host is left alone: throttled, challenge, unreachable";
    FETCH_BYTES: Counter = "nashra_fetch_bytes_total", "Bytes of bodies as sent, by kind";

    // Entries.
    ENTRIES: Counter = "nashra_entries_total", "Listed entries by verdict: new, changed, known, backlog";
    ENTRIES_LEFT_OUT: Counter = "nashra_entries_left_out_total", "Entries that were left out because of the bounds on one source (poll, day, pending), again at each look";

    // Topics that are sources.
    TOPIC_MESSAGES: Counter = "nashra_topic_messages_total", "Messages of topics that are sources: address, document, deletion, unreadable";
    TOPIC_BYTES: Counter = "nashra_topic_bytes_total", "Their bytes";
    TOPIC_LAG: Gauge = "nashra_topic_lag", "Messages of these topics that can be read and were not yet";
    TOPIC_ERRORS: Counter = "nashra_topic_errors_total", "Times that a topic could not be read and was tried again";
    TOPIC_RESETS: Counter = "nashra_topic_resets_total", "Times that a topic was not the one read before, or had lost what was next, by reason";
    TOPIC_LOST: Counter = "nashra_topic_lost_total", "Messages that were gone before they were read";

    // WebSub.
    WEBSUB_SUBSCRIPTIONS: Gauge = "nashra_websub_subscriptions", "Subscriptions at hubs by state: asked, live, failing, denied, ending";
    WEBSUB_REQUESTS: Counter = "nashra_websub_requests_total", "Requests to hubs by mode (subscribe, unsubscribe) and outcome: accepted, failed";
    WEBSUB_QUESTIONS: Counter = "nashra_websub_questions_total", "What hubs asked by result: verified, refused, denied";
    WEBSUB_PUSHES: Counter = "nashra_websub_pushes_total", "What hubs sent by outcome: taken, known, pinged, unreadable, unsigned, unwanted, too_large, too_often, broken, busy, late";
    WEBSUB_MISSED: Counter = "nashra_websub_missed_total", "Entries that polls found although a hub should have sent them";

    // Pages.
    ENTRIES_PENDING: Gauge = "nashra_entries_pending", "Entries that wait to be read";
    PAGES: Counter = "nashra_pages_total", "Readings of entries by outcome";
    LOOKS: Counter = "nashra_looks_total", "Looks at pages of published articles that read no page, by what they found: unchanged (304), gone, held (gone, but the site may be broken), withdrawn, failed";
    LOOKS_PENDING: Gauge = "nashra_looks_pending", "Looks at pages of published articles that are to be made at their times";
    UNREADABLE_PAGES: Counter = "nashra_unreadable_pages_total", "Pages of entries that were fetched and could not be read, each time, by reason: no_text, scripts (its text is made by scripts), listing (links to articles), not_html, nothing (white space, JSON, bytes that are no text), too_slow, panicked; the status page names the hosts";
    PAGE_EXTRACT_SECONDS: Histogram = "nashra_page_extract_seconds", "Decoding and extracting one page";
    READER_PANICS: Counter = "nashra_reader_panics_total", "Bodies that a reader panicked on, by reader: poll, push, backfill, sitemap, page; a fault of nashra's";
    NO_ROOM: Counter = "nashra_no_room_total", "Large bodies that were sent away because too many waited for memory: coming, reading, following";

    // Decisions and publishing.
    ARTICLES: Counter = "nashra_articles_total", "Decisions of the committing task: new, revised, duplicate, stale, kept, doubted, withdrawn, erased";
    STORIES: Counter = "nashra_stories_total", "Articles that were given a story, by role: original, copy, excerpt";
    STORY_TEXTS: Gauge = "nashra_story_texts", "Texts that new ones are compared with";
    STORY_BYTES: Gauge = "nashra_story_bytes", "Memory of these texts, at most stories.memory";
    DEAD_LETTERS: Counter = "nashra_dead_letters_total", "Entries given up, by reason";
    OUTBOX_RECORDS: Gauge = "nashra_outbox_records", "Records not yet acknowledged by the sink";
    OUTBOX_BYTES: Gauge = "nashra_outbox_bytes", "Their bytes";
    OUTBOX_OLDEST_SECONDS: Gauge = "nashra_outbox_oldest_seconds", "Age of the oldest of them";
    PUBLISHED: Counter = "nashra_published_total", "Records acknowledged by the sink, by topic";
    PUBLISH_BATCH_SECONDS: Histogram = "nashra_publish_batch_seconds", "One transaction of the sink";
    PUBLISH_HALTED: Gauge = "nashra_publish_halted", "1 while publishing is stopped until an operator decides, by reason";
    PUBLISH_ERRORS: Counter = "nashra_publish_errors_total", "Deliveries that failed and are tried again, by reason: transient, fenced (another process has taken over), unauthorised";
    PUBLISH_REFUSED: Counter = "nashra_publish_refused_total", "Records that the sink refused for good, by topic and reason: too_large, invalid";
    DEAD_LETTERS_KEPT: Counter = "nashra_dead_letters_kept_total", "Dead letters that were kept in data_dir because their topic does not take them, by reason: unauthorised, too_large, invalid";

    // The store and the process.
    STORE_COMMIT_SECONDS: Histogram = "nashra_store_commit_seconds", "One durable commit";
    STORE_BYTES: Gauge = "nashra_store_bytes", "Size of the store's file";
    STORE_ROWS_PASSED_OVER: Counter = "nashra_store_rows_passed_over_total", "Damaged rows that were passed over, by table: texts, stories, sources, subscriptions";
    STORE_ERRORS: Counter = "nashra_store_errors_total", "Commits that failed and are tried again";
    READY: Gauge = "nashra_ready", "1 while a part (publish, topics, store, disk) is in order; /readyz has the reasons";
    DISK_FREE_BYTES: Gauge = "nashra_disk_free_bytes", "Free space where data_dir is";
}
