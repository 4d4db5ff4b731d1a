use url::Url;

use super::*;
use crate::model::record::Direction;

fn page(bytes: &[u8], content_type: Option<&str>) -> Result<Page, PageError> {
    let url = Url::parse("https://news.example/world/harbour").unwrap();
    Ok(enriched(extract(Input { bytes, content_type, url: &url, rules: None })?))
}

/// With what enrichers make of it.
pub(super) fn enriched(mut page: Page) -> Page {
    for part in &mut page.articles {
        crate::policy::enrich::enrich(&mut part.content, &part.evidence);
    }
    page
}

const ENGLISH: &str = include_str!("../../../../../../tests/fixtures/page/english.html");
const ARABIC: &str = include_str!("../../../../../../tests/fixtures/page/arabic.html");

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
    assert_eq!(page("<div>".repeat(100_000).as_bytes(), None), Err(PageError::NoText));
}

#[test]
fn a_page_of_more_lines_than_its_size_has_room_for_is_cut_behind_its_article() {
    let url = Url::parse("https://news.example/").unwrap();
    let hostile = ENGLISH.replace("</body>", &"<p>a".repeat(100_000));
    let lines = with_view(&hostile, &url, None, |view| view.lines.lines.len()).unwrap();
    assert!(lines <= FREE_LINES + hostile.len() / BYTES_OF_LINE, "{lines}");
    let text =
        |html: &str| page(html.as_bytes(), None).unwrap().articles.remove(0).content.text.unwrap();
    assert!(text(&hostile).starts_with(&text(ENGLISH)[..200]));
}

#[test]
fn no_more_headings_are_weighed_than_a_page_can_have() {
    let url = Url::parse("https://news.example/").unwrap();
    let article = |at: usize| {
        format!(
            "<article><h1>Ship {at} will come in spring</h1><time>1 May 2026</time><p>The harbour of town {at} was opened again on \
            Friday, said the minister, and ships will come in spring, while traders hope for better days. All of them had waited \
            for {at} years, and some had moved away to another harbour in the meantime.</article>"
        )
    };
    let html = ENGLISH.replace("</body>", &(0..4_000).map(article).collect::<String>());
    let weighed = signs_of_parts(&html, &url, |_| false).len();
    assert!((1_000..=3_000).contains(&weighed), "{weighed}");
}
