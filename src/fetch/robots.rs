//! robots.txt (RFC 9309): what a site asks crawlers to leave alone. Pure; `table` keeps it per
//! host.
//!
//! Our own and not a crate's: it is a page of code, and it has to be linear in a file and a path
//! that may both be hostile, which the crates (regular expressions, unbounded rules) are not. What
//! must stay true: the longest match wins, `Allow` wins a tie, what is not mentioned is allowed; no
//! file makes us keep or compare more than the bounds here.

mod table;

use std::time::Duration;

use memchr::memmem;
use url::Url;

pub(super) use table::{Answer, Robots};

/// What groups that are meant for us are called.
const PRODUCT: &str = "nashra";
/// Bytes of a file that are read; the RFC asks for at least so many.
pub(super) const MAX_FILE: usize = 500 << 10;
/// Rules that are kept: the largest files of real sites have some thousands.
const MAX_RULES: usize = 5_000;

/// What one site asks of us.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rules {
    /// Longest first, `Allow` before `Disallow`: the first that matches decides.
    list: Box<[Rule]>,
    /// The patterns of all, one after the other: thousands of small allocations would take twice as
    /// much.
    patterns: Box<[u8]>,
    /// The time that is to lie between two requests.
    pub(super) delay: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    allow: bool,
    /// Where its pattern is: normalised; `*` and a `$` at its end have their meaning.
    from: u32,
    length: u32,
}

/// The lines of one group.
#[derive(Debug, Default)]
struct Group {
    rules: Vec<Rule>,
    patterns: Vec<u8>,
    delay: Option<Duration>,
    found: bool,
}

impl Group {
    /// Takes a rule, as far as there is room: escaped, a pattern may be three times as long as it
    /// was written.
    fn rule(&mut self, allow: bool, value: &[u8]) {
        let pattern = pattern(value);
        if self.rules.len() < MAX_RULES && self.patterns.len() + pattern.len() <= MAX_FILE {
            let place = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
            self.rules.push(Rule {
                allow,
                from: place(self.patterns.len()),
                length: place(pattern.len()),
            });
            self.patterns.extend(pattern);
        }
    }
}

