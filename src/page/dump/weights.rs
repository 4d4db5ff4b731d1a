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
    /// Between a headline and its text: another headline, the first date, byline, caption and deck, and any line.
    pub(super) other_headline: f32,
    pub(super) head_date: f32,
    pub(super) head_byline: f32,
    pub(super) head_caption: f32,
    pub(super) head_deck: f32,
    pub(super) head_line: f32,
}

/// As measured.
pub(super) const W: Weights = Weights {
    first: 5.0,
    next: 11.0,
    untitled: 4.1,
    words: 8.0,
    most: 5.0,
    alone: 0.35,
    beside: 0.75,
    relevant: 0.25,
    irrelevant: 0.2,
    heading: 0.1,
    headline: 1.2,
    word: 0.6,
    words_apart: 1.1,
    mark: 0.0,
    date: 2.1,
    caption: 0.4,
    byline: 1.2,
    legal: 5.2,
    link: 1.0,
    list: 5.9,
    gap: 5.7,
    gap_line: 0.17,
    again: 1.2,
    shift: 1.2,
    likeness: 0.27,
    fit: 5.1,
    fit_least: 0.26,
    twice_in_head: 1.8,
    twice: 0.7,
    foremost: 3.7,
    second: 1.5,
    other_headline: 1.06,
    head_date: 1.5,
    head_byline: 0.7,
    head_caption: 0.36,
    head_deck: 0.5,
    head_line: 0.1,
};
