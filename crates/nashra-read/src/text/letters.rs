//! The properties of characters. Those of the standard library are in a table: it searches for each
//! character, which is most of the time that Arabic and Chinese pages take.

use std::sync::LazyLock;

use unicode_normalization::{IsNormalized, is_nfkc_quick};

const LETTER: u8 = 1;
const NUMERIC: u8 = 2;
const UPPER: u8 = 4;
/// It is its own lower case.
const SMALL: u8 = 8;
/// It is its own compatibility form (NFKC), whatever characters are beside it.
const STABLE: u8 = 16;

/// The properties of the characters of the basic plane; others are rare and computed each time.
static TABLE: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..=0xffff).map(|code| char::from_u32(code).map_or(0, compute)).collect());

fn compute(c: char) -> u8 {
    let flag = |is: bool, bit: u8| if is { bit } else { 0 };
    let stable = is_nfkc_quick(std::iter::once(c)) == IsNormalized::Yes
        && unicode_normalization::char::canonical_combining_class(c) == 0;
    flag(c.is_alphabetic(), LETTER)
        | flag(c.is_numeric(), NUMERIC)
        | flag(c.is_uppercase(), UPPER)
        | flag(c.to_lowercase().eq([c]), SMALL)
        | flag(stable, STABLE)
}

/// The properties of a character.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Letter(u8);

impl Letter {
    pub(crate) fn from_char(c: char) -> Self {
        Self(TABLE.get(c as usize).copied().unwrap_or_else(|| compute(c)))
    }

    /// The same as [`char::is_alphanumeric`].
    pub(crate) fn is_alphanumeric(self) -> bool {
        self.0 & (LETTER | NUMERIC) != 0
    }

    /// The same as [`char::is_alphabetic`].
    pub(crate) fn is_alphabetic(self) -> bool {
        self.0 & LETTER != 0
    }

    /// The same as [`char::is_numeric`].
    pub(crate) fn is_numeric(self) -> bool {
        self.0 & NUMERIC != 0
    }

    /// The same as [`char::is_uppercase`].
    pub(crate) fn is_uppercase(self) -> bool {
        self.0 & UPPER != 0
    }

    /// Whether it is its own lower case.
    pub(crate) fn is_small(self) -> bool {
        self.0 & SMALL != 0
    }

    /// Whether a text that has only such characters is in NFKC.
    pub(crate) fn is_stable(self) -> bool {
        self.0 & STABLE != 0
    }
}

/// Whether a character is of a script that is written without spaces between words: Thai, Lao,
/// Burmese, Khmer, Kana, Han.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
}

/// Whether a character is of a script in which a known word may stand right beside other letters:
/// Thai, Lao, Kana, Han, and Hangul, whose endings are written with the word.
pub(crate) fn is_unbounded(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}') || is_east_asian(c)
}

/// Whether a character is a letter of Chinese, Japanese or Korean.
pub(crate) fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// Whether a character ends a sentence, and no part of one.
pub(crate) fn ends_sentence(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '。' | '।' | '۔' | '؟')
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    #[test]
    fn the_table_says_what_the_standard_library_says() {
        for c in ('\0'..=char::MAX).step_by(7).chain('\0'..='\u{2fff}') {
            let letter = Letter::from_char(c);
            let said = (
                letter.is_alphabetic(),
                letter.is_numeric(),
                letter.is_alphanumeric(),
                letter.is_uppercase(),
            );
            assert_eq!(
                said,
                (c.is_alphabetic(), c.is_numeric(), c.is_alphanumeric(), c.is_uppercase()),
                "{c:?}"
            );
            assert!(!letter.is_stable() || [c].into_iter().nfkc().eq([c]), "{c:?}");
            assert_eq!(letter.is_small(), c.to_lowercase().eq([c]));
        }
    }

    #[test]
    fn scripts_are_told_by_whether_their_words_have_bounds() {
        for (c, wanted) in [
            ('a', [false, false, false]),
            ('ع', [false, false, false]),
            ('ท', [true, true, false]),
            ('က', [true, false, false]),
            ('ខ', [true, false, false]),
            ('の', [true, true, true]),
            ('港', [true, true, true]),
            ('항', [false, true, true]),
        ] {
            assert_eq!([is_unspaced(c), is_unbounded(c), is_east_asian(c)], wanted, "{c}");
        }
    }
}
