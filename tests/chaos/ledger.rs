//! Holds what a `read_committed` consumer sees against the truth.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;

use crate::{
    processes::ODD,
    topics::{self, Record},
};

/// Added to the partitions of a second topic.
const ALONE: i32 = 1000;
/// Examples of each kind that are told.
const EXAMPLES: usize = 4;

/// What the audit found; everything but `records`, `revisions`, `stories`, `copies`, `withdrawals` and
/// what became of the poison must be 0.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Found {
    records: usize,
    revisions: usize,
    /// Records of stories.
    stories: usize,
    /// Copies at the steady site; those that are in another story than what they are a copy of, and
    /// articles that are in the story of one with another text.
    copies: usize,
    unlinked: usize,
    wrongly_joined: usize,
    /// Articles that never came, and those whose last edition did not.
    lost: usize,
    stale: usize,
    /// The same event or number again; the same article under two ids.
    twice: usize,
    minted_twice: usize,
    /// Revisions or numbers that do not follow each other; a key that is not the id.
    order: usize,
    /// An edition after a newer one; a text of which no edition was shown, or half of one.
    wrong_revision: usize,
    wrong_text: usize,
    /// The same as the first that was ever seen of an article, when nothing told that it was
    /// nonsense: no fault, so far as a good one came later.
    wrong_at_first: usize,
    /// Withdrawals; those of a page that is there, and pages that are gone without one.
    withdrawals: usize,
    wrong_withdrawal: usize,
    missed_withdrawal: usize,
    /// Records that are missing in the topic of a route, or are not to be there.
    routed_differs: usize,
    /// Articles whose last record in the compacted topic is not their last one.
    latest_differs: usize,
    /// Of an article of the good sites.
    dead_letters: usize,
    /// What the hostile site listed: as records, as dead letters, or not at all.
    poison_records: usize,
    poison_dead_letters: usize,
    poison_lost: usize,
    largest_record: usize,
    examples: Vec<String>,
    #[serde(skip)]
    told: HashMap<&'static str, usize>,
}

/// What should have arrived.
#[derive(Debug)]
pub(crate) struct Truth {
    /// The last edition of each article, by address.
    pub(crate) articles: BTreeMap<String, u32>,
    /// Addresses of pages that were taken away.
    pub(crate) gone: BTreeSet<String>,
    /// Whether each of them must be withdrawn; a clock that jumps a day forward ends all looks.
    pub(crate) withdraws_all: bool,
    /// Addresses of what the hostile site listed.
    pub(crate) poison: BTreeSet<String>,
    /// Where each article of the steady site said its text first, by address.
    pub(crate) originals: BTreeMap<String, String>,
    /// What the addresses of the steady site begin with, which never serves nonsense.
    pub(crate) steady: String,
}

impl Found {
    pub(crate) fn clean(&self) -> bool {
        let wrong = self.lost
            + self.stale
            + self.twice
            + self.minted_twice
            + self.order
            + self.wrong_revision
            + self.wrong_text
            + self.wrong_withdrawal
            + self.missed_withdrawal
            + self.unlinked
            + self.wrongly_joined
            + self.latest_differs
            + self.routed_differs;
        wrong + self.dead_letters + self.poison_lost == 0 && self.records > 0
    }

    fn example(&mut self, kind: &'static str, text: &str) {
        let told = self.told.entry(kind).or_default();
        *told += 1;
        if *told <= EXAMPLES {
            self.examples.push(format!("{kind}: {text}"));
        }
    }
}

