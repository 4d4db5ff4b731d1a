//! The next page of an article that has several: what the page itself links to as that.
//!
//! What must stay true: a link is one only where two things agree, its address ([`address`]) and
//! what the page says of it: `rel=next`, a number in a row of numbers, or words. `rel=next` alone
//! nearly always leads to the next article.

mod address;
mod join;

use std::sync::LazyLock;

use url::Url;

use super::hints::{COMMENTS, HintReader};
use crate::{
    html::{NodeId, Tag, Tree},
    model::page::NextPage,
    text::fold,
};
use address::Sure;
pub use address::number_behind;
pub use join::{JoinError, join};

/// The most links that are looked at.
const MAX_LINKS: usize = 5_000;
/// The most characters of a link to a page, and of the box of such links.
const MAX_LABEL: usize = 60;
const MAX_BOX: usize = 300;
/// Elements around a link in which the numbers of other pages, and what names it, are looked for.
const AROUND: usize = 4;
const NAMED_AROUND: usize = 8;

/// What links to a next page say.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let lines = include_str!("words.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| line.split('|')).map(fold).collect()
});

/// What a page says of a link.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    /// `rel=next`.
    rel: bool,
    /// It is its number, among numbers of pages.
    number: bool,
    /// Words that mean the next page.
    words: bool,
}

/// The next page of the article at `here`, one of the addresses of its page.
pub(super) fn next(tree: &Tree<'_>, hints: &HintReader, here: &[&Url]) -> Option<NextPage> {
    let base = here.first()?;
    let links = (1..tree.len()).filter(|node| matches!(tree.tag(*node), Tag::A | Tag::Link));
    links.take(MAX_LINKS).find_map(|node| {
        let url = base.join(tree.attribute(node, "href")?.trim()).ok()?;
        let on_site = url.host_str() == base.host_str();
        let (number, sure) =
            here.iter().find_map(|here| number_behind(here, &url)).filter(|_| on_site)?;
        let said = said(tree, node, number);
        let is_one = match sure {
            Sure::Quite => said.rel || said.number || said.words,
            Sure::Hardly => said.number || said.rel && said.words,
        };
        (is_one && !is_of_comments(tree, hints, node)).then_some(NextPage {
            url,
            number,
            why: None,
        })
    })
}

/// What the page says of a link to the page with this number.
fn said(tree: &Tree<'_>, node: NodeId, number: u32) -> Said {
    let attribute = |name| tree.attribute(node, name).unwrap_or_default();
    let rel =
        attribute("rel").split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("next"));
    if tree.tag(node) == Tag::Link {
        return Said { rel, ..Said::default() };
    }
    let label = tree.start_of_text(node);
    let labels = [label.as_str(), &attribute("title"), &attribute("aria-label")].map(fold);
    let digits: String = label.chars().filter(char::is_ascii_digit).collect();
    let is_number =
        digits == number.to_string() && label.trim().chars().count() <= digits.len() + 12;
    Said {
        rel,
        number: is_number && stands_among_numbers(tree, node, number),
        words: labels
            .iter()
            .any(|label| label.chars().count() <= MAX_LABEL && says_next(label, number)),
    }
}

/// Whether a folded label means the next page: such words alone, or with its number behind them.
fn says_next(label: &str, number: u32) -> bool {
    let number = number.to_string();
    let bare = label.strip_prefix(&number).or_else(|| label.strip_suffix(&number)).unwrap_or(label);
    WORDS.iter().any(|words| {
        let rest = label.strip_prefix(words.as_str());
        bare == words || rest.is_some_and(|rest| rest.starts_with(&number))
    })
}

/// Whether the number of the page before stands near the link, in a box of such numbers.
fn stands_among_numbers(tree: &Tree<'_>, node: NodeId, number: u32) -> bool {
    let before = (number - 1).to_string();
    tree.ancestors(node).take(AROUND).any(|around| {
        let (mut chars, mut found) = (0, false);
        for inside in tree.descendants(around).filter(|inside| tree.tag(*inside) == Tag::Text) {
            let text = tree.text(inside);
            chars += text.trim().chars().take(MAX_BOX).count() + 1;
            if chars > MAX_BOX {
                return false;
            }
            found |= text.split(|c: char| !c.is_alphanumeric()).any(|word| word == before);
        }
        found
    })
}

/// Whether the link stands among comments.
fn is_of_comments(tree: &Tree<'_>, hints: &HintReader, node: NodeId) -> bool {
    let around = tree.ancestors(node).take(NAMED_AROUND);
    around
        .filter(|around| !matches!(tree.tag(*around), Tag::Body | Tag::Html))
        .any(|around| hints.hints(tree, around) & COMMENTS != 0)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use url::Url;

    use crate::read::page;

    /// What a fixture says of itself in a comment.
    fn said<'a>(html: &'a str, name: &str) -> &'a str {
        let (_, rest) = html.split_once(&format!("<!-- {name}: ")).unwrap();
        rest.split_once(" -->").unwrap().0
    }

    #[test]
    fn the_next_page_is_found_in_the_markup_of_many_systems_and_only_where_there_is_one() {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/page/further");
        let files: Vec<_> =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.len() > 12);
        for file in files {
            let html = fs::read_to_string(&file).unwrap();
            let (url, next) = (Url::parse(said(&html, "url")).unwrap(), said(&html, "next"));
            let page = page::parse(html.as_bytes(), Some("text/html"), Some(&url), None).unwrap();
            let found = page.next.map_or_else(|| "none".to_owned(), |next| next.url.to_string());
            assert_eq!(found, next, "{}", file.display());
        }
    }
}
