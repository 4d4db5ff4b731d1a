//! Measures the form of an address: how deep it is, how many words its last part has, dates,
//! numbers and identifiers in it, its ending, and its shape, by which the addresses of one page are
//! compared.
//!
//! The only words that are known are the names that the web uses for kinds of pages (`tag`,
//! `author`, `login`); the model decides what they weigh.

use url::Url;

use super::words;

/// The most path segments that are read; further ones only count.
const MAX_SEGMENTS: usize = 16;

/// What the form of an address tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct AddressForm {
    /// The number of path segments.
    pub(super) depth: u32,
    /// Characters of the last segment that has letters or digits.
    pub(super) last_len: u32,
    /// Words of the segment that has most of them.
    pub(super) words: u32,
    /// Digits in the longest run in path and query.
    pub(super) digits: u32,
    /// 0: no date; 1: year and month; 2: a day.
    pub(super) date: u32,
    /// 0: no ending; 1: of a document; 2: of a script; 3: another; 4: of a file.
    pub(super) ending: u32,
    /// The number of parameters of the query.
    pub(super) parameters: u32,
    /// Whether a parameter of the query is a number.
    pub(super) number_parameter: bool,
    /// Whether a segment mixes letters and digits, as identifiers do.
    pub(super) mixed_id: bool,
    /// The number of segments that name a hub.
    pub(super) hubs: u32,
    /// The number of segments that name another medium.
    pub(super) media: u32,
    /// The number of segments and parameters that name an article.
    pub(super) articles: u32,
    /// The number of words within segments that name a hub or another medium.
    pub(super) hub_words: u32,
    /// Whether it is the address of a file or of an advertisement server, and so of no article.
    pub(super) no_page: bool,
    /// Characters of path and query.
    pub(super) len: u32,
    /// A hash that is equal for addresses of the same form.
    pub(super) shape: u64,
    /// A hash that is equal for addresses in the same folder.
    pub(super) folder: u64,
    /// A hash that is equal for addresses with the same first segment.
    pub(super) head: u64,
}

/// Measures the form of an address.
pub(super) fn form(url: &Url) -> AddressForm {
    let mut form = AddressForm {
        len: small(url.path().len() + url.query().map_or(0, str::len)),
        ..AddressForm::default()
    };
    let mut shape = Hash::new();
    form.read_path(url, &mut shape);
    form.read_host(url);
    shape.byte(b'0' + u8::try_from(form.ending).unwrap_or(3));
    form.read_query(url, &mut shape);
    form.shape =
        Hash::join(Hash::join(shape.0, u64::from(form.hubs > 0)), u64::from(form.media > 0));
    form
}

impl AddressForm {
    /// Reads the segments of the path; each adds its class to the shape.
    fn read_path(&mut self, url: &Url, shape: &mut Hash) {
        let mut years = None;
        let host = url.host_str().unwrap_or_default();
        let site = Hash::of_word(host.trim_start_matches("www.").as_bytes());
        (self.folder, self.head) = (site, site);
        let segments = url.path().split('/').filter(|part| !part.is_empty());
        let mut previous: Option<&str> = None;
        for (index, segment) in segments.enumerate() {
            self.depth += 1;
            if index >= MAX_SEGMENTS {
                continue;
            }
            if let Some(previous) = previous {
                self.folder = Hash::join(self.folder, Hash::of_word(previous.as_bytes()));
                if index == 1 {
                    self.head = self.folder;
                }
            }
            previous = Some(segment);
            let part = SegmentCounts::new(segment);
            self.words = self.words.max(part.words);
            self.digits = self.digits.max(part.digits);
            self.mixed_id |= part.mixed;
            self.hub_words += part.hubs;
            if part.letters + part.digits > 0 {
                self.last_len = part.letters + part.all_digits;
            }
            self.date = self.date.max(part.date).max(dated_path(&mut years, segment));
            if let Some(name) = name_of(segment) {
                self.hubs += u32::from(words::is_hub(name));
                self.media += u32::from(words::is_medium(name));
                self.articles += u32::from(words::is_article(name));
            }
            shape.byte(part.class());
        }
        self.ending = previous.map_or(0, ending);
        self.no_page = self.ending == 4 || words::is_ad_server(host);
    }

