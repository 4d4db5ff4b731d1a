//! The index of texts by which a new one finds those that it is a copy of.
//!
//! What must stay true: the work for one text is bounded whatever the others are, and so is the
//! memory: the oldest texts go first. A text that went is not found any more, and its story keeps
//! its id.

use std::{
    cmp::Reverse,
    collections::{HashMap, VecDeque},
};

use uuid::Uuid;

use super::{
    anchors::{Anchors, MAX_TEXTS},
    compare::{Compared, Overlap},
    exact::ExactCopy,
    groups::{GroupId, Groups, KnownStory},
    signature::Signature,
};
use crate::model::story::Role;

/// The shingles of a text by which others find it: those with the smallest hashes.
const ANCHORS: usize = 24;
/// Texts that a new one is compared with at most: those that share most anchors with it.
const MAX_CANDIDATES: usize = 32;
/// A text that is as many times as long as another shares few anchors with it.
const OTHER_SIZE: u32 = 3;
/// Texts of each of two stories that are compared before these are merged.
const MERGE_MEMBERS: usize = 6;
/// A shingle that was used on as many days at least, of which the first and the last are as many
/// apart, belongs to a template.
pub(super) const RECURRING: usize = 3;
/// A shingle that texts of as many stories have stands in everything that its publisher writes.
const STORIES: usize = 4;
/// A text is an excerpt where its share in another is as many times the other's share in it.
const EXCERPT: f32 = 2.0;
/// A text that shares this much with one of a story, both ways, belongs to it.
const MUTUAL: f32 = 0.42;
/// What two texts of one story share at least, for most of them.
const RELATED: f32 = 0.32;
/// Of the pairs of texts of two stories, as many must be related for these to be one.
const MERGE_SHARE: f32 = 0.6;
/// A text joins two stories only where it has this share of its own text from each.
const MERGE_COVERED: f32 = 0.05;

/// An article's text, as the index knows it and the store keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexedText {
    /// The article.
    pub article: Uuid,
    /// The story that it was given.
    pub story: Uuid,
    /// When it was published, in seconds since 1970, where that is known.
    pub published: Option<i64>,
    /// The day (since 1970) on which it came.
    pub day: u32,
    /// The signature of its text.
    pub signature: Signature,
}

/// The text of a new article.
#[derive(Debug, Clone, PartialEq)]
pub struct NewText {
    /// The article.
    pub article: Uuid,
    /// When it was published, in seconds since 1970, where that is known.
    pub published: Option<i64>,
    /// The day (since 1970) on which it came.
    pub day: u32,
    /// The signature of its text.
    pub signature: Signature,
}

/// The story of a new article.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The story's id.
    pub story: Uuid,
    /// What the article is to it.
    pub role: Role,
    /// The article whose text is most like its own.
    pub like: Option<(Uuid, Overlap)>,
    /// Articles of the story, with this one.
    pub size: u32,
    /// The stories that changed: this one, where it has several articles, and those that were
    /// merged into it.
    pub changed: Vec<KnownStory>,
}

/// The texts of the last days.
#[derive(Debug)]
pub struct StoryIndex {
    texts: VecDeque<Text>,
    /// The number of the oldest text. Numbers go round.
    first: u32,
    anchors: Anchors,
    groups: Groups,
    /// Bytes of the texts, without the anchors.
    text_bytes: usize,
    max_bytes: usize,
}

#[derive(Debug)]
struct Text {
    article: Uuid,
    published: Option<i64>,
    day: u32,
    /// `None`: it is a story by itself.
    group: Option<GroupId>,
    signature: Signature,
}

/// A story as a new text sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// A text that is a story by itself.
    Single(u32),
    Group(GroupId),
}

#[derive(Debug, Clone, Copy)]
struct Match {
    number: u32,
    overlap: Overlap,
}

/// A story that a new text belongs to.
struct Fit {
    place: Place,
    best: Match,
    /// The largest share of the new text that is in one of the story's.
    covered: f32,
}

