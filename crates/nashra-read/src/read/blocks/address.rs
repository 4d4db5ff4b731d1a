//! Finds the address of a picture among those that a page gives for it.

use std::borrow::Cow;

use url::Url;

use crate::html::{NodeId, Tag, Tree};
use crate::read::embeds::{absolute, stated};

/// Nodes behind a picture in which the one for readers without scripts is looked for.
const MAX_BEHIND: NodeId = 20;
/// Nodes of a `picture` in which its sources are looked for.
const MAX_AROUND: usize = 50;

/// Pixels below which a side is that of a placeholder, where a larger picture is named beside it.
const TINY: u32 = 60;
/// Attributes in which one address is kept until a script loads it, and those in which a set is.
const KEPT: [&str; 4] = ["data-src", "data-original", "data-lazy-src", "data-url"];
const SETS: [&str; 3] = ["srcset", "data-srcset", "data-lazy-srcset"];

/// Width and height of an image in pixels, as its attributes give them; those of a placeholder are
/// none of the picture that is loaded later.
pub(in crate::read) fn size(tree: &Tree<'_>, node: NodeId) -> (Option<u32>, Option<u32>) {
    let sides = stated(tree, node);
    let later = || KEPT.iter().any(|name| is_said(tree, node, name)) || set(tree, node).is_some();
    if is_tiny(sides) && later() { (None, None) } else { sides }
}

/// Whether a side is that of a placeholder.
fn is_tiny((width, height): (Option<u32>, Option<u32>)) -> bool {
    [width, height].into_iter().flatten().any(|side| side < TINY)
}

fn is_said(tree: &Tree<'_>, node: NodeId, name: &str) -> bool {
    tree.attribute(node, name).is_some_and(|value| {
        let value = value.trim();
        !value.is_empty() && !value.starts_with("data:")
    })
}

/// The set of addresses of a picture: its own, else that of the first source beside it.
fn set<'a>(tree: &Tree<'a>, node: NodeId) -> Option<Cow<'a, str>> {
    let around = tree.ancestors(node).take(2).find(|ancestor| tree.tag(*ancestor) == Tag::Picture);
    let sources = around
        .into_iter()
        .flat_map(|node| tree.descendants(node))
        .take(MAX_AROUND)
        .filter(|node| tree.tag(*node) == Tag::Source);
    let sets = std::iter::once(node).chain(sources).flat_map(|node| SETS.map(|name| (node, name)));
    sets.filter_map(|(node, name)| tree.attribute(node, name))
        .find(|set| largest(set).is_some_and(|url| !url.starts_with("data:")))
}

/// The address of a picture: the one that lazy loading keeps apart, else its own, else the largest
/// of its set, else that of the picture for readers without scripts.
pub(in crate::read) fn address(tree: &Tree<'_>, node: NodeId, base: &Url) -> Option<String> {
    let attribute = |node: NodeId, name: &str| {
        tree.attribute(node, name).filter(|attribute| !attribute.trim().is_empty())
    };
    let plain = KEPT.iter().chain(&["src"]);
    // Some write a whole set where one address belongs.
    let one = |value: Cow<'_, str>| {
        absolute(base, if is_set(&value) { largest(&value)? } else { &value })
    };
    let tiny = || is_tiny(stated(tree, node));
    let of = |names: &[&str]| {
        names
            .iter()
            .filter_map(|name| attribute(node, name))
            .filter_map(one)
            .find(|one| !is_placeholder(one))
    };
    let of_set = || absolute(base, largest(&set(tree, node)?)?);
    // A tiny picture stands for the one in the set.
    let single =
        of(&KEPT).or_else(|| if tiny() { of_set() } else { None }).or_else(|| of(&["src"]));
    let lazy = || {
        let own = tree.raw_attributes(node).filter(|(name, _)| name.starts_with("data-"));
        own.filter(|(_, value)| is_picture(value))
            .find_map(|(_, value)| absolute(base, &htmlize::unescape_attribute(value.trim())))
    };
    let without_scripts = || {
        let behind = node + 1..tree.len().min(node + MAX_BEHIND);
        let img = behind
            .clone()
            .find(|node| tree.tag(*node) == Tag::Noscript)
            .and_then(|noscript| tree.find(noscript, Tag::Img))?;
        plain
            .clone()
            .filter_map(|name| attribute(img, name))
            .find_map(|value| absolute(base, &value))
    };
    single.or_else(of_set).or_else(lazy).or_else(without_scripts)
}

