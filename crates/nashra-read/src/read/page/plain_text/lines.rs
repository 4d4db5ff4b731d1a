//! Splits the text of a page into lines: wrapped lines are joined, blank lines counted, bullets and
//! indentation removed.
//!
//! Browsers and most converters write a paragraph as one line. w3m, lynx and `fmt` break lines at a
//! column; there the lines that were broken only for want of room are joined again.

use unicode_normalization::char::is_combining_mark;

use crate::text::collapse;

/// The range of columns at which text may have been wrapped.
const COLUMNS: std::ops::RangeInclusive<usize> = 58..=132;
/// Lines that must reach nearly to the column before any is joined.
const MIN_FULL: usize = 6;
/// Bytes that a bracket may hold that was opened at the end of a line.
const MAX_ASIDE: usize = 120;
/// Lines of a text page; what follows is not read. One that has more of them for its size than this
/// is no page's.
const FREE_LINES: usize = 3_000;
const BYTES_OF_LINE: usize = 128;

/// One line that has text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The text of the line, collapsed, without a bullet.
    pub(super) text: String,
    /// The number of blank lines before it, at most three.
    pub(super) blank: u8,
    /// Whether it began with a bullet or a number.
    pub(super) bullet: bool,
}

/// The lines that have text.
pub(super) fn split(text: &str) -> Vec<Line> {
    let end = if text.contains('\n') { '\n' } else { '\r' };
    let raw: Vec<&str> = text.split(end).collect();
    let most = FREE_LINES + text.len() / BYTES_OF_LINE;
    let column = wrapped_at(&raw);
    let mut lines: Vec<Line> = Vec::new();
    let (mut blank, mut last_width) = (0_u8, None);
    for raw in raw {
        let (text, bullet) = unbulleted(tidy(raw));
        if text.is_empty() && !bullet {
            blank = (blank + 1).min(3);
            last_width = None;
            continue;
        }
        let open = blank == 0
            && lines.last().is_some_and(|line| is_open(&line.text))
            && text.len() < MAX_ASIDE;
        let broken = column
            .zip(last_width)
            .is_some_and(|(column, width)| !bullet && width + room(&text) > column);
        last_width = Some(width(raw.trim_end()));
        if lines.len() >= most {
            break;
        }
        match lines.last_mut().filter(|_| (broken || open) && blank == 0) {
            Some(line) => join(&mut line.text, &text),
            None if text.is_empty() => continue,
            None => lines.push(Line { text, blank, bullet }),
        }
        blank = 0;
    }
    lines
}

/// The column at which the lines were wrapped, where they were: none is longer, and most lines that
/// go on nearly reach it.
fn wrapped_at(raw: &[&str]) -> Option<usize> {
    let widths: Vec<usize> = raw
        .iter()
        .map(|line| if line.len() > 600 { usize::MAX } else { width(line.trim_end()) })
        .collect();
    let mut longest: Vec<usize> = widths.iter().copied().filter(|width| *width > 0).collect();
    longest.sort_unstable();
    // A few addresses or tables may stick out.
    let column = *longest.get(longest.len().checked_sub(1 + longest.len() / 60)?)?;
    if !COLUMNS.contains(&column) {
        return None;
    }
    let (mut full, mut short) = (0_usize, 0_usize);
    for (pair, width) in raw.windows(2).zip(&widths) {
        let next = pair[1].trim();
        if *width > column * 3 / 5 && *width <= column && !next.is_empty() {
            if width + room(next) > column {
                full += 1;
            } else {
                short += 1;
            }
        }
    }
    (full >= MIN_FULL && full > short).then_some(column)
}

/// Columns that the first word of a line would have needed at the end of the line before.
fn room(text: &str) -> usize {
    match text.chars().next() {
        Some(first) if wide(first) => 2,
        _ => 1 + width(text.split(' ').next().unwrap_or_default()),
    }
}

/// Whether a line breaks off right behind a bracket, or behind a label in it: `A plant (`,
/// `Image:`, `X/AFP)`.
fn is_open(line: &str) -> bool {
    line.ends_with(['(', '（'])
        || line.ends_with([':', '：']) && line.rfind(['(', '（']) > line.rfind([')', '）'])
}

