//! Revisits: pages that were read well and are read again all the same, because the page does not
//! show its article (`policy::doubt`), or shows what was published already although its source says
//! that it changed.

use std::time::Duration;

use super::{batch::DecisionBatch, identify::KnownArticle};
use crate::{
    model::{
        article::Verdict,
        candidate::DeadPage,
        pending::{PendingEntry, PendingKey},
    },
    policy::{
        assemble::{CANONICAL, Name},
        doubt::{self, Doubt},
        looks::LookRules,
        retry::Retry,
    },
    store::StoreError,
};

/// How often a page that still shows the previous edition is read again: caches on the way hold
/// pages for seconds to minutes.
const MAX_UNCHANGED: u16 = 4;

/// Fetches of a day that are reserved for later editions.
const RESERVED_FETCHES: u32 = 2;

/// When pages that were read are read again.
#[derive(Debug, Clone)]
pub struct RevisitRules {
    /// The pauses and the number of tries.
    pub retry: Retry,
    /// How often a day the page of a changed entry is fetched again.
    pub refetch_per_day: u16,
    /// When the pages of published articles are looked at, and what a withdrawal takes.
    pub looks: LookRules,
}

impl RevisitRules {
    /// No page is read again.
    #[must_use]
    pub(super) fn never() -> Self {
        Self {
            retry: Retry { tries: 1, first: Duration::ZERO, max: Duration::ZERO },
            refetch_per_day: 0,
            looks: LookRules::none(),
        }
    }
}

/// What was decided on a page that may not be an edition of its article.
pub(super) enum DoubtOutcome {
    /// The page is an edition of its article.
    Believed,
    /// The page is not believed, and the decision on its entry is in the batch.
    Settled,
    /// The page was not believed at any try: its article is made from what the feed says.
    GivenUp,
}

impl DecisionBatch {
    /// Decides whether a page is an edition of its article; `names` are the aliases of its first
    /// article.
    pub(super) fn judge_doubt(
        &mut self,
        key: &PendingKey,
        entry: &mut PendingEntry,
        names: &[Name],
        page: doubt::ShownPage<'_>,
    ) -> Result<DoubtOutcome, StoreError> {
        // A document is an edition because its source says so, except for a page that a poll
        // fetched.
        if !entry.fetch_page
            && !entry.properties().is_some_and(|properties| properties.brings_pages)
        {
            return Ok(DoubtOutcome::Believed);
        }
        // The canonical address may come from the site's template, so it identifies no article
        // here.
        let own: Vec<Name> = names.iter().filter(|name| name.by != CANONICAL).copied().collect();
        let listed = entry.entry.title.as_deref().filter(|_| entry.fetch_page);
        let look = doubt::Look { number: entry.tries + 1, last: self.revisits.retry.tries };
        let Some(KnownArticle { id, mut state, .. }) = self.find_known(&own, None)? else {
            return self.judge_first_doubt(key, entry, page, look);
        };
        // Nothing is known of it that a page could be held against, and nothing is to be noted.
        if state.erased.is_some() {
            return Ok(DoubtOutcome::Believed);
        }
        let doubt::Verdict::Doubted(doubt, doubted) = doubt::judge(&state, listed, page, look)
        else {
            return Ok(DoubtOutcome::Believed);
        };
        // Polls hand such a page on only once two of them in a row have shown the same.
        if doubt == Doubt::BrokenOff && !entry.fetch_page {
            return Ok(DoubtOutcome::Believed);
        }
        self.counts.decisions.push("doubted");
        state.doubted = Some(doubted);
        state.verdict =
            Verdict { what: "doubted".to_owned(), why: doubt.to_string(), at: self.now };
        self.batch.article(id, &state);
        self.articles.insert(id, state);
        // If the page is given up, the article stays as it was published.
        if !self.retry_or_give_up(key, entry, doubt)? {
            let validators = entry.look.take().map(|look| look.validators);
            self.look_again_or_end(key, entry, Some(id), validators.unwrap_or_default());
        }
        Ok(DoubtOutcome::Settled)
    }

    /// The same for a page whose article was never published. Documents are always believed.
    fn judge_first_doubt(
        &mut self,
        key: &PendingKey,
        entry: &mut PendingEntry,
        page: doubt::ShownPage<'_>,
        look: doubt::Look,
    ) -> Result<DoubtOutcome, StoreError> {
        let verdict = doubt::judge_first(entry.doubted, entry.entry.title.as_deref(), page, look);
        let (doubt::Verdict::Doubted(doubt, doubted), true) = (verdict, entry.fetch_page) else {
            return Ok(DoubtOutcome::Believed);
        };
        entry.doubted = Some(doubted);
        self.counts.decisions.push("doubted");
        Ok(if self.retry_or_give_up(key, entry, doubt)? {
            DoubtOutcome::Settled
        } else if entry.is_guess() {
            // A listing's words about a link make no article.
            self.batch.entry_done(key, entry);
            DoubtOutcome::Settled
        } else {
            DoubtOutcome::GivenUp
        })
    }

    /// Has the entry tried again, or makes a dead letter of it after the last try; returns whether
    /// it is tried again.
    fn retry_or_give_up(
        &mut self,
        key: &PendingKey,
        entry: &mut PendingEntry,
        doubt: Doubt,
    ) -> Result<bool, StoreError> {
        let is_tried = entry.tries + 1 < self.revisits.retry.tries;
        if is_tried {
            let due = self.retry_time(entry.tries);
            entry.tries += 1;
            entry.last_error = Some(doubt.to_string());
            self.retry_at(key, due, entry);
        } else if entry.look.is_none() {
            let dead =
                DeadPage { reason: "page", error: doubt.to_string(), bytes: None, at: self.now };
            self.dead_letter(key, entry, &dead)?;
        }
        Ok(is_tried)
    }

    /// Has the page of an entry that showed nothing new read once more, where its source says that
    /// it changed and fetches of the day are left; returns whether it is.
    pub(super) fn revisit_unchanged(&mut self, key: &PendingKey, entry: &mut PendingEntry) -> bool {
        let Some(fetches) =
            entry.changed.filter(|_| entry.fetch_page && entry.unchanged < MAX_UNCHANGED)
        else {
            return false;
        };
        // Each such reading counts among the fetches of the day.
        if u32::from(fetches) + u32::from(entry.unchanged) + RESERVED_FETCHES
            >= u32::from(self.revisits.refetch_per_day)
        {
            return false;
        }
        let due = self.retry_time(entry.unchanged.into());
        entry.unchanged += 1;
        self.batch.entry_once_more(key, &key.at(due), entry);
        self.moved = Some(key.at(due));
        true
    }

    /// Has the entry read again at `due`, unless its source lists a newer edition before.
    pub(super) fn retry_at(
        &mut self,
        key: &PendingKey,
        due: chrono::DateTime<chrono::Utc>,
        entry: &PendingEntry,
    ) {
        self.batch.entry_retry(key, &key.at(due), entry);
        self.moved = Some(key.at(due));
    }

    /// When the next try is due after so many earlier ones.
    fn retry_time(&self, tries_before: u32) -> chrono::DateTime<chrono::Utc> {
        self.now
            + chrono::TimeDelta::from_std(self.revisits.retry.pause(tries_before))
                .unwrap_or(chrono::TimeDelta::days(1))
    }
}
