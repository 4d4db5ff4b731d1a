//! Makes typed blocks of lines, and of fragments of HTML such as those of feeds.

use std::borrow::Cow;

use url::Url;

use super::lines::Lines;
use crate::{
    html::{NodeId, Tag, Tree},
    model::record::{Block, Image},
    text::collapse,
};

/// Nodes behind a picture in which the one for readers without scripts is looked for.
const MAX_BEHIND: NodeId = 20;
/// Nodes of a `picture` in which its sources are looked for, and of a `figure` in which its caption
/// is.
const MAX_AROUND: usize = 50;
/// The most blocks of an article; further ones are left out.
pub(super) const MAX_BLOCKS: usize = 2_000;

/// The blocks of a fragment of HTML, or of plain text. Addresses are resolved against `base`.
#[must_use]
pub fn from_html_fragment(html: &str, base: &Url) -> Vec<Block> {
    if !html.contains('<') {
        let text = if html.contains('&') { htmlize::unescape(html) } else { html.into() };
        let paragraphs = text.split("\n\n").map(collapse).filter(|text| !text.is_empty());
        return paragraphs.take(MAX_BLOCKS).map(|text| Block::Paragraph { text }).collect();
    }
    let tree = Tree::parse(html);
    let lines = Lines::from_tree(&tree);
    let mut build = BlockBuilder::new(&tree);
    let mut captions = 0..0;
    let mut pictures = lines.pictures.iter().peekable();
    for (at, line) in lines.lines.iter().enumerate() {
        while let Some(picture) = pictures.next_if(|picture| picture.before <= at) {
            captions = build.figure(&lines, picture.node, base).unwrap_or(captions);
        }
        if !captions.contains(&at) && build.blocks.len() < MAX_BLOCKS {
            build.text(line.block, lines.get(line).to_owned());
        }
    }
    for picture in pictures {
        build.figure(&lines, picture.node, base);
    }
    build.blocks
}

/// The texts of all blocks, separated by empty lines.
#[must_use]
pub fn text(blocks: &[Block]) -> String {
    blocks.iter().filter_map(Block::text).collect::<Vec<_>>().join("\n\n")
}

/// Builds blocks, line by line.
#[derive(Debug)]
pub(super) struct BlockBuilder<'a, 'b> {
    tree: &'a Tree<'b>,
    pub(super) blocks: Vec<Block>,
    /// The list or table that the last line was in, and its row.
    last: Option<(NodeId, NodeId)>,
}

impl<'a, 'b> BlockBuilder<'a, 'b> {
    pub(super) fn new(tree: &'a Tree<'b>) -> Self {
        Self { tree, blocks: Vec::new(), last: None }
    }

    /// Adds a block that is no line of text; it ends a list.
    pub(super) fn push(&mut self, block: Block) {
        self.last = None;
        self.blocks.push(block);
    }

    /// A line that stands in `block`: items of one list are lines of one block, and so are rows of
    /// one table, whose cells are apart by tabs.
    pub(super) fn text(&mut self, block: NodeId, text: String) {
        let tree = self.tree;
        let item = std::iter::once(block).chain(tree.ancestors(block)).take(4).find(|node| {
            match tree.tag(*node) {
                Tag::Li | Tag::Blockquote => true,
                Tag::Tr => self.holds_data(*node, block),
                _ => false,
            }
        });
        if tree.tag(block).heading_level().is_some() {
            return self.push(Block::Heading { text });
        }
        let Some(item) = item else { return self.push(Block::Paragraph { text }) };
        let tag = tree.tag(item);
        if tag == Tag::Blockquote {
            return self.push(Block::Quote { text });
        }
        let whole = tree
            .ancestors(item)
            .find(|ancestor| {
                matches!(tree.tag(*ancestor), Tag::Ul | Tag::Ol | Tag::Menu | Tag::Table)
            })
            .unwrap_or(item);
        match (self.blocks.last_mut(), self.last) {
            (
                Some(Block::List { text: before } | Block::Table { text: before }),
                Some((last, row)),
            ) if last == whole => {
                before.push(if tag == Tag::Tr && row == item { '\t' } else { '\n' });
                before.push_str(&text);
            }
            _ if tag == Tag::Tr => self.blocks.push(Block::Table { text }),
            _ => self.blocks.push(Block::List { text }),
        }
        self.last = Some((whole, item));
    }

