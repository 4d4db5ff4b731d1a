//! Finds the spans of lines of a plain-text page that are articles.
//!
//! An article is a headline and a span of lines in which running text outweighs what interrupts it.
//! Each line has a value, good for paragraphs and bad for menus; the spans of the highest sum are
//! found in one pass (dynamic programming). An article may have gaps, where the page puts other
//! things between its paragraphs, if the text behind a gap is about the same as the one before.
//! Another article begins only where a headline with a head of its own (date, byline, caption,
//! deck, the headline again) stands before a text about something else.

use std::ops::Range;

use hashbrown::HashMap;

use super::{
    PlainTextPage,
    form::{LineForm, LineKind, SENTENCE},
    weights::W,
};
use crate::read::page::topic::Topics;

/// Lines before a text in which its headline is searched.
const HEAD: usize = 26;
/// Lines of other text that a head may have without cost.
const NEAR: u32 = 5;
/// The longest gap, in lines.
const MAX_GAP: usize = 60;
/// Words of a teaser: few are longer than the first, none than the second.
const TEASER: (f32, f32) = (20.0, 60.0);
/// The value from which a line may begin a text.
const BEGINS: f32 = 0.5;
/// A value below every sum.
const NEVER: f32 = -1e9;

/// The lines of one article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArticleSpan {
    /// The line of its headline, where it has one.
    pub(super) title: Option<usize>,
    /// Its first line of text, and the line behind its last one.
    pub(super) body: Range<usize>,
    /// The lines within the body that are something else, in order.
    pub(super) gaps: Vec<Range<usize>>,
}

/// The step by which the best sum at a line was reached.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// The text goes on.
    On,
    /// The first article begins.
    First { title: Option<usize> },
    /// Another article begins.
    Next { title: usize },
    /// The text goes on that was interrupted at line `left`.
    Again { left: usize },
}

/// The best sums after some lines.
#[derive(Debug, Clone, Copy)]
struct BestSums {
    /// The best sum where the last line belongs to a text.
    inside: f32,
    way: Step,
    /// The best sum where it does not, and the last text ended at line `ended`.
    after: f32,
    ended: usize,
    /// The best sum where it does not, and the text that was interrupted at line `left` may go on.
    gap: f32,
    left: usize,
}

/// The articles of a text page, in their order.
pub(super) fn split(text_page: &PlainTextPage) -> Vec<ArticleSpan> {
    let mut splitter = Splitter {
        text_page,
        values: values(&text_page.forms, &text_page.topics),
        likeness: HashMap::new(),
    };
    let mut sums = vec![BestSums {
        inside: NEVER,
        way: Step::On,
        after: NEVER,
        ended: 0,
        gap: NEVER,
        left: 0,
    }];
    for line in 0..text_page.lines.len() {
        let next = splitter.step(&sums, line);
        sums.push(next);
    }
    trace(text_page, &sums)
}

/// A head that a text may have.
#[derive(Debug, Clone, Copy)]
struct HeadScore {
    /// The line of the headline.
    title: usize,
    /// How well the line would do as a headline.
    score: f32,
    /// How much the lines between the headline and the text look like a head.
    shown: f32,
    /// Whether a date, a byline, a picture or the headline again is among these lines, or a line
    /// before announces another article.
    marked: bool,
}

struct Splitter<'a> {
    text_page: &'a PlainTextPage,
    values: Vec<f32>,
    likeness: HashMap<(usize, usize), Option<f32>>,
}

