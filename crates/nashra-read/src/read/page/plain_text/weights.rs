//! What counts for how much when a text page is taken apart.
//!
//! The unit is a line of running text of eight words. Most values were found by search on labelled
//! pages in twenty languages, one third of the publishers kept aside; `unmarked` was set by what
//! all of them need. `docs/design/pages.md` has the figures. They are a compromise among many
//! pages: change one and measure.

/// The weights of all that is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights {
    /// What the first article costs.
    pub(super) first: f32,
    /// What each further article costs: it takes a head of its own and another matter to pay for
    /// it.
    pub(super) next: f32,
    /// What a further one costs besides, where neither date, byline nor picture stands in its head,
    /// or no good headline.
    pub(super) unmarked: f32,
    pub(super) headless: f32,
    /// What a further one is spared whose head has the form of the heads before it.
    pub(super) regular: f32,
    /// What an article without a headline costs besides.
    pub(super) untitled: f32,

    /// Words of running text that make one unit, and the most units of one line.
    pub(super) words: f32,
    pub(super) most: f32,
    /// The share that a sentence about the page and its offers counts.
    pub(super) service: f32,
    /// The share that a paragraph counts which stands alone among other lines, or has company on
    /// one side.
    pub(super) alone: f32,
    pub(super) beside: f32,
    /// How much of that a paragraph is spared that is longer than any teaser.
    pub(super) long: f32,
    /// Where fewer of a paragraph's words than this are around it, it counts less, down to the
    /// second share.
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

    /// A headline: the words that it shares with its text, the share that speaks neither way,
    /// standing twice in its head, twice in the page, first of all lines, or right behind another
    /// that fits as well.
    pub(super) fit: f32,
    pub(super) fit_least: f32,
    pub(super) twice_in_head: f32,
    pub(super) twice: f32,
    pub(super) foremost: f32,
    pub(super) second: f32,
    /// Against a headline: words before it that another line has not; a sentence that ends within
    /// it.
    pub(super) path: f32,
    pub(super) broken: f32,
    /// Between a headline and its text: another headline, the first date, byline, caption and deck,
    /// and any line. A caption that is printed twice there.
    pub(super) caption_twice: f32,
    pub(super) other_headline: f32,
    pub(super) head_date: f32,
    pub(super) head_byline: f32,
    pub(super) head_caption: f32,
    pub(super) head_deck: f32,
    /// A line that announces another article.
    pub(super) head_next: f32,
    /// A line that other heads have as well: what shares, prints and saves an article.
    pub(super) head_control: f32,
    pub(super) head_line: f32,
    /// Each such line beyond the first few.
    pub(super) head_far: f32,
}

/// The weights as they were measured.
pub(super) const W: Weights = Weights {
    first: 4.32,
    next: 12.54,
    unmarked: 4.0,
    headless: 1.0,
    regular: 24.0,
    untitled: 3.08,
    words: 8.0,
    most: 5.77,
    service: 0.18,
    alone: 0.47,
    beside: 0.31,
    long: 0.48,
    relevant: 0.25,
    irrelevant: 0.3,
    heading: 0.32,
    headline: 1.6,
    word: 0.58,
    words_apart: 1.93,
    mark: 0.1,
    date: 3.1,
    caption: 0.27,
    byline: 0.95,
    legal: 5.09,
    link: 0.67,
    list: 13.85,
    gap: 3.87,
    gap_line: 0.27,
    again: 1.79,
    head_in_gap: 1.22,
    shift: 0.92,
    likeness: 0.34,
    fit: 4.39,
    fit_least: 0.39,
    twice_in_head: 1.95,
    twice: 0.44,
    foremost: 4.91,
    second: 2.17,
    path: 1.2,
    broken: 0.44,
    caption_twice: 1.04,
    other_headline: 0.09,
    head_date: 3.61,
    head_byline: 0.92,
    head_caption: 0.21,
    head_deck: 0.76,
    head_next: 1.84,
    head_control: 0.61,
    head_line: 0.02,
    head_far: 0.3,
};
