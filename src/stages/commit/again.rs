//! Looks that are made again although a page came: it does not show its article (`policy::doubt`),
//! or what was published already while its source says that it changed.

use super::{KnownArticle, Work};
use crate::{
    model::{
        article::Verdict,
        candidate::DeadPage,
        pending::{PendingEntry, PendingKey},
    },
    policy::{
        assemble::{CANONICAL, NamedAlias},
        doubt::{self, Doubt},
        retry::Retry,
    },
    store::StoreError,
};

/// Looks at a page that still shows the edition before: caches between hold pages for seconds to
/// minutes.
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

/// What became of a page that may be no edition of its article.
pub(super) enum DoubtOutcome {
    /// It is one.
    No,
    /// It is none, and nothing is left to do.
    Settled,
    /// It was none at any try, and its article has nothing better than what the feed says.
    GivenUp,
}

impl Work {
    /// Tells whether a page is an edition of its article.
    pub(super) fn doubts(
        &mut self,
        key: &PendingKey,
        entry: &mut PendingEntry,
        names: &[NamedAlias],
        page: doubt::ShownPage<'_>,
    ) -> Result<DoubtOutcome, StoreError> {
        // What came with it is an edition because its source says so, but for a page that a poll
        // brought.
        if !entry.fetch_page
            && !entry.properties().is_some_and(|properties| properties.brings_pages)
        {
            return Ok(DoubtOutcome::No);
        }
        // The address that a page claims may be its template's.
        let own: Vec<NamedAlias> =
            names.iter().filter(|(by, _)| *by != CANONICAL).copied().collect();
        let listed = entry.entry.title.as_deref().filter(|_| entry.fetch_page);
        let look = doubt::Look { number: entry.tries + 1, last: self.again.retry.tries };
        let Some(KnownArticle { id, mut state, .. }) = self.known(&own)? else {
            return Ok(self.doubts_first(key, entry, page, look));
        };
        let doubt::Verdict::Doubted(doubt, doubted) = doubt::judge(&state, listed, page, look)
        else {
            return Ok(DoubtOutcome::No);
        };
        // The second look at a document is the next poll, and that was before it came here.
        if doubt == Doubt::BrokenOff && !entry.fetch_page {
            return Ok(DoubtOutcome::No);
        }
        self.counts.decisions.push("doubted");
        state.doubted = Some(doubted);
        state.verdict =
            Verdict { what: "doubted".to_owned(), why: doubt.to_string(), at: self.now };
        self.batch.article(id, &state);
        self.articles.insert(id, state);
        // Once it is given up, its article stays as it was published.
        if !self.try_again(key, entry, doubt) {
            self.batch.entry_done(key, entry);
        }
        Ok(DoubtOutcome::Settled)
    }

    /// Judges a page of whose article nothing is published yet; a document stays as it is.
    fn doubts_first(
        &mut self,
        key: &PendingKey,
        entry: &mut PendingEntry,
        page: doubt::ShownPage<'_>,
        look: doubt::Look,
    ) -> DoubtOutcome {
        let verdict = doubt::judge_first(entry.doubted, entry.entry.title.as_deref(), page, look);
        let (doubt::Verdict::Doubted(doubt, doubted), true) = (verdict, entry.fetch_page) else {
            return DoubtOutcome::No;
        };
        entry.doubted = Some(doubted);
        self.counts.decisions.push("doubted");
        if self.try_again(key, entry, doubt) {
            DoubtOutcome::Settled
        } else if entry.is_guess() {
            // A listing's words about a link make no article.
            self.batch.entry_done(key, entry);
            DoubtOutcome::Settled
        } else {
            DoubtOutcome::GivenUp
        }
    }

    /// Whether the entry is tried again; else it is given up for a dead letter.
    fn try_again(&mut self, key: &PendingKey, entry: &mut PendingEntry, doubt: Doubt) -> bool {
        let is_tried = entry.tries + 1 < self.again.retry.tries;
        if is_tried {
            let due = self.in_a_while(entry.tries);
            entry.tries += 1;
            entry.last_error = Some(doubt.to_string());
            self.put_off(key, due, entry);
        } else {
            let dead =
                DeadPage { reason: "page", error: doubt.to_string(), bytes: None, at: self.now };
            self.dead_letter(entry, &dead, None);
        }
        is_tried
    }

    /// Whether the page of an entry that showed nothing new is to be looked at once more: then that
    /// is settled here.
    pub(super) fn is_looked_at_once_more(
        &mut self,
        key: &PendingKey,
        entry: &mut PendingEntry,
    ) -> bool {
        let Some(fetches) =
            entry.changed.filter(|_| entry.fetch_page && entry.unchanged < UNCHANGED)
        else {
            return false;
        };
        // Each look counts as one of the day's.
        if u32::from(fetches) + u32::from(entry.unchanged) + LEFT
            >= u32::from(self.again.refetch_per_day)
        {
            return false;
        }
        let due = self.in_a_while(entry.unchanged.into());
        entry.unchanged += 1;
        self.batch.entry_once_more(key, &key.at(due), entry);
        self.put_off = Some(key.at(due));
        true
    }

    /// The entry is looked at again then, unless a newer edition takes its place.
    pub(super) fn put_off(
        &mut self,
        key: &PendingKey,
        due: chrono::DateTime<chrono::Utc>,
        entry: &PendingEntry,
    ) {
        self.batch.entry_retry(key, &key.at(due), entry);
        self.put_off = Some(key.at(due));
    }

    fn in_a_while(&self, before: u32) -> chrono::DateTime<chrono::Utc> {
        self.now
            + chrono::TimeDelta::from_std(self.again.retry.pause(before))
                .unwrap_or(chrono::TimeDelta::days(1))
    }
}
