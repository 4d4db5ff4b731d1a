//! Tells what a line is a part of: a list, a table, a quote, preformatted text, or none of these.
//!
//! A table of data is a table in the text; one that is the frame of a page is none, and what stands
//! in its cells are paragraphs. What must stay true: each table is looked at once, and no line walks
//! more than a few elements up.

use hashbrown::HashMap;

use crate::html::{NodeId, Tag, Tree};

/// Elements around a line of which one may be its row, and of which one may be its item.
const ROW_CLIMB: usize = 9;
const ITEM_CLIMB: usize = 4;
/// Lists in one another that are one block.
const NESTED: usize = 6;
/// Elements around an item of which one is its list, or the item that holds its list.
const LIST_CLIMB: usize = 4;
/// Nodes of a table that are looked at.
const MAX_TABLE: usize = 20_000;
/// Bytes of a text from which on it is a paragraph, and of one that is a paragraph or several.
const PARAGRAPH: usize = 80;
const LONG: usize = 600;

/// What a line is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::read) enum Place {
    /// Nothing but the text.
    Text,
    Heading,
    Quote,
    /// An item of a list, or a term and what is said of it.
    Item {
        list: NodeId,
        item: NodeId,
    },
    /// A cell of a table of data.
    Cell {
        table: NodeId,
        row: NodeId,
        cell: NodeId,
    },
    /// A line of preformatted text.
    Preformatted {
        pre: NodeId,
    },
}

/// Finds the places of lines.
#[derive(Debug)]
pub(in crate::read) struct Places<'a, 'b> {
    tree: &'a Tree<'b>,
    /// Which tables hold data.
    tables: HashMap<NodeId, bool>,
}

impl<'a, 'b> Places<'a, 'b> {
    pub(in crate::read) fn new(tree: &'a Tree<'b>) -> Self {
        Self { tree, tables: HashMap::new() }
    }

    /// What a line is a part of whose innermost block is `block`.
    pub(in crate::read) fn of(&mut self, block: NodeId) -> Place {
        let tree = self.tree;
        if let Some(cell) = self.cell(block) {
            return cell;
        }
        if tree.tag(block).heading_level().is_some() {
            return Place::Heading;
        }
        let around = std::iter::once(block).chain(tree.ancestors(block)).take(ITEM_CLIMB);
        for node in around {
            match tree.tag(node) {
                Tag::Pre | Tag::Xmp => return Place::Preformatted { pre: node },
                Tag::Blockquote => return Place::Quote,
                Tag::Li | Tag::Dt | Tag::Dd => {
                    return Place::Item { list: self.list(node), item: node };
                }
                _ => {}
            }
        }
        Place::Text
    }

    /// The cell of a table of data that a block stands in.
    fn cell(&mut self, block: NodeId) -> Option<Place> {
        let tree = self.tree;
        let mut cell = None;
        for node in std::iter::once(block).chain(tree.ancestors(block)).take(ROW_CLIMB) {
            match tree.tag(node) {
                Tag::Td | Tag::Th if cell.is_none() => cell = Some(node),
                Tag::Table => return None,
                Tag::Tr => {
                    let table =
                        tree.ancestors(node).take(3).find(|it| tree.tag(*it) == Tag::Table)?;
                    let cell = cell?;
                    return self.holds_data(table).then_some(Place::Cell {
                        table,
                        row: node,
                        cell,
                    });
                }
                _ => {}
            }
        }
        None
    }

    /// The outermost list that an item is in, where nothing but items stands between.
    fn list(&self, item: NodeId) -> NodeId {
        let tree = self.tree;
        let of = |item: NodeId| {
            tree.ancestors(item)
                .take(LIST_CLIMB)
                .find(|it| matches!(tree.tag(*it), Tag::Ul | Tag::Ol | Tag::Menu | Tag::Dl))
        };
        let Some(mut list) = of(item) else { return item };
        for _ in 0..NESTED {
            let outer = tree
                .ancestors(list)
                .take(LIST_CLIMB)
                .take_while(|it| {
                    matches!(tree.tag(*it), Tag::Li | Tag::Dd | Tag::Div | Tag::Ul | Tag::Ol)
                })
                .find(|it| matches!(tree.tag(*it), Tag::Li | Tag::Dd))
                .and_then(of);
            match outer {
                Some(outer) => list = outer,
                None => break,
            }
        }
        list
    }

