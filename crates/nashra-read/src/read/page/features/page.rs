//! What is known of the whole page, with which each line is compared.

use hashbrown::HashMap;

use super::{PageMetadata, shape::LineShape, windows::Windows};
use crate::{
    html::{NodeId, Tag, Tree},
    read::lines::{Line, Lines},
    text::fold,
};

/// A sum over lines.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RunningSum {
    pub(super) lines: f32,
    pub(super) weight: f32,
    pub(super) linked: f32,
    pub(super) prose: f32,
}

impl RunningSum {
    fn add(&mut self, weight: f32, linked: f32, prose: bool) {
        self.lines += 1.0;
        self.weight += weight;
        self.linked += linked;
        self.prose += if prose { weight } else { 0.0 };
    }

    /// The sum without that of some of its lines.
    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            lines: self.lines - other.lines,
            weight: self.weight - other.weight,
            linked: self.linked - other.linked,
            prose: self.prose - other.prose,
        }
    }

    /// The share of the weight that is linked.
    pub(super) fn density(self) -> f32 {
        self.linked / self.weight.max(1.0)
    }
}

/// What is known of the whole page, with which lines are compared.
pub(super) struct PageMeasures<'a, 'b> {
    pub(super) tree: &'a Tree<'b>,
    pub(super) lines: &'a Lines,
    pub(super) shapes: &'a [LineShape],
    pub(super) looks: &'a [u64],
    /// For each node the kinds of elements around it, itself included: a bit for each kind that is
    /// measured.
    pub(super) places: Vec<u16>,
    /// Sums of all lines before each.
    pub(super) before: Vec<RunningSum>,
    pub(super) by_look: HashMap<u64, RunningSum>,
    pub(super) repeats: HashMap<&'a str, u32>,
    pub(super) first_title: Option<usize>,
    /// The block that holds most running text, itself and in its children.
    pub(super) best: NodeId,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) body: Option<Windows>,
}

impl<'a, 'b> PageMeasures<'a, 'b> {
    /// Goes through the lines once, with their shapes and looks, in order.
    pub(super) fn new(
        tree: &'a Tree<'b>,
        lines: &'a Lines,
        shapes: &'a [LineShape],
        looks: &'a [u64],
        metadata: PageMetadata<'_>,
    ) -> Self {
        let mut before = Vec::with_capacity(shapes.len() + 1);
        let (mut sum, mut by_look, mut repeats) =
            (RunningSum::default(), HashMap::new(), HashMap::new());
        let mut scores: HashMap<NodeId, f32> = HashMap::new();
        for ((line, shape), look) in lines.lines.iter().zip(shapes).zip(looks) {
            before.push(sum);
            #[expect(clippy::cast_precision_loss, reason = "a measure")]
            let (weight, linked) = (shape.weight as f32, line.linked as f32);
            sum.add(weight, linked, shape.prose);
            by_look.entry(*look).or_insert_with(RunningSum::default).add(
                weight,
                linked,
                shape.prose,
            );
            *repeats.entry(lines.get(line)).or_insert(0) += 1;
            if shape.prose {
                let parent = tree.block(line.block);
                *scores.entry(parent).or_default() += weight;
                *scores.entry(tree.block(parent)).or_default() += weight / 2.0;
            }
        }
        before.push(sum);
        let best = scores
            .into_iter()
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
            .map_or(0, |score| score.0);
        let title = metadata.title.map(fold).unwrap_or_default();
        let is_title =
            |line: &&Line| !title.is_empty() && line.chars < 400 && fold(lines.get(line)) == title;
        let first_title = lines
            .lines
            .iter()
            .position(|line| is_title(&line))
            .or_else(|| lines.lines.iter().position(|line| tree.tag(line.block) == Tag::H1));
        let description = metadata
            .description
            .map(|description| fold(&description[..description.floor_char_boundary(2_000)]))
            .unwrap_or_default();
        let body = metadata.body.map(|body| Windows::new(&fold(body)));
        Self {
            tree,
            lines,
            shapes,
            looks,
            places: places(tree),
            before,
            by_look,
            repeats,
            first_title,
            best,
            title,
            description,
            body,
        }
    }

    /// The sum of all lines.
    pub(super) fn total(&self) -> RunningSum {
        self.before.last().copied().unwrap_or_default()
    }

    /// The sum of the lines inside a node.
    pub(super) fn inside(&self, node: NodeId) -> RunningSum {
        let lines = self.lines.inside(self.tree, node);
        self.before[lines.end].minus(self.before[lines.start])
    }
}

/// For each node the kinds of elements around it, as [`PageMeasures::places`] has them.
fn places(tree: &Tree<'_>) -> Vec<u16> {
    let mut places = vec![0; tree.len() as usize];
    for node in 1..tree.len() {
        let own = match tree.tag(node) {
            Tag::Article => 1,
            Tag::Main => 2,
            Tag::Header => 4,
            Tag::Footer => 8,
            Tag::Form | Tag::Button | Tag::Label => 16,
            Tag::Figure => 32,
            Tag::Table => 64,
            Tag::Ul | Tag::Ol => 128,
            Tag::Blockquote => 256,
            _ => 0,
        };
        places[node as usize] = places[tree.parent(node) as usize] | own;
    }
    places
}
