//! The form of a line: how long it is, whether it reads like a sentence, and what else it may be.
//!
//! Nothing here depends on the place of the line. Words are looked up only where the form tells
//! nothing: for heads of lists of other articles, and for lines about rights.

use std::sync::LazyLock;

use hashbrown::{HashMap, HashSet};

use aho_corasick::AhoCorasick;

use super::{lines::Line, signs::Signs, weights::W};
use crate::{
    dates::{partial, words},
    read::credits::{byline, caption},
    text,
};

/// The longest line that may be a date, a byline or an address, in units.
const SHORT: f32 = 14.0;
/// The longest caption, in units.
const MAX_CAPTION: f32 = 60.0;
/// The prose value from which on a line counts as a paragraph.
pub(super) const PROSE: f32 = 0.5;
/// The prose value from which on a line is kept within a text.
pub(super) const SENTENCE: f32 = 0.3;

static RELATED: LazyLock<HashSet<&'static str>> = LazyLock::new(|| table("related").collect());
static OTHER: LazyLock<HashSet<&'static str>> = LazyLock::new(|| table("other").collect());
static NEXT: LazyLock<HashSet<&'static str>> = LazyLock::new(|| table("next").collect());
static SERVICE: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().build(table("service")).ok());
static LEGAL: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().build(table("legal")).ok());

fn table(kind: &'static str) -> impl Iterator<Item = &'static str> {
    text::listed(include_str!("words.txt"), kind)
}

/// What a line may be besides text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineKind {
    /// Text of any kind: a paragraph, a headline, an item of a menu.
    Text,
    /// A line with hardly a letter in it.
    Mark,
    /// A date or a time and little else.
    Date,
    /// A byline, by its words.
    Byline,
    /// A caption with its credit, or a credit alone, by its form.
    Caption,
    /// A line about rights.
    Legal,
    /// An address of the web.
    Link,
    /// The head of the list of related articles.
    Related,
    /// The head of another list, or of what follows an article.
    Other,
    /// A line that announces another article.
    Next,
}

/// The form of a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LineForm {
    /// What the line may be besides text.
    pub(super) kind: LineKind,
    /// Its length in words; two ideographs count as one, four letters of Thai and its like as well.
    pub(super) units: f32,
    /// The prose value, from 0 to 1: how much it reads like a paragraph or a sentence of running
    /// text.
    pub(super) prose: f32,
    /// Whether it ends as a statement does: with a full stop, not with a question mark.
    pub(super) stops: bool,
    /// Whether a sentence ends within it and the line goes on: captions do that, with a name
    /// behind.
    pub(super) broken: bool,
    /// The number of lines of the page with the same text, this one included.
    pub(super) times: u32,
}

impl LineForm {
    /// Whether it could be a headline, of this article or another.
    pub(super) fn is_headline(&self) -> bool {
        self.kind == LineKind::Text
            && !self.stops
            && (3.0..=32.0).contains(&self.units)
            && self.prose < 0.75
    }

    /// Whether it reads like a paragraph.
    pub(super) fn is_prose(&self) -> bool {
        self.prose >= PROSE
    }
}

/// The forms of all lines.
pub(super) fn classify_lines(lines: &[Line]) -> Vec<LineForm> {
    let mut times: HashMap<&str, u32> = HashMap::with_capacity(lines.len());
    for line in lines {
        *times.entry(line.text.as_str()).or_default() += 1;
    }
    lines
        .iter()
        .map(|line| form(line, times.get(line.text.as_str()).copied().unwrap_or(1)))
        .collect()
}

