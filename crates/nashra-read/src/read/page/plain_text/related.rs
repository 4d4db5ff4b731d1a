//! Finds the page's own list of related articles under its head, item by item.
//!
//! An item is a headline with, in any of these, a section and a caption before it, and a teaser and
//! a writer behind it. What repeats within an item is printed twice; a blank line mostly parts one
//! item from the next.

use std::{ops::Range, sync::LazyLock};

use hashbrown::{HashMap, HashSet};

use super::{
    PlainTextPage,
    form::{LineForm, LineKind, SENTENCE},
    split::ArticleSpan,
};
use crate::{
    model::record::Related,
    read::credits::{byline, caption},
};

/// The most lines under a head that belong to its list.
const MAX_LINES: usize = 80;
/// The most items of one page.
const MAX_ITEMS: usize = 60;
/// The number of lines of one word in a row that are a menu.
const MENU: usize = 4;
/// The longest teaser, in words.
const MAX_SUMMARY: f32 = 90.0;

static SECTIONS: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
    let lines = include_str!("sections.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| line.split("; ")).map(|words| (words, words.split(' ').count())).collect()
});

/// The related list of an article: in its gaps, and behind it up to `end`.
pub(super) fn find(text_page: &PlainTextPage, span: &ArticleSpan, end: usize) -> Vec<Related> {
    let mut items: Vec<Related> = Vec::new();
    for range in span.gaps.iter().cloned().chain(std::iter::once(span.body.end..end)) {
        let heads = range
            .clone()
            .filter(|range| text_page.forms[*range].kind == LineKind::Related)
            .collect::<Vec<_>>();
        for (at, head) in heads.iter().enumerate() {
            let end = heads.get(at + 1).copied().unwrap_or(range.end).min(head + 1 + MAX_LINES);
            items.extend(list(text_page, head + 1..end));
        }
    }
    let mut titles: HashSet<String> = HashSet::new();
    items.retain(|item| item.title.as_ref().is_some_and(|title| titles.insert(title.clone())));
    items.truncate(MAX_ITEMS);
    items
}

/// What a line is within an item.
#[derive(Debug)]
enum LineRole {
    Section(String),
    Caption,
    Title,
    Summary,
    Writer,
    Nothing,
    /// The end of the list.
    End,
}

fn list(text_page: &PlainTextPage, range: Range<usize>) -> Vec<Related> {
    let mut reader = Reader {
        text_page,
        range: range.clone(),
        items: Vec::new(),
        item: Related::default(),
        short: 0,
    };
    for line in range {
        let role = reader.role(line);
        let text = text_page.lines[line].text.as_str();
        match role {
            LineRole::Section(name) => {
                reader.begin();
                reader.item.section = Some(name);
            }
            LineRole::Caption => reader.caption(line),
            LineRole::Title if reader.item.title.as_deref() == Some(text) => {}
            LineRole::Title => {
                if reader.item.title.is_some() {
                    reader.begin();
                }
                reader.item.title = Some(text.to_owned());
            }
            LineRole::Summary => reader.item.summary = Some(text.to_owned()),
            LineRole::Writer => {
                if let Some(writer) = byline::parse(text).into_iter().next() {
                    (reader.item.byline, reader.item.place) = (Some(writer.name), writer.place);
                }
            }
            LineRole::Nothing => {}
            LineRole::End => break,
        }
    }
    reader.begin();
    reader.items
}

struct Reader<'a> {
    text_page: &'a PlainTextPage,
    range: Range<usize>,
    items: Vec<Related>,
    item: Related,
    /// The number of very short lines in a row.
    short: usize,
}

