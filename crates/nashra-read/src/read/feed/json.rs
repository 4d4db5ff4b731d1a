//! JSON Feed 1.0 and 1.1, and what is nearly one.
//!
//! Members of a wrong type are skipped one by one; the only error is a document that is no feed. An
//! item counts when its object is whole.

use std::borrow::Cow;

use super::{
    FeedError,
    bases::Bases,
    model::{Document, Format, Person},
    parts, person,
    repairs::Repair,
    text::{Text, TextKind},
};

mod item;
mod pull;

use crate::model::entry::Link;
use pull::PullParser;

/// Parses a JSON Feed.
///
/// # Errors
/// Says what it is instead of a feed.
pub(super) fn parse(text: &str, bases: Bases) -> Result<Document, FeedError> {
    let mut reader = Reader {
        pull: PullParser::new(text),
        bases,
        document: Document { format: Format::Json, ..Document::default() },
        is_feed: false,
    };
    reader.feed();
    if !reader.is_feed {
        return Err(FeedError::Malformed("JSON without a version or items".to_owned()));
    }
    let mut document = reader.document;
    if reader.pull.sloppy {
        document.recovered.add(Repair::SloppyJson);
    }
    if reader.pull.cut {
        document.recovered.add(Repair::Truncated);
    }
    Ok(document)
}

struct Reader<'a> {
    pull: PullParser<'a>,
    bases: Bases,
    document: Document,
    is_feed: bool,
}

impl Reader<'_> {
    fn feed(&mut self) {
        if !self.pull.enter(b'{') {
            return;
        }
        while let Some(key) = self.pull.key() {
            match &*key {
                "version" => {
                    let version = self.pull.scalar();
                    self.is_feed |= version.is_some_and(|version| {
                        version.contains("jsonfeed.org") || version.starts_with('1')
                    });
                }
                "items" => self.items(),
                "home_page_url" => {
                    let site = self.address();
                    if let Some(site) = &site {
                        self.bases.set_site(site);
                    }
                    self.document.feed.link.clone_from(&site);
                    self.link("alternate", site);
                }
                key => self.channel(key),
            }
        }
    }

    fn channel(&mut self, key: &str) {
        match key {
            "title" => self.document.feed.title = self.plain(),
            "description" => self.document.feed.description = self.plain(),
            "language" => {
                self.document.feed.language =
                    self.pull.scalar().and_then(|text| parts::language(&text));
            }
            "icon" => {
                let icon = self.address();
                let feed = &mut self.document.feed;
                feed.image = icon.or(feed.image.take());
            }
            "favicon" => {
                self.document.feed.icon = self.address();
                let feed = &mut self.document.feed;
                feed.image = feed.image.take().or_else(|| feed.icon.clone());
            }
            "feed_url" => {
                let address = self.address();
                self.link("self", address);
            }
            "next_url" => {
                let address = self.address();
                self.link("next", address);
            }
            "author" | "authors" => {
                let people = self.people();
                add_authors(&mut self.document.feed.authors, people, key);
            }
            "hubs" => self.hubs(),
            "expired" => drop(self.pull.scalar()),
            _ => self.pull.skip(),
        }
    }

    fn link(&mut self, rel: &str, href: Option<String>) {
        if href.is_some() {
            parts::add(
                &mut self.document.feed.links,
                Some(Link { href, rel: rel.to_owned(), ..Link::default() }),
            );
        }
    }

    fn hubs(&mut self) {
        self.each(|this| {
            this.members(|this, key| match key {
                "url" => {
                    let url = this.address();
                    parts::add(&mut this.document.feed.rhythm.hubs, url);
                }
                _ => this.pull.skip(),
            });
        });
    }

    /// An author, a list of them, or a name.
    fn people(&mut self) -> Vec<Person> {
        let mut people = Vec::new();
        match self.pull.peek() {
            Some(b'[') => self.each(|this| people.extend(this.person())),
            _ => people.extend(self.person()),
        }
        people
    }

    fn person(&mut self) -> Option<Person> {
        if self.pull.peek() != Some(b'{') {
            return self
                .pull
                .scalar()
                .filter(|text| !text.trim().is_empty())
                .map(|text| person::parse_line(&text));
        }
        let mut person = Person::default();
        self.members(|this, key| match key {
            "name" => {
                person.name = this
                    .pull
                    .scalar()
                    .map(|text| text.trim().to_owned())
                    .filter(|text| !text.is_empty());
            }
            "url" => person.uri = this.address(),
            "email" => person.email = this.pull.scalar().map(Cow::into_owned),
            _ => this.pull.skip(),
        });
        (person != Person::default()).then_some(person)
    }

    /// Each element of a list; a single value counts as a list of one.
    fn each(&mut self, mut read: impl FnMut(&mut Self)) {
        if self.pull.peek() != Some(b'[') {
            return read(self);
        }
        if !self.pull.enter(b'[') {
            return self.pull.skip();
        }
        while self.pull.element() {
            read(self);
        }
    }

    /// Each member of an object; another value is passed over.
    fn members(&mut self, mut read: impl FnMut(&mut Self, &str)) {
        if !self.pull.enter(b'{') {
            return self.pull.skip();
        }
        while let Some(key) = self.pull.key() {
            read(self, &key);
        }
    }

    fn plain(&mut self) -> Option<Text> {
        self.text(TextKind::Plain)
    }

    fn text(&mut self, kind: TextKind) -> Option<Text> {
        let value = self.pull.scalar()?;
        let value = value.trim();
        (!value.is_empty()).then(|| Text { value: value.to_owned(), kind, base: None })
    }

    fn address(&mut self) -> Option<String> {
        let value = self.pull.scalar()?;
        (!value.trim().is_empty()).then(|| self.bases.resolve(0, &value))
    }
}

/// Adds authors: those of version 1.1 come before the one of 1.0.
fn add_authors(authors: &mut Vec<Person>, people: Vec<Person>, key: &str) {
    let known = if key == "authors" { std::mem::take(authors) } else { Vec::new() };
    people.into_iter().chain(known).for_each(|person| parts::add(authors, Some(person)));
}
