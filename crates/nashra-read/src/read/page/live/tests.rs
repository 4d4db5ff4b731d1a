use url::Url;

use crate::{
    model::{
        page::{Page, PageKind},
        record::Block,
    },
    read::page::{Input, extract},
};

const SCRIPT: &str = include_str!("../../../../../../tests/fixtures/page/live-script.html");
const ELEMENTS: &str = include_str!("../../../../../../tests/fixtures/page/live-elements.html");

fn parse_page(html: &str) -> Page {
    read_at(html, "https://news.example/live/storm")
}

fn read_at(html: &str, url: &str) -> Page {
    let url = Url::parse(url).unwrap();
    extract(Input { bytes: html.as_bytes(), content_type: None, url: &url, rules: None }).unwrap()
}

/// Of each entry its time, its headline, its address and its first paragraph.
fn entries(page: &Page) -> Vec<(String, Option<&str>, Option<&str>, String)> {
    let content = &page.articles[0].content;
    let starts = content.updates.iter().map(|update| update.block as usize);
    let ends: Vec<usize> = starts.clone().skip(1).chain([content.blocks.len()]).collect();
    let spans = starts.zip(ends);
    let first = |(from, to): (usize, usize)| {
        content.blocks[from..to].iter().find_map(|block| {
            matches!(block, Block::Paragraph { .. }).then(|| block.text().unwrap()[..20].to_owned())
        })
    };
    content
        .updates
        .iter()
        .zip(spans)
        .map(|(update, span)| {
            (
                update.published.unwrap().to_rfc3339(),
                update.title.as_deref(),
                update.url.as_deref(),
                first(span).unwrap(),
            )
        })
        .collect()
}

#[test]
fn the_entries_of_a_live_blog_have_the_times_and_addresses_that_its_script_gives() {
    let page = parse_page(SCRIPT);
    assert_eq!((page.kind, page.articles.len()), (PageKind::LiveBlog, 1));
    let entries = entries(&page);
    assert_eq!(entries.len(), 5);
    assert_eq!((entries[2].0.as_str(), entries[2].1), ("2026-03-14T16:03:17+01:00", None));
    assert_eq!(
        entries[0],
        (
            "2026-03-14T18:42:17+01:00".to_owned(),
            Some("Ferries sail again from the north quay"),
            Some("https://news.example/live/storm?entry=0"),
            "The first ferry left".to_owned()
        )
    );
}

#[test]
fn the_entries_of_a_live_blog_are_found_by_their_elements() {
    let page = parse_page(ELEMENTS);
    assert_eq!((page.kind, page.articles.len()), (PageKind::LiveBlog, 1));
    let entries = entries(&page);
    assert_eq!(entries.len(), 5);
    assert_eq!(
        entries[2],
        (
            "2026-03-14T16:03:00+01:00".to_owned(),
            None,
            Some("https://news.example/live/storm#e2"),
            "The wind has dropped".to_owned()
        )
    );
    assert!(
        page.articles[0].content.blocks.iter().all(|block| block.text() != Some("16:03")),
        "a time is no text"
    );
}

#[test]
fn a_page_whose_elements_are_not_named_so_is_no_live_blog() {
    let page = read_at(
        &ELEMENTS.replace("liveblog-entries", "entries"),
        "https://news.example/news/storm",
    );
    assert_eq!(page.kind, PageKind::Article);
    assert!(page.articles.iter().all(|article| article.content.updates.is_empty()));
}
