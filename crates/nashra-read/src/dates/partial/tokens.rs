//! Splits a text into the tokens that dates are made of: numbers, names of months, units, marks and
//! other words.

use std::ops::Range;

use crate::{
    dates::words::{self, Month, Unit},
    text::letters::is_east_asian,
};

/// What a token means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TokenKind<'a> {
    /// Its value and how many digits it is written with.
    Number(u32, usize),
    Month(Month),
    Unit(Unit),
    /// Adds so many years to those that follow: Japanese eras, the Republic of China.
    Era(u32),
    Word(&'a str),
    Mark(char),
}

/// A token of a text.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind<'a>,
    /// Its bytes in the text.
    pub(super) range: Range<usize>,
    /// Whether white space stands before it.
    pub(super) apart: bool,
}

/// The tokens of a text, without white space and bidirectional controls.
pub(super) fn split(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut at, mut apart) = (0, false);
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            at += c.len_utf8();
            apart |= c.is_whitespace();
            continue;
        }
        let (kind, length) = token(
            &text[at..],
            c,
            matches!(tokens.last(), Some(Token { kind: TokenKind::Number(..), .. })),
        );
        tokens.push(Token { kind, range: at..at + length, apart });
        (at, apart) = (at + length, false);
    }
    tokens
}

fn token(rest: &str, first: char, after_number: bool) -> (TokenKind<'_>, usize) {
    const ERAS: [(&str, u32); 6] = [
        ("令和", 2018),
        ("平成", 1988),
        ("昭和", 1925),
        ("民國", 1911),
        ("民国", 1911),
        ("พ.ศ.", 0),
    ];
    if words::digit(first).is_some() {
        return number(rest);
    }
    if let Some((era, years)) = ERAS.iter().find(|(era, _)| rest.starts_with(era)) {
        return (TokenKind::Era(*years), era.len());
    }
    if !first.is_alphabetic() {
        return (TokenKind::Mark(first), first.len_utf8());
    }
    if let Some((unit, length)) =
        words::unit_at(rest).filter(|_| after_number || first.is_ascii_alphabetic())
    {
        return (TokenKind::Unit(unit), length);
    }
    if let Some((month, length)) = words::month_at(rest) {
        return (TokenKind::Month(month), length);
    }
    // Signs of Indic scripts are no letters of their own; a word goes on behind them.
    let ends = |c: char| {
        c.is_whitespace()
            || c.is_ascii_punctuation()
            || words::digit(c).is_some()
            || matches!(c, '،' | '、' | '，' | '。')
    };
    let end =
        if is_east_asian(first) { first.len_utf8() } else { rest.find(ends).unwrap_or(rest.len()) };
    (TokenKind::Word(&rest[..end]), end)
}

fn number(rest: &str) -> (TokenKind<'_>, usize) {
    let (mut value, mut digits, mut end) = (0_u32, 0, 0);
    for c in rest.chars() {
        let Some(digit) = words::digit(c) else { break };
        value = value.saturating_mul(10).saturating_add(digit.into());
        (digits, end) = (digits + 1, end + c.len_utf8());
    }
    (TokenKind::Number(value, digits), end)
}
