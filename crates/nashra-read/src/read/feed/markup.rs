//! Markup that means something else in XML than in HTML, and text that only looks like markup.
//!
//! In XML `<script src="x"/>` is a whole element; a browser would take all that follows for its
//! content. In a title `<int>` is a word: `Why std::vector<int> is enough`.

use std::borrow::Cow;

use memchr::memmem;

/// Bytes of a title whose words are told from markup; a longer text is no title.
const MAX_TITLE: usize = 2_000;
/// Opening brackets of such a title: each is looked for in all of it.
const MAX_BRACKETS: usize = 24;
/// Elements that have no content in HTML.
const VOID: &str =
    "area base basefont br col embed frame hr img input keygen link meta param source track wbr";
/// Elements whose content HTML shows elsewhere or not at all, so that one that is not closed
/// swallows the text behind it.
const SWALLOWING: &str =
    "script style iframe textarea title noembed noframes object video audio select button canvas";
/// Letters of the shortest of these.
const SHORTEST: usize = 5;
/// Elements that titles have.
const OF_TITLES: &str = "a abbr acronym b bdi bdo big blink br center cite code del dfn div em font \
h1 h2 h3 h4 h5 h6 i img ins kbd mark nobr p q s samp small span strike strong sub sup time tt u var wbr";

fn is_of(list: &str, name: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(name))
}

/// The bytes of a tag up to its `>`, past quotes that hold one; `None` where it has no end.
pub(super) fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    text.bytes().position(|byte| {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None => return byte == b'>',
        }
        false
    })
}

/// The name at the start of a tag's inside.
fn name(tag: &str) -> &str {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'));
    &tag[..tag.find(ends).unwrap_or(tag.len())]
}

/// Appends what stands behind the `<` of a start tag of XML and behind the tag. An empty element that
/// is none in HTML gets an end tag.
pub(super) fn open_tag(text: &str, out: &mut String) {
    let empty = tag_end(text).and_then(|end| Some((text[..end].strip_suffix('/')?, end)));
    match empty {
        Some((tag, end)) if !is_of(VOID, name(tag)) => {
            out.push_str(tag.trim_ascii_end());
            out.push_str("></");
            out.push_str(name(tag));
            out.push_str(&text[end..]);
        }
        _ => out.push_str(text),
    }
}

/// HTML in which empty elements that are written as those of XML swallow nothing.
pub(super) fn without_swallowing(html: &str) -> Cow<'_, str> {
    let bytes = html.as_bytes();
    let mut out = String::new();
    // What was written, and where the last `/>` was: each byte is looked at a few times.
    let (mut from, mut behind) = (0, 0);
    for slash in memmem::find_iter(bytes, b"/>") {
        let start = memchr::memrchr(b'<', &bytes[behind..slash]).map(|at| behind + at);
        behind = slash + 2;
        let Some(tag) = start.map(|start| &html[start + 1..behind]) else { continue };
        let name = name(tag);
        // Nearly all are `br` and `img`.
        if name.len() < SHORTEST || !is_of(SWALLOWING, name) || tag_end(tag) != Some(tag.len() - 1)
        {
            continue;
        }
        out.push_str(&html[from..slash]);
        out.push_str("></");
        out.push_str(name);
        out.push('>');
        from = slash + 2;
    }
    if from == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[from..]);
    Cow::Owned(out)
}

/// A title in HTML whose words in angle brackets are text: those that no browser knows, and those
/// that open or close nothing. `None` where all of them are markup.
pub(super) fn title(html: &str) -> Option<Title> {
    let brackets = memchr::memchr_iter(b'<', html.as_bytes()).take(MAX_BRACKETS + 1).count();
    if brackets == 0 || brackets > MAX_BRACKETS || html.len() > MAX_TITLE {
        return None;
    }
    let mut out = String::with_capacity(html.len() + 8);
    let (mut rest, mut words, mut markup) = (html, 0, 0);
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let tag = &rest[at..];
        if is_markup(tag, html, html.len() - tag.len()) {
            markup += 1;
            out.push('<');
        } else {
            words += 1;
            out.push_str("&lt;");
        }
        rest = &tag[1..];
    }
    out.push_str(rest);
    (words > 0).then_some(Title { html: out, is_plain: markup == 0 })
}

