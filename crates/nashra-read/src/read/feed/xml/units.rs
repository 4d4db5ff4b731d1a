//! The unit that is open: where it begins and ends, and what becomes of it.

use super::{MAX_NODES, Reader, Role};
use crate::read::feed::{
    attributes, item,
    names::{Field, Namespace},
    person,
    repairs::Repair,
    tree::{Node, Unit},
};

impl<'a> Reader<'a> {
    pub(super) fn container(&mut self, mut node: Node<'a>) {
        if self.root.closed && node.field != Field::Channel {
            self.scanner.repairs.add(Repair::SecondDocument);
            self.seen.begin(&self.document.entries);
            self.root.closed = false;
        }
        if !self.root.found {
            self.open.clear();
            if !self.root.is_first(&self.scanner.text()[..node.at]) {
                self.scanner.repairs.add(Repair::JunkBeforeRoot);
            }
            let version = attributes::get(node.attributes, "version", &self.scanner.entities);
            self.document.format = self.root.begin(&node, version.as_deref());
        }
        node.end = 1;
        let draft = &mut self.draft;
        let nodes = [node];
        let unit = Unit {
            text: self.scanner.text(),
            nodes: &nodes,
            entities: &self.scanner.entities,
            bases: &self.bases,
            core: self.root.core,
        };
        draft.root(unit.root());
    }

    /// An element inside a unit.
    pub(super) fn inside(&mut self, node: Node<'a>) -> Role {
        if self.unit.len() >= MAX_NODES {
            return Role::Skipped;
        }
        self.unit.push(node);
        Role::Node(self.unit.len() - 1)
    }

    /// Whether an element begins a unit although one is open: an entry inside of an entry's own
    /// fields.
    pub(super) fn begins_anew(&self, node: &Node<'a>) -> bool {
        let own = |namespace: Namespace| {
            matches!(namespace, Namespace::Core | Namespace::Atom | Namespace::Atom03)
        };
        if !own(node.namespace) || !matches!(node.field, Field::Item | Field::Rss | Field::Rdf) {
            return false;
        }
        let nodes = self.open.iter().filter_map(|element| {
            if let Role::Node(index) = element.role { self.unit.get(index) } else { None }
        });
        nodes.into_iter().all(|node| {
            own(node.namespace) || node.namespace == Namespace::Rdf && node.field == Field::Other
        })
    }

    /// Ends the unit that is open, whose end tag is missing.
    pub(super) fn close_unit(&mut self, at: usize) {
        while !self.unit.is_empty() && !self.open.is_empty() {
            self.pop(at, false);
        }
    }

    pub(super) fn take_unit(&mut self) {
        let unit = Unit {
            text: self.scanner.text(),
            nodes: &self.unit,
            entities: &self.scanner.entities,
            bases: &self.bases,
            core: self.root.core,
        };
        let root = unit.root();
        if root.field() == Field::Item
            && matches!(root.namespace(), Namespace::Core | Namespace::Atom | Namespace::Atom03)
        {
            let mut item = item::parse(root);
            // RFC 4287 §4.1.2: the feed's authors are those of entries that name none.
            if item.authors.is_empty() && self.root.core != Namespace::Core {
                item.authors = person::inherited(self.draft.authors());
            }
            if self.seen.is_new(&item) {
                self.document.entries.push(item);
            }
        } else {
            let before = self.draft.site().is_some();
            unit.roots().for_each(|root| self.draft.add_element(root));
            if let (false, Some(site)) = (before, self.draft.site()) {
                let site = site.to_owned();
                self.bases.set_site(&site);
            }
        }
        self.unit.clear();
    }
}
