//! The stack of open elements, the root first. The element that a tag closes is found without a
//! walk over the stack, because hostile pages have hundreds of elements open at every tag.

use super::{NodeId, Tag};

/// No place on the stack.
const NONE: u16 = u16::MAX;
/// Slots for elements by name: one for each [`Tag`], and some for the names that [`Tag`] does not
/// know.
const SLOTS: usize = 256;
/// The first slot for other names.
const OTHERS: usize = 128;
/// The slot of links that ended while blocks inside them were open.
const ENDED_LINKS: u8 = 127;

/// Kinds of elements beyond which an open element is not searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Border {
    /// The elements that bound a scope (§13.2.4.2, "in scope").
    Scope,
    /// Blocks, and the borders of scopes.
    Block,
    /// Elements that would have closed a paragraph around them.
    Paragraph,
    /// Elements that may be inside a list item and hold a list of their own.
    Item,
    /// Tables, templates and the page itself.
    Table,
}

const BORDERS: [Border; 5] =
    [Border::Scope, Border::Block, Border::Paragraph, Border::Item, Border::Table];

impl Border {
    fn is(self, tag: Tag) -> bool {
        match self {
            Self::Scope => tag.bounds_scope(),
            Self::Block => tag.is_block() || tag.bounds_scope(),
            Self::Paragraph => tag.bounds_scope() || tag.ends_paragraph() || tag == Tag::Button,
            Self::Item => {
                tag.bounds_scope()
                    || tag.is_block() && !matches!(tag, Tag::Address | Tag::Div | Tag::P)
            }
            Self::Table => matches!(tag, Tag::Table | Tag::Template | Tag::Html),
        }
    }
}

/// An element whose end was not found yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenElement {
    pub(super) node: NodeId,
    pub(super) tag: Tag,
    slot: u8,
    /// The place of the next outer element with the same slot.
    same: u16,
    /// For each kind of border, the place of the innermost one: this element or one around it.
    borders: [u16; BORDERS.len()],
}

/// The open elements; places count from the root, which is 0.
pub(super) struct Stack {
    open: Vec<OpenElement>,
    /// The place of the innermost element of each slot.
    last: [u16; SLOTS],
}

impl Stack {
    pub(super) fn new() -> Self {
        Self { open: Vec::with_capacity(64), last: [NONE; SLOTS] }
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn top(&self) -> Option<OpenElement> {
        self.open.last().copied()
    }

    /// Opens an element inside the innermost one; `name` counts for [`Tag::Other`] only.
    pub(super) fn push(&mut self, node: NodeId, tag: Tag, name: &[u8]) {
        let at = u16::try_from(self.open.len()).unwrap_or(NONE);
        let slot = slot(tag, name);
        let mut borders = self.open.last().map_or([0; BORDERS.len()], |element| element.borders);
        for (border, place) in BORDERS.into_iter().zip(&mut borders) {
            if border.is(tag) {
                *place = at;
            }
        }
        self.open.push(OpenElement {
            node,
            tag,
            slot,
            same: self.last[usize::from(slot)],
            borders,
        });
        self.last[usize::from(slot)] = at;
    }

    /// The place of the innermost element of a kind.
    pub(super) fn innermost(&self, tag: Tag) -> Option<usize> {
        Some(self.last[usize::from(slot(tag, b""))]).filter(|place| *place != NONE).map(usize::from)
    }

    /// The place of the innermost element of some kinds, as far as the innermost border.
    pub(super) fn within(&self, border: Border, tags: &[Tag]) -> Option<usize> {
        let limit = usize::from(self.open.last()?.borders[border as usize]);
        tags.iter()
            .filter_map(|tag| self.innermost(*tag))
            .max()
            .filter(|place| *place >= limit && *place > 0)
    }

    /// The place of the innermost element with a name that [`Tag`] does not know, inside the
    /// innermost block. Names share slots, so `is` compares the whole name.
    pub(super) fn innermost_named(
        &self,
        name: &[u8],
        is: impl Fn(NodeId) -> bool,
    ) -> Option<usize> {
        let limit = self.open.last()?.borders[Border::Block as usize];
        let mut at = self.last[usize::from(slot(Tag::Other, name))];
        while at != NONE && at >= limit {
            let open = self.open.get(usize::from(at))?;
            if is(open.node) {
                return Some(usize::from(at));
            }
            at = open.same;
        }
        None
    }

    /// Ends the innermost link in scope: it stays open as an element that no end tag finds. `false`
    /// where there was none.
    pub(super) fn end_link(&mut self) -> bool {
        let Some(link) =
            self.within(Border::Scope, &[Tag::A]).and_then(|within| self.open.get_mut(within))
        else {
            return false;
        };
        self.last[usize::from(link.slot)] = link.same;
        (link.tag, link.slot) = (Tag::Span, ENDED_LINKS);
        true
    }

    pub(super) fn pop(&mut self) -> Option<OpenElement> {
        let open = self.open.pop()?;
        self.last[usize::from(open.slot)] = open.same;
        Some(open)
    }
}

fn slot(tag: Tag, name: &[u8]) -> u8 {
    if tag != Tag::Other {
        return tag as u8;
    }
    // FNV-1a.
    let hash = name.iter().take(64).fold(0x811c_9dc5_u32, |hash, c| {
        (hash ^ u32::from(c.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
    });
    u8::try_from(OTHERS + (hash ^ hash >> 8 ^ hash >> 24) as usize % (SLOTS - OTHERS))
        .unwrap_or(ENDED_LINKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_found_up_to_a_border_and_not_beyond() {
        let mut stack = Stack::new();
        for (node, tag) in
            [Tag::Document, Tag::P, Tag::B, Tag::Table, Tag::Td, Tag::I].into_iter().enumerate()
        {
            stack.push(u32::try_from(node).unwrap(), tag, b"");
        }
        assert_eq!(stack.within(Border::Scope, &[Tag::I]), Some(5));
        assert_eq!(stack.within(Border::Scope, &[Tag::B]), None);
        assert_eq!(stack.within(Border::Table, &[Tag::Tr, Tag::Td]), Some(4));
        assert_eq!(stack.innermost(Tag::B), Some(2));
        for _ in 0..4 {
            stack.pop();
        }
        assert_eq!(
            (stack.innermost(Tag::B), stack.within(Border::Paragraph, &[Tag::P])),
            (None, Some(1))
        );
    }

    #[test]
    fn other_names_are_told_apart_and_every_known_one_has_a_slot_of_its_own() {
        let mut stack = Stack::new();
        stack.push(0, Tag::Document, b"");
        stack.push(1, Tag::Other, b"x-a");
        stack.push(2, Tag::Other, b"x-b");
        assert_eq!(stack.innermost_named(b"X-A", |node| node == 1), Some(1));
        assert_eq!(stack.innermost_named(b"x-c", |_| false), None);
        assert!(slot(Tag::Xmp, b"") < ENDED_LINKS);
    }

    #[test]
    fn a_link_that_ended_is_no_link_and_no_other_element() {
        let mut stack = Stack::new();
        for (node, tag) in [Tag::Document, Tag::A, Tag::Div].into_iter().enumerate() {
            stack.push(u32::try_from(node).unwrap(), tag, b"");
        }
        assert!(stack.end_link() && !stack.end_link());
        assert_eq!(stack.within(Border::Scope, &[Tag::A, Tag::Span]), None);
    }
}