impl Reader<'_> {
    /// Adds the finished item to the list, and begins the next.
    fn begin(&mut self) {
        if self.item.title.is_some() {
            self.items.push(std::mem::take(&mut self.item));
        }
    }

    fn form(&self, line: usize) -> Option<&LineForm> {
        self.range.contains(&line).then(|| &self.text_page.forms[line])
    }

    fn role(&mut self, at: usize) -> LineRole {
        let (line, form) = (&self.text_page.lines[at], &self.text_page.forms[at]);
        let text = line.text.as_str();
        if let Some(role) = self.role_of_kind(form.kind) {
            return role;
        }
        if SECTIONS.contains_key(text.to_lowercase().as_str()) {
            return LineRole::Section(text.to_owned());
        }
        if form.units < 3.0 && !text.ends_with('?') {
            return self.role_of_few_words(text);
        }
        self.short = 0;
        if form.kind == LineKind::Caption
            || form.units >= 4.0
                && caption::credit_sign(text).is_some()
                && !self.is_repeated_title(text)
        {
            return LineRole::Caption;
        }
        let name = self.item.title.is_some()
            && self.item.byline.is_none()
            && byline::looks_like_name(text)
            && form.units <= 4.0;
        if name
            && line.blank > 0
            && text.contains(' ')
            && self.form(at + 1).is_none_or(|form| form.units > 4.0)
            && self.item.summary.is_some()
        {
            return LineRole::Writer;
        }
        if self.item.title.is_some() && self.item.summary.is_none() && self.is_summary(at) {
            return LineRole::Summary;
        }
        let pictured = self.item.image.is_some() && self.item.title.is_none();
        if !pictured && self.is_caption(at) {
            LineRole::Caption
        } else if form.units <= 40.0 {
            LineRole::Title
        } else {
            LineRole::Nothing
        }
    }

    /// The role of lines that are of their kind wherever they stand.
    fn role_of_kind(&self, kind: LineKind) -> Option<LineRole> {
        match kind {
            LineKind::Legal | LineKind::Other | LineKind::Next | LineKind::Related => {
                Some(LineRole::End)
            }
            LineKind::Byline if self.item.title.is_some() => Some(LineRole::Writer),
            LineKind::Mark | LineKind::Date | LineKind::Link | LineKind::Byline => {
                Some(LineRole::Nothing)
            }
            _ => None,
        }
    }

    /// The role of a line of hardly a word: a writer's name, or a part of a menu.
    fn role_of_few_words(&mut self, text: &str) -> LineRole {
        self.short += 1;
        let name = byline::looks_like_name(text)
            && text.contains(' ')
            && self.item.title.is_some()
            && self.item.byline.is_none();
        if self.short >= MENU {
            LineRole::End
        } else if name {
            LineRole::Writer
        } else {
            LineRole::Nothing
        }
    }

    fn is_repeated_title(&self, text: &str) -> bool {
        self.item.title.as_deref() == Some(text)
    }

    /// A sentence behind a headline, unless it begins the next item.
    fn is_summary(&self, at: usize) -> bool {
        let (line, form) = (&self.text_page.lines[at], &self.text_page.forms[at]);
        let cut = line.text.ends_with('…') || line.text.ends_with("...");
        let sentence = form.prose >= SENTENCE || form.units > 32.0;
        let behind = self.text_page.lines.get(at + 1).filter(|_| self.range.contains(&(at + 1)));
        // Apart from the item before, and together with a headline behind it: the next item's
        // caption.
        let begins = line.blank > 0
            && behind.is_some_and(|behind| behind.blank == 0)
            && self.form(at + 1).is_some_and(LineForm::is_headline);
        // Longer than its headline, and a writer or the next picture behind it.
        let closes = matches!(
            self.form(at + 1).map(|form| form.kind),
            Some(LineKind::Byline | LineKind::Caption)
        ) && self.item.image.is_some();
        let title = self.item.title.as_ref().map_or(0, String::len);
        form.units <= MAX_SUMMARY
            && !begins
            && (sentence
                || cut
                || line.blank == 0 && form.units > 16.0
                || closes && line.text.len() > title)
    }

    /// A sentence right before a headline, or a longer line in one block with it.
    fn is_caption(&self, at: usize) -> bool {
        let (form, Some(next)) = (&self.text_page.forms[at], self.form(at + 1)) else {
            return false;
        };
        let together = self.text_page.lines[at + 1].blank == 0;
        let teased = self.form(at + 2).is_some_and(|form| form.prose >= SENTENCE)
            || self.text_page.lines.get(at + 2).is_none_or(|line| line.blank > 0);
        let headline = next.is_headline()
            || next.kind == LineKind::Text
                && next.units >= 3.0
                && next.units <= 32.0
                && next.prose <= 0.5;
        headline
            && (form.prose >= SENTENCE && form.units > 6.0
                || together && teased && form.units > 1.25 * next.units && form.prose >= 0.1)
    }

    fn caption(&mut self, at: usize) {
        let (section, text) = sectioned(&self.text_page.lines[at].text);
        let image = caption::parse(text);
        // The headline was printed before its caption and comes again behind it.
        let again = self.range.contains(&(at + 1))
            && self.item.title.as_deref() == Some(self.text_page.lines[at + 1].text.as_str());
        if self.item.title.is_some() && !again {
            self.begin();
        }
        if self.item.image.is_none() {
            self.item.image = Some(image);
        }
        self.item.section = self.item.section.take().or_else(|| section.map(str::to_owned));
    }
}

/// A section's name that was glued to the front of a caption, and the caption.
fn sectioned(text: &str) -> (Option<&str>, &str) {
    let mut best = None;
    for (words, (at, _)) in (1..=4).zip(text.match_indices(' ')) {
        // A name of several words is no accident; `World leaders meet` begins with one of one.
        if SECTIONS.get(text[..at].to_lowercase().as_str()).is_some_and(|section| *section == words)
        {
            best = Some((&text[..at], text[at..].trim_start()));
        }
    }
    match best {
        Some((section, rest)) if !rest.starts_with(char::is_lowercase) => (Some(section), rest),
        _ => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_before_a_caption_is_told_from_it() {
        assert_eq!(
            sectioned("الولايات المتحدة نائب الرئيس يتحدث"),
            (Some("الولايات المتحدة"), "نائب الرئيس يتحدث")
        );
        assert_eq!(
            sectioned("Europe Soldiers at the border"),
            (Some("Europe"), "Soldiers at the border")
        );
        assert_eq!(sectioned("World leaders meet"), (None, "World leaders meet"));
    }
}
