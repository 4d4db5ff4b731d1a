//! Which page of an article an address leads to, told by how it differs from that of another page.
//!
//! Most links to a "next" thing lead to the next article, so the address decides: it must be the
//! same but for the number of a page. What pages comments, pictures or search results is no page of
//! an article.

use url::Url;

use crate::model::identity;

/// Names of the number of a page in addresses, in lower case.
const NAMES: [&str; 38] = [
    "page",
    "pages",
    "paged",
    "pg",
    "p",
    "pageno",
    "page_no",
    "pagenum",
    "pagenumber",
    "page_number",
    "currentpage",
    "articlepage",
    "onepage",
    "npack",
    "pn",
    "pagina",
    "p%c3%a1gina",
    "pag",
    "pagine",
    "seite",
    "s",
    "artikelseite",
    "side",
    "sida",
    "sivu",
    "strona",
    "str",
    "strana",
    "stranica",
    "stran",
    "oldal",
    "sayfa",
    "halaman",
    "hal",
    "trang",
    "leht",
    "lapa",
    "puslapis",
];
/// What else is numbered in addresses and their fragments.
const OTHERS: [&str; 16] = [
    "comment",
    "kommentar",
    "cpage",
    "reply",
    "replies",
    "slide",
    "photo",
    "foto",
    "image",
    "img",
    "gallery",
    "galerie",
    "bild",
    "search",
    "category",
    "archive",
];
/// Folders of forums, whose threads have pages.
const FORUMS: [&str; 9] = [
    "forum",
    "forums",
    "thread",
    "threads",
    "topic",
    "discussion",
    "discussions",
    "viewtopic.php",
    "showthread.php",
];
/// What parts the name of a number from what is before it.
const BORDERS: [char; 7] = ['/', '?', '&', '-', '_', ',', '.'];
/// The most bytes of a name with its borders.
const MAX_NAME: usize = 20;
/// No article has more pages; larger numbers are those of articles.
const MAX_NUMBER: u32 = 200;
/// The most numbers of an address that are looked at.
const MAX_NUMBERS: usize = 16;

/// How sure an address is that of a page of the same article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// It has one number more, which may mean anything: `/harbour-2`, `?n=2`.
    Hardly,
    /// It says that the number is a page's, or the number is a step of its path: `?page=2`,
    /// `/harbour/2`, `/harbour_2.html`.
    Quite,
}

/// The number of the page that `there` is, where it is the page behind `here`: 2, where `here` has
/// no number.
#[must_use]
pub fn number_behind(here: &Url, there: &Url) -> Option<(u32, Sure)> {
    let is_same_site = here.host_str() == there.host_str()
        && here.port_or_known_default() == there.port_or_known_default();
    let is_forum = there.path().split('/').any(|folder| FORUMS.contains(&folder));
    if !is_same_site || is_forum || there.fragment().is_some_and(is_of_others) {
        return None;
    }
    let (from, to) = (relative(here), relative(there));
    numbers(&to).take(MAX_NUMBERS).find_map(|(at, end)| {
        let number: u32 = to[at..end].parse().ok()?;
        let (head, tail) = (&to[..at], &to[end..]);
        let numbered = || from == format!("{head}{}{tail}", number - 1);
        if !(2..=MAX_NUMBER).contains(&number) {
            return None;
        }
        let (name, added) = match added_name(&from, head, tail) {
            Some(name) if number == 2 => (name, true),
            _ if numbered() => (last_name(head), false),
            _ => return None,
        };
        sureness(name, added, there.fragment().is_some()).map(|sure| (number, sure))
    })
}

/// The path and the parameters of an address, without what only tracks.
fn relative(url: &Url) -> String {
    let clean = identity::clean(url);
    let query = clean.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", clean.path().trim_end_matches('/')).to_ascii_lowercase()
}

/// The places of the numbers in a text, the last one first.
fn numbers(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let bytes = text.as_bytes();
    let mut end = bytes.len();
    std::iter::from_fn(move || {
        end -= bytes[..end].iter().rev().take_while(|byte| !byte.is_ascii_digit()).count();
        let digits = bytes[..end].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let last = end;
        end -= digits;
        (digits > 0).then_some((end, last))
    })
}

