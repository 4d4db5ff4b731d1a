//! Looks: the page of a published article is read again at times of its own, because its feed does
//! not tell when it is changed or taken away.
//!
//! What must stay true: an article is looked at through the entry of the source that listed it
//! first, and only where its text is its page's. A look makes no dead letter. Withdrawn is an
//! edition without content, so that an article that comes back differs from it.

use url::Url;
use uuid::Uuid;

use super::{batch::DecisionBatch, edition};
use crate::{
    base::clock::day,
    model::{
        article::{ArticleState, TextRank, Verdict},
        candidate::PageOutcome,
        lane::Lane,
        look::{GonePage, LookOutcome, NextLook},
        pending::{PendingEntry, PendingKey},
        record::{Change, Content, Source},
        source::Validators,
    },
    policy::{assemble::Assembled, decide, looks::Wait},
    store::StoreError,
    text,
};

/// Bytes of the full text of a feed that are kept for looks; a longer one is let go, because the
/// article has its page's text.
const MAX_FEED_TEXT: usize = 4 << 10;

/// Why an article is withdrawn, and what its record says beside that.
pub(super) struct Withdrawal<'a> {
    /// The source that listed the article.
    pub(super) source: &'a Source,
    /// Where its page was.
    pub(super) page: Option<Url>,
    /// The reason, for `nashra explain`.
    pub(super) why: &'static str,
}

impl DecisionBatch {
    /// Notes what the reading of a page says of its host.
    pub(super) fn note_host(
        &mut self,
        key: &PendingKey,
        entry: &PendingEntry,
        reading: &PageOutcome,
    ) {
        let Some(host) = key.lane().host() else { return };
        let (rules, look) = (&self.revisits.looks, entry.look.as_ref().map(|_| key.entry()));
        match reading {
            PageOutcome::Page(_) | PageOutcome::Looked(LookOutcome::Unchanged) => {
                self.hosts.answered(host, look, rules, self.at);
            }
            PageOutcome::Looked(LookOutcome::Failed { is_hosts: true, .. })
            | PageOutcome::Later { tried: true, .. } => self.hosts.failed(host, rules, self.at),
            PageOutcome::Dead(dead) if matches!(dead.reason, "fetch" | "blocked") => {
                self.hosts.failed(host, rules, self.at);
            }
            _ => {}
        }
    }

    /// Has the page of a published article looked at at its next time, or ends the entry.
    pub(super) fn look_again_or_end(
        &mut self,
        key: &PendingKey,
        entry: &mut PendingEntry,
        article: Option<Uuid>,
        validators: Validators,
    ) {
        let known = article.and_then(|id| Some((id, self.articles.get(&id)?)));
        let Some((article, state)) = known.filter(|(_, state)| {
            state.text_rank == TextRank::Page
                && state.source == entry.source.id
                && state.erased.is_none()
        }) else {
            return self.batch.entry_done(key, entry);
        };
        let due = self.revisits.looks.next(state.first_seen, self.now);
        let (Some(due), true) = (due, entry.fetch_page) else {
            return self.batch.entry_done(key, entry);
        };
        self.look_at(key, entry, NextLook { article, validators, gone: None }, due);
    }

    fn look_at(
        &mut self,
        key: &PendingKey,
        entry: &mut PendingEntry,
        look: NextLook,
        due: chrono::DateTime<chrono::Utc>,
    ) {
        let Some(host) = key.lane().host() else { return self.batch.entry_done(key, entry) };
        (entry.tries, entry.held_s, entry.last_error) = (0, 0, None);
        (entry.changed, entry.unchanged, entry.doubted) = (None, 0, None);
        entry.look = Some(look);
        entry.entry.content.take_if(|content| content.len() > MAX_FEED_TEXT);
        let row = key.in_lane(Lane::of_looks(host), due);
        self.batch.entry_retry(key, &row, entry);
        self.moved = Some(row);
    }

