//! What one source or page would yield, and why: read as the stages read it, decided on as they
//! decide, published nowhere.

mod document;
mod words;

use document::{ParsedDocument, TrialInput};

use std::{path::Path, sync::Arc};

use chrono::{DateTime, FixedOffset, Utc};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::{
    base::private::Private,
    config::RobotsMode,
    fetch::{self, Fetch, Fetched, Outcome, Request},
    model::{
        accept,
        candidate::{Candidate, FetchedPage, PageOutcome},
        entry::{Entry, Feed},
        kind::{Format, SourceKind},
        lane::Lane,
        page::{End, Page, PageKind},
        pending::{Document, EntryKey, PendingEntry, PendingKey},
        record,
        source::AllowedNetworks,
    },
    policy::assemble::{self, Assembled},
    read::page::{Form, RuleError, Rules, meta},
    stages::{commit, discover, pages::further::FurtherPages, poll},
};

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// It cannot be read now.
    #[error("{0}")]
    World(String),
    /// There is no file of this name.
    #[error("there is no such file")]
    NoFile,
    /// It is to be read as a source of this kind, and is none.
    #[error("no {kind}: {reason}")]
    Other {
        /// What it was to be.
        kind: SourceKind,
        /// What it is or lacks instead.
        reason: String,
    },
    /// A rule is not understood.
    #[error(transparent)]
    Rule(RuleError),
    /// It is neither a feed nor a page with an article.
    #[error("no feed ({feed}), and no page ({page})")]
    Neither {
        /// Why it is no feed.
        feed: String,
        /// Why it is no page.
        page: String,
    },
}

/// What was read, and what would be made of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where it was read, after redirects; `null` for a file whose address is not known.
    pub url: Option<Private>,
    /// Addresses before redirects.
    pub via: Vec<Private>,
    /// The `Content-Type` it came with.
    pub content_type: Option<String>,
    /// Bytes after decompression.
    pub bytes: usize,
    /// What it is.
    #[serde(flatten)]
    pub content: ReportContent,
}

/// What it is.
#[derive(Debug, Serialize)]
#[serde(tag = "what", rename_all = "lowercase")]
pub enum ReportContent {
    /// A sitemap, or an index of them.
    Sitemap {
        /// The publication, as it names it.
        title: Option<String>,
        /// The language of its first entry that names one.
        language: Option<String>,
        /// The sitemaps that were followed, where it is an index.
        sitemaps: Vec<Url>,
        /// Its entries, in its order.
        entries: Vec<EntryPreview>,
    },
    /// A page, or the text of one.
    Page {
        /// Whether it was read as HTML or as text.
        form: Form,
        /// What it is, taken as a whole.
        kind: PageKind,
        /// The articles on it, as they would be published.
        articles: Vec<ArticlePreview>,
        /// Where its article goes on, and why that is missing, where it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        missing: Option<MissingPage>,
        /// Candidates that lost.
        lost: Vec<RejectedCandidate>,
    },
    /// A body that lists entries: a feed, or a page of links to articles.
    #[serde(untagged)]
    Entries {
        /// The kind of source that it is.
        what: SourceKind,
        /// Its own title.
        title: Option<String>,
        /// Its language, as it claims.
        language: Option<String>,
        /// Its entries, in its order; of a page the links that are taken for articles'.
        entries: Vec<EntryPreview>,
        /// Of a page, the links that are not, those that came nearest to it first.
        #[serde(skip_serializing_if = "Option::is_none")]
        lost: Option<Vec<RejectedCandidate>>,
    },
}

/// An entry of a feed, and what a first poll would do about it.
#[derive(Debug, Serialize)]
pub struct EntryPreview {
    /// The headline that the feed gives.
    pub title: Option<String>,
    /// The address of the page behind the entry.
    pub link: Option<Url>,
    /// Its id in the feed.
    pub guid: Option<String>,
    /// When it was published.
    #[serde(with = "crate::dates::stamp")]
    pub published: Option<DateTime<FixedOffset>>,
    /// `new`, `backlog` or `off`.
    pub verdict: &'static str,
    /// Why, in words.
    pub why: String,
}

/// An article of a page.
#[derive(Debug, Serialize)]
pub struct ArticlePreview {
    /// What it would be known by, the strongest first.
    pub known_by: Vec<&'static str>,
    /// The record as it would be published; its `provenance` says where the fields came from.
    pub record: Value,
}