    /// Whether a row is one of a table and no means of layout: the text stands in its cells, and
    /// they are several.
    fn holds_data(&self, row: NodeId, block: NodeId) -> bool {
        let cell = |node: NodeId| matches!(self.tree.tag(node), Tag::Td | Tag::Th);
        (cell(block) || cell(self.tree.parent(block)))
            && self.tree.children(row).filter(|child| cell(*child)).take(2).count() == 2
    }

    /// A picture of a fragment with the caption of its figure, whose lines are given; or what is
    /// embedded.
    fn figure(
        &mut self,
        lines: &Lines,
        node: NodeId,
        base: &Url,
    ) -> Option<std::ops::Range<usize>> {
        if self.tree.tag(node) == Tag::Iframe {
            self.push(Block::Embed { url: absolute(base, &self.tree.attribute(node, "src")?)? });
            return None;
        }
        let (url, (width, height)) = (address(self.tree, node, base)?, size(self.tree, node));
        // A picture of a pixel or two counts readers.
        if width.is_some_and(|width| width < 3) || height.is_some_and(|height| height < 3) {
            return None;
        }
        let figure = self
            .tree
            .ancestors(node)
            .take(4)
            .find(|ancestor| self.tree.tag(*ancestor) == Tag::Figure);
        let caption = figure.and_then(|figure| {
            self.tree
                .descendants(figure)
                .take(MAX_AROUND)
                .find(|node| self.tree.tag(*node) == Tag::Figcaption)
        });
        let said = caption
            .map(|caption| collapse(&self.tree.start_of_text(caption)))
            .filter(|caption| !caption.is_empty());
        self.push(Block::Image(Image {
            url: Some(url),
            caption: said,
            width,
            height,
            ..Image::default()
        }));
        let at = |node: NodeId| lines.lines.partition_point(|line| line.first < node);
        caption.map(|caption| at(caption)..at(self.tree.end(caption)))
    }
}

/// Width and height of an image in pixels, as its attributes give them.
pub(super) fn size(tree: &Tree<'_>, node: NodeId) -> (Option<u32>, Option<u32>) {
    let pixels = |name: &str| {
        tree.attribute(node, name)
            .and_then(|attribute| attribute.trim().trim_end_matches("px").parse().ok())
    };
    (pixels("width"), pixels("height"))
}

/// The address of a picture: the one that lazy loading keeps apart, else its own, else the largest
/// of its set, else that of the picture for readers without scripts.
pub(super) fn address(tree: &Tree<'_>, node: NodeId, base: &Url) -> Option<String> {
    let attribute = |node: NodeId, name: &str| {
        tree.attribute(node, name).filter(|attribute| !attribute.trim().is_empty())
    };
    let plain = ["data-src", "data-original", "data-lazy-src", "data-url", "src"];
    // Some write a whole set where one address belongs.
    let one = |value: Cow<'_, str>| {
        absolute(
            base,
            if value.trim().contains(' ') && value.contains(", ") {
                largest(&value)?
            } else {
                &value
            },
        )
    };
    let single = plain
        .iter()
        .filter_map(|name| attribute(node, name))
        .filter_map(one)
        .find(|one| !is_placeholder(one));
    let of_set = || {
        let around =
            tree.ancestors(node).take(2).find(|ancestor| tree.tag(*ancestor) == Tag::Picture);
        let sources = around
            .into_iter()
            .flat_map(|node| tree.descendants(node))
            .take(MAX_AROUND)
            .filter(|node| tree.tag(*node) == Tag::Source);
        let mut sets = std::iter::once(node).chain(sources);
        let set = sets.find_map(|set| {
            ["srcset", "data-srcset"].iter().find_map(|name| attribute(set, name))
        })?;
        absolute(base, largest(&set)?)
    };
    let lazy = || {
        let own = tree.raw_attributes(node).filter(|(name, _)| name.starts_with("data-"));
        own.filter(|(_, value)| is_picture(value))
            .find_map(|(_, value)| absolute(base, &htmlize::unescape_attribute(value.trim())))
    };
    let without_scripts = || {
        let behind = node + 1..tree.len().min(node + MAX_BEHIND);
        let img = behind
            .clone()
            .find(|node| tree.tag(*node) == Tag::Noscript)
            .and_then(|noscript| tree.find(noscript, Tag::Img))?;
        plain
            .iter()
            .filter_map(|name| attribute(img, name))
            .find_map(|value| absolute(base, &value))
    };
    single.or_else(of_set).or_else(lazy).or_else(without_scripts)
}

