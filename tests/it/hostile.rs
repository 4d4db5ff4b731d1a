//! Pages that nobody means well with: any bytes give a record or a reason.

use nashra::read::{
    listing,
    page::{self, PageError},
};
use url::Url;

mod shapes;

fn url() -> Url {
    Url::parse("https://news.example/2025/harbour").unwrap()
}

#[test]
fn a_page_of_any_shape_gives_articles_or_a_reason() {
    for shape in shapes::all() {
        let bytes = shape.page(16_000);
        match page::parse(&bytes, shape.content_type, Some(&url()), None) {
            Ok(page) => assert!(!page.articles.is_empty(), "{}", shape.name),
            Err(error) => assert_ne!(error, PageError::Panicked, "{}", shape.name),
        }
        assert!(
            listing::parse(&bytes, shape.content_type, &url())
                .map_or(true, |listing| !listing.links.is_empty()),
            "{}",
            shape.name
        );
    }
}

#[test]
fn lists_pictures_and_elements_around_all_are_gone_through_once() {
    // Quadratic time would take minutes.
    let names = [
        "cards in one list",
        "links to news",
        "sources of one picture",
        "microdata around all",
        "headings around all",
        "writers around all",
    ];
    for shape in shapes::all().into_iter().filter(|shape| names.contains(&shape.name)) {
        let bytes = shape.page(300_000);
        assert!(
            page::parse(&bytes, shape.content_type, Some(&url()), None).is_ok(),
            "{}",
            shape.name
        );
    }
}