/// Whether a picture is a placeholder for one that a script loads.
fn is_placeholder(url: &str) -> bool {
    const NAMES: [&str; 8] =
        ["placeholder", "transparent", "blank", "spacer", "lazy", "loading", "1x1", "pixel"];
    let name = url
        .split(['?', '#'])
        .next()
        .and_then(|part| part.rsplit('/').next())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let small = [".gif", ".svg", ".png"].iter().any(|ending| name.ends_with(ending));
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    small && NAMES.iter().any(|part| name.contains(part))
        || words.any(|word| matches!(word, "placeholder" | "lqip" | "spacer"))
}

/// Whether a value is a set of addresses with their sizes.
fn is_set(value: &str) -> bool {
    let size = |part: &str| {
        let part = part.split(',').next().unwrap_or_default();
        part.strip_suffix(['w', 'x']).is_some_and(|number| number.parse::<f32>().is_ok())
    };
    value.split_whitespace().skip(1).any(size)
}

/// Whether an attribute's value is the address of a picture.
fn is_picture(value: &str) -> bool {
    let path = value.trim().split(['?', '#']).next().unwrap_or_default();
    !path.contains([' ', '{', ','])
        && [".jpg", ".jpeg", ".png", ".webp", ".avif"].iter().any(|ending| path.ends_with(ending))
}

/// The candidate of a `srcset` with the largest descriptor (HTML Living Standard §4.8.4.2.1): an
/// address ends at white space, what describes it at a comma, and a comma behind an address ends it.
fn largest(srcset: &str) -> Option<&str> {
    let separator = |c: char| c.is_ascii_whitespace() || c == ',';
    let (mut rest, mut best) = (srcset.trim_start_matches(separator), None::<(&str, f32)>);
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (url, behind) = rest.split_at(end);
        let plain = url.trim_end_matches(',');
        let (said, next) = if plain.len() < url.len() {
            ("", behind)
        } else {
            behind.split_once(',').unwrap_or((behind, ""))
        };
        let number = said.trim().trim_end_matches(['w', 'x', 'h']);
        let size = number
            .split_whitespace()
            .next()
            .and_then(|part| part.trim_end_matches(['w', 'x']).parse::<f32>().ok());
        let size = size.unwrap_or(1.0);
        if !plain.is_empty() && best.is_none_or(|best| size > best.1) {
            best = Some((plain, size));
        }
        rest = next.trim_start_matches(separator);
    }
    best.map(|best| best.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_picture_of_a_set_is_taken() {
        for set in [
            "/s.jpg 320w, /l.jpg 1280w, /m.jpg 640w",
            "/s.jpg 320w,/l.jpg 1280w,/m.jpg 640w",
            "\n  /l.jpg 2x,\n  /s.jpg 1x",
            "/s.jpg, /l.jpg 1.5x",
            " , /l.jpg",
        ] {
            assert_eq!(largest(set), Some("/l.jpg"), "{set}");
        }
        assert_eq!(largest("/w_4,h_3/l.jpg 400w, /w_2,h_1/s.jpg 200w"), Some("/w_4,h_3/l.jpg"));
        assert_eq!(largest(", ,"), None);
    }

    fn address_of(html: &str) -> Option<String> {
        let tree = Tree::parse(html);
        address(&tree, tree.find(0, Tag::Img)?, &Url::parse("https://news.example/").unwrap())
    }

    #[test]
    fn the_picture_is_found_behind_its_placeholder() {
        for html in [
            "<img src=data:image/gif;base64,R0 data-src=/l.jpg>",
            "<img src=/grey-placeholder.png srcset='/s.jpg 240w,/l.jpg 1024w'>",
            "<img src=/p-20.jpg width=20 height=13 data-src=/l.jpg>",
            "<picture><source srcset='/l.jpg 800w'><img src=/p-20.jpg width=20 height=13></picture>",
            "<picture><source srcset='data:image/gif;base64,R0'><source data-srcset='/s.jpg 1w,/l.jpg 2w'><img src=/lqip.jpg></picture>",
            "<img src=/lazy.svg data-lazy-srcset='/s.jpg 1x, /l.jpg 2x'>",
            "<img data-src='/s.jpg 320w,/l.jpg 640w'>",
            "<img class=x data-hi-res=/l.jpg><p>",
        ] {
            assert_eq!(address_of(html).as_deref(), Some("https://news.example/l.jpg"), "{html}");
        }
    }

    #[test]
    fn the_size_of_a_placeholder_is_none_of_the_picture() {
        let tree = Tree::parse(
            "<img src=/a.jpg width=20 height=13 data-src=/l.jpg><img src=/b.gif width=1 height=1>",
        );
        let sizes: Vec<_> = (1..3).map(|node| size(&tree, node)).collect();
        assert_eq!(sizes, [(None, None), (Some(1), Some(1))]);
    }
}
