//! Finds the address that an element of a part has for the browser's history.

use url::Url;

use super::View;
use crate::html::{NodeId, Tree};

/// The address of this site that the element carries, or one between it and the headline.
pub(super) fn of_element(view: View<'_, '_>, holder: NodeId, block: NodeId) -> Option<Url> {
    const NOT: [&str; 14] = [
        "href",
        "src",
        "class",
        "id",
        "style",
        "srcset",
        "data-src",
        "itemtype",
        "itemscope",
        "action",
        "data-image",
        "data-img",
        "poster",
        "content",
    ];
    let carried = |node: NodeId| {
        view.tree
            .raw_attributes(node)
            .filter(|(name, value)| {
                !NOT.contains(&name.to_ascii_lowercase().as_str()) && value.len() < 2_000
            })
            .find_map(|(_, value)| {
                let value = value.trim();
                let looks = value.starts_with("https://")
                    || value.starts_with("http://")
                    || value.starts_with('/') && value.len() > 8 && !value.contains(' ');
                let url = looks
                    .then(|| view.base.join(&htmlize::unescape_attribute(value)).ok())
                    .flatten()?;
                let picture = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".svg", ".js", ".css"]
                    .iter()
                    .any(|ending| url.path().ends_with(ending));
                (!picture
                    && url.path().len() > 2
                    && (view.base.host().is_none() || same_site(view.base, &url)))
                .then_some(url)
            })
    };
    path(view.tree, holder, block).find_map(carried)
}

fn same_site(one: &Url, other: &Url) -> bool {
    let bare = |url: &Url| url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
    let (one, other) = (bare(one), bare(other));
    one == other || one.ends_with(&format!(".{other}")) || other.ends_with(&format!(".{one}"))
}

/// The elements from `block` up to `holder`.
fn path(tree: &Tree<'_>, holder: NodeId, block: NodeId) -> impl Iterator<Item = NodeId> {
    std::iter::once(block)
        .chain(tree.ancestors(block))
        .take_while(move |node| tree.within(*node, holder))
}