impl StoryIndex {
    /// An index that takes at most `max_bytes` of memory: the oldest texts go before it takes more.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self {
            texts: VecDeque::new(),
            first: 0,
            anchors: Anchors::default(),
            groups: Groups::default(),
            text_bytes: 0,
            max_bytes,
        }
    }

    /// An index of texts that the store kept, oldest first, and of stories that are known.
    #[must_use]
    pub fn restore(
        max_bytes: usize,
        stories: impl IntoIterator<Item = KnownStory>,
        texts: impl IntoIterator<Item = IndexedText>,
    ) -> Self {
        let mut index = Self::new(max_bytes);
        let known: HashMap<Uuid, KnownStory> =
            stories.into_iter().map(|story| (story.id, story)).collect();
        // A merged story leads to one that may have been merged, too.
        let root = |mut id: Uuid| {
            for _ in 0..known.len() {
                match known.get(&id).and_then(|story| story.merged_into) {
                    Some(into) => id = into,
                    None => break,
                }
            }
            known.get(&id)
        };
        let mut groups: HashMap<Uuid, GroupId> = HashMap::new();
        for IndexedText { article, story, published, day, signature } in texts {
            let group = root(story)
                .map(|story| *groups.entry(story.id).or_insert_with(|| index.groups.add(*story)));
            index.push(Text { article, published, day, group, signature });
        }
        index
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text_bytes + self.anchors.bytes() + self.groups.bytes()
    }

    /// Texts in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether no text is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Forgets the texts that came before a day (since 1970).
    pub fn forget_before(&mut self, day: u32) {
        while self.texts.front().is_some_and(|text| text.day < day) {
            self.forget_oldest();
        }
    }

    /// Forgets the text of one article: nothing is found by it any more.
    pub fn forget(&mut self, article: Uuid) {
        let Some(at) = self.texts.iter().position(|text| text.article == article) else { return };
        self.replace(at, Signature::default());
        // Its place stays, because the numbers of the others go by it.
        if let Some(text) = self.texts.get_mut(at)
            && let Some(group) = text.group.take()
        {
            self.groups.remove_text(group, self.number(at));
        }
    }

    /// Has new texts compared with the present text of an article; returns when it was published and
    /// the day on which it came, where its text changed.
    ///
    /// A text that is too short to be compared does not take the place of a longer one.
    pub fn revise(&mut self, article: Uuid, signature: &Signature) -> Option<(Option<i64>, u32)> {
        // Ids of articles are in the order of their times (UUID version 7), and texts are added in
        // that order but where a clock was set back.
        let at = self.texts.binary_search_by(|text| text.article.cmp(&article)).ok()?;
        let text = self.texts.get(at)?;
        if !signature.is_comparable() || text.signature == *signature {
            return None;
        }
        let known = (text.published, text.day);
        self.replace(at, signature.clone());
        self.keep_in_bounds();
        Some(known)
    }

    /// Puts a signature in the place of a text's own.
    fn replace(&mut self, at: usize, signature: Signature) {
        let number = self.number(at);
        let Some(text) = self.texts.get_mut(at) else { return };
        let before = std::mem::replace(&mut text.signature, signature);
        self.text_bytes += text.signature.heap_bytes();
        self.text_bytes -= before.heap_bytes();
        for anchor in anchors(&before) {
            self.anchors.remove(*anchor, number);
        }
        for anchor in anchors(&text.signature) {
            self.anchors.add(*anchor, number);
        }
    }

    /// Gives an article its story, and adds its text. Where no text is like it, `elsewhere` is asked
    /// for an article that had the same one before.
    pub fn assign(
        &mut self,
        text: NewText,
        elsewhere: impl FnOnce() -> Option<ExactCopy>,
    ) -> Assignment {
        let NewText { article, published, day, signature } = text;
        if !signature.is_comparable() {
            return Assignment::alone(article);
        }
        let compared = Compared::new(&signature);
        let matches = self.matches(&signature, &compared, published);
        let fits = self.fits(&compared, &matches);
        let text = Text { article, published, day, group: None, signature };
        let Some((best, others)) = fits.split_first() else {
            return self.assign_unlike(text, elsewhere());
        };
        let like = self.text(best.best.number).map(|text| (text.article, best.best.overlap));
        let mut merged = Vec::new();
        let mut group = self.group_of(best.place);
        for other in others {
            if best.covered >= MERGE_COVERED
                && other.covered >= MERGE_COVERED
                && self.are_one(Place::Group(group), other.place)
            {
                let other = self.group_of(other.place);
                let (into, gone) = self.groups.merge(group, other);
                group = into;
                merged.extend(gone);
            }
        }
        self.join(text, group, like, merged)
    }

    /// Gives an article its story whose text is like none in the index.
    fn assign_unlike(&mut self, text: Text, before: Option<ExactCopy>) -> Assignment {
        let Some(ExactCopy { of, story }) = before else {
            let article = text.article;
            self.push(text);
            return Assignment::alone(article);
        };
        let known = self.groups.find(story.id);
        let group = known.unwrap_or_else(|| self.groups.add(story));
        let overlap = Overlap::same(&text.signature);
        self.join(text, group, Some((of, overlap)), Vec::new())
    }

    /// Adds a text to a story, of which others were made a part.
    fn join(
        &mut self,
        text: Text,
        group: GroupId,
        like: Option<(Uuid, Overlap)>,
        merged: Vec<KnownStory>,
    ) -> Assignment {
        let (article, published) = (text.article, text.published);
        self.push(Text { group: Some(group), ..text });
        let Some((story, is_first)) = self.groups.count(group, article, published) else {
            return Assignment::alone(article);
        };
        let is_part = like.is_some_and(|(_, overlap)| overlap.first > overlap.second * EXCERPT);
        let role = match (is_first, is_part) {
            (true, _) => Role::Original,
            (false, true) => Role::Excerpt,
            (false, false) => Role::Copy,
        };
        let changed = [story].into_iter().chain(merged).collect();
        Assignment { story: story.id, role, like, size: story.size, changed }
    }

    /// The texts that a new one is a copy of, or that are copies of it.
    fn matches(
        &self,
        signature: &Signature,
        compared: &Compared<'_>,
        published: Option<i64>,
    ) -> Vec<Match> {
        // Each candidate, and whether the anchor that leads to it comes again on other days.
        let mut led: Vec<(u32, bool)> = Vec::new();
        for anchor in anchors(signature) {
            let start = led.len();
            led.extend(self.anchors.texts(*anchor).map(|number| (number, false)));
            let recurs = self.recurs(led.get(start..).unwrap_or_default());
            led.iter_mut().skip(start).for_each(|candidate| candidate.1 = recurs);
        }
        led.sort_unstable();
        let mut candidates: Vec<(usize, u32, bool)> = led
            .chunk_by(|one, next| one.0 == next.0)
            .filter_map(|led| {
                let (number, _) = *led.first()?;
                let recurring = led.iter().filter(|(_, recurs)| *recurs).count();
                let is_likely = led.len() > 1 || self.is_of_other_size(number, signature);
                is_likely.then_some((led.len(), number, recurring * 2 > led.len()))
            })
            .collect();
        if candidates.len() > MAX_CANDIDATES {
            candidates.select_nth_unstable_by_key(MAX_CANDIDATES, |(anchors, number, _)| {
                (Reverse(*anchors), *number)
            });
            candidates.truncate(MAX_CANDIDATES);
        }
        candidates
            .into_iter()
            .filter_map(|(_, number, recurring)| {
                let text = self.text(number)?;
                let overlap = compared.overlap(&text.signature);
                let is_copy = overlap.is_copy(days(published, text.published), recurring);
                is_copy.then_some(Match { number, overlap })
            })
            .collect()
    }

    /// Whether one text is a small part of the other at most: then few anchors lead from one to the
    /// other, else one alone is an accident.
    fn is_of_other_size(&self, number: u32, signature: &Signature) -> bool {
        let (one, other) =
            (signature.shingles, self.text(number).map_or(0, |text| text.signature.shingles));
        one.max(other) > one.min(other).saturating_mul(OTHER_SIZE)
    }

    /// Whether texts that share a shingle were published on several days, or are of several stories:
    /// then it belongs to a template, or stands in everything that its publisher writes.
    fn recurs(&self, texts: &[(u32, bool)]) -> bool {
        if texts.len() < RECURRING {
            return false;
        }
        let (mut days, mut places) = ([i64::MIN; MAX_TEXTS], [None; MAX_TEXTS]);
        let mut known = 0;
        for (((number, _), day), place) in texts.iter().zip(&mut days).zip(&mut places) {
            let published = self.text(*number).and_then(|text| text.published);
            known += usize::from(published.is_some());
            *day = published.map_or(i64::MIN, |published| published.div_euclid(86_400));
            *place = Some(self.place(*number));
        }
        let places = places.get_mut(..texts.len()).unwrap_or_default();
        // Those without a day come first.
        days.sort_unstable();
        let days = days.get_mut(MAX_TEXTS - known..).unwrap_or_default();
        let apart = days.last().zip(days.first()).map_or(0, |(last, first)| last - first);
        count_distinct(places) >= STORIES
            || count_distinct(days) >= RECURRING
                && usize::try_from(apart).is_ok_and(|apart| apart >= RECURRING)
    }

    /// The stories that a new text belongs to, the one that it is most like first.
    fn fits(&self, compared: &Compared<'_>, matches: &[Match]) -> Vec<Fit> {
        let mut fits: Vec<Fit> = Vec::new();
        for found in matches {
            let place = self.place(found.number);
            let covered = found.overlap.first;
            match fits.iter_mut().find(|fit| fit.place == place) {
                Some(fit) => {
                    fit.covered = fit.covered.max(covered);
                    if likeness(found) > likeness(&fit.best) {
                        fit.best = *found;
                    }
                }
                None => fits.push(Fit { place, best: *found, covered }),
            }
        }
        let belongs = |fit: &Fit| {
            let mutual = matches.iter().filter(|found| self.place(found.number) == fit.place);
            mutual.into_iter().any(|found| found.overlap.mutual() >= MUTUAL)
                || self.is_like_most(compared, fit.place)
        };
        fits.retain(belongs);
        fits.sort_by(|one, other| likeness(&other.best).total_cmp(&likeness(&one.best)));
        fits
    }

    /// Whether a text is related to more than half of those that stand for a story. One that has an
    /// excerpt of each of two texts is not a sign that these are one story.
    fn is_like_most(&self, compared: &Compared<'_>, place: Place) -> bool {
        let members = self.members(place);
        let related = |number: &u32| {
            self.text(*number)
                .is_some_and(|text| compared.overlap(&text.signature).contained >= RELATED)
        };
        members.iter().filter(|number| related(number)).count() * 2 > members.len()
    }

    /// Whether most texts of one story are related to those of another.
    fn are_one(&self, one: Place, other: Place) -> bool {
        let (one, other) = (self.members(one), self.members(other));
        let (mut related, mut pairs) = (0.0, 0.0);
        for first in one.iter().take(MERGE_MEMBERS).filter_map(|number| self.text(*number)) {
            let first = Compared::new(&first.signature);
            for second in other.iter().take(MERGE_MEMBERS).filter_map(|number| self.text(*number)) {
                let contained = first.overlap(&second.signature).contained;
                related += if contained >= RELATED { 1.0 } else { 0.0 };
                pairs += 1.0;
            }
        }
        related >= MERGE_SHARE * pairs
    }

    fn text(&self, number: u32) -> Option<&Text> {
        self.texts.get(usize::try_from(number.wrapping_sub(self.first)).ok()?)
    }

    fn place(&self, number: u32) -> Place {
        let group = self.text(number).and_then(|text| text.group);
        group.map_or(Place::Single(number), |group| Place::Group(self.groups.root(group)))
    }

    fn members(&self, place: Place) -> Vec<u32> {
        match place {
            Place::Single(number) => vec![number],
            Place::Group(group) => self.groups.members(group),
        }
    }

    /// The group of a story, which is made where the story had one article.
    fn group_of(&mut self, place: Place) -> GroupId {
        let number = match place {
            Place::Group(group) => return group,
            Place::Single(number) => number,
        };
        let at = usize::try_from(number.wrapping_sub(self.first)).unwrap_or(usize::MAX);
        let text = self.texts.get_mut(at);
        let (id, published) =
            text.as_ref().map_or((Uuid::nil(), None), |text| (text.article, text.published));
        let group = self.groups.add(KnownStory {
            id,
            merged_into: None,
            size: 1,
            original: (id, published),
        });
        if let Some(text) = text {
            text.group = Some(group);
            self.groups.add_text(group, number);
        }
        group
    }

    fn push(&mut self, text: Text) {
        let number = self.number(self.texts.len());
        for anchor in anchors(&text.signature) {
            self.anchors.add(*anchor, number);
        }
        if let Some(group) = text.group {
            self.groups.add_text(group, number);
        }
        self.text_bytes += text.bytes();
        self.texts.push_back(text);
        self.keep_in_bounds();
    }

    fn keep_in_bounds(&mut self) {
        while self.bytes() > self.max_bytes && self.texts.len() > 1 {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(text) = self.texts.pop_front() else { return };
        let number = self.first;
        self.first = self.first.wrapping_add(1);
        self.text_bytes -= text.bytes();
        for anchor in anchors(&text.signature) {
            self.anchors.remove(*anchor, number);
        }
        if let Some(group) = text.group {
            self.groups.remove_text(group, number);
        }
    }

    /// The number of the text at a place.
    fn number(&self, at: usize) -> u32 {
        self.first.wrapping_add(u32::try_from(at).unwrap_or(u32::MAX))
    }
}