fn form(line: &Line, times: u32) -> LineForm {
    let text = line.text.as_str();
    let signs = Signs::find(text);
    let kind = kind(text, &signs);
    let mut prose = signs.prose();
    if signs.ellipsis && !text.starts_with(['"', '“', '«', '„', '「']) {
        // A teaser that was cut.
        prose *= 0.4;
    }
    prose *= match kind {
        LineKind::Text => 1.0,
        LineKind::Caption => 0.25,
        _ => 0.2,
    };
    if times > 1 {
        prose *= 0.35;
    }
    if prose >= SENTENCE && is_service(text, signs.units) {
        prose *= W.service;
    }
    if line.bullet {
        prose *= 0.8;
    }
    LineForm {
        kind,
        units: signs.units,
        prose,
        stops: text.ends_with(['.', '。', '।', '۔', '։', '።']) && !signs.ellipsis,
        broken: signs.sentences > 0 && !signs.ends,
        times,
    }
}

/// Whether a sentence is about the site and its offers: two of their words, or one in a short line.
pub(super) fn is_service(text: &str, units: f32) -> bool {
    const SHORT: f32 = 25.0;
    const LONG: f32 = 90.0;
    if units > LONG {
        return false;
    }
    let lower = text::lower(text);
    let mut found = SERVICE
        .iter()
        .flat_map(|service| service.find_iter(lower.as_ref()))
        .map(|found| found.pattern());
    found.next().is_some_and(|first| units <= SHORT || found.any(|found| found != first))
}

fn kind(text: &str, signs: &Signs) -> LineKind {
    // `[photo-1]` and `[      ]` stand for pictures and fields in w3m.
    let field =
        text.starts_with('[') && text.ends_with(']') && !text.contains(". ") && signs.units <= 8.0;
    if signs.letters < 2 && signs.units <= SHORT || field {
        return if signs.digits > 0 && is_date(text) { LineKind::Date } else { LineKind::Mark };
    }
    if signs.units <= MAX_CAPTION && is_legal(text, signs) {
        return LineKind::Legal;
    }
    if signs.units <= SHORT {
        let lower = text.trim_matches([
            ' ', ':', '：', '»', '«', '【', '】', '>', '›', '…', '■', '●', '▼', '▶', '!',
        ]);
        let lower = text::lower(lower);
        // `İ` is an `i` with a point of its own.
        let lower = lower.replace("i\u{307}", "i");
        // `12 comments`, `Comments (3)`.
        let lower = lower.trim_matches(|c: char| {
            c.is_numeric() || matches!(c, ' ' | '(' | ')' | '[' | ']' | '（' | '）' | '+')
        });
        if RELATED.contains(lower) {
            return LineKind::Related;
        }
        if OTHER.contains(lower) {
            return LineKind::Other;
        }
        if NEXT.contains(lower) {
            return LineKind::Next;
        }
        if signs.digits > 0 && is_date(text) {
            return LineKind::Date;
        }
        if byline::is_byline(text) {
            return LineKind::Byline;
        }
    }
    if signs.units <= MAX_CAPTION && caption::credit_sign(text) >= Some(caption::CreditSign::Agency)
    {
        return LineKind::Caption;
    }
    if signs.units <= SHORT && is_link(text) {
        return LineKind::Link;
    }
    LineKind::Text
}

/// Whether a line is a time, a weekday or a date, with little else.
fn is_date(text: &str) -> bool {
    if text.chars().count() > 90 {
        return false;
    }
    let digits = words::ascii_digits(text);
    let bytes = digits.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    // `09:30`.
    let time = |at: usize| {
        matches!(bytes[at], b':')
            && at > 0
            && digit(at - 1)
            && digit(at + 1)
            && digit(at + 2)
            && !digit(at + 3)
    };
    if (0..bytes.len()).any(time) {
        return true;
    }
    if let Some(found) = partial::find_all(text).first() {
        let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
        let others = letters(text) - letters(&text[found.range.clone()]);
        // `Seit Mai 2022 Chef des Hauses` is a headline, `Kyiv in the third winter of the war, 24
        // April 2023` a caption.
        return others <= if found.day().is_some() { 30 } else { 4 }
            || digits.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).count()
                >= 4;
    }
    let all_digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    // `April 10, 20233 years ago, 142 views` was glued together.
    let most = if all_digits >= 5 { 24 } else { 0 };
    let mut rest = text;
    let (mut named, mut others) = (false, 0);
    // `Feb. 27`, `10 فبراير`: no year, but nothing else either.
    while let Some(at) = rest.find(char::is_alphabetic) {
        rest = &rest[at..];
        if let Some(length) = words::month_at(rest)
            .map(|month| month.1)
            .or_else(|| words::weekday_at(rest).map(|weekday| weekday.1))
        {
            (named, rest) = (true, &rest[length..]);
        } else {
            let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            (others, rest) = (others + end, &rest[end..]);
            if others > most {
                return false;
            }
        }
    }
    named
}

