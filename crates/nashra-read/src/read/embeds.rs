//! What pages embed: films, posts of networks and their like, and the addresses of them.
//!
//! Frames of advertisements, of counters and of forms for consent are none.

use url::Url;

use crate::html::{NodeId, Tag, Tree};

/// Components of AMP that stand for something else, with the attribute that names it and what its
/// address begins and ends with.
const AMP: [(&str, &str, &str, &str); 11] = [
    ("amp-youtube", "data-videoid", "https://www.youtube.com/watch?v=", ""),
    ("amp-vimeo", "data-videoid", "https://vimeo.com/", ""),
    ("amp-dailymotion", "data-videoid", "https://www.dailymotion.com/video/", ""),
    ("amp-twitter", "data-tweetid", "https://twitter.com/i/status/", ""),
    ("amp-instagram", "data-shortcode", "https://www.instagram.com/p/", "/"),
    ("amp-soundcloud", "data-trackid", "https://api.soundcloud.com/tracks/", ""),
    ("amp-facebook", "data-href", "", ""),
    ("amp-tiktok", "data-src", "", ""),
    ("amp-reddit", "data-src", "", ""),
    ("amp-iframe", "src", "", ""),
    ("amp-video", "src", "", ""),
];
/// Further components of AMP that readers see nothing of the article in.
const AMP_FURNITURE: [&str; 8] = [
    "amp-ad",
    "amp-embed",
    "amp-consent",
    "amp-sidebar",
    "amp-analytics",
    "amp-pixel",
    "amp-user-notification",
    "amp-sticky-ad",
];
/// Parts of the names of elements that hold a post.
const POSTS: [&str; 13] = [
    "tweet",
    "twitter",
    "instagram",
    "tiktok",
    "reddit",
    "bluesky",
    "mastodon",
    "facebook",
    "fb-post",
    "fb-video",
    "text-post-media",
    "telegram",
    "embed",
];
/// Attributes with the address of a post.
const ADDRESSES: [&str; 8] = [
    "data-instgrm-permalink",
    "data-text-post-permalink",
    "data-permalink",
    "data-href",
    "data-embed-url",
    "data-url",
    "cite",
    "data-src",
];
/// Words in addresses of frames that hold nothing of the article.
const FURNITURE: [&str; 28] = [
    "ad",
    "ads",
    "adserver",
    "adservice",
    "adserving",
    "adsystem",
    "adframe",
    "advert",
    "advertising",
    "advertisement",
    "banner",
    "banners",
    "doubleclick",
    "googlesyndication",
    "googletagmanager",
    "googletagservices",
    "tracker",
    "tracking",
    "track",
    "analytics",
    "pixel",
    "beacon",
    "taboola",
    "outbrain",
    "recaptcha",
    "consent",
    "newsletter",
    "subscribe",
];
/// The most nodes of a post that are read.
const MAX_NODES: usize = 200;

/// Whether an element is something embedded, or a component that holds nothing of the article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Component {
    /// Something embedded; its content stands there until a script has loaded it.
    Embedded,
    /// Nothing for readers of the article.
    Furniture,
}

/// What a component of AMP is.
pub(super) fn component(tree: &Tree<'_>, node: NodeId) -> Option<Component> {
    let name = tree.name(node);
    if !name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("amp-")) {
        return None;
    }
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    if AMP.iter().any(|(known, ..)| is(known)) {
        Some(Component::Embedded)
    } else if AMP_FURNITURE.iter().any(|known| is(known)) {
        Some(Component::Furniture)
    } else {
        None
    }
}

/// Whether an element holds a post of a network.
pub(super) fn is_post(tree: &Tree<'_>, node: NodeId) -> bool {
    // A page has hardly a `div` with such an attribute, and thousands without.
    let marked = || tree.attribute(node, "data-href").is_some();
    (tree.tag(node) == Tag::Blockquote || marked())
        && tree.attribute(node, "class").is_some_and(|class| {
            let class = class.to_ascii_lowercase();
            class.split_whitespace().any(|name| POSTS.iter().any(|post| name.contains(post)))
        })
}

/// Whether a post has its address in an attribute: what stands in it is a placeholder then, as far
/// as it is linked.
pub(super) fn is_placeholder(tree: &Tree<'_>, node: NodeId) -> bool {
    tree.raw_attributes(node).any(|(name, _)| name.ends_with("-permalink") || name == "data-href")
}