    /// Decides on a look that read no page.
    pub(super) fn decide_look(
        &mut self,
        key: &PendingKey,
        mut entry: PendingEntry,
        outcome: LookOutcome,
    ) -> Result<(), StoreError> {
        let look = entry.look.take();
        let known = look.and_then(|look| Some((self.state(look.article).transpose()?, look)));
        let Some((state, look)) = known else {
            // Retention has removed the article.
            self.batch.entry_done(key, &entry);
            return Ok(());
        };
        let mut state = state?;
        if state.erased.is_some() {
            self.batch.entry_done(key, &entry);
            return Ok(());
        }
        match outcome {
            LookOutcome::Gone if !state.withdrawn => {
                return self.decide_gone(key, entry, state, look);
            }
            LookOutcome::Unchanged => {
                self.counts.looks.push("unchanged");
                // Another address of the article may be gone meanwhile: this one is not.
                state.fetched_at = self.now;
                self.batch.article(look.article, &state);
            }
            LookOutcome::Gone => self.counts.looks.push("gone"),
            LookOutcome::Failed { error, .. } => {
                self.counts.looks.push("failed");
                tracing::debug!(article = %look.article, error, "a look read no page");
                // That tells nothing new of a page that was gone.
                if let Some(gone) = look.gone {
                    self.wait_for_gone(
                        key,
                        &mut entry,
                        NextLook { gone: Some(gone), ..look },
                        None,
                    );
                    return Ok(());
                }
            }
        }
        self.articles.insert(look.article, state);
        self.look_again_or_end(key, &mut entry, Some(look.article), look.validators);
        Ok(())
    }

    /// Decides on an article whose page is not there: it is withdrawn, or its page is looked at
    /// again.
    fn decide_gone(
        &mut self,
        key: &PendingKey,
        mut entry: PendingEntry,
        mut state: ArticleState,
        look: NextLook,
    ) -> Result<(), StoreError> {
        let rules = self.revisits.looks.clone();
        // If the article was read since, at another address, its page is gone anew.
        let before = look.gone.filter(|gone| state.fetched_at <= gone.since);
        let mut gone = before.unwrap_or(GonePage { since: self.now, looks: 0 });
        gone.looks += 1;
        let judged = key.lane().host().map_or(Ok(()), |host| {
            if before.is_none() {
                self.hosts.forget(host, key.entry());
            }
            self.hosts.gone(host, key.entry(), &rules, self.at)
        });
        let article = look.article;
        match judged {
            Ok(()) => {
                self.counts.looks.push("withdrawn");
                let withdrawal = Withdrawal {
                    source: &entry.source,
                    page: entry.entry.link.clone(),
                    why: "its page was gone at two looks, and its host is well",
                };
                self.withdraw(article, state, &withdrawal)?;
                self.look_again_or_end(key, &mut entry, Some(article), Validators::default());
            }
            Err(wait) => {
                self.counts.looks.push(wait.label());
                state.verdict =
                    Verdict { what: "vanished".to_owned(), why: wait.to_string(), at: self.now };
                self.batch.article(article, &state);
                self.articles.insert(article, state);
                let look = NextLook { gone: Some(gone), ..look };
                self.wait_for_gone(key, &mut entry, look, Some(wait));
            }
        }
        Ok(())
    }

    /// Has a page that is gone looked at again, unless it has been gone for very long.
    fn wait_for_gone(
        &mut self,
        key: &PendingKey,
        entry: &mut PendingEntry,
        look: NextLook,
        wait: Option<Wait>,
    ) {
        let rules = &self.revisits.looks;
        let Some(gone) = look.gone.filter(|gone| !rules.gives_up(gone.since, self.now)) else {
            return self.batch.entry_done(key, entry);
        };
        let due = self.now + rules.pause(gone.looks, wait);
        self.look_at(key, entry, look, due);
    }

    /// Publishes that an article was withdrawn.
    pub(super) fn withdraw(
        &mut self,
        id: Uuid,
        mut state: ArticleState,
        withdrawal: &Withdrawal<'_>,
    ) -> Result<(), StoreError> {
        let Withdrawal { source, page, why } = withdrawal;
        self.counts.decisions.push("withdrawn");
        let content = Content::default();
        let fields = decide::fields(&content, state.url.as_deref());
        let changed = decide::changed(&state.fields, &fields);
        state.revision += 1;
        (state.withdrawn, state.fields, state.wording) =
            (true, fields, Some(decide::wording(&content)));
        (state.content_hash, state.fetched_at) = (text::content_hash(None, None), self.now);
        (state.day, state.kept_text) = (day(self.now), None);
        state.labels.clear();
        state.verdict =
            Verdict { what: "withdrawn".to_owned(), why: (*why).to_owned(), at: self.now };
        let found = Assembled {
            url: None,
            claimed: false,
            fetched_url: page.clone(),
            alternates: Vec::new(),
            names: Vec::new(),
            fetched_at: self.now,
            order: state.order,
            text_rank: state.text_rank,
            part: None,
            missing: None,
            shown: None,
            content,
        };
        let edition = edition::of_state(source, id, &state, Change::Withdrawn, changed);
        state.routing = self.routes.kept(&state.routing);
        let going = (edition, state.routing.clone());
        self.append(edition::record(source, found, going, self.now))?;
        let story = self.tell_story(id, &state)?;
        self.append_all(story.into_iter())?;
        self.keep(id, state);
        Ok(())
    }
}