fn is_legal(text: &str, signs: &Signs) -> bool {
    if text.contains(['©', 'ⓒ']) {
        // `© AFP` is a credit, `© 2020 News Ltd` is none.
        return signs.digits >= 4 || signs.units > 8.0 && caption::credit_sign(text).is_none();
    }
    signs.units <= 40.0 && {
        let lower = text::lower(text);
        LEGAL.as_ref().is_some_and(|legal| legal.is_match(lower.as_ref()))
    }
}

fn is_link(text: &str) -> bool {
    // `Harbour-News.com`
    let name = !text.contains(' ')
        && text.rsplit_once('.').is_some_and(|(host, end)| {
            !host.is_empty()
                && (2..=6).contains(&end.len())
                && end.bytes().all(|byte| byte.is_ascii_lowercase())
        });
    name || text.contains("http://")
        || text.contains("https://")
        || text.contains("www.")
        || text.contains('@') && !text.contains(" @ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classify(text: &str) -> LineForm {
        form(&Line { text: text.to_owned(), blank: 0, bullet: false }, 1)
    }

    #[test]
    fn sentences_read_like_prose_in_every_script_and_headlines_do_not() {
        for text in [
            "The harbour of the old town was opened again on Monday, three days after the storm had passed.",
            "أعلنت وزارة الصحة اليوم عن افتتاح مركز طبي جديد في المدينة الساحلية بحضور عدد من المسؤولين والأهالي.",
            "港口在周一重新开放，此前风暴造成的损失已经全部修复，渔民们表示非常高兴，市长感谢了所有人。",
            "เมืองท่าเก่าได้เปิดให้บริการอีกครั้งในวันจันทร์หลังจากพายุผ่านไปสามวันและเรือลำสุดท้ายถูกยกขึ้นมา",
        ] {
            assert!(classify(text).is_prose(), "{text}: {:?}", classify(text));
        }
        for text in [
            "Harbour reopens after the storm",
            "إعادة فتح الميناء بعد العاصفة",
            "风暴过后港口重新开放",
            "News",
            "Read the latest stories from the harbour and…",
        ] {
            assert!(!classify(text).is_prose(), "{text}: {:?}", classify(text));
        }
    }

    #[test]
    fn lines_that_are_something_else_are_known_by_their_form() {
        for (text, kind) in [
            ("05. Juni 2025", LineKind::Date),
            ("15:44 Uhr", LineKind::Date),
            ("2020-12-25", LineKind::Date),
            ("الأربعاء، 07 أكتوبر 2020 - 12:09 م", LineKind::Date),
            ("Feb. 27", LineKind::Date),
            ("0", LineKind::Mark),
            ("[photo-940x593]", LineKind::Mark),
            ("By Ann Lee", LineKind::Byline),
            ("Ministers in Paris (AFP)", LineKind::Caption),
            ("© 2020 News Ltd", LineKind::Legal),
            ("news@example.org", LineKind::Link),
            ("Mehr zum Thema:", LineKind::Related),
            ("تعليقات", LineKind::Other),
            ("Seven people were hurt in May", LineKind::Text),
        ] {
            assert_eq!(classify(text).kind, kind, "{text}");
        }
    }
}