impl Rules {
    /// Reads a file. What is no rule is passed over, so that an HTML page allows everything.
    pub(super) fn parse(file: &[u8]) -> Self {
        let file = file.get(..MAX_FILE).unwrap_or(file);
        let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
        let (mut ours, mut everyones) = (Group::default(), Group::default());
        // Whom the group at hand is for, and whether more names may follow.
        let (mut for_us, mut for_all, mut naming) = (false, false, false);
        for line in file.split(|byte| matches!(byte, b'\n' | b'\r')) {
            let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
            let Some(colon) = memchr::memchr(b':', line) else { continue };
            let (key, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
            if key.eq_ignore_ascii_case(b"user-agent") {
                if !naming {
                    (for_us, for_all, naming) = (false, false, true);
                }
                for_us |= product(value).eq_ignore_ascii_case(PRODUCT.as_bytes());
                for_all |= value.first() == Some(&b'*');
                ours.found |= for_us;
                continue;
            }
            let is = |name: &str| key.eq_ignore_ascii_case(name.as_bytes());
            // Sitemaps and what else there may be belong to no group, so they end none.
            if !(is("allow") || is("disallow") || is("crawl-delay")) {
                continue;
            }
            naming = false;
            for (_, group) in [(for_us, &mut ours), (for_all, &mut everyones)]
                .into_iter()
                .filter(|(wanted, _)| *wanted)
            {
                if is("crawl-delay") {
                    group.delay = seconds(value).max(group.delay);
                } else if !value.is_empty() {
                    group.rule(is("allow"), value);
                }
            }
        }
        let Group { mut rules, patterns, delay, .. } = if ours.found { ours } else { everyones };
        rules.sort_by_key(|rule| (std::cmp::Reverse(rule.length), !rule.allow));
        Self { list: rules.into(), patterns: patterns.into(), delay }
    }

    fn pattern(&self, rule: Rule) -> &[u8] {
        self.patterns[rule.from as usize..].get(..rule.length as usize).unwrap_or_default()
    }

    /// The rule that forbids an address, as far as it can be told in words; `None` where it may be
    /// fetched.
    pub(super) fn forbidden_by(&self, url: &Url) -> Option<String> {
        if url.path() == "/robots.txt" {
            return None;
        }
        let mut path = normalised(url.path().as_bytes(), false);
        if let Some(query) = url.query() {
            path.push(b'?');
            path.extend(normalised(query.as_bytes(), false));
        }
        let rule = self
            .list
            .iter()
            .find(|list| matches(self.pattern(**list), &path))
            .filter(|list| !list.allow)?;
        let shown: String =
            String::from_utf8_lossy(self.pattern(*rule)).chars().take(100).collect();
        Some(format!("Disallow: {shown}"))
    }

    /// How many bytes its rules take in memory.
    fn weight(&self) -> usize {
        size_of_val(&*self.list) + self.patterns.len()
    }
}

/// The product token at the start of a name: `nashra/1.0` is meant for `nashra`.
fn product(name: &[u8]) -> &[u8] {
    let end =
        name.iter().position(|name| !(name.is_ascii_alphabetic() || matches!(name, b'-' | b'_')));
    &name[..end.unwrap_or(name.len())]
}

fn seconds(value: &[u8]) -> Option<Duration> {
    let value: f64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    Duration::try_from_secs_f64(value).ok()
}

/// A rule's path in the form in which paths are compared.
fn pattern(value: &[u8]) -> Vec<u8> {
    let (body, end) = value.strip_suffix(b"$").map_or((value, false), |body| (body, true));
    let mut pattern = normalised(body, true);
    if end {
        pattern.push(b'$');
    }
    pattern
}

/// Escapes are compared as the RFC says (§2.2.2): an unreserved character never escaped, what is
/// not ASCII always, other escapes in capitals. A `$`, and outside of patterns a `*`, stands for
/// itself only where it is escaped.
fn normalised(path: &[u8], is_pattern: bool) -> Vec<u8> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |at: usize| {
        path.get(at)
            .and_then(|path| char::from(*path).to_digit(16))
            .and_then(|value| u8::try_from(value).ok())
    };
    let mut out = Vec::with_capacity(path.len());
    let mut at = 0;
    while let Some(&byte) = path.get(at) {
        let escaped = if byte == b'%' {
            digit(at + 1).zip(digit(at + 2)).map(|(high, low)| high << 4 | low)
        } else {
            None
        };
        at += if escaped.is_some() { 3 } else { 1 };
        let meant = escaped.unwrap_or(byte);
        let unreserved = meant.is_ascii_alphanumeric() || b"-._~".contains(&meant);
        let plain = escaped.is_none()
            && meant.is_ascii_graphic()
            && meant != b'$'
            && (meant != b'*' || is_pattern);
        if unreserved || plain {
            out.push(meant);
        } else {
            out.extend([b'%', HEX[usize::from(meant >> 4)], HEX[usize::from(meant & 15)]]);
        }
    }
    out
}

/// Whether a path begins as the pattern says. Each piece between two `*` is taken where it is found
/// first, which is right as nothing but `*` can vary, so it takes one pass.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (body, end) = pattern.strip_suffix(b"$").map_or((pattern, false), |body| (body, true));
    let mut pieces = body.split(|byte| *byte == b'*').peekable();
    let Some(mut rest) = pieces.next().and_then(|first| path.strip_prefix(first)) else {
        return false;
    };
    if pieces.peek().is_none() {
        return !end || rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if end && pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        let Some(found) = memmem::find(rest, piece) else { return false };
        rest = &rest[found + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests;
