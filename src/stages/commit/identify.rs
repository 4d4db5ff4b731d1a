//! Which article is meant: what is known under the names of what was found, and the names that an
//! article gets.
//!
//! What must stay true: an alias that an article has is never pointed elsewhere.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::batch::DecisionBatch;
use crate::{
    model::{
        article::ArticleState, candidate::PageOutcome, entry::LinkRole, identity, kind::Guesses,
        pending::PendingEntry,
    },
    policy::{
        assemble::{self, Assembled, Name, Tells},
        evidence::{self, Found, Verdict},
    },
    store::StoreError,
    text,
};

/// The most other addresses that are kept of one article.
const MAX_ALTERNATES: usize = 32;

/// An article that is known.
pub(super) struct KnownArticle {
    pub(super) id: Uuid,
    pub(super) state: ArticleState,
    /// By which kind of alias it was found, in words.
    pub(super) found_by: &'static str,
}

impl DecisionBatch {
    /// A link that several entries of the source once had in one document tells nothing of one that
    /// is alone with it now, and the page behind it is not this entry's.
    pub(super) fn recall_shared_link(
        &self,
        entry: &mut PendingEntry,
        reading: &mut PageOutcome,
    ) -> Result<(), StoreError> {
        let is_listed = entry.properties().is_some_and(|of| of.guesses == Guesses::Nothing);
        if let Some(link) = &entry.entry.link
            && is_listed
            && entry.document.is_none()
            && entry.entry.link_role.is_own_page()
            && self.alias(&identity::of_shared_link(&entry.source.id, link))?.is_some()
        {
            entry.entry.link_role = LinkRole::Shared;
            if let PageOutcome::Page(fetched) = reading {
                *reading = PageOutcome::FeedOnly { at: fetched.fetched_at };
            }
        }
        Ok(())
    }

    /// The article that these names identify, else the first one that they are evidence for and that
    /// says the same as what was found.
    pub(super) fn find_known(
        &self,
        names: &[Name],
        found: Option<Found<'_>>,
    ) -> Result<Option<KnownArticle>, StoreError> {
        let mut possible = None;
        for name in names {
            if let Some(known) = self.named(&name.alias, name.by)? {
                let telling = evidence::judge(&known.state, name, found);
                match telling {
                    Verdict::Same => return Ok(Some(known)),
                    Verdict::Other => continue,
                    Verdict::Possible | Verdict::OtherPlace | Verdict::Doubtful => {}
                }
                if possible.is_none()
                    && found.is_some_and(|found| evidence::agrees(&known.state, telling, found))
                {
                    possible = Some(known);
                }
            }
            // Where an article with another form of the address has its key.
            if let Tells::Address(exact) | Tells::Place(exact) = name.tells
                && let Some(known) = self.named(&exact, name.by)?
            {
                return Ok(Some(known));
            }
        }
        Ok(possible)
    }

    fn named(
        &self,
        alias: &[u8; 16],
        found_by: &'static str,
    ) -> Result<Option<KnownArticle>, StoreError> {
        let Some(id) = self.alias(alias)? else { return Ok(None) };
        Ok(self.state(id)?.map(|state| KnownArticle { id, state, found_by }))
    }

    /// Finds the article that is known already.
    pub(super) fn resolve(
        &self,
        entry: &PendingEntry,
        found: &mut Assembled,
        fields: &BTreeMap<String, u64>,
        content_hash: &str,
    ) -> Result<Option<KnownArticle>, StoreError> {
        let facts = Found {
            source: &entry.source.id,
            guid: entry.entry.guid.as_deref(),
            content: &found.content,
            fields,
            content_hash,
            text_rank: found.text_rank,
            names: &found.names,
        };
        let known = self.find_known(&found.names, Some(facts))?;
        // A site's template may name one canonical address for many articles, which must not be
        // merged into one.
        if let Some(KnownArticle { state, found_by: assemble::CANONICAL, .. }) = &known
            && found.claimed
            && state.erased.is_none()
            && found
                .names
                .iter()
                .filter(|name| name.by != assemble::CANONICAL)
                .all(|name| self.alias(&name.alias).is_ok_and(|alias| alias.is_none()))
            && !evidence::says_the_same(state, facts)
        {
            found.names.retain(|name| name.by != assemble::CANONICAL);
            found.url = found.fetched_url.as_ref().map(identity::clean);
            return Ok(None);
        }
        Ok(known)
    }

    /// Whether an entry is of an article that was erased, as far as its source's words tell.
    pub(super) fn is_erased(&self, entry: &PendingEntry) -> Result<bool, StoreError> {
        let known = match &entry.look {
            Some(look) => self.state(look.article)?,
            None => self.known_by_entry(entry)?.map(|known| known.state),
        };
        Ok(known.is_some_and(|state| state.erased.is_some()))
    }

    /// The article that an entry is of, as far as its source's words tell.
    pub(super) fn known_by_entry(
        &self,
        entry: &PendingEntry,
    ) -> Result<Option<KnownArticle>, StoreError> {
        let mut found = assemble::from_feed(entry, self.now);
        let fields = found.content.fingerprints();
        let content_hash =
            text::content_hash(found.content.title.as_deref(), found.content.text.as_deref());
        self.resolve(entry, &mut found, &fields, &content_hash)
    }

    pub(super) fn alias(&self, alias: &[u8; 16]) -> Result<Option<Uuid>, StoreError> {
        self.aliases.get(alias).map_or_else(|| self.view.alias(alias), |id| Ok(Some(*id)))
    }

    /// Adds other addresses and aliases to an article. An alias that another article has stays
    /// there: aliases are never pointed elsewhere.
    pub(super) fn add_names(
        &mut self,
        id: Uuid,
        state: &mut ArticleState,
        found: &Assembled,
    ) -> Result<(), StoreError> {
        for other in found.url.iter().chain(&found.alternates) {
            add_address(state, Some(other.to_string()));
        }
        for name in &found.names {
            let alias = match name.tells {
                // The key is taken: an article with another form of the address has it.
                Tells::Address(exact) | Tells::Place(exact)
                    if self.alias(&name.alias)?.is_some_and(|other| other != id) =>
                {
                    exact
                }
                Tells::Lookup(_) => continue,
                _ => name.alias,
            };
            if state.aliases.len() < 2 * MAX_ALTERNATES && self.alias(&alias)?.is_none() {
                self.batch.alias(&alias, id);
                self.aliases.insert(alias, id);
                state.aliases.push(alias);
            }
        }
        Ok(())
    }
}

/// Sets the canonical address of an article, which keeps the one that it had.
pub(super) fn move_to(state: &mut ArticleState, url: Option<String>) {
    let before = std::mem::replace(&mut state.url, url);
    add_address(state, before);
}

/// Notes that an address leads to an article, too.
fn add_address(state: &mut ArticleState, url: Option<String>) {
    let Some(url) = url.filter(|url| Some(url) != state.url.as_ref()) else { return };
    if state.alternate_urls.len() < MAX_ALTERNATES && !state.alternate_urls.contains(&url) {
        state.alternate_urls.push(url);
    }
}
