//! Decodes the bytes of a feed to text.
//!
//! Order of evidence: byte order mark, the zero bytes of UTF-16 and UTF-32, then the `charset` of
//! the HTTP header (RFC 7303 §3.2 ranks it above the declaration) and the XML declaration. A claim
//! holds only where the bytes bear it out: bytes that are UTF-8 are read as UTF-8 whatever is
//! claimed, and a claim that leaves bytes over gives way to the next one and at last to detection.
//! Where some texts are UTF-8 and others are not, each is read as what it is (`mixed`).
//! What must stay true: no feed is lost for one byte, and all is linear.

use std::borrow::Cow;

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, ISO_2022_JP, REPLACEMENT, SHIFT_JIS, UTF_8,
    UTF_16BE, UTF_16LE, WINDOWS_1252,
};

use memchr::memmem;

use super::repairs::{Repair, Repairs};

mod clean;
mod mixed;

/// The most bytes that detection looks at: more would change nothing.
const MAX_DETECTED: usize = 1 << 20;
/// The number of pairs of bytes beyond ASCII that is no accident.
const MIN_PAIRS: usize = 6;
/// Bytes within which the XML declaration ends.
const MAX_DECLARATION: usize = 300;

/// The text of a feed, and how it was decoded.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    /// The text without a byte order mark. The encoding of its XML declaration means nothing any
    /// more.
    pub(super) text: Cow<'a, str>,
    /// The label of the encoding that it had.
    pub(super) encoding: &'static str,
    pub(super) repairs: Repairs,
}

/// Decodes; bytes that the encoding does not know become U+FFFD. The domain that served them is a
/// hint for detection.
pub(super) fn decode<'a>(
    bytes: &'a [u8],
    content_type: Option<&str>,
    domain: Option<&str>,
) -> Decoded<'a> {
    let mut decoded = unicode(bytes).unwrap_or_else(|| claimed(bytes, content_type, domain));
    clean::text(&mut decoded);
    decoded
}

/// Decodes by the byte order mark, or by the zeros of UTF-16 and UTF-32.
fn unicode(bytes: &[u8]) -> Option<Decoded<'_>> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return Some(with(UTF_8, rest, false));
    }
    for (mark, big) in [(&b"\x00\x00\xfe\xff"[..], true), (b"\xff\xfe\x00\x00", false)] {
        if let Some(rest) = bytes.strip_prefix(mark) {
            return Some(utf32(rest, big));
        }
    }
    for (mark, encoding) in [(b"\xfe\xff", UTF_16BE), (b"\xff\xfe", UTF_16LE)] {
        if let Some(rest) = bytes.strip_prefix(mark) {
            return Some(with(encoding, rest, false));
        }
    }
    // Every feed begins with a few ASCII characters.
    let start = bytes.get(..8)?;
    match start.iter().map(|byte| *byte == 0).collect::<Vec<_>>()[..] {
        [true, true, true, false, true, true, true, false] => Some(utf32(bytes, true)),
        [false, true, true, true, false, true, true, true] => Some(utf32(bytes, false)),
        [true, false, true, false, true, false, true, false] => Some(with(UTF_16BE, bytes, false)),
        [false, true, false, true, false, true, false, true] => Some(with(UTF_16LE, bytes, false)),
        _ => None,
    }
}

fn utf32(bytes: &[u8], big: bool) -> Decoded<'_> {
    let mut repairs = Repairs::default();
    let (units, rest) = bytes.as_chunks::<4>();
    let mut text = String::with_capacity(units.len());
    for unit in units {
        let code = if big { u32::from_be_bytes(*unit) } else { u32::from_le_bytes(*unit) };
        text.push(char::from_u32(code).unwrap_or_else(|| {
            repairs.add(Repair::InvalidBytes);
            char::REPLACEMENT_CHARACTER
        }));
    }
    if !rest.is_empty() {
        repairs.add(Repair::Truncated);
    }
    Decoded { text: text.into(), encoding: if big { "utf-32be" } else { "utf-32le" }, repairs }
}

fn with<'a>(encoding: &'static Encoding, bytes: &'a [u8], is_repair: bool) -> Decoded<'a> {
    let (text, failed) = encoding.decode_without_bom_handling(bytes);
    let mut repairs = Repairs::default();
    if failed {
        repairs.add(Repair::InvalidBytes);
    }
    if is_repair {
        repairs.add(Repair::Encoding);
    }
    Decoded { text, encoding: label(encoding), repairs }
}