/// A title, and what it is.
pub(super) struct Title {
    /// As HTML, with its words escaped.
    pub(super) html: String,
    /// Whether it has no markup.
    pub(super) is_plain: bool,
}

/// Whether the `<` at the start of `tag`, which stands in `html` at `at`, begins markup.
fn is_markup(tag: &str, html: &str, at: usize) -> bool {
    let inside = &tag[1..];
    match inside.as_bytes().first() {
        Some(b'!') => return inside.starts_with("!--") || inside.starts_with("![CDATA["),
        Some(b'/') => {
            let name = name(&inside[1..]);
            return tag_end(inside).is_some() && opens(&html[..at], name);
        }
        Some(letter) if letter.is_ascii_alphabetic() => {}
        _ => return false,
    }
    // A quote may be missing.
    let Some(end) = tag_end(inside).or_else(|| inside.find('>')) else { return false };
    let (name, attributes) = (name(inside), &inside[..end]);
    let known = is_of(OF_TITLES, name);
    // Nobody writes `=` into a word.
    let has_attributes = attributes.contains('=');
    let closed = closes(&inside[end..], name);
    let begins = at == 0 && inside[end + 1..].starts_with(|c: char| c.is_alphanumeric());
    match known {
        true if is_of("br wbr img p", name) => true,
        true => closed || has_attributes || begins || attributes.ends_with('/'),
        false => closed && !is_argument(html, at) || has_attributes,
    }
}

/// Whether it stands directly behind a letter, as the argument of a type does.
fn is_argument(html: &str, at: usize) -> bool {
    html[..at].ends_with(|c: char| c.is_alphanumeric())
}

/// Whether an element of this name begins in the text.
fn opens(text: &str, name: &str) -> bool {
    each_tag(text, "<", name)
}

fn closes(text: &str, name: &str) -> bool {
    each_tag(text, "</", name)
}

fn each_tag(text: &str, mark: &str, name: &str) -> bool {
    !name.is_empty()
        && memmem::find_iter(text.as_bytes(), mark)
            .any(|at| self::name(&text[at + mark.len()..]).eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_angle_brackets_are_text_in_a_title() {
        for text in [
            "Why std::vector<int> is enough",
            "How to write <script> tags that wait",
            "<b> or <strong>: which to use",
            "Map<K, V> and List<String>",
            "What </body> is good for",
            "1 < 2 and <3",
            "Mail to <ann@news.example>",
            "#include <stdio.h>",
            "Array<i> is odd",
            "The <template> and <slot> elements",
        ] {
            let title = title(text).unwrap();
            assert!(title.is_plain && !title.html.contains('<'), "{text}: {}", title.html);
        }
        for markup in [
            "A <b>bold</b> word",
            "<em>Breaking news",
            "One<br>two",
            "<a href=\"/x\">linked</a>",
            "<span class=x>so",
            "<script>alert(1)</script>x",
            "no tag at all",
            "<p>One",
        ] {
            assert!(title(markup).is_none(), "{markup}");
        }
        let mixed = title("<i>On</i> Vec<T>").unwrap();
        assert_eq!((mixed.html.as_str(), mixed.is_plain), ("<i>On</i> Vec&lt;T>", false));
    }

    #[test]
    fn hostile_tags_take_linear_time() {
        for hostile in ["<script '", "<script \"x", "<b>", "<b></c>", "<iframe/", "<script/><"] {
            let many = hostile.repeat(200_000);
            assert!(title(&many).is_none());
            // `/>` at the end, so that it is searched at all.
            without_swallowing(&(many + "/>"));
        }
    }

    #[test]
    fn empty_elements_swallow_nothing() {
        assert_eq!(
            without_swallowing("a<iframe src='x>'/>b<br/>c<SCRIPT/>d<div/>"),
            "a<iframe src='x>'></iframe>b<br/>c<SCRIPT></SCRIPT>d<div/>"
        );
        let mut out = String::new();
        open_tag("a id=\"t\" />x", &mut out);
        open_tag("br/>y", &mut out);
        open_tag("p title='/>'>z", &mut out);
        assert_eq!(out, "a id=\"t\"></a>xbr/>yp title='/>'>z");
    }
}
