//! Pages with several articles, in the markup of several systems and as text.

use std::{fs, path::Path};

use serde_json::Value;
use url::Url;

use crate::{
    model::{content::Content, record::Block},
    read::page,
};

fn fixtures(folder: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(folder)
}

/// The fields of an article, as the expectations name them.
fn told(content: &Content) -> Value {
    let paragraphs = content.blocks.iter().filter(|block| matches!(block, Block::Paragraph { .. }));
    let image = |image: &crate::model::record::Image| serde_json::json!({"url": image.url, "caption": image.caption, "agency": image.agency});
    let related: Vec<_> = content.related.iter().map(|related| &related.title).collect();
    serde_json::json!({
        "title": content.title,
        "subtitle": content.subtitle,
        "byline": content.bylines.first().map(|byline| &byline.name),
        "date": content.published.map(|at| at.date_naive().to_string()),
        "paragraphs": paragraphs.filter_map(Block::text).collect::<Vec<_>>(),
        "images": content.images.iter().map(image).collect::<Vec<_>>(),
        "related": related,
    })
}

#[test]
fn several_articles_of_a_page_are_read_whole_in_the_markup_of_five_systems() {
    for name in ["drupal", "ghost", "arc", "squarespace", "arabic_cms"] {
        let file = |ending: &str| fixtures("page/several").join(format!("{name}.{ending}"));
        let html = fs::read(file("html")).unwrap();
        let expected: Vec<Value> =
            serde_json::from_slice(&fs::read(file("json")).unwrap()).unwrap();
        let url = Url::parse(&format!("https://www.{name}.example/news/harbour-1")).unwrap();
        let page = page::parse(&html, Some("text/html; charset=utf-8"), Some(&url), None).unwrap();
        let found: Vec<Value> = page.articles.iter().map(|part| told(&part.content)).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn three_articles_of_a_text_with_heads_of_one_form_are_three() {
    for language in ["en", "de", "ar", "ja"] {
        let text = fs::read(fixtures("plain_text").join(format!("three_{language}.txt"))).unwrap();
        let page = page::parse(&text, Some("text/plain; charset=utf-8"), None, None).unwrap();
        let titles: Vec<_> = page.articles.iter().map(|part| part.content.title.clone()).collect();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(titles.len(), 3, "{titles:?}");
        assert!(titles.iter().all(|title| text.lines().any(|line| Some(line) == title.as_deref())));
    }
}