    /// Whether a table is one of data and no means of layout.
    pub(in crate::read) fn holds_data(&mut self, table: NodeId) -> bool {
        let tree = self.tree;
        *self.tables.entry(table).or_insert_with(|| is_data(tree, table))
    }
}

fn is_data(tree: &Tree<'_>, table: NodeId) -> bool {
    let role = tree.attribute(table, "role");
    if role.is_some_and(|role| matches!(role.trim(), "presentation" | "none")) {
        return false;
    }
    let (mut rows, mut wide, mut marked) = (0, 0, false);
    let (mut prose, mut cells) = (false, 0);
    // The paragraphs of the cell, and the block and bytes of the text that is read.
    let (mut paragraphs, mut open, mut bytes) = (0, 0, 0);
    for node in tree.descendants(table).take(MAX_TABLE) {
        match tree.tag(node) {
            // The frame of a page.
            Tag::Table | Tag::H1 | Tag::H2 => return false,
            Tag::Caption => marked = true,
            Tag::Tr => (rows, cells) = (rows + 1, 0),
            tag @ (Tag::Td | Tag::Th) => {
                marked |= tag == Tag::Th;
                cells += 1;
                wide += usize::from(cells == 2);
                (paragraphs, open, bytes) = (0, 0, 0);
            }
            Tag::Text => {
                if tree.block(node) != open {
                    (open, bytes) = (tree.block(node), 0);
                }
                let before = bytes;
                bytes += tree.raw_text(node).trim_ascii().len();
                paragraphs += usize::from(before < PARAGRAPH && bytes >= PARAGRAPH);
                prose |= bytes >= PARAGRAPH;
                if paragraphs > 1 && !marked || bytes > LONG {
                    return false;
                }
            }
            _ => {}
        }
    }
    wide > 0 && (rows > 1 || marked || !prose)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the first table of a page holds data.
    fn data(html: &str) -> bool {
        let tree = Tree::parse(html);
        Places::new(&tree).holds_data(tree.find(0, Tag::Table).unwrap())
    }

    #[test]
    fn a_table_of_data_is_told_from_a_frame() {
        let text = "The harbour is open again, said the mayor on Monday, and the ships may come in at any hour. ";
        for table in [
            "<table><tr><th>Club<th>Points<tr><td>Harbour<td>3</table>".to_owned(),
            "<table><tr><td>Monday<td><ul><li>Closed</ul><tr><td>Tuesday<td><ul><li>9 to 5</ul></table>".to_owned(),
            format!("<table><tr><td>Price<td><p>{text}<tr><td>Place<td><p>{text}</table>"),
            "<table><tr><td>1<td>2</table>".to_owned(),
        ] {
            assert!(data(&table), "{table}");
        }
        for table in [
            format!("<table><tr><td><a href=/>Home</a><td><p>{text}<p>{text}</table>"),
            format!("<table><tr><td>{text}<td>Menu</table>"),
            "<table role=presentation><tr><td>1<td>2</table>".to_owned(),
            "<table><tr><td>1<td><table><tr><td>2<td>3</table></table>".to_owned(),
            format!("<table><tr><td>{text}<tr><td>{text}</table>"),
            format!("<table><tr><td>Date<td>2 May<tr><td>Text<td>{}</table>", text.repeat(8)),
        ] {
            assert!(!data(&table), "{table}");
        }
    }

    #[test]
    fn an_item_belongs_to_the_outermost_list_and_a_list_in_a_cell_to_the_table() {
        let tree = Tree::parse(
            "<ul><li><p>a<ul><li>b</ul></ul><dl><dt>c<dd>d</dl><table><tr><td>e<td><ul><li>f</ul></table><pre><div>g</div></pre>",
        );
        let mut places = Places::new(&tree);
        let of: Vec<Place> = (0..tree.len())
            .filter(|node| tree.tag(*node) == Tag::Text)
            .map(|node| places.of(tree.block(node)))
            .collect();
        let ul = tree.find(0, Tag::Ul).unwrap();
        assert!(
            of[..2].iter().all(|place| matches!(place, Place::Item { list, .. } if *list == ul))
        );
        assert!(of[2..4].iter().all(|place| matches!(place, Place::Item { .. })));
        assert!(of[4..6].iter().all(|place| matches!(place, Place::Cell { .. })));
        assert!(matches!(of[6], Place::Preformatted { .. }));
    }
}
