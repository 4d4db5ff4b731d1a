//! One pass over a page's tree: running sums of text, links and images, the region of each node,
//! and which elements are similar. Later questions about a node are a difference of two sums or a
//! look into an array.

use hashbrown::HashMap;

use super::{address::Hash, words::Region};
use crate::html::{NodeId, Tag, Tree};

/// A named part of a page is believed to be one while it holds no more of the page's text than this
/// share: wrappers of the whole page are called `with-sidebar` and `has-menu`.
const MAX_SHARE: f64 = 0.7;

/// Running sums over the nodes of a page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    /// The width of text, in Latin letters.
    pub(super) text: u32,
    /// The width of text in links.
    pub(super) linked: u32,
    /// The number of links.
    pub(super) links: u32,
    /// The number of pictures.
    pub(super) images: u32,
    /// The number of headings.
    pub(super) headings: u32,
    /// The number of `<time>` elements.
    pub(super) times: u32,
}

impl std::ops::Sub for Sums {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            text: self.text - other.text,
            linked: self.linked - other.linked,
            links: self.links - other.links,
            images: self.images - other.images,
            headings: self.headings - other.headings,
            times: self.times - other.times,
        }
    }
}

/// What is computed for each node of a page.
pub(super) struct Survey<'t, 'a> {
    pub(super) tree: &'t Tree<'a>,
    sums: Vec<Sums>,
    regions: Vec<Region>,
    kinds: Vec<u64>,
    paths: Vec<u64>,
    repeats: HashMap<(NodeId, u64), u32>,
}

impl<'t, 'a> Survey<'t, 'a> {
    pub(super) fn new(tree: &'t Tree<'a>) -> Self {
        let sums = sums(tree);
        let mut survey = Self {
            tree,
            sums,
            regions: Vec::with_capacity(tree.len() as usize),
            kinds: Vec::with_capacity(tree.len() as usize),
            paths: Vec::with_capacity(tree.len() as usize),
            repeats: HashMap::new(),
        };
        survey.describe_nodes();
        survey
    }

    /// Computes kinds, paths and regions, from the root down.
    fn describe_nodes(&mut self) {
        let mut known: HashMap<&'a str, (u64, Region)> = HashMap::new();
        let all = f64::from(self.inside(0).text.max(1));
        for node in 0..self.tree.len() {
            let tag = self.tree.tag(node);
            if matches!(tag, Tag::Text | Tag::Document) {
                let parent = self.tree.parent(node) as usize;
                self.kinds.push(0);
                self.paths.push(self.paths.get(parent).copied().unwrap_or(0));
                self.regions.push(self.regions.get(parent).copied().unwrap_or_default());
                continue;
            }
            let mut region = of_tag(tag);
            let mut kind = if tag == Tag::Other {
                Hash::of_word(self.tree.name(node).as_bytes())
            } else {
                tag as u64 + 1
            };
            let believed = f64::from(self.inside(node).text) <= all * MAX_SHARE
                && !matches!(tag, Tag::Html | Tag::Body);
            for (name, value) in self.tree.raw_attributes(node) {
                let (class, id, role) = (
                    name.eq_ignore_ascii_case("class"),
                    name.eq_ignore_ascii_case("id"),
                    name.eq_ignore_ascii_case("role"),
                );
                if !(class || id || role) || value.len() > 2_000 {
                    continue;
                }
                let (hash, named) =
                    *known.entry(value).or_insert_with(|| (kind_of(value), Region::named(value)));
                if class {
                    kind = Hash::join(kind, hash);
                }
                if believed {
                    region = region.with(named);
                }
            }
            let parent = self.tree.parent(node) as usize;
            let (path, above) = (self.paths[parent], self.regions[parent]);
            self.kinds.push(kind);
            self.paths.push(Hash::join(path, kind));
            self.regions.push(region.with(above));
            if self.inside(node).links > 0 || tag == Tag::A {
                let seen = self.repeats.entry((self.tree.parent(node), kind)).or_default();
                *seen += 1;
            }
        }
    }

    /// Sums over a node and all inside it.
    pub(super) fn inside(&self, node: NodeId) -> Sums {
        self.before(self.tree.end(node)) - self.before(node)
    }

    /// Running sums over the nodes of a page.
    pub(super) fn before(&self, node: NodeId) -> Sums {
        self.sums.get(node as usize).copied().unwrap_or_default()
    }

    /// The regions that a node is in.
    pub(super) fn region(&self, node: NodeId) -> Region {
        self.regions.get(node as usize).copied().unwrap_or_default()
    }

    /// A hash that is equal for elements with the same tag and class.
    pub(super) fn kind(&self, node: NodeId) -> u64 {
        self.kinds.get(node as usize).copied().unwrap_or_default()
    }

    /// A hash that is equal for elements of the same kind whose ancestors are of the same kinds.
    pub(super) fn path(&self, node: NodeId) -> u64 {
        self.paths.get(node as usize).copied().unwrap_or_default()
    }

    /// The number of children of its parent that have links and are of its kind.
    pub(super) fn repeats(&self, node: NodeId) -> u32 {
        self.repeats.get(&(self.tree.parent(node), self.kind(node))).copied().unwrap_or(0)
    }
}

fn sums(tree: &Tree<'_>) -> Vec<Sums> {
    let mut all = Vec::with_capacity(tree.len() as usize + 1);
    let mut sums = Sums::default();
    for node in 0..tree.len() {
        all.push(sums);
        match tree.tag(node) {
            Tag::Text if !is_unseen(tree.tag(tree.parent(node))) => {
                let width = width(tree.raw_text(node));
                sums.text = sums.text.saturating_add(width);
                if tree.linked(node) {
                    sums.linked = sums.linked.saturating_add(width);
                }
            }
            Tag::A => sums.links += 1,
            Tag::Img | Tag::Video => sums.images += 1,
            Tag::Time => sums.times += 1,
            tag if tag.heading_level().is_some() => sums.headings += 1,
            _ => {}
        }
    }
    all.push(sums);
    all
}

/// Elements whose text no reader sees.
pub(super) fn is_unseen(tag: Tag) -> bool {
    tag.is_raw()
        || matches!(tag, Tag::Noscript | Tag::Template | Tag::Option | Tag::Svg | Tag::Head)
}

/// The width of a text, in Latin letters: characters of scripts without spaces count as two.
pub(super) fn width(text: &str) -> u32 {
    let text = text.trim();
    let width = if text.is_ascii() && !text.contains(['\n', '\t']) {
        text.len()
    } else {
        let mut space = false;
        text.chars()
            .map(|c| {
                let again = space && c.is_whitespace();
                space = c.is_whitespace();
                if again {
                    0
                } else {
                    1 + usize::from(
                        super::address::is_wide(c) || matches!(c, '\u{ac00}'..='\u{d7a3}'),
                    )
                }
            })
            .sum()
    };
    u32::try_from(width).unwrap_or(u32::MAX)
}

fn of_tag(tag: Tag) -> Region {
    match tag {
        Tag::Nav | Tag::Menu => Region::NAV,
        Tag::Footer => Region::FOOTER,
        Tag::Header => Region::HEADER,
        Tag::Aside => Region::ASIDE,
        Tag::Main => Region::MAIN,
        Tag::Article => Region::CARD,
        Tag::Search => Region::SERVICE,
        _ => Region::default(),
    }
}

/// The classes without numbers, which differ between the items of one list.
fn kind_of(classes: &str) -> u64 {
    let mut hash = Hash::new();
    classes.bytes().filter(|byte| !byte.is_ascii_digit()).for_each(|byte| hash.byte(byte));
    hash.0
}
