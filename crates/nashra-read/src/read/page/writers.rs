//! Finds the writers of an article: in its metadata, and in the elements of the page that name
//! them.

use std::ops::Range;

use super::{hints, split::View};
use crate::{
    html::{NodeId, Tag},
    model::record::{Byline, BylineKind},
    read::credits::{agency, byline},
    text::{collapse, fold},
};

/// The longest text of an element that names writers, in bytes.
const MAX_SHOWN: usize = 160;
/// The most nodes between two elements that name writers of one article.
const MAX_APART: NodeId = 60;
/// The most writers of one article.
const MAX_NAMES: usize = 12;
/// Words in the names of elements that name writers.
const NAMES: [&str; 14] = [
    "author",
    "authors",
    "byline",
    "autor",
    "autoren",
    "auteur",
    "autore",
    "writer",
    "reporter",
    "yazar",
    "authorname",
    "authornames",
    "postauthor",
    "articleauthor",
];
/// Segments in the paths of pages about a writer.
const PAGES: [&str; 14] = [
    "author",
    "authors",
    "autor",
    "autoren",
    "auteur",
    "auteurs",
    "autore",
    "autori",
    "contributors",
    "contributor",
    "writer",
    "writers",
    "journalist",
    "by",
];

/// The writers in a string of the metadata: lists are split, `Lee, Ann` is reversed, and jobs go. A
/// name that has no form of one stays as it is.
pub(super) fn of_metadata(said: &str, kind: BylineKind) -> Vec<Byline> {
    let said = without_paper(said.trim().trim_end_matches([',', ';', '|']));
    if byline::is_of_page(said) {
        return Vec::new();
    }
    let one = |name: String| vec![Byline { name, kind, place: None }];
    // A dash joins what somebody is called, and an address stands for a site.
    let joined = said.split_once(" - ").is_some_and(|(first, _)| !first.contains(' '));
    if kind == BylineKind::Organisation || joined || said.contains("www.") {
        return one(said.to_owned());
    }
    if let Some((last, first)) = said.split_once(", ")
        && !last.contains(' ')
        && !first.contains(',')
        && first.split(' ').count() <= 2
        && (first.split(' ').count() == 1 || first.ends_with('.'))
        && byline::looks_like_name(last)
        && byline::looks_like_name(first.trim_end_matches('.'))
        && [last, first].iter().all(|part| byline::parse(part).iter().all(is_person))
    {
        return one(format!("{first} {last}"));
    }
    let found = byline::parse(said);
    let named = |byline: &Byline| {
        byline.kind == BylineKind::Organisation || byline::looks_like_name(&byline.name)
    };
    // Of one word nobody knows what it is; of several each is a name.
    if !found.is_empty() && found.iter().all(named) {
        // `Telegram & Gazette` is one paper.
        let whole = |byline: &Byline| byline.name.contains(' ') || !byline.name.is_ascii();
        if found.len() > 1 && !found.iter().filter(|byline| is_person(byline)).all(whole) {
            return one(said.to_owned());
        }
        let placed = found.iter().any(|byline| byline.place.is_some());
        let apart = found.len() > 1 || placed || found[0].name != said;
        return if apart { found } else { one(said.to_owned()) };
    }
    let plain = said.strip_prefix("By ").or_else(|| said.strip_prefix("by ")).unwrap_or(said);
    one(plain.to_owned())
}

/// A name without the paper that stands behind a stroke: `Ann Lee | Harbour Media for harbour.example`.
fn without_paper(said: &str) -> &str {
    let Some((name, paper)) = said.split_once(" | ") else { return said };
    let papers = byline::parse(paper);
    let paper = |byline: &Byline| !is_person(byline) && agency::in_credit(&byline.name).is_none();
    if is_one(name) && !papers.is_empty() && papers.iter().all(paper) { name } else { said }
}

fn is_person(byline: &Byline) -> bool {
    byline.kind == BylineKind::Person
}

/// Whether a name is that of the site itself: `mdr.de`, `MDR Thüringen`, `Lesotho Times`, `Deutsche
/// Welle (www.dw.com)`.
pub(super) fn is_site(name: &str, site: [Option<&str>; 2], host: &str) -> bool {
    let host = host.trim_start_matches("www.");
    let plain = fold(name);
    let label = fold(host.split('.').next().unwrap_or_default());
    name.contains("www.")
        || site.into_iter().flatten().any(|site| fold(site) == plain)
        || !label.is_empty()
            && (plain == label
                || plain == fold(host)
                || name.split(' ').next().is_some_and(|part| fold(part) == label))
}

