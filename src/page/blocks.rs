//! HTML to typed blocks in reading order.

use dom_query::{Document, NodeRef};
use url::Url;

use crate::article::{
    record::{Block, Image},
    text::collapse,
};

/// No article has more; a page that does is cut.
const MAX_BLOCKS: usize = 2_000;
/// Depth at which a fragment is read as plain text: the walk below recurses.
const MAX_DEPTH: usize = 200;

/// The blocks of a fragment of HTML, or of plain text. Addresses are resolved against `base`.
#[must_use]
pub fn from_html_fragment(html: &str, base: &Url) -> Vec<Block> {
    if !html.contains('<') {
        return html
            .split("\n\n")
            .map(|it| collapse(&unescape(it)))
            .filter(|it| !it.is_empty())
            .take(MAX_BLOCKS)
            .map(|text| Block::Paragraph { text })
            .collect();
    }
    if super::guard::shape(html).depth > MAX_DEPTH {
        return Vec::new();
    }
    let document = Document::fragment(html);
    let mut walk = Walk { base, blocks: Vec::new(), line: String::new() };
    for child in document.root().children() {
        walk.node(&child);
    }
    walk.flush();
    walk.blocks.truncate(MAX_BLOCKS);
    walk.blocks
}

/// The text blocks, apart by an empty line.
#[must_use]
pub fn text(blocks: &[Block]) -> String {
    blocks.iter().filter_map(Block::text).collect::<Vec<_>>().join("\n\n")
}

/// Entities of text that has no markup beside them.
fn unescape(text: &str) -> String {
    if text.contains('&') { Document::fragment(text).text().to_string() } else { text.to_owned() }
}

struct Walk<'a> {
    base: &'a Url,
    blocks: Vec<Block>,
    /// Running text that stands outside any block element.
    line: String,
}

impl Walk<'_> {
    fn node(&mut self, node: &NodeRef<'_>) {
        if node.is_text() {
            self.line.push_str(&node.text());
            return;
        }
        let Some(name) = node.node_name() else { return };
        match &*name {
            "script" | "style" | "noscript" | "template" | "svg" | "head" | "form" | "button" => {}
            "br" => self.line.push('\n'),
            "p" | "pre" => self.paragraph(node),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.leaf(node, |text| Block::Heading { text }),
            "blockquote" => self.leaf(node, |text| Block::Quote { text }),
            "ul" | "ol" => self.rows(node, "li", |text| Block::List { text }),
            "table" => self.rows(node, "tr", |text| Block::Table { text }),
            "figure" => self.figure(node),
            "img" => {
                self.flush();
                self.image(node, None);
            }
            "iframe" => {
                self.flush();
                if let Some(url) = node.attr("src").and_then(|it| self.absolute(&it)) {
                    self.blocks.push(Block::Embed { url });
                }
            }
            "a" | "abbr" | "b" | "cite" | "code" | "em" | "font" | "i" | "mark" | "q" | "s" | "small" | "span" | "strong" | "sub"
            | "sup" | "time" | "u" => self.children(node),
            _ => {
                self.flush();
                self.children(node);
                self.flush();
            }
        }
    }

    fn children(&mut self, node: &NodeRef<'_>) {
        for child in node.children() {
            self.node(&child);
        }
    }

    /// A paragraph, with the pictures that some publishers put into it.
    fn paragraph(&mut self, node: &NodeRef<'_>) {
        self.flush();
        self.children(node);
        self.flush();
    }

    fn leaf(&mut self, node: &NodeRef<'_>, block: impl Fn(String) -> Block) {
        self.flush();
        let text = collapse(&node.text());
        if !text.is_empty() {
            self.blocks.push(block(text));
        }
    }

    fn rows(&mut self, node: &NodeRef<'_>, row: &str, block: impl Fn(String) -> Block) {
        self.flush();
        let rows: Vec<String> = node.find(&[row]).iter().map(|it| collapse(&it.text())).filter(|it| !it.is_empty()).collect();
        if !rows.is_empty() {
            self.blocks.push(block(rows.join("\n")));
        }
    }

    fn figure(&mut self, node: &NodeRef<'_>) {
        self.flush();
        let caption = node.find(&["figcaption"]).first().map(|it| collapse(&it.text())).filter(|it| !it.is_empty());
        match node.find(&["img"]).first() {
            Some(image) => self.image(image, caption),
            None => self.children(node),
        }
    }

    fn image(&mut self, node: &NodeRef<'_>, caption: Option<String>) {
        let url = ["data-src", "data-original", "src"].iter().filter_map(|name| node.attr(name)).find_map(|it| self.absolute(&it));
        let url = url.or_else(|| largest(&node.attr("srcset").or_else(|| node.attr("data-srcset"))?).and_then(|it| self.absolute(it)));
        let Some(url) = url else { return };
        let pixels = |name: &str| node.attr(name).and_then(|it| it.parse().ok());
        let (width, height) = (pixels("width"), pixels("height"));
        // A picture of a pixel or two counts readers.
        if width.is_some_and(|it: u32| it < 3) || height.is_some_and(|it: u32| it < 3) {
            return;
        }
        self.blocks.push(Block::Image(Image { url: Some(url), caption, width, height, ..Image::default() }));
    }

    fn absolute(&self, address: &str) -> Option<String> {
        let url = self.base.join(address.trim()).ok()?;
        matches!(url.scheme(), "http" | "https").then(|| url.to_string())
    }

    fn flush(&mut self) {
        let text = collapse(&std::mem::take(&mut self.line));
        if !text.is_empty() {
            self.blocks.push(Block::Paragraph { text });
        }
    }
}

/// The candidate of a `srcset` with the largest descriptor (HTML Living Standard §4.8.4.2.1).
pub(super) fn largest(srcset: &str) -> Option<&str> {
    let candidates = srcset.split(", ").filter_map(|it| {
        let mut parts = it.split_whitespace();
        let url = parts.next()?;
        let size = parts.next().and_then(|it| it.trim_end_matches(['w', 'x', ',']).parse::<f32>().ok()).unwrap_or(1.0);
        Some((url, size))
    });
    candidates.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(url, _)| url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://news.example/a/1").unwrap()
    }

    #[test]
    fn blocks_keep_their_order_and_kind() {
        let html = "<h2>Head</h2><p>One <b>bold</b>.</p><figure><img src=/i.jpg width=640><figcaption>Cap</figcaption></figure><ul><li>a<li>b</ul><blockquote>Q</blockquote>tail";
        let blocks = from_html_fragment(html, &base());
        assert_eq!(text(&blocks), "Head\n\nOne bold.\n\na\nb\n\nQ\n\ntail");
        let Block::Image(image) = &blocks[2] else { panic!("{blocks:?}") };
        assert_eq!(image.url.as_deref(), Some("https://news.example/i.jpg"));
        assert_eq!(image.caption.as_deref(), Some("Cap"));
    }

    #[test]
    fn plain_text_has_its_paragraphs_and_entities() {
        assert_eq!(text(&from_html_fragment("A &amp; B\n\nC", &base())), "A & B\n\nC");
    }

    #[test]
    fn the_largest_picture_of_a_set_is_taken() {
        assert_eq!(largest("/s.jpg 320w, /l.jpg 1280w, /m.jpg 640w"), Some("/l.jpg"));
    }
}
