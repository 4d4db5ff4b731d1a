//! Looks that are made again although a page came: it does not show its article (`article::doubt`), or what was published
//! already while its source says that it changed.

use super::Work;
use crate::{
    article::{
        Content, Dead,
        assemble::{CANONICAL, Name},
        doubt::{self, Doubt},
    },
    page::Retry,
    store::{PendingEntry, PendingKey, StoreError, Verdict},
};

/// Looks at a page that still shows the edition before: caches between hold pages for seconds to minutes.
const UNCHANGED: u16 = 4;

/// Looks of a day that are left to editions that come later.
const LEFT: u32 = 2;

/// Rules of looking again.
#[derive(Debug, Clone, Copy)]
pub struct Again {
    /// How a page is tried again.
    pub retry: Retry,
    /// How often a day a changed entry's page is fetched again.
    pub refetch_per_day: u16,
}

impl Work {
    /// Whether a page is no edition of its article: then that is settled here, and nothing is left to do.
    pub(super) fn is_doubted(
        &mut self,
        (key, entry): (&PendingKey, &mut PendingEntry),
        names: &[Name],
        (content, is_whole): (&Content, bool),
    ) -> Result<bool, StoreError> {
        // What another service hands over is an edition because it says so.
        if !entry.fetch_page && entry.source.kind != "page" {
            return Ok(false);
        }
        // The address that a page claims may be its template's.
        let own: Vec<Name> = names.iter().filter(|(by, _)| *by != CANONICAL).copied().collect();
        let Some((id, mut state, _)) = self.known(&own)? else { return Ok(false) };
        let listed = entry.entry.title.as_deref().filter(|_| entry.fetch_page);
        let page = doubt::Page::of(content, is_whole);
        let doubt::Verdict::Doubted(doubt, doubted) = doubt::judge(&state, listed, page, self.again.retry.tries) else { return Ok(false) };
        self.counts.decisions.push("doubted");
        state.doubted = Some(doubted);
        state.verdict = Verdict { what: "doubted".to_owned(), why: doubt.to_string(), at: self.now };
        self.batch.article(id, &state);
        self.articles.insert(id, state);
        self.try_again((key, entry), doubt);
        Ok(true)
    }

    /// The entry is tried again, or given up for a dead letter: its article stays as it was published.
    fn try_again(&mut self, (key, entry): (&PendingKey, &mut PendingEntry), doubt: Doubt) {
        if entry.tries + 1 < self.again.retry.tries {
            let due = self.in_a_while(entry.tries);
            entry.tries += 1;
            entry.last_error = Some(doubt.to_string());
            self.put_off(key, due, entry);
        } else {
            let dead = Dead { reason: "page", error: doubt.to_string(), bytes: None, at: self.now };
            self.dead_letter(entry, &dead, None);
            self.batch.entry_done(key, entry);
        }
    }

    /// Whether the page of an entry that showed nothing new is to be looked at once more: then that is settled here.
    pub(super) fn is_looked_at_once_more(&mut self, key: &PendingKey, entry: &mut PendingEntry) -> bool {
        let Some(fetches) = entry.changed.filter(|_| entry.fetch_page && entry.unchanged < UNCHANGED) else { return false };
        // Each look counts as one of the day's.
        if u32::from(fetches) + u32::from(entry.unchanged) + LEFT >= u32::from(self.again.refetch_per_day) {
            return false;
        }
        let due = self.in_a_while(entry.unchanged.into());
        entry.unchanged += 1;
        self.batch.entry_once_more(key, &key.at(due), entry);
        self.put_off = Some(key.at(due));
        true
    }

    /// The entry is looked at again then, unless a newer edition takes its place.
    pub(super) fn put_off(&mut self, key: &PendingKey, due: chrono::DateTime<chrono::Utc>, entry: &PendingEntry) {
        self.batch.entry_retry(key, &key.at(due), entry);
        self.put_off = Some(key.at(due));
    }

    fn in_a_while(&self, before: u32) -> chrono::DateTime<chrono::Utc> {
        self.now + chrono::TimeDelta::from_std(self.again.retry.pause(before)).unwrap_or(chrono::TimeDelta::days(1))
    }
}
