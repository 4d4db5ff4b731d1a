//! How long each field of a record may be, in bytes of UTF-8: one table for feeds, pages, listings
//! and messages, applied where they are parsed, so that queued entries are small as well. Which
//! field has which bound is listed in `model/content`.
//!
//! What must stay true: what `commit::fit` leaves of a record at last fits at these bounds, so no
//! source can make one that the sink refuses for its size. An address is left out rather than cut:
//! half of one leads elsewhere.

use url::Url;

use crate::model::{
    content::Item,
    entry::{Entry, Feed},
    page::Page,
    record::{Content, Source},
};

/// Bytes of an address, or of an id that a source gives; browsers and servers take no more.
pub const ADDRESS: usize = 4_096;
/// Bytes of a headline.
pub const TITLE: usize = 2_000;
/// Bytes of an error message.
pub const ERROR: usize = 2_000;
/// Bytes of the deck under a headline.
pub(super) const SUBTITLE: usize = 4_000;
/// Bytes of a short description.
pub(super) const SUMMARY: usize = 20_000;
/// Bytes of a section, a keyword, a writer, a place, a credit, the name of a source.
pub(super) const NAME: usize = 500;
/// Bytes of a caption.
pub(super) const CAPTION: usize = 4_000;
/// Bytes of a language, a media type or a time; a longer one is left out.
pub(super) const TOKEN: usize = 128;
/// Bytes of HTML in an entry: a text of at most [`TEXT`], and its markup.
const HTML: usize = 2 << 20;
/// Bytes of the text of an article; its blocks repeat it.
pub const TEXT: usize = 400_000;

pub(super) const KEYWORDS: usize = 100;
pub(super) const WRITERS: usize = 50;
pub(super) const NOTES: usize = 20;
pub(crate) const IMAGES: usize = 50;
pub(crate) const ENCLOSURES: usize = 50;
pub(super) const RELATED: usize = 100;
pub(super) const UPDATES: usize = 1_000;
const TAGS: usize = 100;

/// The first `limit` bytes of a text, cut between two characters.
#[must_use]
pub fn cut(mut text: String, limit: usize) -> String {
    shorten(&mut text, limit);
    text
}

/// Cuts a text between two characters.
pub(super) fn shorten(text: &mut String, limit: usize) {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
        text.shrink_to_fit();
    }
}

/// The same for an optional text.
pub(super) fn cut_some(text: &mut Option<String>, limit: usize) {
    if let Some(text) = text {
        shorten(text, limit);
    }
}

/// Leaves out a longer value, where half of one would be of no use.
pub(super) fn whole(text: &mut Option<String>, limit: usize) {
    if text.as_ref().is_some_and(|text| text.len() > limit) {
        *text = None;
    }
}

/// Bounds a source. Its id and address are the operator's and stay.
pub fn source(source: &mut Source) {
    cut_some(&mut source.name, NAME);
    source.tags.truncate(TAGS);
    source.tags.iter_mut().for_each(|tag| shorten(tag, NAME));
}

/// Bounds a feed, a listing or a sitemap, and its entries.
pub(crate) fn feed(feed: &mut Feed) {
    cut_some(&mut feed.title, NAME);
    whole(&mut feed.language, TOKEN);
    feed.entries.iter_mut().for_each(entry);
}

/// Bounds one entry.
pub(crate) fn entry(entry: &mut Entry) {
    cut_some(&mut entry.title, TITLE);
    cut_some(&mut entry.summary, HTML);
    if let Some(content) = entry.content.as_mut().filter(|content| content.len() > HTML) {
        shorten(content, HTML);
        entry.cut = true;
    }
    names(&mut entry.authors, WRITERS);
    names(&mut entry.categories, KEYWORDS);
    cut_some(&mut entry.date_note, NAME);
    whole(&mut entry.language, TOKEN);
    usable(&mut entry.link);
    usable(&mut entry.base);
    list(&mut entry.images, IMAGES);
    list(&mut entry.enclosures, ENCLOSURES);
}

/// Bounds the content of an article.
pub fn content(content: &mut Content) {
    content.bound();
}

/// Bounds a page and its articles.
pub(crate) fn page(page: &mut Page) {
    cut_some(&mut page.site_name, NAME);
    page.articles.iter_mut().for_each(|article| content(&mut article.content));
}

/// Leaves out an address that is too long.
pub(crate) fn usable(address: &mut Option<Url>) {
    if address.as_ref().is_some_and(|address| address.as_str().len() > ADDRESS) {
        *address = None;
    }
}

/// For a field that has the same size in every record.
pub(super) fn fixed_size<T>(_: &mut T) {}

/// For the text: `commit::fit` cuts it together with the blocks that repeat it.
pub(super) fn in_fit(_: &mut Option<String>) {}

pub(super) fn names(all: &mut Vec<String>, most: usize) {
    all.truncate(most);
    for name in all {
        shorten(name, NAME);
    }
}

/// Bounds each item, and the number of items.
pub(super) fn list<T: Item>(all: &mut Vec<T>, most: usize) {
    all.retain_mut(Item::bound);
    all.truncate(most);
}

/// Bounds each item, one or many, and leaves none out.
pub(super) fn each<'a, T: Item + 'a>(all: impl IntoIterator<Item = &'a mut T>) {
    for item in all {
        item.bound();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::Image;

    #[test]
    fn text_is_cut_at_a_character_and_an_address_is_left_out_whole() {
        let mut read = Entry {
            title: Some("\u{645}".repeat(5_000)),
            link: Url::parse(&format!("https://news.example/{}", "a".repeat(ADDRESS))).ok(),
            content: Some("<p>".repeat(HTML)),
            language: Some("x".repeat(TOKEN + 1)),
            images: vec![
                Image { url: Some("i".repeat(ADDRESS + 1)), ..Image::default() },
                Image::default(),
            ],
            ..Entry::default()
        };
        entry(&mut read);
        assert_eq!(read.title.as_ref().map(String::len), Some(TITLE));
        assert_eq!((&read.link, &read.language, read.images.len()), (&None, &None, 1));
        assert_eq!((read.content.map(|content| content.len()), read.cut), (Some(HTML), true));
    }
}