    /// Reads the labels of the host before the domain.
    fn read_host(&mut self, url: &Url) {
        let labels = url.host_str().unwrap_or_default().split('.').rev().skip(2);
        for label in labels.filter(|label| *label != "www") {
            self.hubs += u32::from(words::is_hub(label));
            self.media += u32::from(words::is_medium(label));
        }
    }

    /// Reads the parameters of the query; each adds its name to the shape.
    fn read_query(&mut self, url: &Url, shape: &mut Hash) {
        let pairs = url.query().unwrap_or_default().split('&');
        for pair in pairs.filter(|pair| !pair.is_empty()).take(MAX_SEGMENTS) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.parameters += 1;
            self.number_parameter |=
                value.len() >= 2 && value.bytes().all(|byte| byte.is_ascii_digit());
            let part = SegmentCounts::new(value);
            self.digits = self.digits.max(part.digits);
            self.words = self.words.max(part.words);
            self.mixed_id |= part.mixed;
            self.articles += u32::from(words::is_article(name));
            self.hubs += u32::from(words::is_hub(name));
            shape.word(name.as_bytes());
        }
    }
}

/// A segment without its ending, where it may be a name.
fn name_of(segment: &str) -> Option<&str> {
    let name = segment.split(['.', ';', ':']).next().unwrap_or(segment);
    (name.len() <= 16 && !name.is_empty()).then_some(name)
}

fn ending(segment: &str) -> u32 {
    match segment.rsplit_once('.') {
        Some((
            _,
            "html" | "htm" | "shtml" | "xhtml" | "dhtml" | "story" | "article" | "ece" | "cms",
        )) => 1,
        Some((_, "php" | "asp" | "aspx" | "jsp" | "cfm" | "do" | "cgi" | "pl")) => 2,
        Some((_, suffix)) if words::is_file(suffix) => 4,
        Some((_, suffix))
            if (1..=5).contains(&suffix.len())
                && suffix.bytes().all(|byte| byte.is_ascii_alphabetic()) =>
        {
            3
        }
        _ => 0,
    }
}

/// Whether the segments `2026`, `11`, `20` in a row make a date.
fn dated_path(years: &mut Option<u32>, segment: &str) -> u32 {
    let number = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten()
    };
    let month_name = segment.len() == 3 && segment.bytes().all(|byte| byte.is_ascii_alphabetic());
    match (*years, number(segment)) {
        (None | Some(0), Some(year)) if segment.len() == 4 && (1990..2100).contains(&year) => {
            *years = Some(1);
        }
        (Some(1), Some(month)) if (1..=12).contains(&month) && segment.len() <= 2 => {
            *years = Some(2);
        }
        (Some(1), None) if month_name => *years = Some(2),
        (Some(1), Some(month_day))
            if segment.len() == 4
                && (1..=12).contains(&(month_day / 100))
                && (1..=31).contains(&(month_day % 100)) =>
        {
            *years = Some(3);
        }
        (Some(2), Some(day)) if (1..=31).contains(&day) && segment.len() <= 2 => *years = Some(3),
        (Some(2 | 3), _) => {}
        _ => *years = None,
    }
    years.map_or(0, |year| year.saturating_sub(1))
}

/// The words, letters and digits of one segment of a path or one value of a query.
#[derive(Debug, Default)]
struct SegmentCounts {
    words: u32,
    letters: u32,
    /// The longest run of digits.
    digits: u32,
    all_digits: u32,
    mixed: bool,
    date: u32,
    /// Words that name a hub or another medium, where there are others.
    hubs: u32,
}

