//! The text of an edition, kept compressed with its article's state where the config asks for
//! differences. The next edition is compared with it.
//!
//! What must stay true: what is kept of one article is bounded, and nothing is kept unless it is
//! asked for.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::{model::record::TextChange, policy::difference};

/// Bytes of the longest text that is kept.
const MAX_TEXT: usize = 256 << 10;
/// Bytes of the longest text as it is kept: compressed, in Base64.
const MAX_KEPT: usize = 64 << 10;
/// zstd's fastest ordinary level.
const LEVEL: i32 = 1;

/// A text as it is kept; `None` where it is too long.
pub(super) fn keep(text: &str) -> Option<String> {
    let packed = (text.len() <= MAX_TEXT).then(|| zstd::bulk::compress(text.as_bytes(), LEVEL))?;
    Some(BASE64_STANDARD.encode(packed.ok()?)).filter(|kept| kept.len() <= MAX_KEPT)
}

/// Where a text differs from one that was kept; `None` where the difference is not compact.
pub(super) fn since(kept: &str, text: &str) -> Option<Vec<TextChange>> {
    let packed = BASE64_STANDARD.decode(kept).ok()?;
    let before = String::from_utf8(zstd::bulk::decompress(&packed, MAX_TEXT).ok()?).ok()?;
    difference::difference(&before, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_text_is_compared_with_the_next_one_and_a_long_one_is_not_kept() {
        let kept = keep("one two three").unwrap();
        let changes = since(&kept, "one 2 three").unwrap();
        assert_eq!((changes.len(), changes[0].removed.as_str()), (1, "two"));
        assert_eq!(keep(&"a".repeat(MAX_TEXT + 1)), None);
        assert_eq!(since("not Base64", "one"), None);
    }
}
