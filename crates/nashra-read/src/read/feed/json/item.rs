//! The items of a JSON Feed.

use std::borrow::Cow;

use super::{Reader, add_authors};
use crate::{
    model::entry::Link,
    read::feed::{
        MAX_ENTRIES, dates,
        model::{Category, Channel, Enclosure, Item},
        parts, person,
        text::TextKind,
    },
};

impl Reader<'_> {
    pub(super) fn items(&mut self) {
        self.is_feed |= self.pull.peek() == Some(b'[');
        self.each(|this| {
            if this.document.entries.len() >= MAX_ENTRIES || this.pull.peek() != Some(b'{') {
                return this.pull.skip();
            }
            let mut item = Item::default();
            this.members(|this, key| this.item(&mut item, key));
            if !this.pull.cut {
                let inherited = &this.document.feed;
                finish(&mut item, inherited);
                this.document.entries.push(item);
            }
        });
    }

    fn item(&mut self, item: &mut Item, key: &str) {
        match key {
            "id" => item.id = self.pull.scalar().map(Cow::into_owned),
            "url" => item.link = self.address(),
            "external_url" => {
                let href = self.address();
                let link = Link { href, rel: "related".to_owned(), ..Link::default() };
                parts::add(&mut item.links, Some(link).filter(|link| link.href.is_some()));
            }
            "title" => item.title = self.plain(),
            "summary" => item.summary = self.plain(),
            "content_html" => item.content = self.text(TextKind::Html).or(item.content.take()),
            "content_text" => {
                let text = self.plain();
                item.content =
                    item.content.take().filter(|content| content.kind == TextKind::Html).or(text);
            }
            "date_published" => item.published = self.pull.scalar().map(|text| dates::parse(&text)),
            "date_modified" => item.updated = self.pull.scalar().map(|text| dates::parse(&text)),
            "image" => item.image = self.address(),
            "banner_image" => {
                let banner = self.address();
                item.image = item.image.take().or(banner);
            }
            "language" => {
                item.language = self.pull.scalar().and_then(|text| parts::language(&text));
            }
            "author" | "authors" => {
                let people = self.people();
                add_authors(&mut item.authors, people, key);
            }
            "tags" => self.each(|this| {
                let term = this
                    .pull
                    .scalar()
                    .map(|text| text.trim().to_owned())
                    .filter(|text| !text.is_empty());
                parts::add(
                    &mut item.categories,
                    term.map(|term| Category { term: Some(term), ..Category::default() }),
                );
            }),
            "attachments" => self.attachments(item),
            _ => self.pull.skip(),
        }
    }

    fn attachments(&mut self, item: &mut Item) {
        self.each(|this| {
            let mut enclosure = Enclosure::default();
            this.members(|this, key| match key {
                "url" => enclosure.url = this.address().unwrap_or_default(),
                "mime_type" => enclosure.media_type = this.pull.scalar().map(Cow::into_owned),
                "size_in_bytes" => enclosure.length = this.pull.scalar().map(Cow::into_owned),
                _ => this.pull.skip(),
            });
            parts::add(
                &mut item.enclosures,
                Some(enclosure).filter(|enclosure| !enclosure.url.is_empty()),
            );
        });
    }
}

/// What an item has of its feed, and its own link among its links.
fn finish(item: &mut Item, feed: &Channel) {
    if item.authors.is_empty() {
        item.authors = person::inherited(&feed.authors);
    }
    if item.link.is_none() {
        item.link = item.links.first().and_then(|link| link.href.clone());
    }
    if let Some(href) = item.link.clone() {
        item.links
            .insert(0, Link { href: Some(href), rel: "alternate".to_owned(), ..Link::default() });
    }
}