fn join(line: &mut String, rest: &str) {
    if !line.ends_with(wide) && !rest.starts_with(wide) {
        line.push(' ');
    }
    line.push_str(rest);
}

/// Columns of a terminal.
fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.chars().map(|c| if wide(c) { 2 } else { usize::from(!is_combining_mark(c)) }).sum()
}

fn wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}')
}

/// Collapsed, but a no-break space between two words is the writer's own and stays.
fn tidy(raw: &str) -> String {
    /// No character: it comes in no text and goes through `collapse` unchanged.
    const KEPT: char = '\u{fdd0}';
    if !raw.contains('\u{a0}') {
        return collapse(raw);
    }
    let mut marked = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        let between = !marked.ends_with(char::is_whitespace)
            && !marked.is_empty()
            && chars.peek().is_some_and(|c| !c.is_whitespace());
        marked.push(if c == '\u{a0}' && between { KEPT } else { c });
    }
    collapse(&marked).replace(KEPT, "\u{a0}")
}

fn unbulleted(line: String) -> (String, bool) {
    let bullet = |c: char| {
        matches!(
            c,
            '•' | '□'
                | '☆'
                | '■'
                | '◆'
                | '▪'
                | '‣'
                | '◦'
                | '·'
                | '*'
                | '+'
                | '○'
                | '●'
                | '–'
                | '—'
                | '-'
                | '►'
                | '▸'
                | '・'
        )
    };
    let rest = line.trim_start_matches(bullet);
    let marks = line[..line.len() - rest.len()].chars().count();
    if marks == 1 && (rest.starts_with(' ') || rest.is_empty()) {
        return (rest.trim_start().to_owned(), true);
    }
    // `2. Politics`, as w3m numbers lists.
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    match line.get(digits..).and_then(|line| line.strip_prefix(". ")) {
        Some(rest) if (1..=2).contains(&digits) => (rest.to_owned(), true),
        _ => (line, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        split(text).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn blank_lines_bullets_and_invisible_characters_are_taken_off() {
        let lines = split("\u{feff}One\r\n\r\n  • \u{200f}Two \r\n 3. Three\n\n\n\n\n\n- \nFour");
        assert_eq!(
            lines
                .iter()
                .map(|line| (line.text.as_str(), line.blank, line.bullet))
                .collect::<Vec<_>>(),
            [("One", 0, false), ("Two", 1, true), ("Three", 0, true), ("Four", 3, false)]
        );
    }

    #[test]
    fn a_no_break_space_stays_between_words_and_no_other_does() {
        assert_eq!(texts("5\u{a0}km \u{a0}on\u{a0}\u{a0}foot\u{a0}"), ["5\u{a0}km on foot"]);
    }

    #[test]
    fn lines_that_were_broken_at_a_column_are_joined_and_others_are_not() {
        let paragraph = "The harbour of the old town was opened again on Monday after the storm of last week had been over \
             for three days and the last of the sunken boats had been lifted from the ground by two cranes that had come from the \
             other side of the island, where no boat had been lost. The mayor thanked all who had helped her town in these days.";
        let mut wrapped = String::from("Harbour reopens\n\n");
        for _ in 0..3 {
            let mut column = 0;
            for word in paragraph.split_whitespace() {
                if column + word.len() > 72 {
                    wrapped.push('\n');
                    column = 0;
                }
                wrapped.push_str(word);
                wrapped.push(' ');
                column += word.len() + 1;
            }
            wrapped.push_str("\n\n");
        }
        let lines = texts(&wrapped);
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert_eq!(lines[1], collapse(paragraph));
        assert_eq!(texts("Home\nNews\nSport and weather"), ["Home", "News", "Sport and weather"]);
    }

    #[test]
    fn wide_characters_join_without_a_space() {
        let line = "港".repeat(39);
        let text = format!("{line}\n").repeat(8);
        assert_eq!(texts(&format!("{text}\n短")), [line.repeat(8), "短".to_owned()]);
    }
}