impl Splitter<'_> {
    fn step(&mut self, sums: &[BestSums], line: usize) -> BestSums {
        let last = sums[line];
        let value = self.values[line];
        let (mut inside, mut way) = (last.inside + value, Step::On);
        let mut better = |sum: f32, other: Step| {
            if sum > inside {
                (inside, way) = (sum, other);
            }
        };
        if value > BEGINS {
            better(value - W.first - W.untitled, Step::First { title: None });
            let heads = self.heads(line);
            // The most that likeness could add is tried first: for most lines the words need not be
            // compared.
            let again = last.gap + value;
            if last.gap > NEVER / 2.0 && again + W.again > last.inside + value {
                // A head in the gap says that the text behind it is another one.
                let shown = heads
                    .iter()
                    .filter(|head| head.title >= last.left && head.score > 0.0)
                    .map(|head| head.shown)
                    .fold(0.0, f32::max);
                better(
                    again + self.again(last.left, line) - W.head_in_gap * shown,
                    Step::Again { left: last.left },
                );
            }
            for HeadScore { title, score, shown, marked } in heads {
                let sum = value + score + shown;
                better(sum - W.first, Step::First { title: Some(title) });
                let before = sums[title];
                let regular = self.text_page.regular[title];
                let cost = W.next
                    + if marked { 0.0 } else { W.unmarked }
                    + W.headless * (1.0 - score).max(0.0)
                    - if regular { W.regular } else { 0.0 };
                if before.after > 0.0
                    && before.after + sum - cost + 4.0 * W.shift > last.inside + value
                {
                    better(
                        before.after + sum - cost + self.shift(before.ended, line),
                        Step::Next { title },
                    );
                }
            }
        }
        let mut sum = BestSums { inside, way, gap: last.gap - W.gap_line, ..last };
        if inside > last.after {
            (sum.after, sum.ended) = (inside, line + 1);
        }
        if line + 1 - sum.left > MAX_GAP {
            sum.gap = NEVER;
        }
        if value > 0.0 && inside - W.gap > sum.gap {
            (sum.gap, sum.left) = (inside - W.gap, line + 1);
        }
        sum
    }

    /// The value of going on at `line` with the text that was interrupted at `left`.
    fn again(&mut self, left: usize, line: usize) -> f32 {
        match self.like(left, line) {
            Some(likeness) => (W.again * (likeness - W.likeness) / 0.05).clamp(-8.0, W.again),
            None => -8.0,
        }
    }

    /// The value of another article at `line` than the one that ended at `ended`.
    fn shift(&mut self, ended: usize, line: usize) -> f32 {
        self.like(ended, line)
            .map_or(0.0, |like| W.shift * ((W.likeness - like) / 0.05).clamp(-6.0, 4.0))
    }

    fn like(&mut self, end: usize, later: usize) -> Option<f32> {
        let topics = &self.text_page.topics;
        *self.likeness.entry(topics.pair(end, later)).or_insert_with(|| topics.likeness(end, later))
    }

    /// The heads that a text beginning at `body` could have.
    fn heads(&self, body: usize) -> Vec<HeadScore> {
        let mut heads = Vec::new();
        let mut between = 0.0;
        let mut lines = 0;
        let (mut dates, mut bylines, mut captions, mut decks, mut controls) = (0, 0, 0, 0, 0);
        let first = |count: &mut u32, once: f32, again: f32| {
            *count += 1;
            if *count == 1 { once } else { again }
        };
        let mut repeated: Vec<&str> = Vec::new();
        for line in (body.saturating_sub(HEAD)..body).rev() {
            let form = &self.text_page.forms[line];
            let text = self.text_page.lines[line].text.as_str();
            let seen = form.times > 1 && repeated.contains(&text);
            if let Some(score) = self.text_page.headlines.score(line) {
                let announced = line
                    .checked_sub(1)
                    .is_some_and(|left| self.text_page.forms[left].kind == LineKind::Next);
                let marked = announced || seen || dates + bylines + captions > 0;
                let shown = between
                    + if seen { W.twice_in_head } else { 0.0 }
                    + if announced { W.head_next } else { 0.0 };
                heads.push(HeadScore { title: line, score, shown, marked });
            }
            between += match form.kind {
                LineKind::Date => first(&mut dates, W.head_date, -0.3),
                LineKind::Byline => first(&mut bylines, W.head_byline, 0.0),
                LineKind::Caption => {
                    first(&mut captions, W.head_caption, 0.0)
                        + if seen && captions == 2 { W.caption_twice } else { 0.0 }
                }
                LineKind::Legal | LineKind::Related | LineKind::Other => -2.5,
                LineKind::Next => 0.0,
                _ if form.is_prose() => first(&mut decks, W.head_deck, -self.values[line].max(0.0)),
                _ if seen => 0.0,
                _ => {
                    lines += 1;
                    let far = if lines > NEAR { W.head_far } else { 0.0 };
                    let headline = form.is_headline()
                        && form.units >= 5.0
                        && self.text_page.headlines.fit(line) < 0.3;
                    let control = if form.times > 1 {
                        first(&mut controls, W.head_control, 0.0)
                    } else {
                        0.0
                    };
                    control - far - if headline { W.other_headline } else { W.head_line }
                }
            };
            if form.times > 1 {
                repeated.push(text);
            }
        }
        heads
    }
}