/// The end of `head` without which, and without the number behind it, an address is `from`.
fn added_name<'a>(from: &str, head: &'a str, tail: &str) -> Option<&'a str> {
    let borders = head.rmatch_indices(BORDERS).map(|(at, _)| at);
    borders.take_while(|at| head.len() - at <= MAX_NAME).map(|at| head.split_at(at)).find_map(
        |(before, name)| {
            let rest = from.strip_prefix(before)?;
            // The first parameter took the `?` of the second.
            let is_rest = rest == tail
                || name.starts_with('?') && tail.starts_with('&') && rest.get(1..) == tail.get(1..);
            is_rest.then_some(name)
        },
    )
}

/// The name of the number that a text ends before.
fn last_name(head: &str) -> &str {
    let bare = head.trim_end_matches('=').trim_end_matches(BORDERS);
    &head[bare.rfind(BORDERS).unwrap_or(0)..]
}

/// How sure a number is that of a page, by its name and the borders around that.
fn sureness(name: &str, added: bool, has_fragment: bool) -> Option<Sure> {
    let bare = name.trim_end_matches('=').trim_matches(BORDERS);
    if is_of_others(bare) {
        None
    } else if NAMES.contains(&bare) || bare.is_empty() && added && name.ends_with(['/', '_']) {
        Some(Sure::Quite)
    } else if bare.is_empty() || !added || name.starts_with(['?', '&']) && !has_fragment {
        Some(Sure::Hardly)
    } else {
        None
    }
}

fn is_of_others(text: &str) -> bool {
    let text = text.to_lowercase();
    OTHERS.iter().any(|other| text.contains(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(here: &str, there: &str) -> Option<(u32, Sure)> {
        let url =
            |address: &str| Url::parse("https://paper.example/").unwrap().join(address).unwrap();
        number_behind(&url(here), &url(there))
    }

    #[test]
    fn an_address_that_adds_the_number_of_a_page_is_the_second_page() {
        for (here, there) in [
            ("/2026/harbour", "/2026/harbour/seite-2"),
            ("/2026/harbour/", "/2026/harbour/2/"),
            ("/news/367061", "/news/367061/2"),
            ("/news089.html", "/news089_2.html"),
            ("/harbour.html", "/harbour.html?page=2"),
            ("/harbour?id=7", "/harbour?id=7&p=2"),
            ("/harbour?utm_source=feed", "/harbour?pagina=2"),
            ("/harbour", "/harbour/page/2/"),
            ("/harbour.html", "/harbour/2.html"),
            ("/harbour.html", "/harbour-seite-2.html"),
            ("/a/harbour,nId,5222535", "/a/harbour,nId,5222535,nPack,2"),
            ("/harbour?page=1", "/harbour?page=2"),
        ] {
            assert_eq!(number(here, there), Some((2, Sure::Quite)), "{here} {there}");
        }
        assert_eq!(number("/harbour/seite-2", "/harbour/seite-3"), Some((3, Sure::Quite)));
        assert_eq!(number("/harbour?page=9", "/harbour?page=10"), Some((10, Sure::Quite)));
        assert_eq!(number("/harbour/2", "/harbour/3"), Some((3, Sure::Hardly)));
    }

    #[test]
    fn a_number_that_may_be_another_articles_is_hardly_one_of_a_page() {
        for (here, there) in
            [("/harbour", "/harbour-2"), ("/harbour", "/harbour?n=2"), ("/a/1", "/a/2")]
        {
            assert_eq!(number(here, there), Some((2, Sure::Hardly)), "{here} {there}");
        }
    }

    #[test]
    fn another_article_a_page_of_comments_and_a_page_before_are_no_next_page() {
        for (here, there) in [
            ("/2026/harbour", "/2026/bridge"),
            ("/2026/harbour", "/2026/harbour"),
            ("/a/1234", "/a/1235"),
            ("/harbour/2", "/harbour"),
            ("/harbour", "/harbour/comment-page-2/"),
            ("/harbour", "/harbour?cpage=2"),
            ("/harbour", "/harbour?page=2#comments"),
            ("/harbour", "/harbour?page=3"),
            ("/harbour", "/harbour?slide=2"),
            ("/threads/harbour.12", "/threads/harbour.12/page-2"),
            ("/harbour", "/harbour?page=2&partial_nr=060&kind=box"),
            ("/harbour?p=2009", "/harbour?p=2010"),
            ("/harbour", "https://other.example/harbour/2"),
        ] {
            assert_eq!(number(here, there), None, "{here} {there}");
        }
    }
}
