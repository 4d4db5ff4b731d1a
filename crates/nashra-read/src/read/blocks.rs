//! Makes typed blocks of lines, and of fragments of HTML such as those of feeds.

mod address;
mod place;

use url::Url;

pub(super) use self::{
    address::{address, size},
    place::{Place, Places},
};
use super::{embeds, lines::Lines};
use crate::{
    html::{NodeId, Tag, Tree},
    model::record::{Block, Image},
    text::collapse,
};

/// Nodes of a `figure` in which its caption is looked for.
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
    places: Places<'a, 'b>,
    /// What the last line was a part of.
    last: Place,
}

impl<'a, 'b> BlockBuilder<'a, 'b> {
    pub(super) fn new(tree: &'a Tree<'b>) -> Self {
        Self { tree, blocks: Vec::new(), places: Places::new(tree), last: Place::Text }
    }

    /// Adds a block that is no line of text; it ends a list.
    pub(super) fn push(&mut self, block: Block) {
        self.last = Place::Text;
        self.blocks.push(block);
    }

    /// A line that stands in `block`: items of one list are lines of one block, and so are rows of
    /// one table, whose cells are apart by tabs, and the lines of preformatted text.
    pub(super) fn text(&mut self, block: NodeId, text: String) {
        let place = self.places.of(block);
        let before = self.blocks.last_mut().filter(|before| {
            matches!(before, Block::List { .. } | Block::Table { .. } | Block::Paragraph { .. })
        });
        if let Some(apart) = joint(self.last, place)
            && let Some(
                Block::List { text: before }
                | Block::Table { text: before }
                | Block::Paragraph { text: before },
            ) = before
        {
            before.push(apart);
            before.push_str(&text);
        } else {
            self.blocks.push(match place {
                Place::Text | Place::Preformatted { .. } => Block::Paragraph { text },
                Place::Heading => Block::Heading { text },
                Place::Quote => Block::Quote { text },
                Place::Item { .. } => Block::List { text },
                Place::Cell { .. } => Block::Table { text },
            });
        }
        self.last = place;
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
            self.push(Block::Embed { url: embeds::address(self.tree, node, base)? });
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
        caption.map(|caption| lines.inside(self.tree, caption))
    }
}

/// What stands between two lines of one block; `None` where they are of two.
fn joint(last: Place, next: Place) -> Option<char> {
    match (last, next) {
        (Place::Item { list: one, .. }, Place::Item { list: other, .. }) if one == other => {
            Some('\n')
        }
        (Place::Preformatted { pre: one }, Place::Preformatted { pre: other }) if one == other => {
            Some('\n')
        }
        (
            Place::Cell { table: one, row: above, cell: left },
            Place::Cell { table: other, row, cell },
        ) if one == other => Some(match (above == row, left == cell) {
            (true, true) => ' ',
            (true, false) => '\t',
            _ => '\n',
        }),
        _ => None,
    }
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
    fn tables_lists_and_preformatted_text_are_one_block_each() {
        let html = "<p>a<table><tr><th>b<th>c<tr><td>d<td><ul><li>e<li>f</ul></table><dl><dt>g<dd>h</dl>\
            <ul><li><p>i<ol><li>j</ol><li>k</ul><pre>l\n  m\n</pre><pre><div>n</div><div>  o</div></pre>";
        let blocks = from_html_fragment(html, &base());
        assert_eq!(text(&blocks), "a\n\nb\tc\nd\te f\n\ng\nh\n\ni\nj\nk\n\nl\n  m\n\nn\n  o");
        assert!(matches!(
            &blocks[1..4],
            [Block::Table { .. }, Block::List { .. }, Block::List { .. }]
        ));
    }
}
