//! Entries of feeds, poll after poll, as the committing task tells their articles apart. Every entry
//! is decided on again at every poll, as if it had changed.

use std::path::Path;

use url::Url;

use super::*;
use crate::{
    model::{entry::LinkRole, identity},
    read::feed,
};

/// A source whose polls are decided on.
struct Feed {
    store: Store,
    polls: i64,
}

impl Feed {
    fn new() -> Self {
        Self { store: Store::in_memory().unwrap(), polls: 0 }
    }

    /// A source whose articles an earlier program published.
    fn of_store(store: Store) -> Self {
        // Whatever is read from now on is later.
        Self { store, polls: 1_000_000 }
    }

    /// Decides on all entries of a feed.
    async fn poll(&mut self, body: &str) {
        let at = Url::parse("https://www.example.com/feed.xml").unwrap();
        let mut read = feed::parse(body.as_bytes(), None, &at).unwrap();
        read.entries.iter_mut().for_each(|entry| entry.forget_implausible_dates(now()));
        for entry in read.entries {
            self.list("s", entry).await;
        }
    }

    /// Decides on one entry by what the feed says of it.
    async fn list(&mut self, source: &str, entry: Entry) {
        self.polls += 1;
        let source = record::Source {
            id: source.into(),
            name: None,
            kind: "feed".into(),
            url: String::new().into(),
            tags: Vec::new(),
        };
        let order = u64::try_from(self.polls).unwrap();
        let entry = PendingEntry::new(source, entry, order, now());
        let key = PendingKey::new(Lane::here("s"), now(), &entry.key());
        let candidate = Candidate { key, entry, reading: PageOutcome::FeedOnly { at: now() } };
        let context = DecisionContext { now: now(), ..context(&self.store) };
        let mut decisions =
            DecisionBatch::new(self.store.articles().view().unwrap(), None, context);
        decisions.decide(candidate).unwrap();
        self.store.articles().commit(decisions.batch).await.unwrap();
    }

    /// The records that were published, as title and revision, in order of the titles.
    fn published(&self) -> Vec<(String, u32)> {
        let mut published: Vec<(String, u32)> = self
            .records()
            .into_iter()
            .map(|record| (record.content.title.unwrap(), record.revision))
            .collect();
        published.sort();
        published
    }

    fn records(&self) -> Vec<Article> {
        let acked = self.store.outbox().acked().unwrap().seq();
        let rows = self.store.outbox().rows_after(acked, 100, usize::MAX).unwrap();
        rows.iter().map(|row| serde_json::from_slice(&row.record.value).unwrap()).collect()
    }
}

fn now() -> DateTime<Utc> {
    "2026-03-06T12:00:00Z".parse().unwrap()
}

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/identity").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// An RSS feed of these items.
fn rss(items: &[&str]) -> String {
    let items: Vec<String> = items.iter().map(|item| format!("<item>{item}</item>")).collect();
    format!(
        "<rss version=\"2.0\"><channel><title>T</title><link>https://www.example.com/</link>{}</channel></rss>",
        items.concat()
    )
}

async fn titles(polls: &[String]) -> Vec<(String, u32)> {
    let mut feed = Feed::new();
    for body in polls {
        feed.poll(body).await;
    }
    feed.published()
}

fn firsts(titles: &[&str]) -> Vec<(String, u32)> {
    let mut titles: Vec<_> = titles.iter().map(|title| ((*title).to_owned(), 1)).collect();
    titles.sort();
    titles
}

#[tokio::test]
async fn items_that_share_link_or_guid_are_articles_of_their_own_and_stay_so() {
    for (file, expected) in [
        ("samelink.xml", &["Road closed", "Water off", "Market moved"][..]),
        ("na-everywhere.xml", &["Writer 16.1", "Tables 16.1", "Mail 16.1"]),
        ("samelink-guids.xml", &["Outage 1", "Outage 2"]),
        ("samelink-atom.xml", &["Tide warning", "Fog warning", "Ice warning"]),
        ("fragment-links.xml", &["November 27, 2025", "November 26, 2025"]),
        ("fragment-no-ids.xml", &["Version 2", "Version 1"]),
    ] {
        let body = fixture(file);
        assert_eq!(titles(&[body.clone(), body]).await, firsts(expected), "{file}");
    }
    let polls = [fixture("samelink-grows.xml"), fixture("samelink-grows-later.xml")];
    assert_eq!(titles(&polls).await, firsts(&["Market moved", "Road closed", "Water off"]));
}

