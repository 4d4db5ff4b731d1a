//! Every metric that the stages record: kind, name, labels with their values, and help.
//!
//! What must stay true: a metric is recorded by its constant, so none is without help; one that
//! nothing records does not compile. The unit is the end of the name, as Prometheus wants it. A
//! help is understood without its neighbours.

use super::kinds::{Counter, Gauge, Histogram, Kind, Label, Metric, Moment};

/// Of a label whose values are known only while the daemon runs.
const OPEN: &[&str] = &[];
const TOPICS: &[&str] = &["articles", "stories", "deadletters"];

/// A constant of each metric, and a list of all.
macro_rules! metrics {
    ($($constant:ident: $kind:ident = $name:literal $(by [$($label:ident: $values:expr),+])?, $help:literal;)*) => {
        $(pub(super) const $constant: $kind = $kind(&metrics!(@ $kind, $name, [$($($label: $values),+)?], $help));)*

        // Not of the constants, which would then count as used.
        pub(super) const ALL: &[Metric] = &[$(metrics!(@ $kind, $name, [$($($label: $values),+)?], $help)),*];
    };
    (@ $kind:ident, $name:literal, [$($label:ident: $values:expr),*], $help:literal) => {
        Metric {
            name: $name,
            kind: Kind::$kind,
            labels: &[$(Label { name: stringify!($label), values: $values }),*],
            help: $help,
        }
    };
}