/// Whether a picture is a placeholder for one that a script loads.
fn is_placeholder(url: &str) -> bool {
    const NAMES: [&str; 8] =
        ["placeholder", "transparent", "blank", "spacer", "lazy", "loading", "1x1", "pixel"];
    let name = url
        .split(['?', '#'])
        .next()
        .and_then(|part| part.rsplit('/').next())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let small = [".gif", ".svg", ".png"].iter().any(|ending| name.ends_with(ending));
    small && NAMES.iter().any(|part| name.contains(part))
}

/// Whether an attribute's value is the address of a picture.
fn is_picture(value: &str) -> bool {
    let path = value.trim().split(['?', '#']).next().unwrap_or_default();
    !path.contains([' ', '{', ','])
        && [".jpg", ".jpeg", ".png", ".webp", ".avif"].iter().any(|ending| path.ends_with(ending))
}

pub(super) fn absolute(base: &Url, address: &str) -> Option<String> {
    let address = address.trim();
    if address.starts_with("data:") || address.len() > 4_096 {
        return None;
    }
    base.join(address).ok().filter(|url| matches!(url.scheme(), "http" | "https")).map(Into::into)
}

/// The candidate of a `srcset` with the largest descriptor (HTML Living Standard §4.8.4.2.1).
fn largest(srcset: &str) -> Option<&str> {
    let candidates = srcset.split(", ").filter_map(|candidate| {
        let mut parts = candidate.split_whitespace();
        let url = parts.next()?;
        let size = parts
            .next()
            .and_then(|part| part.trim_end_matches(['w', 'x', ',']).parse::<f32>().ok())
            .unwrap_or(1.0);
        Some((url, size))
    });
    candidates.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(url, _)| url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://news.example/a/1").unwrap()
    }

    #[test]
    fn blocks_keep_their_order_and_kind() {
        let html = "<h2>Head</h2><p>One <b>bold</b>.</p><figure><img src=/i.jpg width=640><figcaption>Cap</figcaption></figure><ul><li>a<li>b</ul><blockquote>Q</blockquote>tail";
        let blocks = from_html_fragment(html, &base());
        assert_eq!(text(&blocks), "Head\n\nOne bold.\n\na\nb\n\nQ\n\ntail");
        let Block::Image(image) = &blocks[2] else { panic!("{blocks:?}") };
        assert_eq!(image.url.as_deref(), Some("https://news.example/i.jpg"));
        assert_eq!(image.caption.as_deref(), Some("Cap"));
    }

    #[test]
    fn plain_text_has_its_paragraphs_and_entities() {
        assert_eq!(text(&from_html_fragment("A &amp; B\n\nC", &base())), "A & B\n\nC");
    }

    #[test]
    fn the_largest_picture_of_a_set_is_taken() {
        assert_eq!(largest("/s.jpg 320w, /l.jpg 1280w, /m.jpg 640w"), Some("/l.jpg"));
    }
}
