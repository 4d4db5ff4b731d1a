//! The reading loop of XML feeds: what is open, where entries begin and end, and what is mended
//! where tags do not match.
//!
//! An entry is handed on when it ends, and only then: one that the end of the file cuts off is
//! none, so that any cut of a feed gives a prefix of its entries. What must stay true: the stack of
//! open elements is bounded by [`MAX_DEPTH`] and a unit's tree by [`MAX_NODES`], so time and memory
//! are linear in the text.

use super::{
    FeedError, MAX_ENTRIES, attributes,
    bases::{BaseId, Bases},
    channel,
    model::Document,
    names::{Field, Names},
    repairs::Repair,
    scan::{EndTag, Scanner, StartTag, Token},
    tree::{Node, give_back},
};

mod root;
mod seen;
mod units;

use root::Root;

/// The deepest nesting of elements; deeper ones become siblings.
const MAX_DEPTH: usize = 128;
/// The most elements of an entry that are read.
const MAX_NODES: usize = 50_000;

/// Parses an XML feed.
///
/// # Errors
/// Says what it is instead of a feed.
pub(super) fn parse(text: &str, bases: Bases) -> Result<Document, FeedError> {
    let mut reader = Reader {
        scanner: Scanner::new(text),
        names: Names::default(),
        bases,
        open: Vec::with_capacity(16),
        unit: Vec::with_capacity(64),
        root: Root::default(),
        draft: channel::Draft::default(),
        document: Document::default(),
        seen: seen::KnownEntries::default(),
    };
    reader.run();
    reader.finish()
}

struct Reader<'a> {
    scanner: Scanner<'a>,
    names: Names<'a>,
    bases: Bases,
    /// Elements that are open, the outermost first.
    open: Vec<OpenElement<'a>>,
    /// The nodes of the unit that is open, if one is.
    unit: Vec<Node<'a>>,
    root: Root,
    draft: channel::Draft,
    document: Document,
    seen: seen::KnownEntries,
}

#[derive(Debug, Clone, Copy)]
struct OpenElement<'a> {
    name: &'a str,
    role: Role,
    /// The namespaces that were in scope before it.
    scope: usize,
    base: BaseId,
    language: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// `rss`, `rdf:RDF`, `feed`, `channel`: what holds units.
    Container,
    /// A node of the unit; its root is 0.
    Node(usize),
    /// Neither: junk, or more than is read.
    Skipped,
}

impl<'a> Reader<'a> {
    fn run(&mut self) {
        loop {
            let within = self.open.last().map_or("", |element| element.name);
            match self.scanner.next(within) {
                Some(Token::Start(start)) => self.start(start),
                Some(Token::End(end)) => self.end(end),
                None => return,
            }
            if self.document.entries.len() >= MAX_ENTRIES {
                return;
            }
        }
    }

    fn start(&mut self, start: StartTag<'a>) {
        let scope = self.names.enter();
        let (mut base, mut language) =
            self.open.last().map_or((0, ""), |element| (element.base, element.language));
        if start.attributes.contains("xml") {
            (base, language) = self.declarations(start.attributes, base, language);
        }
        let (namespace, local, undeclared) = self.names.resolve(start.name);
        if undeclared {
            self.scanner.repairs.add(Repair::UndeclaredNamespace);
        }
        let field = Field::from_name(local);
        let node = Node {
            namespace,
            field,
            attributes: start.attributes,
            at: start.at,
            from: start.inner,
            to: start.inner,
            end: 0,
            closed: start.empty,
            base,
            language,
        };
        if !self.unit.is_empty() && self.begins_anew(&node) {
            self.close_unit(start.at);
        }
        let role =
            if self.unit.is_empty() { self.outside(&node, start.name) } else { self.inside(node) };
        self.open.push(OpenElement { name: start.name, role, scope, base, language });
        if start.empty || self.open.len() > MAX_DEPTH {
            self.pop(start.inner, start.empty);
        }
    }

    /// `xmlns`, `xml:base` and `xml:lang`.
    fn declarations(
        &mut self,
        attributes: &'a str,
        mut base: BaseId,
        mut language: &'a str,
    ) -> (BaseId, &'a str) {
        for (name, value) in attributes::raw(attributes) {
            if name.eq_ignore_ascii_case("xml:base") {
                base = self.bases.within(base, &self.scanner.entities.decode(value));
            } else if name.eq_ignore_ascii_case("xml:lang") {
                language = value.trim();
            } else if name == "xmlns" {
                self.names.declare("", value);
            } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                self.names.declare(prefix, value);
            }
        }
        (base, language)
    }

    /// An element outside of any unit: it holds units, or is one.
    fn outside(&mut self, node: &Node<'a>, name: &str) -> Role {
        if self.root.is_container(node, name) {
            self.container(*node);
            return Role::Container;
        }
        if !self.root.takes_unit(node, name) {
            return Role::Skipped;
        }
        self.unit.push(*node);
        Role::Node(0)
    }

    fn end(&mut self, end: EndTag<'a>) {
        let Some(found) =
            self.open.iter().rposition(|element| element.name.eq_ignore_ascii_case(end.name))
        else {
            self.scanner.repairs.add(Repair::StrayEndTag);
            return;
        };
        while self.open.len() > found + 1 {
            self.pop(end.at, false);
        }
        self.pop(end.at, true);
    }

    /// Closes the innermost element.
    fn pop(&mut self, at: usize, closed: bool) {
        let Some(open) = self.open.pop() else { return };
        self.names.leave(open.scope);
        if !closed {
            self.scanner.repairs.add(Repair::UnclosedElement);
        }
        match open.role {
            Role::Node(index) => {
                let end = self.unit.len();
                if let Some(node) = self.unit.get_mut(index) {
                    (node.to, node.end, node.closed) = (at.max(node.from), end, closed);
                }
                let is_entry = self.unit.get(index).is_some_and(|unit| unit.field == Field::Item);
                if !closed && !is_entry {
                    give_back(&mut self.unit, index);
                }
                if index == 0 {
                    self.take_unit();
                }
            }
            Role::Container => self.root.closed |= self.open.is_empty(),
            Role::Skipped => {}
        }
    }

    fn finish(mut self) -> Result<Document, FeedError> {
        let html =
            self.root.other.as_deref().is_some_and(|other| other.eq_ignore_ascii_case("html"));
        if html && self.document.entries.is_empty() {
            return Err(FeedError::Html {
                feeds: super::discovery::feeds(self.scanner.text(), self.bases.get(0)),
            });
        }
        if !self.root.found {
            return Err(FeedError::Malformed(self.root.other.map_or_else(
                || "no element".to_owned(),
                |other| format!("the root is <{other}>"),
            )));
        }
        if !self.open.is_empty() && self.document.entries.len() < MAX_ENTRIES {
            self.scanner.repairs.add(Repair::Truncated);
        }
        let entry_is_cut = self.unit.first().is_some_and(|unit| unit.field == Field::Item);
        if !entry_is_cut {
            self.close_unit(self.scanner.text().len());
        }
        if self.scanner.entities.met_bare() {
            self.scanner.repairs.add(Repair::BareAmpersand);
        }
        let mut document = self.document;
        document.feed = self.draft.finish();
        document.recovered.add_all(self.scanner.repairs);
        Ok(document)
    }
}
