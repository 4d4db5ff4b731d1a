use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/sitemap/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn chosen(children: &[(&str, Option<&str>)]) -> Vec<String> {
    let children = children.iter().map(|(path, modified)| Child {
        url: url(&format!("https://courier.example/{path}")),
        modified: modified.and_then(|modified| modified.parse().ok()),
    });
    best(children.collect(), 1)
        .into_iter()
        .rev()
        .map(|(child, _)| child.url.path()[1..].to_owned())
        .collect()
}

#[test]
fn of_an_index_the_newest_sitemaps_are_read_and_those_of_tags_are_not() {
    let Ok(Sitemap::Index(children)) =
        sitemap::parse(&fixture("index.xml"), None, &url("https://courier.example/"))
    else {
        panic!()
    };
    let best: Vec<_> =
        best(children, 1).into_iter().rev().map(|(child, _)| child.url.path().to_owned()).collect();
    assert_eq!(best, ["/sitemap-posts-2.xml", "/sitemap-posts-1.xml"]);
    assert_eq!(
        chosen(&[("posts.xml", None), ("sitemap-news.xml", None), ("tag-sitemap.xml", None)]),
        ["sitemap-news.xml"]
    );
    assert_eq!(chosen(&[("tag-1.xml", None), ("tag-2.xml", None)]), ["tag-2.xml", "tag-1.xml"]);
}

#[test]
fn without_dates_the_numbers_in_addresses_tell_the_newest() {
    let months: Vec<String> = (1..=12).map(|month| format!("s/2025-{month}.xml")).collect();
    let children: Vec<_> = months.iter().map(|month| (month.as_str(), None)).collect();
    let chosen = chosen(&children);
    assert_eq!((chosen.len(), chosen[0].as_str()), (6, "s/2025-12.xml"));
}

#[test]
fn a_compressed_file_is_unpacked_within_its_limit() {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write as _;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&fixture("news.xml")).unwrap();
    let packed = Bytes::from(encoder.finish().unwrap());
    assert_eq!(unpack(packed.clone(), 1 << 20).unwrap(), fixture("news.xml"));
    assert!(matches!(unpack(packed, 100), Err(FetchError::TooLarge { limit: 100 })));
    assert_eq!(unpack(Bytes::from_static(b"<urlset>"), 100).unwrap(), "<urlset>");
}