/// The whole ledger.
pub(crate) fn audit(bootstrap: &str, truth: &Truth) -> Found {
    let mut records = topics::read(bootstrap, "chaos.articles");
    // Partitions of another topic are other partitions.
    records.extend(topics::read(bootstrap, "chaos.alone").into_iter().map(|mut record| {
        record.partition += ALONE;
        record
    }));
    let dead = topics::read(bootstrap, "chaos.deadletters");
    let mut found = Found { records: records.len(), ..Found::default() };
    found.largest_record =
        records.iter().chain(&dead).map(|record| record.bytes).max().unwrap_or(0);
    withdrawals(&records, truth, &mut found);
    let shown = sequence(&records, truth, &mut found);
    for (url, version) in &truth.articles {
        match shown.get(url) {
            None => {
                found.lost += 1;
                found.example("lost", url);
            }
            Some(edition) if edition != version => {
                found.stale += 1;
                found.example("stale", &format!("{url} has edition {edition} of {version}"));
            }
            Some(_) => {}
        }
    }
    for record in dead.iter().filter(|dead| !dead.source.starts_with("hostile")) {
        found.dead_letters += 1;
        found.example(
            "dead letter",
            &format!("{} of {}: {}", record.url, record.source, record.reason),
        );
    }
    routed(&records, &topics::read(bootstrap, "chaos.odd"), &mut found);
    latest(&records, &topics::read(bootstrap, "chaos.latest"), &mut found);
    let of_stories = topics::read(bootstrap, "chaos.stories");
    stories(&of_stories, &mut found);
    copies(&records, &of_stories, truth, &mut found);
    let urls = |of: &[Record]| of.iter().map(|of| of.url.clone()).collect::<HashSet<_>>();
    let (as_records, as_dead) = (urls(&records), urls(&dead));
    for url in &truth.poison {
        if as_records.contains(url) {
            found.poison_records += 1;
        } else if as_dead.contains(url) {
            found.poison_dead_letters += 1;
        } else {
            found.poison_lost += 1;
            found.example("poison lost", url);
        }
    }
    found
}

/// The topic of a route has each record of its sources once, and none that is not in the topics of
/// articles.
fn routed(records: &[Record], routed: &[Record], found: &mut Found) {
    let numbers: HashSet<(u64, u64)> = routed.iter().map(|record| record.seq).collect();
    let known: HashSet<(u64, u64)> = records.iter().map(|record| record.seq).collect();
    let is_missing =
        |record: &&Record| ODD.contains(&record.source.as_str()) && !numbers.contains(&record.seq);
    let wrong = records.iter().filter(is_missing).map(|record| ("is missing", record));
    let strange = routed.iter().filter(|record| !known.contains(&record.seq));
    for (how, record) in wrong.chain(strange.map(|record| ("is strange", record))) {
        found.routed_differs += 1;
        found.example("routed", &format!("{} of {} {how}", record.url, record.source));
    }
    found.twice += routed.len() - numbers.len();
}

/// The compacted topic of latest editions has the last record of each article, or that there is none
/// any more.
fn latest(records: &[Record], latest: &[Record], found: &mut Found) {
    let last = |of: &[Record], is_gone: fn(&Record) -> bool| -> HashMap<String, _> {
        of.iter().map(|record| (record.key.clone(), (record.seq, is_gone(record)))).collect()
    };
    let expected = last(records, |record| record.withdrawn);
    let there = last(latest, |record| record.is_tombstone);
    for (key, edition) in &expected {
        if there.get(key) != Some(edition) {
            found.latest_differs += 1;
            found.example("latest", &format!("{key}: {:?}, not {edition:?}", there.get(key)));
        }
    }
}

/// Withdrawals against the pages that were taken away.
fn withdrawals(records: &[Record], truth: &Truth, found: &mut Found) {
    let withdrawn: Vec<&String> =
        records.iter().filter(|record| record.withdrawn).map(|record| &record.url).collect();
    found.withdrawals = withdrawn.len();
    for url in withdrawn.iter().filter(|url| !truth.gone.contains(**url)) {
        found.wrong_withdrawal += 1;
        found.example("wrong withdrawal", url);
    }
    for url in truth.gone.iter().filter(|url| truth.withdraws_all && !withdrawn.contains(url)) {
        found.missed_withdrawal += 1;
        found.example("missed withdrawal", url);
    }
}

/// Records of a story follow each other, each once, in the order of their numbers.
fn stories(records: &[Record], found: &mut Found) {
    let mut last: HashMap<&str, u64> = HashMap::new();
    let mut reached: HashMap<i32, (u64, u64)> = HashMap::new();
    found.stories = records.len();
    for Record { id, key, revision, partition, seq, .. } in records {
        let before = last.insert(id, *revision).unwrap_or_default();
        if *revision <= before {
            found.twice += 1;
            found.example("story twice", &format!("{id} has {revision} after {before}"));
        } else if *revision != before + 1
            || key != id
            || reached.insert(*partition, *seq).is_some_and(|before| before >= *seq)
        {
            found.order += 1;
            found.example("order of stories", &format!("{id} has {revision} after {before}"));
        }
    }
}

