//! The persons that a feed names: `Ann`, `ann@x.example (Ann)`, `Ann <ann@x.example>`, elements of
//! its own.

use super::{model::Person, names::Field, text, tree::Element};

/// The longest line that is searched for an address, in bytes; a longer one is a name or a mistake.
const MAX_LINE: usize = 1_000;

/// Bytes of a feed's authors that each of its entries inherits.
const MAX_INHERITED: usize = 1_000;

/// The authors of a feed, for an entry that names none. They are bounded, because thousands of
/// entries may inherit them.
pub(super) fn inherited(authors: &[Person]) -> Vec<Person> {
    let mut left = MAX_INHERITED;
    let length = |person: &Person| {
        [&person.name, &person.email, &person.uri, &person.raw]
            .into_iter()
            .flatten()
            .map(String::len)
            .sum::<usize>()
    };
    let fits =
        |person: &&Person| left.checked_sub(length(person)).inspect(|rest| left = *rest).is_some();
    authors.iter().take_while(fits).cloned().collect()
}

/// Reads an element of any dialect; `None` where it names nobody.
pub(super) fn parse(element: Element<'_, '_>) -> Option<Person> {
    let part = |field| {
        element.child(field).and_then(text::trimmed_string).map(std::borrow::Cow::into_owned)
    };
    let (name, email) = (part(Field::Name).or_else(|| part(Field::Title)), part(Field::Email));
    let uri = part(Field::Address).map(|part| element.resolve(&part));
    if name.is_some() || email.is_some() || uri.is_some() {
        // Some write both into the name.
        let mixed = name
            .as_deref()
            .filter(|_| email.is_none())
            .map(parse_line)
            .filter(|line| line.email.is_some());
        let (name, email) = match mixed {
            Some(mixed) => (mixed.name, mixed.email),
            None => (name, email),
        };
        return Some(Person { name, email, uri, raw: None });
    }
    let raw = text::trimmed_string(element)?;
    Some(Person { raw: Some(raw.clone().into_owned()), ..parse_line(&raw) })
}

/// Reads a person from one line of text.
pub(super) fn parse_line(text: &str) -> Person {
    let text = text.trim();
    let Some((from, to)) = (text.len() <= MAX_LINE).then(|| address(text)).flatten() else {
        return Person { name: filled(text), ..Person::default() };
    };
    let email = text[from..to].to_owned();
    // What is left around it, without the brackets that held the one or the other.
    let (before, behind) = (text[..from].trim_end_matches("mailto:"), &text[to..]);
    let rest = format!(
        "{} {}",
        before.trim_end_matches(['(', '<', '[', ' ']),
        behind.trim_start_matches([')', '>', ']', ' '])
    );
    let rest = rest.trim().trim_matches(['"', ',', ';', ' ']);
    let bracketed =
        rest.strip_prefix(['(', '<', '[']).and_then(|rest| rest.strip_suffix([')', '>', ']']));
    Person {
        name: filled(bracketed.unwrap_or(rest).trim()),
        email: Some(email),
        ..Person::default()
    }
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The range of an e-mail address in a text, in bytes.
fn address(text: &str) -> Option<(usize, usize)> {
    let local = |c: char| c.is_alphanumeric() || "._%+-'".contains(c);
    let domain = |c: char| c.is_alphanumeric() || ".-".contains(c);
    text.match_indices('@').find_map(|(at, _)| {
        let from = text[..at].char_indices().rev().take_while(|(_, c)| local(*c)).last()?.0;
        let behind = &text[at + 1..];
        let length = behind.find(|c| !domain(c)).unwrap_or(behind.len());
        let length = behind[..length].trim_end_matches(['.', '-']).len();
        (length > 0).then_some((from, at + 1 + length))
    })
}

/// A person in one line: `Ann (ann@x.example)`.
pub(super) fn to_line(person: &Person) -> Option<String> {
    if let Some(raw) = &person.raw {
        return Some(raw.clone());
    }
    match (&person.name, &person.email) {
        (Some(name), Some(email)) => Some(format!("{name} ({email})")),
        (name, email) => name.clone().or_else(|| email.clone()).or_else(|| person.uri.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> (Option<String>, Option<String>) {
        let person = parse_line(text);
        (person.name, person.email)
    }

    #[test]
    fn names_and_addresses_are_told_apart_in_any_order_and_brackets() {
        let both = (Some("Ann B".to_owned()), Some("a.b@x.example".to_owned()));
        for text in [
            "a.b@x.example (Ann B)",
            "Ann B (a.b@x.example)",
            "Ann B <a.b@x.example>",
            "\"Ann B\" <a.b@x.example>",
            "Ann B a.b@x.example",
        ] {
            assert_eq!(split(text), both, "{text}");
        }
        assert_eq!(split("Ann"), (Some("Ann".into()), None));
        assert_eq!(split("ann@localhost"), (None, Some("ann@localhost".into())));
        assert_eq!(split("@handle"), (Some("@handle".into()), None));
        assert_eq!(
            split("Ann (mailto:a@x.example)"),
            (Some("Ann".into()), Some("a@x.example".into()))
        );
    }

    #[test]
    fn characters_of_several_bytes_may_touch_an_address() {
        assert_eq!(split("é@x.example—"), (Some("—".into()), Some("é@x.example".into())));
    }
}
