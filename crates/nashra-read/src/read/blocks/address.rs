//! Finds the address of a picture among those that a page gives for it.

use std::borrow::Cow;

use url::Url;

use crate::html::{NodeId, Tag, Tree};

/// Nodes behind a picture in which the one for readers without scripts is looked for.
const MAX_BEHIND: NodeId = 20;
/// Nodes of a `picture` in which its sources are looked for.
const MAX_AROUND: usize = 50;

/// Width and height of an image in pixels, as its attributes give them.
pub(in crate::read) fn size(tree: &Tree<'_>, node: NodeId) -> (Option<u32>, Option<u32>) {
    let pixels = |name: &str| {
        tree.attribute(node, name)
            .and_then(|attribute| attribute.trim().trim_end_matches("px").parse().ok())
    };
    (pixels("width"), pixels("height"))
}

/// The address of a picture: the one that lazy loading keeps apart, else its own, else the largest
/// of its set, else that of the picture for readers without scripts.
pub(in crate::read) fn address(tree: &Tree<'_>, node: NodeId, base: &Url) -> Option<String> {
    let attribute = |node: NodeId, name: &str| {
        tree.attribute(node, name).filter(|attribute| !attribute.trim().is_empty())
    };
    let plain = ["data-src", "data-original", "data-lazy-src", "data-url", "src"];
    // Some write a whole set where one address belongs.
    let one = |value: Cow<'_, str>| {
        absolute(
            base,
            if value.trim().contains(' ') && value.contains(", ") {
                largest(&value)?
            } else {
                &value
            },
        )
    };
    let single = plain
        .iter()
        .filter_map(|name| attribute(node, name))
        .filter_map(one)
        .find(|one| !is_placeholder(one));
    let of_set = || {
        let around =
            tree.ancestors(node).take(2).find(|ancestor| tree.tag(*ancestor) == Tag::Picture);
        let sources = around
            .into_iter()
            .flat_map(|node| tree.descendants(node))
            .take(MAX_AROUND)
            .filter(|node| tree.tag(*node) == Tag::Source);
        let mut sets = std::iter::once(node).chain(sources);
        let set = sets.find_map(|set| {
            ["srcset", "data-srcset"].iter().find_map(|name| attribute(set, name))
        })?;
        absolute(base, largest(&set)?)
    };
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
            .iter()
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
    small && NAMES.iter().any(|part| name.contains(part))
}

/// Whether an attribute's value is the address of a picture.
fn is_picture(value: &str) -> bool {
    let path = value.trim().split(['?', '#']).next().unwrap_or_default();
    !path.contains([' ', '{', ','])
        && [".jpg", ".jpeg", ".png", ".webp", ".avif"].iter().any(|ending| path.ends_with(ending))
}

pub(in crate::read) fn absolute(base: &Url, address: &str) -> Option<String> {
    let address = address.trim();
    if address.starts_with("data:") || address.len() > 4_096 {
        return None;
    }
    base.join(address).ok().filter(|url| matches!(url.scheme(), "http" | "https")).map(Into::into)
}

/// The candidate of a `srcset` with the largest descriptor (HTML Living Standard §4.8.4.2.1).
fn largest(srcset: &str) -> Option<&str> {
    let candidates = srcset.split(", ").filter_map(|candidate| {
        let mut parts = candidate.split_whitespace();
        let url = parts.next()?;
        let size = parts
            .next()
            .and_then(|part| part.trim_end_matches(['w', 'x', ',']).parse::<f32>().ok())
            .unwrap_or(1.0);
        Some((url, size))
    });
    candidates.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(url, _)| url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_picture_of_a_set_is_taken() {
        assert_eq!(largest("/s.jpg 320w, /l.jpg 1280w, /m.jpg 640w"), Some("/l.jpg"));
    }
}