fn label(encoding: &'static Encoding) -> &'static str {
    match encoding {
        encoding if encoding == UTF_8 => "utf-8",
        encoding if encoding == UTF_16BE => "utf-16be",
        encoding if encoding == UTF_16LE => "utf-16le",
        encoding if encoding == GB18030 => "gb18030",
        encoding => encoding.name(),
    }
}

fn claimed<'a>(bytes: &'a [u8], content_type: Option<&str>, domain: Option<&str>) -> Decoded<'a> {
    let header = content_type.and_then(charset);
    let declaration = declared(bytes);
    // A server's default says nothing where the document says something else.
    let claims = match (header, declaration) {
        (Some(header), Some(declaration)) if header == WINDOWS_1252 && declaration != UTF_8 => {
            [Some(declaration), None]
        }
        other => [other.0, other.1],
    };
    let first = claims[0].or(claims[1]);
    let utf8 = std::str::from_utf8(bytes);
    if let Ok(text) = utf8 {
        // Japanese mail's encoding is ASCII with escapes.
        let mail =
            (text.is_ascii() && memmem::find(bytes, b"\x1b$").is_some()).then_some(ISO_2022_JP);
        let legacy = mail.or_else(|| {
            claims.into_iter().flatten().find(|claim| *claim != UTF_8 && !is_utf8(bytes, claim))
        });
        return match legacy {
            Some(encoding) => with(encoding, bytes, first.is_some_and(|first| first != encoding)),
            None if text.is_ascii() => Decoded {
                text: text.into(),
                encoding: first.map_or("utf-8", label),
                repairs: Repairs::default(),
            },
            None => with(UTF_8, bytes, first.is_some_and(|first| first != UTF_8)),
        };
    }
    let whole = mixed::with_whole_characters(bytes).and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some(text) = whole {
        let mut repairs = Repairs::default();
        repairs.add(Repair::InvalidBytes);
        return Decoded { text: text.into(), encoding: label(UTF_8), repairs };
    }
    let legacy = claims.into_iter().flatten().find(|claim| *claim != UTF_8);
    // An encoding of two bytes that fits the whole says more than a few texts that look otherwise.
    if let Some(claim) = legacy.filter(|claim| !claim.is_single_byte()) {
        let decoded = with(claim, bytes, first.is_some_and(|first| first != claim));
        if !decoded.repairs.has(Repair::InvalidBytes) {
            return decoded;
        }
    }
    if let Some(decoded) = mixed::decode(bytes, (first, legacy), domain) {
        return decoded;
    }
    for encoding in claims
        .into_iter()
        .flatten()
        .filter(|claim| *claim != UTF_8 && !(*claim == WINDOWS_1252 && is_no_latin(bytes)))
    {
        let decoded = with(encoding, bytes, first.is_some_and(|first| first != encoding));
        if !decoded.repairs.has(Repair::InvalidBytes) {
            return decoded;
        }
    }
    if let Err(error) = utf8
        && (error.error_len().is_none() || is_damaged_utf8(bytes))
    {
        return with(UTF_8, bytes, first.is_some_and(|first| first != UTF_8));
    }
    detected(bytes, first, domain)
}

/// Whether bytes that are valid UTF-8 are that, and no text in `claim`: ASCII is both; a few double
/// bytes may be a Chinese or Korean word by chance, a longer text never is.
fn is_utf8(bytes: &[u8], claim: &'static Encoding) -> bool {
    if claim == ISO_2022_JP {
        return !bytes.is_ascii();
    }
    let double = [BIG5, EUC_JP, EUC_KR, GB18030, GBK, SHIFT_JIS].contains(&claim);
    let leads = bytes.iter().filter(|byte| **byte >= 0xc0).take(4).count();
    if double {
        leads > 3 || bytes.iter().filter(|byte| **byte >= 0xe0).take(2).count() > 1
    } else {
        leads > 0
    }
}

/// Whether most bytes beyond ASCII stand side by side. In a script that is not Latin they do;
/// accented letters seldom do, so a claim of Latin 1, which no bytes contradict, is false there.
fn is_no_latin(bytes: &[u8]) -> bool {
    let all = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let pairs = bytes.windows(2).filter(|pair| !pair[0].is_ascii() && !pair[1].is_ascii()).count();
    pairs >= MIN_PAIRS && pairs * 2 > all
}

/// Whether more of the bytes beyond ASCII are UTF-8 than are not.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        broken += chunk.invalid().len();
    }
    whole > broken
}

fn detected<'a>(
    bytes: &'a [u8],
    claim: Option<&'static Encoding>,
    domain: Option<&str>,
) -> Decoded<'a> {
    let guess = guess(bytes, domain);
    let decoded = with(guess, bytes, claim.is_some_and(|claim| claim != guess));
    match claim {
        // A claim with a broken byte or two is better than a guess with some.
        Some(claim) if decoded.repairs.has(Repair::InvalidBytes) => with(claim, bytes, false),
        _ => decoded,
    }
}

/// The encoding that bytes are most likely in, which is not UTF-8.
fn guess(bytes: &[u8], domain: Option<&str>) -> &'static Encoding {
    let sample = bytes.get(..MAX_DETECTED).unwrap_or(bytes);
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    detector.feed(sample, sample.len() == bytes.len());
    detector
        .guess(domain.and_then(tld).as_deref().map(str::as_bytes), chardetng::Utf8Detection::Deny)
}

/// The top-level domain of a host, as the detector takes it.
fn tld(host: &str) -> Option<String> {
    let last = host.rsplit('.').next()?;
    (host.contains('.') && last.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .then(|| last.to_ascii_lowercase())
}

fn charset(content_type: &str) -> Option<&'static Encoding> {
    let (_, value) = content_type.split(';').skip(1).find_map(|part| {
        part.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
    })?;
    known(value.trim().trim_matches(['"', '\'']))
}

/// The encoding of a label. Claims of UTF-16 are ignored, because text in it is recognised by its
/// zeros.
fn known(label: &str) -> Option<&'static Encoding> {
    let label = match label.trim() {
        label if label.eq_ignore_ascii_case("tis620") => "tis-620",
        label => label,
    };
    Encoding::for_label(label.as_bytes())
        .filter(|encoding| ![REPLACEMENT, UTF_16BE, UTF_16LE].contains(encoding))
}

fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = bytes.trim_ascii_start();
    let start = start.get(..MAX_DECLARATION).unwrap_or(start).strip_prefix(b"<?xml")?;
    let end = start.iter().position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(&start[..end]).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let value = value.trim_start_matches(['"', '\'']);
    known(value.split(['"', '\'', ' ', '?']).next()?)
}

#[cfg(test)]
mod tests;