metrics! {
    // The program.
    BUILD_INFO: Gauge = "nashra_build_info" by [version: OPEN, commit: OPEN, rustc: OPEN], "Always 1, for the program that runs: its version, the commit that it was built from where the build said it (NASHRA_COMMIT), and the compiler";
    PROCESS_START_TIME_SECONDS: Moment = "process_start_time_seconds", "When the process began, in seconds since 1970";
    LAST_SUCCESS: Moment = "nashra_last_success_timestamp_seconds" by [what: &["poll", "article", "acknowledgement", "reload", "store_write"]], "When this last went well in this process, in seconds since 1970: a poll whose source answered, a new or revised article, an acknowledgement of the sink, a reading of the config, a durable write of the store; not shown before it did";
    RELOADS: Counter = "nashra_reloads_total" by [outcome: &["done", "refused"]], "Times that the config was read again while the daemon ran; refused: it is wrong, and nothing changed";
    RELOAD_OK: Gauge = "nashra_reload_ok", "0 from the time that the config was read again and was wrong until it is read again and is right, else 1";
    READY: Gauge = "nashra_ready" by [part: &["publish", "topics", "store", "disk", "network"]], "1 while a part of the daemon is in order, else 0; /readyz has the reasons";
    POLLING_STOPPED: Gauge = "nashra_polling_stopped" by [reason: &["outbox_full", "disk_full", "store", "stopping", "all_paused", "no_network"]], "1 while no source can be polled: the outbox is full (outbox.max_bytes), the disk is (store.min_free_disk), the store cannot write, the daemon is stopping, all sources are paused, no host answers at all (three different ones in a row were silent)";

    TRACE_SPANS: Counter = "nashra_trace_spans_total" by [outcome: &["sent", "dropped", "failed"]], "Spans of traces by what became of them: sent, dropped (too many waited), failed (the collector did not take them)";

    // Polls.
    POLLS: Counter = "nashra_polls_total" by [outcome: &["read", "unchanged", "not_modified", "held", "paused", "throttled", "blocked", "gone", "missing", "failed", "html", "unreadable", "undecodable", "panicked"]], "Polls of sources by outcome: read (something may be new), unchanged (the same body), not_modified (304), held (its host was left alone), paused, throttled (the server asked for less), blocked (it refuses us), gone (410), missing (404, or no file), failed (no answer, or an error), html (a page where a feed was), unreadable, undecodable, panicked";
    POLL_DURATION_SECONDS: Histogram = "nashra_poll_duration_seconds", "From the request of a poll until what it found is durable";
    POLL_LATENESS_SECONDS: Histogram = "nashra_poll_lateness_seconds", "How long after its due time a poll began";
    SOURCES: Gauge = "nashra_sources" by [state: &["new", "ok", "backoff", "throttled", "blocked", "moved", "gone", "silent", "paused"]], "Sources by state";
    GAPS: Counter = "nashra_gaps_total", "Polls that shared no entry with the one before: something may have been missed";
    AUDITS: Counter = "nashra_audits_total" by [outcome: &["true", "lied"]], "Polls without validators that checked whether the server's 304 had been true";
    BACKFILLED_PAGES: Counter = "nashra_backfilled_pages_total" by [outcome: &["read", "unreadable", "failed", "missing"]], "Older pages of listings and news sitemaps that were asked for after a gap";

    // The network.
    FETCHES: Counter = "nashra_fetches_total" by [kind: &["poll", "page"], outcome: &["ok", "not_modified", "held", "gave_way", "throttled", "blocked", "robots", "gone", "missing", "failed", "fetch"]], "Fetches of sources (poll) and of articles' pages (page) by outcome; of a page, fetch is no answer or an error, not_modified is 304 to a look, and gave_way is a slow host that lost its place";
    ROBOTS: Counter = "nashra_robots_total" by [outcome: &["rules", "none", "unreachable"]], "Requests for a robots.txt";
    HOSTS_LEFT_ALONE: Counter = "nashra_hosts_left_alone_total" by [why: &["throttled", "challenge", "unreachable"]], "Answers after which a host is left alone for a while: it asked for less, it showed a page for robots, it did not answer";
    FETCH_BYTES: Counter = "nashra_fetch_bytes_total" by [kind: &["poll", "page"]], "Bytes of fetched bodies as they were sent, of sources (poll) and of articles' pages (page)";
    NO_ROOM: Counter = "nashra_no_room_total" by [to: &["coming", "reading", "following"]], "Large bodies that were sent away because too many others waited for memory (fetch.memory): while they came, before they were read, behind an earlier one";

    // Entries.
    ENTRIES: Counter = "nashra_entries_total" by [verdict: &["new", "changed", "known", "backlog"]], "Entries that sources list, at each poll, by verdict; backlog: too old for a first poll (poll.backlog)";
    ENTRIES_LEFT_OUT: Counter = "nashra_entries_left_out_total" by [bound: &["poll", "day", "pending"]], "Entries that were left out because of the bounds on one source (poll.entries_per_poll, entries_per_day, entries_pending), again at each poll";
    ENTRIES_PENDING: Gauge = "nashra_entries_pending", "Entries that wait for their page to be read";

    // Topics that are sources.
    TOPIC_MESSAGES: Counter = "nashra_topic_messages_total" by [topic: OPEN, what: &["address", "document", "deletion", "unreadable"]], "Messages that were read from Kafka topics that are sources, by what they hold";
    TOPIC_BYTES: Counter = "nashra_topic_bytes_total" by [topic: OPEN], "Bytes of the messages that were read from Kafka topics that are sources";
    TOPIC_LAG: Gauge = "nashra_topic_lag" by [topic: OPEN], "Messages of Kafka topics that are sources that can be read and were not yet";
    TOPIC_ERRORS: Counter = "nashra_topic_errors_total" by [topic: OPEN], "Times that a Kafka topic that is a source could not be read and was tried again";
    TOPIC_RESETS: Counter = "nashra_topic_resets_total" by [topic: OPEN, reason: &["other_cluster", "expired", "shorter", "other_message"]], "Times that a Kafka topic that is a source was not the one that was read before, or had lost what was next";
    TOPIC_LOST: Counter = "nashra_topic_lost_total" by [topic: OPEN], "Messages of Kafka topics that are sources that were gone before they were read";

    // WebSub.
    WEBSUB_SUBSCRIPTIONS: Gauge = "nashra_websub_subscriptions" by [state: &["asked", "live", "failing", "denied", "ending"]], "Subscriptions at WebSub hubs by state";
    WEBSUB_REQUESTS: Counter = "nashra_websub_requests_total" by [mode: &["subscribe", "unsubscribe"], outcome: &["accepted", "failed"]], "Requests to WebSub hubs";
    WEBSUB_QUESTIONS: Counter = "nashra_websub_questions_total" by [result: &["verified", "refused", "denied"]], "Questions of WebSub hubs whether we want what they were asked for (verified, refused by us), and their refusals (denied)";
    WEBSUB_PUSHES: Counter = "nashra_websub_pushes_total" by [outcome: &["taken", "known", "pinged", "unreadable", "unsigned", "unwanted", "too_large", "too_often", "broken", "busy", "late"]], "Bodies that WebSub hubs sent, by what became of them";
    WEBSUB_MISSED: Counter = "nashra_websub_missed_total", "Entries that polls found although a WebSub hub should have sent them";

    // Pages.
    PAGES: Counter = "nashra_pages_total" by [outcome: &["read", "feed_only", "replaced", "later", "looked", "dead"]], "Readings of entries by outcome: read, feed_only (there is no page to fetch), replaced (by a newer edition), later (tried again), looked (a look at a published page that read nothing), dead (given up)";
    LOOKS: Counter = "nashra_looks_total" by [found: &["unchanged", "gone", "held", "withdrawn", "failed"]], "Looks at pages of published articles that read no page, by what they found: unchanged (304), gone, held (gone, but the site may be broken), withdrawn (for good), failed";
    LOOKS_PENDING: Gauge = "nashra_looks_pending", "Looks at pages of published articles that are to be made at their times";
    FURTHER_PAGES: Counter = "nashra_further_pages_total" by [outcome: &["joined", "left", "failed"]], "Further pages of articles that have several, where page.follow_pages has them read: joined, left (not of the article, gone, forbidden, beyond a bound), failed (tried again)";
    UNREADABLE_PAGES: Counter = "nashra_unreadable_pages_total" by [reason: &["no_text", "scripts", "consent", "listing", "not_html", "nothing", "too_slow", "panicked"]], "Pages of entries that were fetched and could not be read, each time: no_text, scripts (its text is made by scripts), consent (a wall that wants it), listing (links to articles), not_html, nothing (white space, JSON, bytes that are no text), too_slow, panicked; the status page names the hosts";
    PAGE_EXTRACT_SECONDS: Histogram = "nashra_page_extract_seconds", "Decoding and extracting one page";
    READER_PANICS: Counter = "nashra_reader_panics_total" by [reader: &["poll", "push", "backfill", "sitemap", "page"]], "Bodies that a reader panicked on, which is a fault of nashra's";

    // Decisions.
    ARTICLES: Counter = "nashra_articles_total" by [change: &["new", "revised", "duplicate", "stale", "kept", "doubted", "withdrawn", "erased"]], "Decisions on articles: new, revised and withdrawn make a record; duplicate (nothing changed), stale (older than what is published), kept (the edition before says more), doubted (the page is not believed yet), erased (by an operator)";
    LABELS: Counter = "nashra_labels_total", "Labels that were given to new and revised articles; which ones, the records say";
    LABEL_SECONDS: Histogram = "nashra_label_seconds", "Applying all rules for labels to one article";
    LABEL_RULES: Gauge = "nashra_label_rules", "Rules for labels that hold";
    LABEL_TERMS: Gauge = "nashra_label_terms", "Words and phrases of the rules for labels that hold";
    STORIES: Counter = "nashra_stories_total" by [role: &["original", "copy", "excerpt"]], "Articles that were given a story, by their role in it";
    STORY_TEXTS: Gauge = "nashra_story_texts", "Texts in memory that new articles are compared with";
    STORY_BYTES: Gauge = "nashra_story_bytes", "Bytes of memory for the texts that new articles are compared with, at most stories.memory";
    DEAD_LETTERS: Counter = "nashra_dead_letters_total" by [reason: &["fetch", "gone", "blocked", "robots", "page", "message", "source", "document"]], "Entries that were given up and became dead letters: fetch (no answer, or an error), gone, blocked, robots, page (it could not be read), message (of a topic), source (a reader panicked on it), document (that came with the entry)";
    DEAD_LETTERS_HELD: Gauge = "nashra_dead_letters", "Dead letters that are kept in data_dir and can be tried again";
    DEAD_LETTERS_BYTES: Gauge = "nashra_dead_letters_bytes", "Bytes of disk for dead letters, at most dead_letters.max_bytes";
    DEAD_LETTERS_DROPPED: Counter = "nashra_dead_letters_dropped_total" by [bound: &["max_bytes", "max_age"]], "Dead letters that were dropped from data_dir because of a bound (dead_letters.max_bytes, max_age), the oldest first";
    DEAD_LETTERS_RETRIED: Counter = "nashra_dead_letters_retried_total" by [outcome: &["succeeded", "failed"]], "Dead letters that were tried again, by what came of it";

    // Freshness of new articles.
    SEEN_SECONDS: Histogram = "nashra_article_seen_seconds", "Of new articles: from their publication, where it is known to the minute and plausible, until a source was first seen to list them; without what a first poll found";
    COMMITTED_SECONDS: Histogram = "nashra_article_committed_seconds", "Of new articles: from the moment that a source was first seen to list them until they were decided on, the wait for their page included";
    ACKNOWLEDGED_SECONDS: Histogram = "nashra_article_acknowledged_seconds", "Of all records of articles: from the decision until the sink acknowledged them";
    DELIVERED_SECONDS: Histogram = "nashra_article_delivered_seconds", "Of the articles that nashra_article_seen_seconds counts: from their publication until the sink acknowledged them";

    // Publishing.
    OUTBOX_RECORDS: Gauge = "nashra_outbox_records", "Records that the sink has not yet acknowledged";
    OUTBOX_BYTES: Gauge = "nashra_outbox_bytes", "Bytes of the records that the sink has not yet acknowledged";
    OUTBOX_OLDEST_SECONDS: Gauge = "nashra_outbox_oldest_seconds", "Age of the oldest record that the sink has not yet acknowledged; 0 where none waits";
    ROUTED: Counter = "nashra_routed_total" by [topic: OPEN], "Records of articles that the sink acknowledged in a topic of a route";
    PUBLISHED: Counter = "nashra_published_total" by [topic: TOPICS], "Records that the sink acknowledged";
    PUBLISH_BATCH_SECONDS: Histogram = "nashra_publish_batch_seconds", "From the first record of a batch until the sink acknowledged it: with Kafka, one transaction";
    PUBLISH_HALTED: Gauge = "nashra_publish_halted" by [reason: &["ahead", "behind", "other_history", "other_epoch", "missing", "other_cluster", "another", "setup", "schema"]], "1 while publishing is stopped until an operator decides; docs/kafka.md explains the reasons";
    PUBLISH_ERRORS: Counter = "nashra_publish_errors_total" by [reason: &["transient", "fenced", "unauthorised"]], "Deliveries that failed and are tried again; fenced: another process has taken over";
    PUBLISH_REFUSED: Counter = "nashra_publish_refused_total" by [topic: TOPICS, reason: &["too_large", "invalid"]], "Records that the sink refused for good, in whose places stand dead letters";
    DEAD_LETTERS_KEPT: Counter = "nashra_dead_letters_kept_total" by [reason: &["unauthorised", "too_large", "invalid"]], "Dead letters that were kept in data_dir because their topic does not take them";

    // The store.
    STORE_COMMIT_SECONDS: Histogram = "nashra_store_commit_seconds", "One durable write of the store";
    STORE_BYTES: Gauge = "nashra_store_bytes", "Bytes of the store's files";
    STORE_ROWS_PASSED_OVER: Counter = "nashra_store_rows_passed_over_total" by [table: &["texts", "text_keys", "stories", "sources", "subscriptions"]], "Damaged rows of the store that were passed over";
    STORE_ERRORS: Counter = "nashra_store_errors_total", "Writes of the store that failed and are tried again";
    DISK_FREE_BYTES: Gauge = "nashra_disk_free_bytes", "Free bytes where data_dir is";
}
