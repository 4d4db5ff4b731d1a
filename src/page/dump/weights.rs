//! What counts for how much when a dump is taken apart.
//!
//! The unit is a line of running text of eight words. The values were found by search on labelled dumps in twenty
//! languages, one third of the publishers kept aside; `ARCHITECTURE.md` has the figures. They are a compromise among
//! many pages: change one and measure.

/// All weights.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights {
    /// What the first article costs.
    pub(super) first: f32,
    /// What each further article costs: it takes a head of its own and another matter to pay for it.
    pub(super) next: f32,
    /// What an article without a headline costs besides.
    pub(super) untitled: f32,

    /// Words of running text that make one unit, and the most units of one line.
    pub(super) words: f32,
    pub(super) most: f32,
    /// The share that a paragraph counts which stands alone among other lines, or has company on one side.
    pub(super) alone: f32,
    pub(super) beside: f32,
    /// Where fewer of a paragraph's words than this are around it, it counts less, down to the second share.
    pub(super) relevant: f32,
    pub(super) irrelevant: f32,

    /// What lines within a text cost: a headline between two paragraphs, one elsewhere, …
    pub(super) heading: f32,
    pub(super) headline: f32,
    pub(super) word: f32,
    pub(super) words_apart: f32,
    pub(super) mark: f32,
    pub(super) date: f32,
    pub(super) caption: f32,
    pub(super) byline: f32,
    pub(super) legal: f32,
    pub(super) link: f32,
    pub(super) list: f32,

    /// What it costs to leave a text and take it up again later, at once and for each line between.
    pub(super) gap: f32,
    pub(super) gap_line: f32,
    /// How much likeness speaks for taking it up, and the likeness that speaks neither way.
    pub(super) again: f32,
    /// How much a head in the gap speaks against it.
    pub(super) head_in_gap: f32,
    /// How much unlikeness speaks for another article.
    pub(super) shift: f32,
    pub(super) likeness: f32,

    /// A headline: the words that it shares with its text, the share that speaks neither way, standing twice in its head,
    /// twice in the dump, first of all lines, or right behind another that fits as well.
    pub(super) fit: f32,
    pub(super) fit_least: f32,
    pub(super) twice_in_head: f32,
    pub(super) twice: f32,
    pub(super) foremost: f32,
    pub(super) second: f32,
    /// Against a headline: words before it that another line has not; a sentence that ends within it.
    pub(super) path: f32,
    pub(super) broken: f32,
    /// Between a headline and its text: another headline, the first date, byline, caption and deck, and any line.
    /// A caption that is printed twice there.
    pub(super) caption_twice: f32,
    pub(super) other_headline: f32,
    pub(super) head_date: f32,
    pub(super) head_byline: f32,
    pub(super) head_caption: f32,
    pub(super) head_deck: f32,
    /// A line that other heads have as well: what shares, prints and saves an article.
    pub(super) head_control: f32,
    pub(super) head_line: f32,
}

/// As measured.
pub(super) const W: Weights = Weights {
    first: 4.32,
    next: 12.54,
    untitled: 4.1,
    words: 8.0,
    most: 5.0,
    alone: 0.35,
    beside: 0.35,
    relevant: 0.15,
    irrelevant: 0.3,
    heading: 0.19,
    headline: 1.2,
    word: 0.27,
    words_apart: 1.37,
    mark: 0.0,
    date: 5.0,
    caption: 0.52,
    byline: 0.9,
    legal: 6.92,
    link: 1.02,
    list: 5.9,
    gap: 3.87,
    gap_line: 0.17,
    again: 1.92,
    head_in_gap: 1.0,
    shift: 1.16,
    likeness: 0.34,
    fit: 4.39,
    fit_least: 0.39,
    twice_in_head: 1.95,
    twice: 0.47,
    foremost: 4.91,
    second: 1.42,
    path: 1.2,
    broken: 0.3,
    caption_twice: 1.0,
    other_headline: 0.48,
    head_date: 4.22,
    head_byline: 1.22,
    head_caption: 0.21,
    head_deck: 0.57,
    head_control: 0.44,
    head_line: -0.02,
};
