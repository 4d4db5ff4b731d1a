//! The names of an entry's writers, each once: several elements may name one person, in capitals, with
//! the family name first, or in one list with the others.

use super::{convert::plain_of, model::Person};
use crate::text::fold;

/// The most names that are compared.
const MAX_COMPARED: usize = 50;
/// Words of a name that may be a list of others; one of fifty writers has some two hundred.
const MAX_LISTED: usize = 500;
/// Words that stand before names or between them.
const JOINS: [&str; 9] = ["by", "and", "und", "et", "y", "e", "og", "en", "och"];

/// A name as it is written, and its words.
struct Name {
    written: String,
    words: Vec<String>,
}

/// The names of these people.
pub(super) fn names(people: Vec<Person>) -> Vec<String> {
    let written = people.into_iter().filter_map(|person| plain_of(person.name?));
    let written: Vec<String> = written.filter(|name| !name.contains('@')).collect();
    if written.len() < 2 {
        return written;
    }
    let mut known: Vec<Name> = Vec::new();
    for written in written {
        let name = Name { words: words(&written), written };
        let same = known.iter_mut().take(MAX_COMPARED).find(|known| known.words == name.words);
        match same {
            Some(same) if is_better(&name.written, &same.written) => same.written = name.written,
            Some(_) => {}
            None => known.push(name),
        }
    }
    if (3..=MAX_COMPARED).contains(&known.len()) {
        let words: Vec<Vec<String>> = known.iter().map(|name| name.words.clone()).collect();
        known.retain(|name| !is_list(&name.words, &words));
    }
    known.into_iter().map(|name| name.written).collect()
}

/// The words of a name in the order of their letters, without case, vowel signs and what joins
/// names.
fn words(name: &str) -> Vec<String> {
    let parts = name.split(|c: char| c.is_whitespace() || ",;/&|.".contains(c));
    let bare = |part: &str| part.replace(|c| matches!(c, '\u{64b}'..='\u{65f}'), "");
    let mut words: Vec<String> = parts
        .map(|part| fold(&bare(part)))
        .filter(|word| !word.is_empty() && !JOINS.contains(&word.as_str()))
        .collect();
    words.sort_unstable();
    words
}

/// Whether a name is written better than the same one: not in capitals, and with nothing but the
/// name.
fn is_better(name: &str, known: &str) -> bool {
    let is_loud = |name: &str| !name.chars().any(char::is_lowercase);
    match (is_loud(name), is_loud(known)) {
        (false, true) => true,
        (true, false) => false,
        _ => name.len() < known.len(),
    }
}

/// Whether these are the words of several others together: `Ann B, Carl D` beside both of them. All
/// are in the order of their letters.
fn is_list(words: &[String], all: &[Vec<String>]) -> bool {
    if words.len() > MAX_LISTED {
        return false;
    }
    let has = |words: &[String], word: &String| words.binary_search(word).is_ok();
    let is_part = |part: &&Vec<String>| {
        !part.is_empty() && part.len() < words.len() && part.iter().all(|word| has(words, word))
    };
    let parts: Vec<&Vec<String>> = all.iter().filter(is_part).collect();
    parts.len() > 1 && words.iter().all(|word| parts.iter().any(|part| has(part, word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_writer_is_named_once_in_the_best_form() {
        let of = |written: &[&str]| {
            let person =
                |name: &&str| Person { name: Some((*name).to_owned()), ..Person::default() };
            names(written.iter().map(person).collect())
        };
        assert_eq!(of(&["JANE DOE", "Jane Doe", "Doe, Jane", "By Jane Doe"]), ["Jane Doe"]);
        assert_eq!(of(&["Jane Doe", "John Doe"]), ["Jane Doe", "John Doe"]);
        assert_eq!(of(&["Jane Doe and Max Roe", "Jane Doe", "Max Roe"]), ["Jane Doe", "Max Roe"]);
        assert_eq!(of(&["Jane Doe", "Jane Doe, Max Roe", "Ida Poe"]).len(), 3);
    }
}