#[tokio::test]
async fn a_feed_that_grows_from_one_item_to_several_with_its_link_keeps_them_apart() {
    let one = "<title>Road closed</title><link>https://www.example.com/notices</link><pubDate>Fri, 06 Mar 2026 06:00:00 GMT</pubDate><description>Closed.</description>";
    let two = "<title>Water off</title><link>https://www.example.com/notices</link><pubDate>Fri, 06 Mar 2026 07:00:00 GMT</pubDate><description>Off.</description>";
    let polls = [rss(&[one]), rss(&[two, one])];
    assert_eq!(titles(&polls).await, firsts(&["Road closed", "Water off"]));
    let guid = |guid: &str, item: &str| format!("{item}<guid isPermaLink=\"false\">{guid}</guid>");
    let (one, two) = (guid("n-1", one), guid("n-2", two));
    let polls = [rss(&[&one]), rss(&[&two, &one]), rss(&[&two])];
    assert_eq!(titles(&polls).await, firsts(&["Road closed", "Water off"]));
    // The next guid on the same link, when it is alone in the feed.
    let polls = [rss(&[&one]), rss(&[&two])];
    assert_eq!(titles(&polls).await, firsts(&["Road closed", "Water off"]));
    let place = |place: &str, title: &str, hour: u8| {
        format!(
            "<title>{title}</title><link>https://www.example.com/changes#{place}</link><pubDate>Fri, 06 Mar 2026 0{hour}:00:00 GMT</pubDate><description>{title} is released. It can be downloaded for all systems from the page of downloads, and what is new in it stands below.</description>"
        )
    };
    let (one, two, three) =
        (place("v1", "Version 1", 1), place("v2", "Version 2", 2), place("v3", "Version 3", 3));
    assert_eq!(titles(&[rss(&[&one]), rss(&[&two])]).await, firsts(&["Version 1", "Version 2"]));
    let polls = [rss(&[&one]), rss(&[&two, &one]), rss(&[&three])];
    assert_eq!(titles(&polls).await, firsts(&["Version 1", "Version 2", "Version 3"]));
}

#[tokio::test]
async fn a_link_that_was_shared_once_names_nothing_when_its_entries_come_alone() {
    let item = |title: &str, hour: u8| {
        format!(
            "<title>{title}</title><link>https://www.example.com/notices</link><pubDate>Fri, 06 Mar 2026 0{hour}:00:00 GMT</pubDate><description>{title} today.</description>"
        )
    };
    let (one, two) = (item("Road closed", 6), item("Water off", 7));
    let (three, four) = (item("Market moved", 8), item("Bridge open", 9));
    for first in [rss(&[&two, &one]), rss(&[&one])] {
        let polls = [
            first,
            rss(&[&two, &one]),
            rss(&[&two]),
            rss(&[&three]),
            rss(&[&four]),
            rss(&[&three]),
        ];
        let expected = firsts(&["Road closed", "Water off", "Market moved", "Bridge open"]);
        assert_eq!(titles(&polls).await, expected);
    }
}

#[tokio::test]
async fn a_changed_item_is_a_revision_of_itself_though_it_shares_its_link() {
    let item = |title: &str, hour: u8, says: &str| {
        format!(
            "<title>{title}</title><link>https://www.example.com/notices</link><pubDate>Fri, 06 Mar 2026 0{hour}:00:00 GMT</pubDate><description>{says}</description>"
        )
    };
    let polls = [
        rss(&[&item("Road closed", 6, "Closed."), &item("Water off", 7, "Off.")]),
        rss(&[&item("Road closed", 6, "Closed till noon."), &item("Water off", 7, "Off.")]),
    ];
    let expected =
        [("Road closed".to_owned(), 1), ("Road closed".to_owned(), 2), ("Water off".to_owned(), 1)];
    assert_eq!(titles(&polls).await, expected);
}

#[tokio::test]
async fn an_entry_with_the_zero_of_some_program_as_date_has_none() {
    for file in ["zero-dates-later.xml", "zero-then-updated-later.xml", "zero-dates-dc-later.xml"] {
        let mut feed = Feed::new();
        feed.poll(&fixture(file)).await;
        for record in feed.records() {
            let title = record.content.title.unwrap();
            let is_normal = ["The first one", "Old and normal", "Normal"].contains(&title.as_str());
            assert_eq!(record.content.published.is_some(), is_normal, "{title}");
            assert!(
                is_normal
                    || record.content.date_notes.iter().any(|note| note.contains("published"))
            );
        }
    }
}