/// The address of what an element embeds; `None` where that is nothing of the article.
pub(super) fn address(tree: &Tree<'_>, node: NodeId, base: &Url) -> Option<String> {
    let attribute = |name: &str| {
        tree.attribute(node, name)
            .filter(|value| !value.trim().is_empty() && !value.starts_with("about:"))
    };
    let of_frame = || {
        let named = ["src", "data-src", "data-lazy-src", "data-url", "data-original"];
        let found = named.iter().find_map(|name| absolute(base, &attribute(name)?))?;
        (!is_tiny(tree, node) && !is_furniture(&found)).then_some(found)
    };
    match tree.tag(node) {
        Tag::Iframe => of_frame(),
        Tag::Blockquote | Tag::Div => of_post(tree, node, base),
        _ => {
            let name = tree.name(node);
            let known = AMP.iter().find(|(known, ..)| name.eq_ignore_ascii_case(known))?;
            let (_, named, before, behind) = known;
            let value = attribute(named)?;
            absolute(base, &format!("{before}{}{behind}", value.trim()))
                .filter(|found| !is_furniture(found))
        }
    }
}

/// The address of a post: in an attribute, or behind its date, which is its last link.
fn of_post(tree: &Tree<'_>, node: NodeId, base: &Url) -> Option<String> {
    let named = |name: &&str| {
        let value = tree.attribute(node, name)?;
        if value.contains("://") { absolute(base, &value) } else { None }
    };
    let links = || {
        let inside = tree.descendants(node).take(MAX_NODES);
        inside.filter(|inside| tree.tag(*inside) == Tag::A)
    };
    ADDRESSES.iter().find_map(named).or_else(|| {
        let last = links().next_back()?;
        absolute(base, &tree.attribute(last, "href")?)
    })
}

/// Whether a frame is no larger than a point.
fn is_tiny(tree: &Tree<'_>, node: NodeId) -> bool {
    let (width, height) = stated(tree, node);
    [width, height].into_iter().flatten().any(|side| side < 3)
}

/// Width and height of an element in pixels, as its attributes give them.
pub(in crate::read) fn stated(tree: &Tree<'_>, node: NodeId) -> (Option<u32>, Option<u32>) {
    let pixels = |name: &str| {
        tree.attribute(node, name)
            .and_then(|attribute| attribute.trim().trim_end_matches("px").parse::<u32>().ok())
    };
    (pixels("width"), pixels("height"))
}

fn is_furniture(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return true };
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    let path = url.path().to_ascii_lowercase();
    let known = |part: &str| FURNITURE.contains(&part);
    host.split(['.', '-']).any(known) || path.split(['/', '.', '-', '_']).any(known)
}

/// An address of the web, made absolute.
pub(in crate::read) fn absolute(base: &Url, address: &str) -> Option<String> {
    let address = address.trim();
    if address.starts_with("data:") || address.len() > 4_096 {
        return None;
    }
    base.join(address).ok().filter(|url| matches!(url.scheme(), "http" | "https")).map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address_of(html: &str) -> Option<String> {
        let (tree, base) = (Tree::parse(html), Url::parse("https://news.example/a").unwrap());
        let node = (1..tree.len()).find(|node| tree.tag(*node) != Tag::Text).unwrap();
        address(&tree, node, &base)
    }

    #[test]
    fn films_and_posts_have_their_addresses() {
        for (html, wanted) in [
            (
                "<iframe src=https://video.example/embed/1></iframe>",
                "https://video.example/embed/1",
            ),
            (
                "<iframe src=about:blank data-src=//video.example/1></iframe>",
                "https://video.example/1",
            ),
            ("<amp-youtube data-videoid=abc></amp-youtube>", "https://www.youtube.com/watch?v=abc"),
            (
                "<amp-instagram data-shortcode=Cx1></amp-instagram>",
                "https://www.instagram.com/p/Cx1/",
            ),
            (
                "<blockquote class=twitter-tweet><p>a <a href=https://t.example/x>x</a></p>— Ann <a href=https://social.example/ann/status/1>March 10</a></blockquote>",
                "https://social.example/ann/status/1",
            ),
            (
                "<blockquote class=instagram-media data-instgrm-permalink=https://photos.example/p/C/></blockquote>",
                "https://photos.example/p/C/",
            ),
            (
                "<blockquote class=tiktok-embed cite=https://clips.example/@a/video/1></blockquote>",
                "https://clips.example/@a/video/1",
            ),
            (
                "<div class=fb-post data-href=https://friends.example/1/posts/2></div>",
                "https://friends.example/1/posts/2",
            ),
        ] {
            assert_eq!(address_of(html).as_deref(), Some(wanted), "{html}");
        }
    }

    #[test]
    fn frames_of_advertisements_and_counters_are_nothing() {
        for html in [
            "<iframe src=https://ads.example.net/slot?x=1></iframe>",
            "<iframe src=https://cdn.example.net/ads/1.html></iframe>",
            "<iframe src=https://tracking.example/f width=1 height=1></iframe>",
            "<iframe src=https://frames.example/f width=0></iframe>",
            "<iframe src=https://a.doubleclick.example/x></iframe>",
            "<amp-iframe src=https://ad-server.example/x></amp-iframe>",
            "<iframe src=about:blank></iframe>",
        ] {
            assert_eq!(address_of(html), None, "{html}");
        }
        // A word that only begins like one of theirs is another.
        assert!(address_of("<iframe src=https://video.example/adelaide></iframe>").is_some());
    }
}
