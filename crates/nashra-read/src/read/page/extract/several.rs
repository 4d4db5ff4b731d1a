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

/// What a page in the markup of a system gives, and what is expected of it.
fn read(system: &str) -> (Vec<Value>, Vec<Value>) {
    let file = |ending: &str| fixtures("page/several").join(format!("{system}.{ending}"));
    let html = fs::read(file("html")).unwrap();
    let expected: Vec<Value> = serde_json::from_slice(&fs::read(file("json")).unwrap()).unwrap();
    let url = Url::parse(&format!("https://www.{system}.example/news/harbour-1")).unwrap();
    let page = page::parse(&html, Some("text/html; charset=utf-8"), Some(&url), None).unwrap();
    (page.articles.iter().map(|part| told(&part.content)).collect(), expected)
}

#[test]
fn several_articles_of_a_page_are_read_whole_in_the_markup_of_five_systems() {
    for name in ["drupal", "ghost", "arc", "squarespace", "arabic_cms"] {
        let (found, expected) = read(name);
        assert_eq!(found, expected, "{name}");
    }
}

/// These two were written when the rules were made, and the rules are not to be made by them.
#[test]
fn in_the_markup_of_two_further_systems_most_fields_are_right() {
    for (name, wrong) in [("typo3", 7), ("webflow", 3)] {
        let (found, expected) = read(name);
        assert_eq!(found.len(), expected.len(), "{name}");
        let fields = |articles: &[Value]| -> Vec<Value> {
            articles
                .iter()
                .flat_map(|article| article.as_object().unwrap().values().cloned())
                .collect()
        };
        let (found, expected) = (fields(&found), fields(&expected));
        let differing = found.iter().zip(&expected).filter(|(found, wanted)| found != wanted);
        assert!(differing.count() <= wrong, "{name}");
    }
}

#[test]
fn teasers_with_a_day_and_their_kind_are_no_articles() {
    let paragraph = |about: &str| {
        format!(
            "<p>The {about} of the town were counted again this week, the port authority said, and there are more than in any year since the mole was built.</p>"
        )
    };
    let teaser = |title: &str| {
        format!(
            "<article><h3>{title}</h3><ul><li class=teaser-meta><a href=/k>Report</a></li><li class=teaser-meta>09.07.2025</li></ul>{}<div><a href=/more>Read on</a></div></article>",
            paragraph("bells")
        )
    };
    let teasers =
        ["Nine anchors for one ship", "Divers find the lost bell", "A mast for the museum"]
            .map(teaser)
            .concat();
    let text = ["ferries", "cranes", "lights"].map(paragraph).concat();
    let html = format!(
        "<html lang=en><title>Harbour reopens</title><body><main><h1>Harbour reopens</h1><div>{text}</div><div class=box><h2>Ships and shores of the town</h2><div>{teasers}</div></div></main></body></html>"
    );
    let url = Url::parse("https://news.example/harbour").unwrap();
    let page = page::parse(html.as_bytes(), Some("text/html"), Some(&url), None).unwrap();
    assert_eq!(page.articles.len(), 1);
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