fn entry(link: &str, guid: Option<&str>, title: &str, text: &str) -> Entry {
    Entry {
        identity: format!("{link} {guid:?}"),
        link: Url::parse(link).ok(),
        guid: guid.map(str::to_owned),
        title: Some(title.to_owned()),
        summary: Some(text.to_owned()),
        ..Entry::default()
    }
}

#[tokio::test]
async fn another_form_of_an_address_is_the_same_article_only_if_it_says_the_same() {
    for form in [
        "http://www.example.com/a/harbour",
        "https://example.com/a/harbour",
        "https://m.example.com/a/harbour",
        "https://amp.example.com/a/harbour",
        "https://www.example.com/a/harbour/",
        "https://www.example.com/a/harbour/amp",
        "https://www.example.com/a/harbour/index.html",
        "https://www.example.com/a/harbour?outputType=amp",
        "https://www-example-com.cdn.ampproject.org/c/s/www.example.com/a/harbour",
        "https://www.example.com/a/harbour/print",
    ] {
        for swapped in [false, true] {
            let main = "https://www.example.com/a/harbour";
            let (one, other) = if swapped { (form, main) } else { (main, form) };
            let mut feed = Feed::new();
            feed.list("s", entry(one, None, "Harbour reopens", "Ferries sail again.")).await;
            feed.list("t", entry(other, None, "Harbour reopens", "Ferries sail again today."))
                .await;
            let ids: Vec<_> = feed.records().iter().map(|record| record.id).collect();
            assert!(ids.iter().all(|id| *id == ids[0]), "{one} then {other}");
            // Once it is known to lead there, it does so whatever it says.
            feed.list("t", entry(other, None, "Other title", "Other text.")).await;
            assert_eq!(feed.records().last().unwrap().id, ids[0], "{one} then {other}");
            let mut feed = Feed::new();
            feed.list("s", entry(one, None, "Harbour reopens", "Ferries sail again.")).await;
            for revision in ["", ", corrected"] {
                let text = format!("The final ends in penalties{revision}.");
                feed.list("s", entry(other, None, "Cup final", &text)).await;
            }
            let records = feed.records();
            assert_ne!(records[0].id, records[1].id, "{one} then {other}");
            assert_eq!((records[2].id, records[2].revision), (records[1].id, 2));
        }
    }
}

#[tokio::test]
async fn a_moved_address_with_the_same_guid_is_the_same_article() {
    let mut feed = Feed::new();
    feed.list("s", entry("https://www.example.com/a", Some("7"), "Harbour reopens", "One.")).await;
    feed.list("s", entry("https://www.example.com/b", Some("7"), "Harbour reopens", "Two.")).await;
    feed.list("s", entry("https://www.example.com/a", None, "Harbour", "Three.")).await;
    let records = feed.records();
    assert!(records.iter().all(|record| record.id == records[0].id));
    assert_eq!(records[1].alternate_urls, ["https://www.example.com/a"]);
    assert_eq!(records.len(), 3);
}

#[tokio::test]
async fn a_guid_that_is_the_pages_address_tells_no_more_than_the_address() {
    let link = "https://www.example.com/news/abc";
    let mut feed = Feed::new();
    feed.list("s", entry(link, Some(&format!("{link}#1")), "Harbour reopens", "One.")).await;
    feed.list("s", entry(link, Some(&format!("{link}#2")), "Harbour is open", "Two.")).await;
    let records = feed.records();
    assert_eq!((records[1].id, records[1].revision), (records[0].id, 2));
}

#[tokio::test]
async fn a_shared_page_is_named_by_none_of_its_entries() {
    let shared = |title: &str| Entry {
        link_role: LinkRole::Shared,
        ..entry("https://www.example.com/notices", None, title, title)
    };
    let mut feed = Feed::new();
    feed.list("s", shared("Road closed")).await;
    feed.list("s", entry("https://www.example.com/notices", None, "Notices", "All.")).await;
    assert_eq!(feed.published(), firsts(&["Notices", "Road closed"]));
}