/// The value of each line within a text.
fn values(forms: &[LineForm], topics: &Topics) -> Vec<f32> {
    let mut values: Vec<f32> = Vec::with_capacity(forms.len());
    for (line, form) in forms.iter().enumerate() {
        let prose =
            |at: Option<usize>| at.and_then(|at| forms.get(at)).is_some_and(LineForm::is_prose);
        if form.prose >= SENTENCE {
            // A heading may stand between two paragraphs.
            let before = prose(line.checked_sub(1)) || prose(line.checked_sub(2));
            let behind = prose(Some(line + 1)) || prose(Some(line + 2));
            let company = match (before, behind) {
                (true, true) => 1.0,
                (false, false) => W.alone,
                _ => W.beside,
            };
            let company = company
                + (1.0 - company)
                    * W.long
                    * ((form.units - TEASER.0) / (TEASER.1 - TEASER.0)).clamp(0.0, 1.0);
            let relevance =
                topics.relevance(line).map_or(1.0, |relevance| (relevance / W.relevant).min(1.0));
            let relevance = W.irrelevant + (1.0 - W.irrelevant) * relevance;
            values.push((form.units / W.words).min(W.most) * form.prose * company * relevance);
            continue;
        }
        let between = values.last().is_some_and(|value| *value > 0.0)
            && forms.get(line + 1).is_some_and(|form| form.prose >= SENTENCE);
        values.push(-match form.kind {
            LineKind::Mark => W.mark,
            LineKind::Date => W.date,
            LineKind::Byline => W.byline,
            LineKind::Caption => W.caption,
            LineKind::Legal => W.legal,
            LineKind::Link => W.link,
            LineKind::Related | LineKind::Other | LineKind::Next => W.list,
            LineKind::Text if form.units <= 3.0 => {
                if between {
                    W.word
                } else {
                    W.words_apart
                }
            }
            LineKind::Text => {
                if between {
                    W.heading
                } else {
                    W.headline
                }
            }
        });
    }
    values
}

/// From the best sum at the end back to where each article began.
fn trace(text_page: &PlainTextPage, sums: &[BestSums]) -> Vec<ArticleSpan> {
    let mut spans = Vec::new();
    let mut at = match sums.last() {
        Some(last) if last.after > 0.0 => last.ended,
        _ => return spans,
    };
    let (mut end, mut gaps) = (at, Vec::new());
    while at > 0 {
        let body = at - 1;
        let (title, ended) = match sums[at].way {
            Step::On => {
                at = body;
                continue;
            }
            Step::Again { left } => {
                // A heading of the text that goes on stands at the end of the gap.
                let heading = body > left
                    && text_page.forms[body - 1].is_headline()
                    && text_page.headline_fits(body - 1)
                    && text_page.lines[body].blank <= 1;
                gaps.push(left..body - usize::from(heading));
                at = left;
                continue;
            }
            Step::First { title } => (title, 0),
            Step::Next { title } => (Some(title), sums[title].ended),
        };
        gaps.reverse();
        spans.push(ArticleSpan { title, body: body..end, gaps: std::mem::take(&mut gaps) });
        (at, end) = (ended, ended);
    }
    spans.reverse();
    spans
}
