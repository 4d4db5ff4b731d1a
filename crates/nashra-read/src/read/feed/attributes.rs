//! The attributes of a tag: `name="value"`, and what publishers write instead.

use std::borrow::Cow;

use super::entities::Entities;

/// The most attributes of one tag that are read; the others are skipped.
const MAX_ATTRIBUTES: usize = 256;

/// The names and values of attributes, as they are written.
pub(super) fn raw(attributes: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = attributes;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| {
            c.is_ascii_whitespace() || matches!(c, '/' | '"' | '\'' | '=' | '<' | ',')
        });
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .bytes()
            .position(|byte| {
                byte.is_ascii_whitespace() || matches!(byte, b'=' | b'"' | b'\'' | b'<')
            })
            .unwrap_or(rest.len());
        let name;
        (name, rest) = rest.split_at(end);
        let Some(value) = rest.trim_ascii_start().strip_prefix('=') else {
            return Some((name, ""));
        };
        let value = value.trim_ascii_start();
        let quoted = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let found = match quoted {
            Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            None => {
                value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len()))
            }
        };
        rest = found.1;
        Some((name, found.0))
    })
    .take(MAX_ATTRIBUTES)
}

/// The value of an attribute without a prefix, decoded; `None` where it is empty.
pub(super) fn get<'a>(
    attributes: &'a str,
    name: &str,
    entities: &Entities<'_>,
) -> Option<Cow<'a, str>> {
    let (_, value) = raw(attributes).find(|(written, _)| written.eq_ignore_ascii_case(name))?;
    Some(decoded(value, entities)).filter(|value| !value.is_empty())
}

/// A value without the space around it.
pub(super) fn decoded<'a>(value: &'a str, entities: &Entities<'_>) -> Cow<'a, str> {
    entities.decode(value.trim_ascii())
}