#[tokio::test]
async fn articles_of_a_store_of_format_4_are_found_by_the_names_that_they_have() {
    let dir = crate::store::older::unpacked();
    let mut feed = Feed::of_store(Store::open(dir.path(), 1 << 20).unwrap());
    let before = feed.records();
    assert!(before.len() >= 4);
    for record in &before {
        let link = record.url.as_deref().unwrap();
        let title = record.content.title.as_deref().unwrap();
        for (form, title) in [
            (link.replace("http:", "https:"), title),
            (format!("{link}#top"), title),
            (link.to_owned(), "Another title"),
            (format!("{link}?utm_source=x"), "A third title"),
        ] {
            feed.list("s", entry(&form, None, title, &format!("{title} and another text."))).await;
        }
    }
    let known: std::collections::HashSet<_> = before.iter().map(|record| record.id).collect();
    let after = feed.records();
    assert!(after.iter().all(|record| known.contains(&record.id)), "nothing is published anew");
    feed.store.close();
}

#[tokio::test]
async fn an_article_that_was_named_before_a_parameter_was_known_to_track_is_found() {
    let link = Url::parse("https://www.example.com/a?id=7&wt_zmc=x").unwrap();
    for other in [link.as_str(), "https://www.example.com/a?wt_zmc=y&id=7"] {
        let mut feed = Feed::new();
        feed.list("s", entry("https://www.example.com/x", None, "Harbour reopens", "One.")).await;
        let id = feed.records()[0].id;
        // As the program of format 4 left it.
        let view = feed.store.articles().view().unwrap();
        let mut state = view.article(id).unwrap().unwrap();
        drop(view);
        let alias = identity::formerly_of_url(&link).unwrap();
        (state.url, state.aliases) = (Some(link.to_string()), vec![alias]);
        state.alternate_urls.clear();
        let mut batch = Batch::default();
        batch.alias(&alias, id);
        batch.article(id, &state);
        feed.store.articles().commit(batch).await.unwrap();
        feed.list("s", entry(other, None, "Harbour reopens early", "Two.")).await;
        let is_found = feed.records().last().unwrap().id == id;
        // Only the address that it was listed under is a name that it has.
        assert_eq!(is_found, other == link.as_str(), "{other}");
    }
}

const HARBOUR: &str = "The harbour of the old town is open again after the storm that closed it for nine days, and the first ferry left.";
const COUNCIL: &str = "The council of the upper valley decided on Monday that the school will be built where the market was until spring.";

#[tokio::test]
async fn a_guid_that_is_given_to_another_article_does_not_make_it_a_revision() {
    let link = |slug: &str| format!("https://www.example.com/{slug}");
    let mut feed = Feed::new();
    feed.list("s", entry(&link("a"), Some("lead"), "Harbour reopens", HARBOUR)).await;
    feed.list("s", entry(&link("b"), Some("lead"), "School to be built", COUNCIL)).await;
    feed.list(
        "s",
        entry(&link("b"), Some("lead"), "School will be built", &format!("{COUNCIL} So it said.")),
    )
    .await;
    let records = feed.records();
    assert_ne!(records[0].id, records[1].id);
    assert_eq!((records[2].id, records[2].revision), (records[1].id, 2));
    // At the same address it is the same article, whatever became of it.
    let mut feed = Feed::new();
    feed.list("s", entry(&link("a"), Some("7"), "Harbour reopens", HARBOUR)).await;
    feed.list("s", entry(&link("a"), Some("7"), "School to be built", COUNCIL)).await;
    assert_eq!(feed.records()[1].revision, 2);
    // And so it is at another one with an edited text.
    let mut feed = Feed::new();
    feed.list("s", entry(&link("a"), Some("7"), "Harbour reopens", HARBOUR)).await;
    feed.list("s", entry(&link("b"), Some("7"), "Port is open", &format!("{HARBOUR} So it said.")))
        .await;
    assert_eq!(feed.records()[1].revision, 2);
}

#[tokio::test]
async fn an_article_that_was_edited_is_found_by_another_form_of_its_address() {
    let mut feed = Feed::new();
    feed.list("s", entry("http://example.com/a", None, "Harbour reopens", HARBOUR)).await;
    let edited = format!("{HARBOUR} So the port said.");
    feed.list("t", entry("https://www.example.com/a/", None, "Port is open", &edited)).await;
    assert_eq!(feed.records()[1].revision, 2);
}
