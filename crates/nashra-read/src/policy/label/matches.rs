//! Applies the rules to an article.

use std::{cell::OnceCell, collections::BTreeMap};

use aho_corasick::automaton::OverlappingState;
use hashbrown::{HashMap, HashSet};

use super::{Demand, Labels, MAX_LABELS, PreparedRule, Use, site};
use crate::{
    model::{
        label::{ArticleLabel, LabelField, LabelPlace},
        record::Article,
        story::Role,
    },
    text::folding::{characters, fold},
};

/// The most places that are told of a label.
const MAX_PLACES: usize = 16;

/// An article, as far as rules ask for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct LabelInput<'a> {
    /// The headline.
    pub title: Option<&'a str>,
    /// The text.
    pub text: Option<&'a str>,
    /// The section of the site.
    pub section: Option<&'a str>,
    /// The keywords of page and feed.
    pub keywords: &'a [String],
    /// The language, as a BCP 47 tag.
    pub language: Option<&'a str>,
    /// The tags of its source.
    pub tags: &'a [String],
    /// Its address.
    pub url: Option<&'a str>,
    /// The address of its source.
    pub source_url: Option<&'a str>,
    /// What it is to its story; `None` where that is not known.
    pub role: Option<Role>,
}

impl<'a> From<&'a Article> for LabelInput<'a> {
    fn from(article: &'a Article) -> Self {
        let content = &article.content;
        Self {
            title: content.title.as_deref(),
            text: content.text.as_deref(),
            section: content.section.as_deref(),
            keywords: &content.keywords,
            language: content.language.as_deref(),
            tags: &article.source.tags,
            url: article.url.as_deref(),
            source_url: Some(article.source.url.real()),
            role: article.story.as_ref().map(|story| story.role),
        }
    }
}

/// A text of the article in which words are looked for.
#[derive(Debug, Clone, Copy)]
struct Haystack<'a> {
    field: LabelField,
    item: Option<u32>,
    text: &'a str,
}

/// A word that was found: its place in the list of all, the text, and the bytes there once that is
/// folded.
#[derive(Debug, Clone, Copy)]
struct Hit {
    used: u32,
    haystack: usize,
    start: usize,
    end: usize,
}

/// What was found so far of the words of a rule.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    any: bool,
    none: bool,
    all: usize,
}

impl Labels {
    /// The labels of an article in alphabetical order, each once, with the places of their words; at
    /// most [`MAX_LABELS`].
    #[must_use]
    pub fn give(&self, article: &LabelInput<'_>) -> Vec<ArticleLabel> {
        let haystacks = self.haystacks(article);
        let mut search = Search::new(self);
        for (index, haystack) in haystacks.iter().enumerate() {
            search.read(index, haystack);
        }
        let country = OnceCell::new();
        let country_of = || {
            let addresses = [article.url, article.source_url];
            *country.get_or_init(|| addresses.into_iter().flatten().find_map(site::country))
        };
        let holds = |(rule, progress): (u32, Progress)| {
            let prepared = self.rules.get(rule as usize)?;
            let rule = &prepared.rule;
            (progress.fulfils(prepared) && rule.holds(article, country_of)).then_some(rule)
        };
        let wordless = self.wordless.iter().filter(|rule| !search.progress.contains_key(*rule));
        let candidates = search.progress.iter().map(|(rule, progress)| (*rule, *progress));
        let candidates = candidates.chain(wordless.map(|rule| (*rule, Progress::default())));
        let mut given: BTreeMap<&str, Vec<Hit>> =
            candidates.filter_map(holds).map(|rule| (rule.name.as_str(), Vec::new())).collect();
        while given.len() > MAX_LABELS {
            given.pop_last();
        }
        for hit in search.hits {
            let Some(used) = self.uses.get(hit.used as usize) else { continue };
            let Some(rule) = self.rules.get(used.rule as usize) else { continue };
            let is_given =
                search.progress.get(&used.rule).is_some_and(|progress| progress.fulfils(rule));
            if let Some(hits) = given.get_mut(rule.rule.name.as_str()).filter(|_| is_given)
                && hits.len() < MAX_PLACES
            {
                hits.push(hit);
            }
        }
        self.with_places(&given, &haystacks)
    }

