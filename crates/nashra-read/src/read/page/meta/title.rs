//! Chooses the headline of an article among those that its page gives: in its metadata, its
//! headings, its `<title>`.
//!
//! No order of them is right for all publishers. Two that agree win over a single one; the name of
//! the site is never the headline.

use hashbrown::HashSet;
use url::Url;

use super::{Tags, jsonld::ArticleMetadata};
use crate::{
    html::Tag,
    model::record::Origin,
    text::{fold, lower},
};

/// Separators between a headline and the name of the site.
const SEPARATORS: [&str; 12] =
    [" | ", " - ", " – ", " — ", " · ", " :: ", " : ", " » ", " « ", " // ", " ǀ ", " • "];
/// Bytes below which a headline says too little to be known again, in the form of [`fold`].
const MIN_KNOWN: usize = 10;

/// Bytes from which one or two words may be a headline; shorter ones name a part of the page, such
/// as its menu.
const MIN_TELLING: usize = 16;

/// The most words of a kicker.
const KICKER_WORDS: usize = 2;
/// Words of a headline from which and up to which it is compared with another one.
const MIN_WORDS: usize = 3;
const MAX_WORDS: usize = 60;

/// Bytes from which a heading that stands in a title does not stand there by chance, in the form of
/// [`fold`].
const MIN_WITHIN: usize = 4;

/// The names of a site.
#[derive(Debug, Clone, Default)]
pub(in crate::read::page) struct Site {
    /// The name in its metadata, folded.
    name: Option<String>,
    /// Its host without `www.`, folded.
    host: String,
    /// The longest part of its host, folded.
    label: String,
}

impl Site {
    pub(super) fn new(name: Option<&str>, base: &Url) -> Self {
        let host = base.host_str().unwrap_or_default().trim_start_matches("www.");
        let label = host.rsplit('.').skip(1).max_by_key(|part| part.len()).unwrap_or_default();
        Self {
            name: name.map(fold).filter(|name| !name.is_empty()),
            host: fold(host),
            label: fold(label),
        }
    }

    /// Whether a text is its name, its host, or a few words that begin with its host.
    pub(in crate::read::page) fn is_named(&self, text: &str) -> bool {
        let plain = fold(text);
        let of_host = || {
            plain.len() >= 4 && self.host.contains(&plain)
                || plain.len() >= 2 && self.host.starts_with(&plain)
        };
        let begins = || {
            self.label.len() >= 5
                && plain.starts_with(&self.label)
                && plain.len() <= 2 * self.label.len()
        };
        !plain.is_empty() && (self.name.as_ref() == Some(&plain) || of_host() || begins())
    }

    /// A title without the site's name at its end or its start.
    pub(super) fn strip(&self, title: &str) -> String {
        let rest = SEPARATORS.iter().find_map(|separator| {
            let behind = title
                .rsplit_once(separator)
                .filter(|(_, tail)| self.is_named(tail))
                .map(|(head, _)| head);
            behind.or_else(|| {
                title
                    .split_once(separator)
                    .filter(|(head, _)| self.is_named(head))
                    .map(|(_, tail)| tail)
            })
        });
        rest.map(str::trim).filter(|rest| !rest.is_empty()).unwrap_or(title).to_owned()
    }
}

/// The headline with its origin, and whether two of the page's metadata agree on it.
pub(super) fn choose(
    metadata: &ArticleMetadata,
    tags: &Tags,
    site: &Site,
) -> (Option<(String, Origin)>, bool) {
    let own = |title: String| Some(site.strip(&title)).filter(|title| !site.is_named(title));
    let same = |one: &str, other: &str| fold(one) == fold(other);
    let script = metadata.headline.clone().and_then(own);
    let shared = tags.first(&super::SHARED).and_then(own);
    let marked = tags.property("headline").and_then(own);
    if let (Some(script), Some(shared)) = (&script, &shared)
        && same(script, shared)
    {
        let headings = tags.headings.iter().map(|heading| (heading.1.clone(), Origin::Dom));
        let others = headings.filter(|heading| same(&heading.0, script));
        let shared = std::iter::once((shared.clone(), Origin::Meta));
        let said = (script.clone(), Origin::JsonLd);
        return (Some(most_quoted(said, shared.chain(others))), true);
    }
    let first = || {
        tags.headings
            .iter()
            .filter(|heading| heading.0 == Tag::H1)
            .filter_map(|heading| own(heading.1.clone()))
    };
    let seen = |title: &String| first().any(|other| same(&other, title));
    if let Some(shared) = shared.as_ref().filter(|shared| seen(shared)) {
        return (Some((shared.clone(), Origin::Meta)), false);
    }
    let window = tags.title.clone().and_then(own);
    if let Some(heading) = in_both(tags, window.as_deref(), shared.as_deref(), first()) {
        return (Some((heading, Origin::Dom)), false);
    }
    let machine = script
        .map(|script| (script, Origin::JsonLd))
        .or(marked.map(|marked| (marked, Origin::Microdata)));
    let title = match (machine, shared) {
        // With a kicker before it; more words that readers see, too, are of the headline.
        (Some((one, _)), Some(shared))
            if ends_with(&one, &shared) && (is_kicker(&one, &shared) || !seen(&one)) =>
        {
            Some((shared, Origin::Meta))
        }
        (Some(one), _) => Some(one),
        (None, Some(shared)) => Some((shared, Origin::Meta)),
        (None, None) => {
            let longest =
                window.as_deref().map(longest).filter(|longest| longest.len() >= MIN_KNOWN);
            let in_window = longest
                .and_then(|part| tags.headings.iter().find(|heading| fold(&heading.1) == part));
            let whole = window.as_deref().map(fold).unwrap_or_default();
            let within = |title: &String| is_within(&whole, title);
            let heading =
                || first().find(within).or_else(|| first().find(|title| is_telling(title)));
            in_window
                .map(|found| found.1.clone())
                .or_else(heading)
                .or(window)
                .or_else(|| first().next())
                .map(|title| (title, Origin::Dom))
        }
    };
    (title, false)
}