/// Articles with one text have one story, and others have another.
fn copies(records: &[Record], stories: &[Record], truth: &Truth, found: &mut Found) {
    let merged: HashMap<&str, &str> = stories
        .iter()
        .filter(|record| !record.story.is_empty())
        .map(|record| (record.id.as_str(), record.story.as_str()))
        .collect();
    let mut of_article: BTreeMap<&str, &str> = BTreeMap::new();
    for record in records.iter().filter(|record| !record.story.is_empty()) {
        let mut story = record.story.as_str();
        while let Some(into) = merged.get(story) {
            story = into;
        }
        of_article.insert(&record.url, story);
    }
    let mut of_story: HashMap<&str, &String> = HashMap::new();
    for (url, story) in &of_article {
        let Some(original) = truth.originals.get(*url) else { continue };
        let is_copy = original != *url;
        found.copies += usize::from(is_copy);
        if is_copy && of_article.get(original.as_str()).is_some_and(|other| other != story) {
            found.unlinked += 1;
            found.example("unlinked", &format!("{url} and {original}"));
        }
        if *of_story.entry(story).or_insert(original) != original {
            found.wrongly_joined += 1;
            found.example("wrongly joined", &format!("{url} and {}", of_story[story]));
        }
    }
}

/// Goes through the records in the order of their partitions; the last edition of each article, by
/// address.
fn sequence(records: &[Record], truth: &Truth, found: &mut Found) -> HashMap<String, u32> {
    let (mut events, mut numbers) = (HashSet::new(), HashSet::new());
    let mut ids: HashMap<&str, &str> = HashMap::new();
    // Per key: the last revision and edition.
    let mut last: HashMap<&str, (u64, u32)> = HashMap::new();
    let mut reached: HashMap<i32, (u64, u64)> = HashMap::new();
    let mut at_first = HashSet::new();
    for record in records {
        let Record { id, url, revision, edition, .. } = record;
        found.revisions += usize::from(*revision > 1);
        if !events.insert((id, revision)) || !numbers.insert(record.seq) {
            found.twice += 1;
            found.example("twice", &format!("{id}/{revision} number {:?}", record.seq));
        }
        if ids.entry(url).or_insert(id) != id {
            found.minted_twice += 1;
            found.example("minted twice", url);
        }
        if reached.insert(record.partition, record.seq).is_some_and(|before| before >= record.seq) {
            found.order += 1;
            found.example(
                "order",
                &format!("number {:?} in partition {}", record.seq, record.partition),
            );
        }
        let held = last.entry(id).or_default();
        let (before, shown) = std::mem::replace(held, (*revision, held.1.max(*edition)));
        if *revision != before + 1 || record.key != *id {
            found.order += 1;
            found.example("order", &format!("{id} {before} then {revision}: {url}"));
        }
        if truth.poison.contains(url) || record.withdrawn {
            continue;
        }
        let moody = !url.starts_with(&truth.steady);
        let whole = *edition > 0 && edition == &record.last;
        if !whole && *revision == 1 && moody && truth.articles.contains_key(url) {
            at_first.insert(url);
        } else if !whole || truth.articles.get(url).is_none_or(|version| edition > version) {
            found.wrong_text += 1;
            found.example(
                "wrong text",
                &format!(
                    "{url} revision {revision} begins with edition {edition} and ends with {}",
                    record.last
                ),
            );
        } else if *edition <= shown {
            found.wrong_revision += 1;
            found.example(
                "wrong revision",
                &format!("{url} revision {revision} shows edition {edition} after {shown}"),
            );
        } else if at_first.remove(url) {
            found.wrong_at_first += 1;
        }
    }
    for url in at_first {
        found.wrong_text += 1;
        found.example("wrong text", &format!("{url} began as nonsense and stayed so"));
    }
    ids.into_iter().filter_map(|(url, id)| Some((url.to_owned(), last.get(id)?.1))).collect()
}
