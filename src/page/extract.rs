//! One page to its content: guards, encoding, what the page says of itself, the body, all put together.

use std::panic::AssertUnwindSafe;

use chrono::{NaiveDate, NaiveTime};
use trafilatura::{HtmlDateMode, Options};
use url::Url;

use super::{Input, Page, PageError, PageKind, Part, blocks, encoding, guard, language, meta};
use crate::{
    article::{
        record::{Block, Image, Origin},
        text,
    },
    html::Tree,
};

/// Elements may nest so deep: the library recurses, and threads have stacks of 16 MiB.
const MAX_DEPTH: usize = 400;
/// Attributes of one element; the tree builder's time is quadratic in them.
const MAX_ATTRIBUTES: usize = 5_000;
/// Elements of one page: half a million take six seconds and a gigabyte.
const MAX_ELEMENTS: usize = 100_000;
/// Characters below which a text is no article.
const MIN_TEXT: usize = 80;

/// Extracts the article of a page.
///
/// # Errors
/// Says what the bytes are instead. Never panics: a panic of the library behind it is an error.
pub fn extract(input: Input<'_>) -> Result<Page, PageError> {
    if let Some(what) = guard::not_html(input.bytes) {
        return Err(PageError::NotHtml(what.to_owned()));
    }
    let html = encoding::to_text(input.bytes, input.content_type);
    let shape = guard::shape(&html);
    let excess = [
        (shape.depth > MAX_DEPTH, "elements nest too deep"),
        (shape.attributes > MAX_ATTRIBUTES, "an element with too many attributes"),
        (shape.elements > MAX_ELEMENTS, "too many elements"),
    ];
    if let Some((_, what)) = excess.iter().find(|(exceeded, _)| *exceeded) {
        return Err(PageError::Hostile(what));
    }
    std::panic::catch_unwind(AssertUnwindSafe(|| read(&html, input))).map_err(|_| PageError::Panicked)?
}

fn read(html: &str, input: Input<'_>) -> Result<Page, PageError> {
    let tree = Tree::parse(html);
    let meta::Meta { canonical, alternates, site_name, mut content, claim, .. } = meta::read(&tree, input.url);
    drop(tree);
    let (mut found, seen_date) = body(html, input.url, content.published.is_none());
    if let Some(date) = seen_date {
        content.published = Some(date.and_time(NaiveTime::MIN).and_utc());
        content.provenance.published = Some(Origin::Dom);
        content.date_notes.push("published: a day found on the page, taken as midnight UTC".to_owned());
    }
    drop_headline(&mut found, content.title.as_deref());
    let body = blocks::text(&found);
    if body.chars().count() < MIN_TEXT {
        return Err(PageError::NoText);
    }
    (content.language, content.script, content.direction) = language::detect(&body, claim.as_deref());
    content.word_count = text::word_count(&body);
    content.provenance.text = Some(Origin::Dom);
    content.quality.confidence = confidence(content.word_count, content.title.is_some(), content.published.is_some());
    add_images(&mut content.images, &found);
    content.text = Some(body);
    content.blocks = found;
    let articles = vec![Part { url: canonical.clone(), content }];
    Ok(Page { canonical, alternates, site_name, kind: PageKind::Article, articles })
}

/// The body by trafilatura, the best of the crates that were measured; `ARCHITECTURE.md` has the figures. Names are
/// read by us, and so are dates, but where the page has none for machines: then it looks for a day in what readers see.
fn body(html: &str, url: &Url, look_for_date: bool) -> (Vec<Block>, Option<NaiveDate>) {
    let dates = if look_for_date { HtmlDateMode::Fast } else { HtmlDateMode::Disabled };
    let options = Options::default()
        .with_fallback(true)
        .with_exclude_comments(true)
        .with_images(true)
        .with_html_date_mode(dates)
        .with_url(url.clone());
    match trafilatura::extract(html, &options) {
        Ok(found) => (blocks::from_html_fragment(&found.content_html, url), found.metadata.date.filter(|_| look_for_date)),
        // Its only errors are about finding nothing.
        Err(_) => (Vec::new(), None),
    }
}

/// The headline is a field of its own.
fn drop_headline(blocks: &mut Vec<Block>, title: Option<&str>) {
    let repeated =
        |block: &Block| matches!((block, title), (Block::Heading { text } | Block::Paragraph { text }, Some(title)) if text == title);
    if let Some(at) = blocks.iter().take(3).position(repeated) {
        blocks.remove(at);
    }
}

/// Each image once, the lead first.
fn add_images(images: &mut Vec<Image>, blocks: &[Block]) {
    for block in blocks {
        let Block::Image(image) = block else { continue };
        match images.iter_mut().find(|it| it.url == image.url) {
            Some(known) => known.caption = known.caption.take().or_else(|| image.caption.clone()),
            None => images.push(image.clone()),
        }
    }
}

/// A page with a title, a date and a few hundred words is nearly always an article.
fn confidence(words: u32, title: bool, date: bool) -> f32 {
    let length = match words {
        0..50 => 0.2,
        50..150 => 0.4,
        _ => 0.6,
    };
    length + if title { 0.2 } else { 0.0 } + if date { 0.2 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::article::record::Direction;

    fn page(bytes: &[u8], content_type: Option<&str>) -> Result<Page, PageError> {
        let url = Url::parse("https://news.example/world/harbour").unwrap();
        extract(Input { bytes, content_type, url: &url })
    }

    const ENGLISH: &str = include_str!("../../tests/fixtures/page/english.html");
    const ARABIC: &str = include_str!("../../tests/fixtures/page/arabic.html");

    #[test]
    fn an_english_page_gives_title_dates_writers_and_its_text_alone() {
        let page = page(ENGLISH.as_bytes(), None).unwrap();
        let content = page.articles[0].content.clone();
        assert_eq!(content.title.as_deref(), Some("Harbour reopens after the storm"));
        assert_eq!(content.published.unwrap().to_rfc3339(), "2026-11-20T07:30:00+00:00");
        assert_eq!(content.bylines[0].name, "Nadia Rahal");
        assert_eq!(content.language.as_deref(), Some("en"));
        assert_eq!(content.images[0].url.as_deref(), Some("https://news.example/img/harbour.jpg"));
        assert_eq!(page.canonical.unwrap().as_str(), "https://news.example/world/harbour");
        let text = content.text.unwrap();
        assert!(text.starts_with("The harbour of the old town"), "{text}");
        assert!(!text.contains("Subscribe"), "{text}");
    }

    #[test]
    fn an_arabic_page_in_windows_1256_reads_from_right_to_left() {
        let (bytes, _, _) = encoding_rs::WINDOWS_1256.encode(ARABIC);
        let page = page(&bytes, Some("text/html; charset=windows-1256")).unwrap();
        assert_eq!(page.articles[0].content.language.as_deref(), Some("ar"));
        assert_eq!(page.articles[0].content.direction, Some(Direction::Rtl));
        assert_eq!(page.articles[0].content.title.as_deref(), Some("إعادة فتح الميناء بعد العاصفة"));
    }

    #[test]
    fn what_is_no_article_is_an_error_and_never_a_panic() {
        assert!(matches!(page(b"%PDF-1.4", None), Err(PageError::NotHtml(_))));
        assert_eq!(page(b"<html><body><p>Hello</body></html>", None), Err(PageError::NoText));
        assert!(matches!(page("<div>".repeat(100_000).as_bytes(), None), Err(PageError::Hostile(_))));
    }
}