/// The writers that a page shows among some nodes, in elements that are marked or named as theirs.
pub(super) fn shown(view: View<'_, '_>, nodes: Range<NodeId>) -> Vec<Byline> {
    let tree = view.tree;
    let mut found: Vec<Byline> = Vec::new();
    let mut last = None;
    let mut inside = 0;
    for node in nodes.filter(|node| tree.tag(*node) != Tag::Text) {
        if last.is_some_and(|last| node > last + MAX_APART) || found.len() >= MAX_NAMES {
            break;
        }
        if node < inside {
            continue;
        }
        let Some(marked) = is_writers(view, node) else { continue };
        let text = collapse(&tree.start_of_text(node));
        if text.is_empty() || text.len() > MAX_SHOWN {
            continue;
        }
        let names = byline::parse(&text);
        let is_one = |byline: &Byline| is_one(&byline.name) || marked && is_handle(&byline.name);
        if !names.is_empty() && names.iter().all(is_one) {
            (last, inside) = (Some(node), tree.end(node));
            for name in names {
                if found.iter().all(|found| fold(&found.name) != fold(&name.name)) {
                    found.push(name);
                }
            }
        }
    }
    found
}

/// The writers that a line names which holds nothing else and is set in bold.
pub(super) fn alone(line: &str) -> Vec<Byline> {
    let names = byline::parse(line);
    let person = |byline: &Byline| {
        let words = byline.name.split(' ').count();
        is_one(&byline.name)
            && is_person(byline)
            && (2..=3).contains(&words)
            && !byline.name.contains(" of ")
            && !byline::is_nobody(&byline.name)
    };
    if line.len() <= MAX_SHOWN && names.len() <= 3 && names.iter().all(person) {
        names
    } else {
        Vec::new()
    }
}

/// Whether a small letter is followed by a large one, but in `McCarthy` or `DeVito`.
fn runs_on(name: &str) -> bool {
    name.split([' ', '-']).any(|word| {
        let letters: Vec<char> = word.chars().collect();
        letters
            .windows(2)
            .enumerate()
            .any(|(at, pair)| at >= 3 && pair[0].is_lowercase() && pair[1].is_uppercase())
    })
}

/// Whether a text is a name and nothing else: one word in Latin letters may be anything, and two
/// that run together are a name and what stands beside it.
pub(super) fn is_one(name: &str) -> bool {
    byline::looks_like_name(name) && (name.contains(' ') || !name.is_ascii()) && !runs_on(name)
}

/// Whether a word may be what a writer of a site is called.
fn is_handle(name: &str) -> bool {
    name.len() >= 4 && byline::looks_like_name(name) && !byline::is_nobody(name) && !runs_on(name)
}

/// Whether an element is made for writers, and if so, whether the page says it to machines.
fn is_writers(view: View<'_, '_>, node: NodeId) -> Option<bool> {
    let attribute = |name: &str| view.tree.attribute(node, name);
    if view.measured.all[node as usize] & hints::COMMENTS != 0 {
        return None;
    }
    let marked = attribute("rel")
        .is_some_and(|attribute| attribute.split(' ').any(|part| part == "author"))
        || attribute("itemprop").is_some_and(|attribute| attribute == "author");
    let named = || {
        let class = attribute("class").unwrap_or_default().to_ascii_lowercase();
        class.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| NAMES.contains(&part))
    };
    let leads = || {
        let href = if view.tree.tag(node) == Tag::A { attribute("href") } else { None };
        href.is_some_and(|href| href.split(['/', '?']).any(|part| PAGES.contains(&part)))
    };
    (marked || named() || leads()).then_some(marked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_writers_are_taken_apart_and_names_turned_round() {
        for (said, wanted) in [
            ("Ann Lee, John Doe and Mary Major", &["Ann Lee", "John Doe", "Mary Major"][..]),
            ("Lee, Ann", &["Ann Lee"]),
            ("Lee, Ann D.", &["Ann D. Lee"]),
            (
                "Trine Juncher Jørgensen og Tôrtia Reimer",
                &["Trine Juncher Jørgensen", "Tôrtia Reimer"],
            ),
            ("Ann Lee", &["Ann Lee"]),
            ("Ann Lee, PhD", &["Ann Lee"]),
            ("Ann Lee, Transport Correspondent", &["Ann Lee"]),
            ("Ann Lee, Chief Technology Officer & Head of Labs", &["Ann Lee"]),
            ("Felix Ahrendt und Jörg Steinweg, dpa", &["Felix Ahrendt", "Jörg Steinweg", "dpa"]),
            ("By Ann Lee", &["Ann Lee"]),
            ("annlee7", &["annlee7"]),
            ("John Garcia, Jr.", &["John Garcia, Jr."]),
            ("Ann Lee | Harbour Media for harbour.example", &["Ann Lee"]),
            ("Ann Lee | Bo Ray", &["Ann Lee", "Bo Ray"]),
            ("Ann Lee | Reuters", &["Ann Lee", "Reuters"]),
        ] {
            let found = of_metadata(said, BylineKind::Person);
            let found: Vec<_> = found.iter().map(|found| found.name.as_str()).collect();
            assert_eq!(found, wanted, "{said}");
        }
        for said in ["Nachrichten", "Alles von", "Weitere Informationen"] {
            assert!(of_metadata(said, BylineKind::Person).is_empty(), "{said}");
        }
    }

    #[test]
    fn a_sites_own_name_is_no_writer() {
        assert!(is_site("mdr.de", [None, None], "www.mdr.de"));
        assert!(is_site("The Daily", [Some("The Daily"), None], "x.example"));
        assert!(!is_site("Ann Lee", [Some("The Daily"), None], "daily.example"));
    }
}
