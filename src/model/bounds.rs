//! How long each field of a record may be, in bytes of UTF-8: one table for feeds, pages, listings and messages, used where
//! they are read, so that what waits in the queue is small as well.
//!
//! What must stay true: what `commit::fit` leaves of a record at last fits at these bounds, so no source can make one that the
//! sink refuses for its size. An address is left out rather than cut: half of one leads elsewhere.

use url::Url;

use super::record::{Block, Content, Enclosure, Image, Related, Source};
use crate::model::{
    entry::{Entry, Feed},
    page::Page,
};

/// An address, or an id that a source gives; browsers and servers take no more.
pub(crate) const ADDRESS: usize = 4_096;
/// A headline.
pub(crate) const TITLE: usize = 2_000;
/// What went wrong, in words.
pub(crate) const ERROR: usize = 2_000;
/// The deck.
const SUBTITLE: usize = 4_000;
/// A short description.
const SUMMARY: usize = 20_000;
/// A section, a keyword, a writer, a place, a credit, the name of a source.
const NAME: usize = 500;
/// What stands under a picture.
const CAPTION: usize = 4_000;
/// A language, a media type, a time: all that is longer is none.
const TOKEN: usize = 128;
/// HTML that an entry carries; a text has at most [`TEXT`], and markup around it.
const HTML: usize = 2 << 20;
/// A text; blocks repeat it.
pub(crate) const TEXT: usize = 400_000;

const KEYWORDS: usize = 100;
const WRITERS: usize = 50;
const NOTES: usize = 20;
const IMAGES: usize = 50;
const ENCLOSURES: usize = 50;
const RELATED: usize = 100;
const UPDATES: usize = 1_000;
const TAGS: usize = 100;

/// Cut at a character.
pub(crate) fn cut(mut text: String, limit: usize) -> String {
    shorten(&mut text, limit);
    text
}

fn shorten(text: &mut String, limit: usize) {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
        text.shrink_to_fit();
    }
}

fn each(text: &mut Option<String>, limit: usize) {
    if let Some(text) = text {
        shorten(text, limit);
    }
}

/// What is of no use when it is cut.
fn whole(text: &mut Option<String>, limit: usize) {
    if text.as_ref().is_some_and(|it| it.len() > limit) {
        *text = None;
    }
}

/// Who listed it. Its id and address are the operator's.
pub(crate) fn source(it: &mut Source) {
    each(&mut it.name, NAME);
    it.tags.truncate(TAGS);
    it.tags.iter_mut().for_each(|it| shorten(it, NAME));
}

/// What a feed, a listing or a sitemap says.
pub(crate) fn feed(it: &mut Feed) {
    each(&mut it.title, NAME);
    whole(&mut it.language, TOKEN);
    it.entries.iter_mut().for_each(entry);
}

/// What it says of one entry.
pub(crate) fn entry(it: &mut Entry) {
    each(&mut it.title, TITLE);
    each(&mut it.summary, HTML);
    if let Some(content) = it.content.as_mut().filter(|it| it.len() > HTML) {
        shorten(content, HTML);
        it.cut = true;
    }
    names(&mut it.authors, WRITERS);
    names(&mut it.categories, KEYWORDS);
    each(&mut it.date_note, NAME);
    whole(&mut it.language, TOKEN);
    usable(&mut it.link);
    usable(&mut it.base);
    images(&mut it.images);
    enclosures(&mut it.enclosures);
}

/// What a page or an entry says, cleaned.
pub(crate) fn content(it: &mut Content) {
    each(&mut it.title, TITLE);
    each(&mut it.subtitle, SUBTITLE);
    each(&mut it.summary, SUMMARY);
    each(&mut it.section, NAME);
    names(&mut it.keywords, KEYWORDS);
    names(&mut it.agencies, KEYWORDS);
    names(&mut it.date_notes, NOTES);
    whole(&mut it.language, TOKEN);
    whole(&mut it.script, TOKEN);
    it.bylines.truncate(WRITERS);
    for byline in &mut it.bylines {
        shorten(&mut byline.name, NAME);
        each(&mut byline.place, NAME);
    }
    images(&mut it.images);
    enclosures(&mut it.enclosures);
    it.related.truncate(RELATED);
    it.related.iter_mut().for_each(related);
    it.updates.truncate(UPDATES);
    for update in &mut it.updates {
        whole(&mut update.time, NAME);
        each(&mut update.title, TITLE);
        whole(&mut update.url, ADDRESS);
    }
    it.blocks.retain(|block| !matches!(block, Block::Embed { url } if url.len() > ADDRESS));
    for block in &mut it.blocks {
        if let Block::Image(it) = block {
            image(it);
        }
    }
}

/// What a page says.
pub(crate) fn page(it: &mut Page) {
    each(&mut it.site_name, NAME);
    it.articles.iter_mut().for_each(|it| content(&mut it.content));
}

pub(crate) fn usable(address: &mut Option<Url>) {
    if address.as_ref().is_some_and(|it| it.as_str().len() > ADDRESS) {
        *address = None;
    }
}

fn names(all: &mut Vec<String>, most: usize) {
    all.truncate(most);
    for it in all {
        shorten(it, NAME);
    }
}

fn images(all: &mut Vec<Image>) {
    all.retain(|it| it.url.as_ref().is_none_or(|it| it.len() <= ADDRESS));
    all.truncate(IMAGES);
    all.iter_mut().for_each(image);
}

fn image(it: &mut Image) {
    whole(&mut it.url, ADDRESS);
    each(&mut it.caption, CAPTION);
    each(&mut it.credit, NAME);
    whole(&mut it.taken, TOKEN);
}

fn enclosures(all: &mut Vec<Enclosure>) {
    all.retain(|it| it.url.len() <= ADDRESS);
    all.truncate(ENCLOSURES);
    for it in all {
        whole(&mut it.media_type, TOKEN);
    }
}

fn related(it: &mut Related) {
    each(&mut it.title, TITLE);
    whole(&mut it.url, ADDRESS);
    each(&mut it.section, NAME);
    each(&mut it.summary, SUBTITLE);
    each(&mut it.byline, NAME);
    each(&mut it.place, NAME);
    if let Some(it) = &mut it.image {
        image(it);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_a_character_and_an_address_is_left_out_whole() {
        let mut read = Entry {
            title: Some("\u{645}".repeat(5_000)),
            link: Url::parse(&format!("https://news.example/{}", "a".repeat(ADDRESS))).ok(),
            content: Some("<p>".repeat(HTML)),
            language: Some("x".repeat(TOKEN + 1)),
            images: vec![Image { url: Some("i".repeat(ADDRESS + 1)), ..Image::default() }, Image::default()],
            ..Entry::default()
        };
        entry(&mut read);
        assert_eq!(read.title.as_ref().map(String::len), Some(TITLE));
        assert_eq!((&read.link, &read.language, read.images.len()), (&None, &None, 1));
        assert_eq!((read.content.map(|it| it.len()), read.cut), (Some(HTML), true));
    }
}