impl SegmentCounts {
    fn new(segment: &str) -> Self {
        let mut part = Self::default();
        let stem = match segment.rsplit_once('.') {
            Some((stem, end))
                if (1..=5).contains(&end.len())
                    && end.bytes().all(|byte| byte.is_ascii_alphabetic()) =>
            {
                stem
            }
            _ => segment,
        };
        let decoded = decode(stem);
        let mut run = 0;
        for word in decoded.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
            let (mut letters, mut digits, mut turns, mut wide) = (0, 0, 0_u32, 0);
            let mut digit_before = None;
            for c in word.chars() {
                let digit = c.is_numeric();
                turns += u32::from(digit_before.is_some_and(|digit_before| digit_before != digit));
                digit_before = Some(digit);
                run = if digit { run + 1 } else { 0 };
                part.digits = part.digits.max(run);
                letters += u32::from(!digit);
                digits += u32::from(digit);
                wide += u32::from(is_wide(c));
            }
            run = 0;
            part.letters += letters;
            part.all_digits += digits;
            let mixed =
                digits > 0 && letters > 0 && (turns >= 2 || digits >= 3) && letters + digits >= 6;
            part.mixed |= mixed;
            // A word of a script without spaces has about two characters.
            part.hubs += u32::from(
                word.len() < decoded.len() && (words::is_hub(word) || words::is_medium(word)),
            );
            part.words += if wide > 1 { wide / 2 } else { u32::from(letters >= 2 && !mixed) };
        }
        part.date = dated(stem);
        part
    }

    /// The class of the segment: one byte that is equal for segments of the same form.
    fn class(&self) -> u8 {
        match self {
            _ if self.date > 0 => b'd',
            _ if self.mixed && self.words < 3 => b'i',
            _ if self.words >= 3 && self.all_digits >= 5 => b'S',
            _ if self.words >= 3 => b's',
            _ if self.letters == 0 && self.digits <= 4 => b'n',
            _ if self.letters == 0 => b'N',
            _ if self.all_digits >= 4 => b'I',
            _ => b'w',
        }
    }
}

/// A day (2) or a month (1) written into a segment: `20261120`, `2026-11-20`, `2026_11`.
fn dated(segment: &str) -> u32 {
    let bytes = segment.as_bytes();
    let mut best = 0;
    for at in 0..bytes.len().saturating_sub(3).min(64) {
        let begins = at == 0 || !bytes[at - 1].is_ascii_digit();
        if !begins || !matches!(bytes[at..at + 2], [b'2', b'0'] | [b'1', b'9']) {
            continue;
        }
        let rest = &bytes[at..];
        let two = |from: usize| -> Option<u32> {
            let pair = rest.get(from..from + 2)?;
            pair.iter()
                .all(u8::is_ascii_digit)
                .then(|| u32::from(pair[0] - b'0') * 10 + u32::from(pair[1] - b'0'))
        };
        let dashed = matches!(rest.get(4), Some(b'-' | b'_' | b'.'));
        let (month, day) = if dashed { (two(5), two(8)) } else { (two(4), two(6)) };
        let is_month = two(2).is_some() && month.is_some_and(|month| (1..=12).contains(&month));
        let is_day = is_month && day.is_some_and(|day| (1..=31).contains(&day));
        best = best.max(if is_day { 2 } else { u32::from(is_month && dashed) });
    }
    best
}

/// A segment with its percent-encoded letters decoded.
pub(super) fn decode(segment: &str) -> std::borrow::Cow<'_, str> {
    if !segment.contains('%') {
        return segment.into();
    }
    let bytes = segment.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    while let Some(byte) = bytes.get(at) {
        let pair =
            bytes.get(at + 1).copied().and_then(hex).zip(bytes.get(at + 2).copied().and_then(hex));
        if let Some((high, low)) = pair.filter(|_| *byte == b'%') {
            out.push(high << 4 | low);
            at += 3;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned().into()
}

/// Han, Kana and Thai: scripts whose words have no spaces between them.
pub(super) fn is_wide(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// FNV-1a: groups things that are alike; a clash made on purpose spoils a group and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hash(pub(super) u64);

impl Hash {
    pub(super) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }

    pub(super) fn word(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.byte(*byte);
        }
        self.byte(0);
    }

    pub(super) fn of_word(bytes: &[u8]) -> u64 {
        let mut hash = Self::new();
        hash.word(bytes);
        hash.0
    }

    pub(super) fn join(one: u64, other: u64) -> u64 {
        (one.rotate_left(23) ^ other).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
