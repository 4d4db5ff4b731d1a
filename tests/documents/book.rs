//! The pages of `docs` are a book: each is in its table of contents, and links lead to headings that
//! are there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

use crate::{documents, links, prose, root};

/// The place of a heading, as forges and mdBook make it.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|sign| match sign {
            ' ' => Some('-'),
            sign if sign.is_alphanumeric() || matches!(sign, '-' | '_') => Some(sign),
            _ => None,
        })
        .collect()
}

fn anchors(document: &Path) -> BTreeSet<String> {
    // A page that is not there is another test's finding.
    let text = fs::read_to_string(document).unwrap_or_default();
    let headings = prose(&text).into_iter().filter_map(|(_, line)| line.split_once("# "));
    headings
        .filter(|(signs, _)| signs.chars().all(|sign| sign == '#'))
        .map(|(_, heading)| anchor(heading.trim()))
        .collect()
}

/// A path without `..` in it.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

#[test]
fn every_link_to_a_heading_leads_to_one() {
    let mut wrong = Vec::new();
    for document in documents() {
        for (line, words) in prose(&fs::read_to_string(&document).unwrap()) {
            for target in links(words).filter(|target| !target.contains("://")) {
                let Some((file, place)) = target.split_once('#') else { continue };
                let file = if file.is_empty() {
                    document.clone()
                } else {
                    document.parent().unwrap().join(file)
                };
                if !anchors(&file).contains(place) {
                    wrong.push(format!("{}:{line}: {target}", document.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "links to headings that are not there\n{}", wrong.join("\n"));
}

#[test]
fn every_page_is_in_the_table_of_contents_once() {
    let docs = root().join("docs");
    let summary = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let text = summary.replace('\n', " ");
    let mut pages: Vec<PathBuf> = documents()
        .into_iter()
        .filter(|page| page.starts_with(&docs) && !page.ends_with("SUMMARY.md"))
        .collect();
    for page in links(&text).map(|page| docs.join(page)) {
        let at = pages.iter().position(|known| *known == page);
        assert!(at.is_some(), "{} is listed twice, or is no page", page.display());
        pages.swap_remove(at.unwrap());
    }
    assert!(pages.is_empty(), "not in docs/SUMMARY.md: {pages:?}");
}

#[test]
fn the_book_links_to_no_page_outside_of_it() {
    let docs = root().join("docs");
    let mut wrong = Vec::new();
    for page in documents().into_iter().filter(|page| page.starts_with(&docs)) {
        for (line, words) in prose(&fs::read_to_string(&page).unwrap()) {
            let outside = links(words).filter(|target| !target.contains("://")).filter(|target| {
                // mdBook makes `.html` of it; other files of the repository are where the link says.
                let file = page.parent().unwrap().join(target.split('#').next().unwrap());
                file.extension().is_some_and(|ending| ending == "md")
                    && !plain(&file).starts_with(&docs)
            });
            wrong.extend(outside.map(|target| format!("{}:{line}: {target}", page.display())));
        }
    }
    assert!(wrong.is_empty(), "pages that the book does not have\n{}", wrong.join("\n"));
}

#[test]
fn a_heading_has_the_place_that_forges_give_it() {
    for (heading, place) in [
        ("`poll.min_interval`", "pollmin_interval"),
        ("When the cluster refuses something", "when-the-cluster-refuses-something"),
        ("`robots.txt` (`nashra_robots_total`)", "robotstxt-nashra_robots_total"),
        ("NashraDown", "nashradown"),
    ] {
        assert_eq!(anchor(heading), place);
    }
}