impl Assignment {
    /// An article that is a story by itself.
    fn alone(article: Uuid) -> Self {
        Self { story: article, role: Role::Original, like: None, size: 1, changed: Vec::new() }
    }

    /// Whether the article has the same text as the one that it is most like.
    #[must_use]
    pub fn is_of_same_text(&self) -> bool {
        self.like.is_some_and(|(_, overlap)| overlap.is_same())
    }
}

impl Text {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.signature.heap_bytes()
    }
}

/// The shingles by which others find a text.
fn anchors(signature: &Signature) -> &[u32] {
    signature.sketch.get(..signature.sketch.len().min(ANCHORS)).unwrap_or_default()
}

/// How much a text is like another: a copy is more like it than one that has an excerpt.
fn likeness(found: &Match) -> f32 {
    found.overlap.contained + found.overlap.mutual()
}

/// Days between two times in seconds; none where one is not known.
#[expect(clippy::cast_precision_loss, reason = "seconds apart to a part of a day")]
fn days(one: Option<i64>, other: Option<i64>) -> f32 {
    one.zip(other).map_or(0.0, |(one, other)| one.abs_diff(other) as f32 / 86_400.0)
}

fn count_distinct<T: Ord>(values: &mut [T]) -> usize {
    values.sort_unstable();
    values.chunk_by(|one, next| one == next).count()
}