/// A further page of an article that was not read.
#[derive(Debug, Serialize)]
pub struct MissingPage {
    /// Its address.
    pub url: Private,
    /// Why.
    pub why: String,
}

/// A candidate for a field that lost.
#[derive(Debug, Serialize)]
pub struct RejectedCandidate {
    /// The field that it was for, as the record names it.
    pub field: &'static str,
    /// What it would have been.
    pub value: String,
    /// Why it is not.
    pub why: String,
}

/// Whether one document of this kind of source can be tried: not a home page, which leads to
/// another source, nor the messages of a topic.
#[must_use]
pub fn is_readable(kind: SourceKind) -> bool {
    match kind.format() {
        Format::Entries(_) | Format::Sitemap | Format::Page => true,
        Format::Site | Format::Messages => false,
    }
}

/// What a trial works with.
#[derive(Debug)]
pub struct Trial<'a, F> {
    /// Fetches what is tried.
    pub fetcher: &'a F,
    /// Rules of polling.
    pub rules: poll::Rules,
    /// The kind of source that it is to be read as; told by the bytes unless it is given.
    pub read_as: Option<SourceKind>,
    /// What is said of the elements of a page.
    pub page_rules: Rules,
    /// How many further pages of an article are read.
    pub follow_pages: usize,
    /// The time by which entries are new or old.
    pub now: DateTime<Utc>,
}

/// A page that was read, and how it came.
struct TriedPage {
    page: Page,
    /// What the page says of its fields.
    candidates: Vec<meta::FieldCandidate>,
    form: Form,
    fetched: Fetched,
    /// Where it was read, after redirects.
    url: Option<Url>,
    /// The address that was asked for.
    asked: Option<Url>,
}

