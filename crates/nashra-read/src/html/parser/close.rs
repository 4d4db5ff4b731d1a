//! Which open elements a tag ends (§13.2.6.4), as far as that decides what is inside what.

use std::ops::Range;

use super::Parser;
use crate::html::{NodeId, Tag, open::Border};

const HEADINGS: [Tag; 6] = [Tag::H1, Tag::H2, Tag::H3, Tag::H4, Tag::H5, Tag::H6];

impl Parser<'_> {
    /// Closes the elements that a start tag ends; `false` where the tag itself is to be ignored.
    pub(super) fn close_implied(&mut self, tag: Tag) -> bool {
        if self.foreign > 0 && (tag.ends_paragraph() || tag == Tag::Body) {
            self.close_to(&[Tag::Svg, Tag::Math]);
        }
        if self.in_head && !tag.belongs_to_head() && tag != Tag::Head {
            self.leave_head();
        }
        match tag {
            Tag::Html | Tag::Body | Tag::Head if self.open.innermost(tag).is_some() => {
                return false;
            }
            Tag::Frameset => return false,
            // A list item ends where the next begins, unless another block is open in it.
            Tag::Li => self.close_within(Border::Item, &[Tag::Li]),
            Tag::Dd | Tag::Dt => self.close_within(Border::Item, &[Tag::Dd, Tag::Dt]),
            Tag::Option => self.close_if_top(&[Tag::Option]),
            Tag::Rt | Tag::Rp => self.close_if_top(&[Tag::Rt, Tag::Rp]),
            Tag::Optgroup => {
                self.close_if_top(&[Tag::Option]);
                self.close_if_top(&[Tag::Optgroup]);
                self.close_if_top(&[Tag::Optgroup]);
            }
            Tag::Td | Tag::Th => self.close_within(Border::Table, &[Tag::Td, Tag::Th]),
            Tag::Tr => self.close_within(Border::Table, &[Tag::Tr]),
            Tag::Tbody | Tag::Thead | Tag::Tfoot => {
                self.close_within(Border::Table, &[Tag::Tbody, Tag::Thead, Tag::Tfoot]);
            }
            Tag::A if self.links > 0 => self.close_within(Border::Scope, &[Tag::A]),
            _ if tag.heading_level().is_some() => self.close_if_top(&HEADINGS),
            _ => {}
        }
        if tag.ends_paragraph() {
            self.close_within(Border::Paragraph, &[Tag::P]);
        }
        true
    }

    pub(super) fn leave_head(&mut self) {
        self.in_head = false;
        self.close_to(&[Tag::Head]);
    }

    /// Closes the innermost element of some kinds, and all inside it, wherever it is.
    fn close_to(&mut self, tags: &[Tag]) {
        if let Some(at) = tags.iter().filter_map(|tag| self.open.innermost(*tag)).max() {
            self.truncate(at);
        }
    }

    fn close_if_top(&mut self, tags: &[Tag]) {
        if tags.contains(&self.top().1) {
            self.truncate(self.open.len() - 1);
        }
    }

    /// The same, but only inside the innermost border.
    fn close_within(&mut self, border: Border, tags: &[Tag]) {
        if let Some(at) = self.open.within(border, tags) {
            self.truncate(at);
        }
    }

    pub(super) fn close_named(&mut self, tag: Tag, name: Range<usize>) {
        if self.too_deep > 0 && !matches!(tag, Tag::Body | Tag::Html) {
            self.too_deep -= 1;
            return;
        }
        match tag {
            // What follows them still belongs to the body.
            Tag::Body | Tag::Html => {}
            Tag::Head => self.leave_head(),
            Tag::Br => drop(self.push_node(Tag::Br, 0, 0..0)),
            Tag::Table
            | Tag::Td
            | Tag::Th
            | Tag::Tr
            | Tag::Tbody
            | Tag::Thead
            | Tag::Tfoot
            | Tag::Caption => {
                self.close_within(Border::Table, &[tag]);
            }
            Tag::Template => self.close_to(&[Tag::Template]),
            _ if tag.heading_level().is_some() => self.close_within(Border::Scope, &HEADINGS),
            _ if tag.is_block() => self.close_within(Border::Scope, &[tag]),
            _ => self.close_inline(tag, name),
        }
    }

    /// The end of an element within a line. Where a block is open inside it, only its being a link
    /// ends: what follows in the block is not linked any more (§13.2.6.4.7, the adoption agency).
    fn close_inline(&mut self, tag: Tag, name: Range<usize>) {
        let name = &self.bytes[name];
        let found = if tag == Tag::Other {
            self.open
                .innermost_named(name, |element| self.name_of(element).eq_ignore_ascii_case(name))
        } else {
            self.open.within(Border::Block, &[tag])
        };
        match found {
            Some(at) => self.truncate(at),
            None if tag == Tag::A => self.links -= u32::from(self.open.end_link()),
            None => {}
        }
    }

    /// The name of an open element that [`Tag`] does not know: it stands where its first attribute
    /// would.
    fn name_of(&self, node: NodeId) -> &[u8] {
        let name = self
            .nodes
            .get(node as usize)
            .and_then(|node| self.attributes.get(node.content.from as usize))
            .map(|attribute| attribute.name);
        name.and_then(|name| self.bytes.get(name.range())).unwrap_or_default()
    }

    pub(super) fn truncate(&mut self, at: usize) {
        let end = self.next_id();
        while self.open.len() > at
            && let Some(open) = self.open.pop()
        {
            self.nodes[open.node as usize].end = end;
            self.links -= u32::from(open.tag == Tag::A);
            self.foreign -= u32::from(matches!(open.tag, Tag::Svg | Tag::Math));
        }
        // All elements beyond the depth limit end with the first one above it.
        self.too_deep = 0;
    }
}
