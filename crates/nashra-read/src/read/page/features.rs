//! Measures each line, for the model that tells an article's text from the rest of the page.
//!
//! The measures are of form, place and neighbours, never of the words of a language. What must stay
//! true: the order of the measures is that of the model (`tests/train` makes both), so the model
//! must be trained again when one is added or moved.

mod shape;
mod page;
mod windows;

use self::{
    page::{PageMeasures, RunningSum},
    shape::LineShape,
};
use super::hints::{self, HintReader, Hints};
use crate::{
    html::{NodeId, Tag, Tree},
    read::lines::{Line, Lines},
    text::fold,
};

/// How many measures a line has.
pub const COUNT: usize = 66 + 2 * hints::KINDS;

/// A page's metadata, as far as lines are compared with them.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageMetadata<'a> {
    /// The headline that the metadata give.
    pub title: Option<&'a str>,
    /// The description that the metadata give.
    pub description: Option<&'a str>,
    /// Its text, as its metadata repeat it.
    pub body: Option<&'a str>,
}

/// The measures of a page that later steps use as well.
#[derive(Debug)]
pub struct Measured {
    /// The hints of each node's own names.
    pub own: Vec<Hints>,
    /// The hints of each node and of all elements around it.
    pub all: Vec<Hints>,
    /// Whether a line reads like running text.
    pub prose: Vec<bool>,
    /// The weight of each line: its characters, those of Han, Kana and Hangul three times.
    pub weight: Vec<u32>,
    /// For each line a hash of its block and the one around it, by name and class: equal where
    /// lines look alike.
    pub looks: Vec<u64>,
}

/// Lines whose measures are handed on together.
const GROUP: usize = 64;

/// Measures a page. `take` is called with the measures of some lines after another, in order: a list
/// of all would be many times as large as the page.
#[must_use]
pub fn measure(
    tree: &Tree<'_>,
    lines: &Lines,
    reader: &HintReader,
    metadata: PageMetadata<'_>,
    mut take: impl FnMut(&[[f32; COUNT]]),
) -> Measured {
    let (own, all) = read_hints(tree, reader);
    let shapes: Vec<LineShape> =
        lines.lines.iter().map(|line| LineShape::measure(lines.get(line), line)).collect();
    let looks: Vec<u64> = lines.lines.iter().map(|line| look_hash(tree, line.block)).collect();
    let page = PageMeasures::new(tree, lines, &shapes, &looks, metadata);
    let mut rows = Vec::with_capacity(GROUP.min(lines.lines.len()));
    for from in (0..lines.lines.len()).step_by(GROUP) {
        let group = from..lines.lines.len().min(from + GROUP);
        rows.clear();
        rows.extend(group.map(|at| row(&page, &own, &all, at)));
        take(&rows);
    }
    drop(page);
    Measured {
        own,
        all,
        prose: shapes.iter().map(|shape| shape.prose).collect(),
        weight: shapes.iter().map(|shape| shape.weight).collect(),
        looks,
    }
}

fn read_hints(tree: &Tree<'_>, reader: &HintReader) -> (Vec<Hints>, Vec<Hints>) {
    let count = tree.len() as usize;
    let (mut own, mut all) = (vec![0; count], vec![0; count]);
    for node in 1..tree.len() {
        let at = node as usize;
        let above = all[tree.parent(node) as usize];
        if tree.tag(node) != Tag::Text {
            own[at] = reader.hints(tree, node);
        }
        // What the whole page is called says nothing about a part of it.
        let passed_on = if matches!(tree.tag(node), Tag::Html | Tag::Body) { 0 } else { own[at] };
        all[at] = above | passed_on;
    }
    (own, all)
}

fn look_hash(tree: &Tree<'_>, block: NodeId) -> u64 {
    let parent = tree.block(block);
    element_hash(tree, block).rotate_left(17) ^ element_hash(tree, parent)
}

