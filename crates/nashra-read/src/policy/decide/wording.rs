//! The wording of an edition: what a reader would call its title and text, as one fingerprint. Pure.
//!
//! A page changes more often than its article: a counter of comments or views goes up, the line that
//! says when it was updated changes, an advertisement or a link to another article comes or goes.
//! Lines that are nothing else are left out. They are told by their form first: they are short, and
//! numbers, dates and times of day are most of them. Words (`furniture.txt`) are asked where the
//! form alone would leave out what is news, as in a list of results.
//!
//! What must stay true: other white space, quotes, dashes, points, case or breaks of paragraphs are
//! the same wording; another word or another number in a sentence, or another headline, is not.

use std::sync::LazyLock;

use hashbrown::HashSet;

use crate::{
    base::hash::digest,
    dates::{partial, words},
    model::content::Content,
    text::{self, letters::Letter},
};

/// Characters of the longest line that may stand beside the text.
const LONGEST: usize = 90;
/// Words beside numbers and dates in the longest line that counts something, or that stands at an
/// end of the text.
const FEW: usize = 4;
/// The same for a line that says when the page was updated: it may name who did.
const SOME: usize = 6;
/// Lines at the beginning and at the end of a text that are told by their form alone.
const ENDS: usize = 2;

static FURNITURE: LazyLock<Furniture> = LazyLock::new(Furniture::load);

/// The words of lines beside the text, by what such a line does.
#[derive(Default)]
struct Furniture {
    counter: WordList,
    updated: WordList,
    share: WordList,
    related: WordList,
    ad: WordList,
}

/// Words, and those of scripts without spaces, which are looked for within a line.
#[derive(Default)]
struct WordList {
    words: HashSet<String>,
    within: Vec<String>,
}

impl Furniture {
    fn load() -> Self {
        let mut all = Self::default();
        for line in include_str!("furniture.txt").lines() {
            let Some((name, words)) = line.split_once(": ") else { continue };
            let list = match name {
                "counter" => &mut all.counter,
                "updated" => &mut all.updated,
                "share" => &mut all.share,
                "related" => &mut all.related,
                "ad" => &mut all.ad,
                _ => continue,
            };
            for word in words.split("; ") {
                let word = text::fold(word);
                if word.chars().any(is_unspaced) {
                    list.within.push(word.clone());
                }
                list.words.insert(word);
            }
        }
        all
    }
}

impl WordList {
    /// Whether a folded word is in the list, or a part of it where its script has no spaces.
    fn has(&self, word: &str) -> bool {
        self.words.contains(word)
            || word.chars().any(is_unspaced)
                && self.within.iter().any(|part| word.contains(part.as_str()))
    }
}

/// The fingerprint of an edition's wording.
#[must_use]
pub fn wording(content: &Content) -> u64 {
    let related: HashSet<String> = content
        .related
        .iter()
        .filter_map(|related| related.title.as_deref())
        .map(Folded::of)
        .filter(|title| !title.is_empty())
        .collect();
    let text = content.text.as_deref().unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut kept = Folded::with_capacity(text.len());
    for (index, line) in lines.iter().enumerate() {
        let is_end = index < ENDS || index + ENDS >= lines.len();
        let is_alone = lines.len() == 1;
        if is_alone || !stands_beside(line, is_end) {
            kept.add_unless(line, |folded| !is_alone && related.contains(folded));
        }
    }
    let title = Folded::of(content.title.as_deref().unwrap_or_default());
    u64::from_be_bytes(digest(&[title.as_bytes(), kept.out.as_bytes()]))
}

/// Whether a line stands beside the text and is no part of it. `is_end` is whether it is one of the
/// first or last lines.
fn stands_beside(line: &str, is_end: bool) -> bool {
    let furniture = &*FURNITURE;
    if let Some((head, _)) = line.split_once([':', '：', '|'])
        && head.chars().count() <= LONGEST / 3
        && furniture.related.words.contains(&text::fold(head))
    {
        return true;
    }
    if line.chars().nth(LONGEST).is_some() {
        return false;
    }
    let shape = Shape::of(line);
    if shape.words.is_empty() {
        // A number alone may be of a table, a date or a time is not.
        return shape.dated || shape.clock || is_end && shape.numbers > 0;
    }
    let ends_sentence =
        shape.words.len() > 2 && line.ends_with(['.', '!', '?', '。', '！', '？', '؟', '۔', '।']);
    if shape.numbers == 0 && !shape.dated {
        return shape.words.len() <= FEW
            && !ends_sentence
            && (furniture.ad.has(&text::fold(line)) || furniture.share.has(&shape.words[0]));
    }
    let has = |list: &WordList| shape.words.iter().any(|word| list.has(word));
    if ends_sentence {
        return false;
    }
    let counts = shape.words.len() <= FEW && !shape.exact && has(&furniture.counter);
    let updates = shape.words.len() <= SOME && has(&furniture.updated);
    let is_dateline = is_end && shape.words.len() <= FEW && shape.dated && shape.clock;
    counts || updates || is_dateline
}