/// The heading that the title of the window has, too: readers see it in both places. The headline
/// that is made for sharing stands, where another heading shows it or the two are alike.
fn in_both(
    tags: &Tags,
    window: Option<&str>,
    shared: Option<&str>,
    mut headings: impl Iterator<Item = String>,
) -> Option<String> {
    let window = window?;
    let (whole, part) = (fold(window), longest(window));
    let shared = shared.map(fold).unwrap_or_default();
    if !shared.is_empty() && tags.headings.iter().any(|heading| fold(&heading.1) == shared) {
        return None;
    }
    headings.find(|heading| {
        let plain = fold(heading);
        let named = plain.len() >= MIN_KNOWN && (plain == whole || plain == part);
        named && (shared.is_empty() || !plain.contains(&shared) && !shared.contains(&plain))
    })
}

/// Of the same headline in several places the one that kept its quotation marks.
fn most_quoted(
    first: (String, Origin),
    others: impl Iterator<Item = (String, Origin)>,
) -> (String, Origin) {
    let marks = |title: &str| title.chars().filter(|c| is_quote(*c)).count();
    others.fold(first, |best, other| if marks(&other.0) > marks(&best.0) { other } else { best })
}

fn is_quote(c: char) -> bool {
    matches!(
        c,
        '"' | '“'
            | '”'
            | '„'
            | '«'
            | '»'
            | '‹'
            | '›'
            | '「'
            | '」'
            | '『'
            | '』'
            | '＂'
            | '‟'
            | '〝'
            | '〟'
    )
}

/// Whether a heading has the length of a headline, and not only that of the name of a part of the
/// page.
pub(in crate::read::page) fn is_telling(heading: &str) -> bool {
    heading.len() >= MIN_TELLING || heading.split_whitespace().count() > 2
}

/// Whether a heading stands in a title, which is folded.
pub(in crate::read::page) fn is_within(title: &str, heading: &str) -> bool {
    let heading = fold(heading);
    heading.len() >= MIN_WITHIN && title.contains(&heading)
}

/// Whether the second headline is the first one without what stands before it.
pub(in crate::read::page) fn ends_with(long: &str, short: &str) -> bool {
    let short = fold(short);
    short.len() > MIN_KNOWN && fold(long).ends_with(&short)
}

/// Whether what stands before the second headline in the first is short enough for a kicker.
fn is_kicker(long: &str, short: &str) -> bool {
    let words = |text: &str| text.split_whitespace().count();
    words(long) <= words(short) + KICKER_WORDS
}

/// Whether two headlines say the same in words of which many are others: not one alone, and neither
/// is a part of the other, as one with a kicker is.
pub(in crate::read::page) fn is_reworded(one: &str, other: &str) -> bool {
    let words = |text: &str| -> HashSet<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.take(MAX_WORDS).map(|word| lower(word).into_owned()).collect()
    };
    let (mine, its) = (words(one), words(other));
    let both = mine.intersection(&its).count();
    let (one, other) = (fold(one), fold(other));
    let all = mine.len() + its.len() - both;
    mine.len().min(its.len()) >= MIN_WORDS
        && both * 5 >= all * 2
        && both * 8 <= all * 7
        && !one.contains(&other)
        && !other.contains(&one)
}

/// Whether a line is the longest part of a title.
pub(in crate::read::page) fn is_part(title: &str, line: &str) -> bool {
    let line = fold(line);
    line.len() >= MIN_KNOWN && longest(title) == line
}

/// The longest part of a title between separators, folded.
pub(in crate::read::page) fn longest(title: &str) -> String {
    let mut parts = vec![title];
    for separator in SEPARATORS {
        parts = parts.into_iter().flat_map(|part| part.split(separator)).collect();
    }
    fold(parts.into_iter().max_by_key(|part| part.chars().count()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(name: Option<&str>, host: &str) -> Site {
        Site::new(name, &Url::parse(&format!("https://{host}/a")).unwrap())
    }

    #[test]
    fn a_sites_name_is_no_part_of_a_headline_at_either_end() {
        let daily = site(Some("The Daily"), "www.daily.example");
        assert_eq!(daily.strip("Harbour reopens | The Daily"), "Harbour reopens");
        assert_eq!(daily.strip("The Daily » Harbour reopens"), "Harbour reopens");
        assert_eq!(daily.strip("Harbour - a port reopens"), "Harbour - a port reopens");
        assert_eq!(
            site(None, "harbourtimes.example").strip("Harbour reopens - Harbour Times"),
            "Harbour reopens"
        );
    }

    #[test]
    fn a_site_is_known_by_the_words_that_begin_with_its_host() {
        let blog = site(None, "old.harbour.example");
        assert!(blog.is_named("Harbour-Archive"));
        assert!(!blog.is_named("Harbour reopens after a storm"));
    }

    #[test]
    fn a_line_is_known_as_the_longest_part_of_a_title() {
        assert!(is_part(
            "Press - The harbour is open again - Our town",
            "The harbour is open again"
        ));
        assert!(!is_part("Press - The harbour is open again - Our town", "Our town"));
    }
}
