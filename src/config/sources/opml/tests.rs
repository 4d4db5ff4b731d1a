use super::super::{parse, tests::said};

#[test]
fn a_messy_list_gives_what_can_be_had_and_names_the_rest() {
    let bytes = include_bytes!("../../../../tests/fixtures/opml/messy.opml");
    let list = parse("messy.opml", bytes);
    let sources: Vec<_> = list
        .sources
        .iter()
        .map(|source| {
            (
                source.at.url().unwrap().as_str(),
                source.name.as_deref().unwrap_or(""),
                source.tags.join("|"),
            )
        })
        .collect();
    let expected = [
        ("https://example.org/rss?a=1&b=2&c=3", "Caf&eacute; & News", "World".to_owned()),
        ("https://example.org/ar.xml", "نشرة", "World|Press|Wire|Politics".to_owned()),
        ("https://example.org/last.xml", "Last", String::new()),
    ];
    assert_eq!(sources, expected);
    let expected = [
        "messy.opml:8:4: the xmlUrl of the outline \"Broken\": \"example.org/feed\" is not a URL: it must begin with https:// or http://",
        "messy.opml:9:4: the outline \"Homeless\" is a feed without an xmlUrl",
        "messy.opml:11:3: the outline \"Site\" has no xmlUrl and is left out",
    ];
    assert_eq!(said(&list), expected);
}

#[test]
fn what_is_not_opml_says_what_it_is() {
    for (content, says) in [
        ("<rss><channel/></rss>", "put its address into a list"),
        ("<!DOCTYPE html><html></html>", "its first element is <html>"),
        ("<!-- -->", "it has no elements"),
        ("<opml><outline xmlUrl='https://example.org/a'/>\n<outline", "l:2:1: this is not XML"),
    ] {
        let said = said(&parse("l", content.as_bytes()));
        assert!(said.len() == 1 && said[0].contains(says), "{content}: {said:?}");
    }
}

#[test]
fn folders_without_end_do_no_harm() {
    let deep = "<outline text='x'>".repeat(100_000);
    let list =
        parse("l", format!("<opml>{deep}<outline xmlUrl='https://example.org/a'/>").as_bytes());
    assert_eq!(list.sources[0].tags.len(), super::DEEPEST);
    let bomb = "<!DOCTYPE opml [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><opml><outline text='&b;' xmlUrl='https://example.org/'/></opml>";
    assert_eq!(parse("l", bomb.as_bytes()).sources[0].name.as_deref(), Some("&b;"));
}

#[test]
fn utf_16_is_read() {
    let content = "\u{feff}<opml><outline text='نشرة' xmlUrl='https://example.org/'/></opml>";
    let bytes: Vec<u8> = content.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(parse("l", &bytes).sources[0].name.as_deref(), Some("نشرة"));
}

#[test]
fn a_list_that_is_cut_off_anywhere_does_no_harm() {
    let whole = include_bytes!("../../../../tests/fixtures/opml/messy.opml");
    for end in 0..whole.len() {
        assert!(parse("l", &whole[..end]).sources.len() <= 3);
    }
}