/// What a short line consists of.
#[derive(Default)]
struct Shape {
    /// Its words that are neither numbers nor of dates, folded.
    words: Vec<String>,
    /// Its numbers beside dates.
    numbers: usize,
    /// Whether it has a date, or the name of a month or a day.
    dated: bool,
    /// Whether it has a time of day.
    clock: bool,
    /// Whether it has a number that no counter shows: a sum of money or a percentage.
    exact: bool,
}

impl Shape {
    fn of(line: &str) -> Self {
        let mut shape = Self { exact: line.contains(is_measure), ..Self::default() };
        let mut rest = String::with_capacity(line.len());
        let mut after = 0;
        for date in partial::find_all(line) {
            shape.dated = true;
            rest.push_str(&line[after..date.range.start]);
            rest.push(' ');
            after = date.range.end;
        }
        rest.push_str(&line[after..]);
        for word in rest.split(|c: char| c.is_whitespace() || "·•|/–—()[]«»،,".contains(c))
        {
            shape.add(word);
        }
        shape
    }

    fn add(&mut self, word: &str) {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        if bare.is_empty() {
            return;
        }
        if !bare.chars().any(|c| words::digit(c).is_some()) {
            if words::month(bare).is_some() || words::weekday(bare).is_some() {
                self.dated = true;
            } else {
                self.words.push(text::fold(bare));
            }
            return;
        }
        self.numbers += 1;
        let digits = words::ascii_digits(bare);
        self.clock |= is_clock(&digits);
        // What is written without a space: `1.2万阅读`, `14h30`, `3k`.
        let letters: String = bare.chars().filter(|c| c.is_alphabetic()).collect();
        if letters.chars().any(is_unspaced) || letters.chars().count() > 3 {
            self.words.push(text::fold(&letters));
        }
    }
}

/// Whether a word in ASCII digits is a time of day: `12:30`, `14h30`, `9.05`.
fn is_clock(word: &str) -> bool {
    let mut parts = word.split([':', 'h', '.', '：']);
    let number = |part: Option<&str>| part.filter(|part| part.len() <= 2)?.parse::<u8>().ok();
    let hour = number(parts.next());
    let minute = parts.next().map(|part| part.trim_end_matches(|c: char| !c.is_ascii_digit()));
    hour.is_some_and(|hour| hour < 25)
        && minute.is_some_and(|minute| minute.len() == 2 && number(Some(minute)) < Some(60))
}

/// Whether a sign says what a number measures.
fn is_measure(c: char) -> bool {
    matches!(c, '%' | '‰' | '°' | '٪' | '$' | '£' | '¢' | '¥' | '\u{20a0}'..='\u{20cf}')
}

/// Whether a script is written without spaces between its words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// A text as it is compared: letters and digits alone, in lower case and compatibility form. Unlike
/// [`text::fold`] it keeps what a number means: what stands between two digits, a minus, a measure.
#[derive(Default)]
struct Folded {
    out: String,
    last: Last,
}

/// What the text ends with so far.
#[derive(Clone, Copy, Default)]
struct Last {
    /// What stood between the last letter or digit and here.
    gap: Option<char>,
    digit: bool,
    minus: bool,
}

impl Folded {
    fn with_capacity(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes), ..Self::default() }
    }

    /// A text that is one line.
    fn of(line: &str) -> String {
        let mut folded = Self::with_capacity(line.len());
        folded.add(line);
        folded.out
    }

    /// Adds a line.
    fn add(&mut self, line: &str) {
        self.last.gap = Some(' ');
        text::nfkc(line, |c| self.push(c));
    }

    /// Adds a line, unless `leaves_out` says so of what it adds.
    fn add_unless(&mut self, line: &str, leaves_out: impl Fn(&str) -> bool) {
        let (length, last) = (self.out.len(), self.last);
        self.add(line);
        // Between digits at the end of one line and the beginning of the next there is a space.
        if leaves_out(self.out[length..].trim_start()) {
            self.out.truncate(length);
            self.last = last;
        }
    }

    #[inline]
    fn push(&mut self, c: char) {
        // Letters and spaces are nearly all of most texts.
        if c.is_ascii_alphabetic() {
            self.out.push(c.to_ascii_lowercase());
            self.last = Last::default();
        } else if c == ' ' {
            (self.last.gap, self.last.minus) = (Some(' '), false);
        } else {
            self.push_other(c);
        }
    }

    fn push_other(&mut self, c: char) {
        let letter = Letter::from_char(c);
        if !letter.is_alphanumeric() || c == '\u{640}' {
            if is_measure(c) {
                self.out.push(c);
            } else if !text::invisible(c) && c != '\u{640}' {
                self.last.minus = matches!(c, '-' | '−' | '–') && self.last.gap == Some(' ');
                let is_part = matches!(c, '.' | ',' | ':' | '/' | '٫' | '٬');
                self.last.gap = Some(if is_part && self.last.gap.is_none() { c } else { ' ' });
            }
            return;
        }
        let is_digit = c.is_numeric();
        if is_digit && self.last.minus {
            self.out.push('-');
        } else if is_digit && self.last.digit {
            self.out.extend(self.last.gap);
        }
        self.last = Last { gap: None, digit: is_digit, minus: false };
        if letter.is_small() {
            self.out.push(c);
        } else {
            self.out.extend(c.to_lowercase());
        }
    }
}

#[cfg(test)]
mod tests;
