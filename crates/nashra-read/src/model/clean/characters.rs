//! Leaves control characters and invisible characters out of texts.

use crate::text::invisible;

/// Removes control characters and invisible characters from a text.
pub fn text(text: &mut String) {
    if text.is_ascii()
        && !text.bytes().any(|byte| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\t'))
    {
        return;
    }
    if text.chars().any(|c| is_tag(c) || is_left_out(c)) {
        *text = without_tags(text).filter(|c| !is_left_out(*c)).collect();
    }
}

/// The same for an optional text, which becomes `None` where nothing but white space is left.
pub fn optional(value: &mut Option<String>) {
    value.iter_mut().for_each(text);
    value.take_if(|text| text.trim().is_empty());
}

fn is_left_out(c: char) -> bool {
    (invisible(c) || c.is_control()) && !matches!(c, '\n' | '\t')
}

/// Whether a character is one of Unicode's tags, of which flags of regions and hidden texts are
/// made.
fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// Tags are kept in a whole flag alone (UTS #51 ED-14a): a black flag, three to six letters or
/// digits, the end.
fn without_tags(text: &str) -> impl Iterator<Item = char> {
    let mut flag_ends = 0;
    text.char_indices().filter_map(move |(at, c)| {
        if c == '\u{1f3f4}' {
            flag_ends = flag_end(text, at + c.len_utf8());
        }
        (!is_tag(c) || at < flag_ends).then_some(c)
    })
}

/// The end of the flag whose tags begin at an offset; 0 where they are not a flag's.
fn flag_end(text: &str, start: usize) -> usize {
    let mut letters = 0;
    for (at, c) in text[start..].char_indices() {
        match c {
            '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}' if letters < 6 => letters += 1,
            '\u{e007f}' if letters >= 3 => return start + at + c.len_utf8(),
            _ => return 0,
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(given: &str) -> String {
        let mut cleaned = given.to_owned();
        text(&mut cleaned);
        cleaned
    }

    #[test]
    fn characters_that_steer_text_are_left_out_and_those_that_scripts_need_stay() {
        for (given, expected) in [
            ("a\u{61c}b\u{202e}c\u{2066}d\u{2069}", "abcd"),
            ("a\u{fff9}b\u{fffa}c\u{fffb}", "abc"),
            ("a\0b\u{7}c\u{7f}d\u{9b}e", "abcde"),
            ("one\n\ntwo\tthree", "one\n\ntwo\tthree"),
            ("hidden\u{e0001}\u{e0068}\u{e0069}\u{e007f}", "hidden"),
            ("می\u{200c}رود क्\u{200d}ष", "می\u{200c}رود क्\u{200d}ष"),
            ("👩\u{200d}🚀❤\u{fe0f}", "👩\u{200d}🚀❤\u{fe0f}"),
            (
                "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}\u{e0067}!",
                "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}!",
            ),
            ("\u{1f3f4}\u{e0067}\u{e0062} open", "\u{1f3f4} open"),
        ] {
            assert_eq!(cleaned(given), expected, "{given:?}");
        }
    }
}