impl<F: Fetch> Trial<'_, F> {
    /// Fetches an address.
    pub async fn address(&self, url: Url) -> Result<Report, TrialError> {
        let obeys_robots = self.rules.robots == RobotsMode::Obey;
        let request = Request {
            obeys_robots,
            goes_first: true,
            ..Request::new(url.clone(), accept::FEED_OR_PAGE)
        };
        let outcome = self.fetcher.fetch(request).await;
        let fetched = body(outcome)?;
        let at = Some(fetched.url.clone());
        self.report(fetched, at, Some(url)).await
    }

    /// Reads a file, which was read at `url` where that is given.
    pub async fn file(&self, path: &Path, url: Option<Url>) -> Result<Report, TrialError> {
        let outcome = fetch::file::fetch_file(path, self.rules.max_decoded, self.now).await;
        if let Outcome::Gone { .. } = outcome {
            return Err(TrialError::NoFile);
        }
        let fetched = body(outcome)?;
        self.report(fetched, url.clone(), url).await
    }

    async fn report(
        &self,
        fetched: Fetched,
        url: Option<Url>,
        asked: Option<Url>,
    ) -> Result<Report, TrialError> {
        let (max, wanted, base, rules) =
            (self.rules.max_decoded, self.read_as, url.clone(), self.page_rules.clone());
        let work = move || {
            let bytes = fetched
                .body
                .decode(max)
                .and_then(|bytes| discover::unpack(bytes, max))
                .map_err(|error| TrialError::World(error.to_string()))?;
            let content_type = fetched.content_type.as_deref();
            let input =
                TrialInput { bytes: &bytes, content_type, url: base.as_ref(), at: &fetched.url };
            let parsed = document::parse(input, wanted, &rules)?;
            Ok((parsed, Form::detect(&bytes, content_type), bytes.len(), fetched))
        };
        let (parsed, form, bytes, fetched) = tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| TrialError::World(error.to_string()))??;
        let (via, content_type) = (fetched.via.clone(), fetched.content_type.clone());
        let content = match parsed {
            ParsedDocument::Entries { kind: what, feed, lost } => {
                let (title, language, entries) = self.preview_entries(*feed);
                ReportContent::Entries { what, title, language, entries, lost }
            }
            ParsedDocument::Sitemap => {
                let followed = discover::follow(
                    self.fetcher,
                    fetched,
                    discover::FetchRules {
                        max_decoded: max,
                        obeys_robots: self.rules.robots == RobotsMode::Obey,
                    },
                )
                .await;
                let discover::FollowedSitemap { feed, sitemaps, .. } =
                    followed.map_err(|error| TrialError::Other {
                        kind: SourceKind::Sitemap,
                        reason: error.to_string(),
                    })?;
                let (title, language, entries) = self.preview_entries(feed);
                ReportContent::Sitemap { title, language, sitemaps, entries }
            }
            ParsedDocument::Page(mut page, candidates) => {
                self.read_further(&mut page, asked.as_ref().and(url.as_ref())).await;
                let page =
                    TriedPage { page: *page, candidates, form, fetched, url: url.clone(), asked };
                self.preview_articles(page).await?
            }
        };
        let via = via.into_iter().map(Private::from).collect();
        Ok(Report { url: url.map(Private::from), via, content_type, bytes, content })
    }

    /// Reads the further pages of an article that was read at an address; where that fails, the page
    /// says why.
    async fn read_further(&self, page: &mut Page, url: Option<&Url>) {
        let Some(first) = url.filter(|_| self.follow_pages > 0 && page.next.is_some()) else {
            return;
        };
        let further = FurtherPages {
            fetcher: self.fetcher,
            allowed: &AllowedNetworks::default(),
            obeys_robots: self.rules.robots == RobotsMode::Obey,
            rules: Some(Arc::new(self.page_rules.clone())).filter(|rules| !rules.is_empty()),
            source: "try",
            most: self.follow_pages,
            max_decoded: self.rules.max_decoded,
        };
        further.read_on(page, first).await.ok();
    }

    /// The title, the language and the entries of a feed, each with what a first poll would do.
    fn preview_entries(&self, feed: Feed) -> (Option<String>, Option<String>, Vec<EntryPreview>) {
        let archive = feed.archive;
        let one = |mut entry: Entry| {
            entry.forget_implausible_dates(self.now);
            let (verdict, why) = poll::preview(&entry, archive, &self.rules, self.now);
            EntryPreview {
                title: entry.title,
                link: entry.link,
                guid: entry.guid,
                published: entry.published,
                verdict,
                why,
            }
        };
        (feed.title, feed.language, feed.entries.into_iter().map(one).collect())
    }

    /// What would be published of the page if it were a source of kind `page`.
    async fn preview_articles(&self, tried: TriedPage) -> Result<ReportContent, TrialError> {
        let TriedPage { page, candidates, form, fetched, url, asked } = tried;
        let lost = document::rejected_candidates(&page, candidates, url.as_ref());
        let kind = page.kind;
        let missing = page
            .next
            .as_ref()
            .map(|next| MissingPage { url: next.url.clone().into(), why: next.to_string() });
        let entry = self.pending(asked, &fetched, url.clone());
        let look = || FetchedPage {
            fetched_at: fetched.requested,
            order: fetched.order,
            url: url.clone(),
            via: fetched.via.clone(),
            validators: fetched.validators.clone(),
            end: End::Whole,
            page: page.clone(),
        };
        let published = |assembled: &&Assembled| {
            assembled.content.title.is_some() || assembled.content.text.is_some()
        };
        let known_by = |assembled: &Assembled| assembled.names.iter().map(|name| name.by).collect();
        let names: Vec<Vec<&'static str>> =
            assemble::from_page(&entry, look()).iter().filter(published).map(known_by).collect();
        let key = PendingKey::new(Lane::here(""), self.now, &EntryKey::new("", ""));
        let candidate = Candidate { key, entry, reading: PageOutcome::Page(Box::new(look())) };
        let records = commit::preview(candidate, self.now)
            .await
            .map_err(|error| TrialError::World(error.to_string()))?;
        let articles = names
            .into_iter()
            .zip(records)
            .map(|(known_by, record)| ArticlePreview { known_by, record })
            .collect();
        Ok(ReportContent::Page { form, kind, articles, missing, lost })
    }

    fn pending(&self, link: Option<Url>, fetched: &Fetched, url: Option<Url>) -> PendingEntry {
        let at = link.as_ref().unwrap_or(&fetched.url).to_string();
        let source = record::Source {
            id: "try".to_owned(),
            name: None,
            kind: SourceKind::Page.to_string(),
            url: at.into(),
            tags: Vec::new(),
        };
        let document = Document {
            content_type: fetched.content_type.clone(),
            url,
            via: fetched.via.clone(),
            received: fetched.requested,
            unreadable: None,
            headers: Vec::new(),
        };
        let entry = Entry { link, ..Entry::default() };
        PendingEntry {
            document: Some(document),
            ..PendingEntry::new(source, entry, fetched.order, self.now)
        }
    }
}

fn body(outcome: Outcome) -> Result<Fetched, TrialError> {
    outcome.whole().map_err(TrialError::World)
}