/// A hash of an element's name and class, without the numbers in it.
pub(super) fn element_hash(tree: &Tree<'_>, node: NodeId) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325 ^ tree.tag(node) as u64;
    let class = tree
        .raw_attributes(node)
        .find(|(name, _)| name.eq_ignore_ascii_case("class"))
        .map_or("", |(_, value)| value);
    for byte in class.bytes().take(200).filter(|byte| !byte.is_ascii_digit()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

/// The most that the weight of lines together counts, as a logarithm: some 22,000 characters. Few
/// labelled articles are longer, so that a model would learn from them what is true of these alone.
const MOST_WEIGHT: f32 = 10.0;

/// A row of measures, filled value by value in the order of the model.
struct MeasureRow {
    values: [f32; COUNT],
    next: usize,
}

impl MeasureRow {
    fn push(&mut self, value: f32) {
        if let Some(place) = self.values.get_mut(self.next) {
            *place = value;
        }
        self.next += 1;
    }

    fn flag(&mut self, value: bool) {
        self.push(f32::from(u8::from(value)));
    }

    fn hints(&mut self, hints: Hints) {
        for kind in 0..hints::KINDS {
            self.flag(hints >> kind & 1 == 1);
        }
    }

    fn sum(&mut self, sum: RunningSum, total: RunningSum) {
        self.push(sum.weight.ln_1p().min(MOST_WEIGHT));
        self.push(sum.lines.ln_1p());
        self.push(sum.density());
        self.push(sum.prose / total.prose.max(1.0));
    }
}

#[expect(clippy::cast_precision_loss, reason = "measures")]
fn row(page: &PageMeasures<'_, '_>, own: &[Hints], all: &[Hints], at: usize) -> [f32; COUNT] {
    let (tree, line, shape) = (page.tree, &page.lines.lines[at], &page.shapes[at]);
    let mut row = MeasureRow { values: [0.0; COUNT], next: 0 };
    let chars = line.chars.max(1) as f32;
    row.push((shape.weight as f32).ln_1p());
    row.push((shape.words as f32).ln_1p());
    row.push(chars / shape.words.max(1) as f32);
    row.push(line.linked as f32 / chars);
    row.push(line.stressed as f32 / chars);
    row.push((shape.punctuation as f32).ln_1p());
    row.push((shape.sentences as f32).ln_1p());
    row.push(shape.digits as f32 / chars);
    row.push(shape.upper as f32 / chars);
    for flag in [shape.ends_sentence, shape.ends_colon, shape.odd, shape.quoted, shape.prose] {
        row.flag(flag);
    }
    place(&mut row, tree, line, page.places[tree.parent(line.first) as usize]);
    let parent = tree.block(line.block);
    let grand = tree.block(parent);
    let near =
        own[line.block as usize] | own[parent as usize] | own[tree.parent(line.first) as usize];
    row.hints(near);
    row.hints(all[tree.parent(line.first) as usize]);
    for container in [parent, grand] {
        row.sum(page.inside(container), page.total());
    }
    row.sum(page.by_look.get(&page.looks[at]).copied().unwrap_or_default(), page.total());
    row.flag(tree.within(line.first, page.best));
    row.flag(parent == page.best);
    row.flag(grand == page.best);
    neighbours(&mut row, page, at);
    against_page(&mut row, page, at);
    debug_assert_eq!(row.next, COUNT, "every measure has its place");
    row.values
}

/// Pushes the measures of the place of a line.
fn place(row: &mut MeasureRow, tree: &Tree<'_>, line: &Line, places: u16) {
    let tag = tree.tag(line.block);
    row.push(f32::from(tag.heading_level().unwrap_or(0)));
    for kinds in [&[Tag::P][..], &[Tag::Li], &[Tag::Td, Tag::Th], &[Tag::Figcaption, Tag::Caption]]
    {
        row.flag(kinds.contains(&tag));
    }
    row.push(f32::from(tree.depth(line.block)));
    for kind in 0..9 {
        row.flag(places >> kind & 1 == 1);
    }
}

#[expect(clippy::cast_precision_loss, reason = "measures")]
fn neighbours(row: &mut MeasureRow, page: &PageMeasures<'_, '_>, at: usize) {
    for step in [-1_isize, 1, -2, 2] {
        let other = at.checked_add_signed(step).filter(|index| *index < page.shapes.len());
        let (shape, line) =
            other.map(|other| (page.shapes[other], &page.lines.lines[other])).unzip();
        row.push(shape.map_or(0.0, |shape| (shape.weight as f32).ln_1p()));
        row.push(line.map_or(1.0, |line| line.linked as f32 / line.chars.max(1) as f32));
        if step.abs() == 1 {
            row.flag(shape.is_some_and(|shape| shape.prose));
            row.flag(other.is_some_and(|other| page.looks[other] == page.looks[at]));
        }
    }
    let window = |from: usize, to: usize| {
        page.before[to.min(page.shapes.len())].minus(page.before[from]).prose.ln_1p()
    };
    row.push(window(at.saturating_sub(5), at));
    row.push(window(at + 1, (at + 6).max(at + 1)));
}

#[expect(clippy::cast_precision_loss, reason = "measures")]
fn against_page(row: &mut MeasureRow, page: &PageMeasures<'_, '_>, at: usize) {
    let (line, total) = (&page.lines.lines[at], page.total());
    row.push(at as f32 / page.shapes.len() as f32);
    row.push(page.before[at].prose / total.prose.max(1.0));
    let since = page.first_title.map_or(-300.0, |title| at as f32 - title as f32);
    row.push(since.signum() * since.abs().ln_1p());
    row.push(total.prose.ln_1p());
    let text = page.lines.get(line);
    let folded = if line.chars < 3_000 { fold(text) } else { String::new() };
    let long = folded.chars().count() > 20;
    row.flag(!folded.is_empty() && folded == page.title);
    row.flag(
        long && !page.description.is_empty()
            && (page.description.contains(&folded) || folded.contains(&page.description)),
    );
    row.push(page.body.as_ref().map_or(-1.0, |body| body.share(&folded).unwrap_or(-0.5)));
    row.push((page.repeats.get(text).copied().unwrap_or(1) as f32).min(5.0));
}