    /// The texts that at least one rule looks at.
    fn haystacks<'a>(&self, article: &LabelInput<'a>) -> Vec<Haystack<'a>> {
        let fields = [
            (LabelField::Title, article.title),
            (LabelField::Text, article.text),
            (LabelField::Section, article.section),
        ];
        let single = fields
            .into_iter()
            .filter_map(|(field, text)| Some(Haystack { field, item: None, text: text? }));
        let keywords = (0..).zip(article.keywords).map(|(item, text)| Haystack {
            field: LabelField::Keywords,
            item: Some(item),
            text,
        });
        single.chain(keywords).filter(|haystack| self.fields.has(haystack.field)).collect()
    }

    /// Says of each word where it is in its field. A text is folded again for that, because most
    /// articles have few labels.
    fn with_places(
        &self,
        given: &BTreeMap<&str, Vec<Hit>>,
        haystacks: &[Haystack<'_>],
    ) -> Vec<ArticleLabel> {
        let mut labels: Vec<ArticleLabel> =
            given.keys().map(|name| ArticleLabel::without_places((*name).to_owned())).collect();
        for (index, haystack) in haystacks.iter().enumerate() {
            let all = given
                .values()
                .enumerate()
                .flat_map(|(label, hits)| hits.iter().map(move |hit| (label, hit)));
            let here: Vec<(usize, &Hit)> = all.filter(|(_, hit)| hit.haystack == index).collect();
            if here.is_empty() {
                continue;
            }
            let spans: Vec<(usize, usize)> =
                here.iter().map(|(_, hit)| (hit.start, hit.end)).collect();
            for ((label, hit), (start, end)) in
                here.into_iter().zip(characters(haystack.text, &spans))
            {
                let (Some(label), Some(used)) =
                    (labels.get_mut(label), self.uses.get(hit.used as usize))
                else {
                    continue;
                };
                let (field, item, term) = (haystack.field, haystack.item, used.written.to_string());
                label.places.push(LabelPlace { field, item, start, end, term });
            }
        }
        for label in &mut labels {
            label
                .places
                .sort_by_key(|place| (place.field as u8, place.item, place.start, place.end));
        }
        labels
    }
}

impl Progress {
    /// Whether the words of a rule are there, and those that must not be are not.
    fn fulfils(self, rule: &PreparedRule) -> bool {
        !self.none && (self.any || !rule.needs_any) && self.all == rule.needs
    }
}

/// The search for all words in the texts of one article.
struct Search<'l> {
    labels: &'l Labels,
    /// Words that were found where their rules look.
    seen: HashSet<u32>,
    progress: HashMap<u32, Progress>,
    /// The first place of each word that must be there.
    hits: Vec<Hit>,
}

impl<'l> Search<'l> {
    fn new(labels: &'l Labels) -> Self {
        Self { labels, seen: HashSet::new(), progress: HashMap::new(), hits: Vec::new() }
    }

    fn read(&mut self, index: usize, haystack: &Haystack<'_>) {
        let Some(finder) = &self.labels.finder else { return };
        let folded = fold(haystack.text);
        // Needles of which every rule that looks here has seen one.
        let mut settled = HashSet::new();
        let mut state = OverlappingState::start();
        loop {
            finder.find_overlapping(&folded, &mut state);
            let Some(found) = state.get_match() else { return };
            let needle = found.pattern().as_usize();
            if settled.contains(&needle) {
                continue;
            }
            let mut is_settled = true;
            for (id, used) in self.labels.uses_of(needle) {
                let looks_here = self
                    .labels
                    .rules
                    .get(used.rule as usize)
                    .is_some_and(|rule| rule.rule.fields.has(haystack.field));
                if !looks_here || self.seen.contains(&id) {
                    continue;
                }
                if !used.edges.hold(&folded, found.start(), found.end()) {
                    is_settled = false;
                    continue;
                }
                self.seen.insert(id);
                self.note(
                    used,
                    Hit { used: id, haystack: index, start: found.start(), end: found.end() },
                );
            }
            if is_settled {
                settled.insert(needle);
            }
        }
    }

    fn note(&mut self, used: &Use, hit: Hit) {
        let progress = self.progress.entry(used.rule).or_default();
        match used.demand {
            Demand::Any => progress.any = true,
            Demand::All => progress.all += 1,
            Demand::None => {
                progress.none = true;
                return;
            }
        }
        self.hits.push(hit);
    }
}
