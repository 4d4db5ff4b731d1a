//! What is made to cost much costs little: each of these would take minutes or gigabytes where
//! something is quadratic.

use super::{super::model::Document, *};

const BIG: usize = 1_000_000;

fn document(text: &str) -> Document {
    parse_document(text.as_bytes(), None, &url()).unwrap()
}

#[test]
fn entities_that_expand_each_other_expand_little() {
    let declared: Vec<String> = (1..40)
        .map(|index| format!("<!ENTITY e{index} \"{}\">", format!("&e{};", index - 1).repeat(10)))
        .collect();
    let declared = declared.concat();
    let text = format!(
        "<!DOCTYPE rss [<!ENTITY e0 \"x\">{declared}]><rss><channel><title>{}</title></channel></rss>",
        "&e3;&e39;".repeat(10_000)
    );
    assert!(document(&text).feed.title.unwrap().value.len() < 3 << 20);
}

#[test]
fn one_entity_is_expanded_as_often_as_it_is_cheap() {
    let text = format!(
        "<!DOCTYPE rss [<!ENTITY a \"{}\">]><rss><channel><title>{}</title></channel></rss>",
        "x".repeat(1_000),
        "&a;".repeat(BIG / 3)
    );
    assert!(document(&text).feed.title.unwrap().value.len() < 3 << 20);
}

#[test]
fn bases_and_elements_nest_to_any_depth() {
    for element in ["<a xml:base='x/'>", "<a>", "<item>", "<entry xml:base='y/'>"] {
        let text = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://news.example/'>{}",
            element.repeat(BIG / element.len())
        );
        assert!(document(&text).entries.len() <= MAX_ENTRIES);
    }
}

/// Bytes of all that was read, and of it as it would be written.
fn size(text: &str) -> usize {
    let document = document(text);
    let read = format!("{document:?}").len();
    read.max(serde_json::to_string(&FeedOutput::new(document, &url())).unwrap().len())
}

#[test]
fn a_long_base_adds_little_to_many_short_addresses() {
    let path = "x/".repeat(BIG / 20);
    let site = format!("https://site.example/{path}");
    let items = "<item><link>a</link><description>&lt;a href=b>&lt;img srcset='c, d, e'></description></item>".repeat(2_000);
    let (entries, objects) =
        ("<entry><link href='a'/></entry>".repeat(2_000), r#"{"url":"a"},"#.repeat(2_000));
    for text in [
        format!("<rss><channel><link>{site}</link>{items}</channel></rss>"),
        format!("<feed xmlns='http://www.w3.org/2005/Atom' xml:base='{path}'>{entries}</feed>"),
        format!(r#"{{"version":"1","home_page_url":"{site}","items":[{objects}]}}"#),
    ] {
        assert!(size(&text) < 40 * text.len(), "{} of {}", size(&text), text.len());
    }
}

#[test]
fn resolving_adds_a_bounded_number_of_bytes_to_a_document() {
    let links = "&lt;a href=b>&lt;/a>".repeat(BIG / 10);
    let text = format!(
        "<rss xml:base='{}'><channel><item><description>{links}</description></item></channel></rss>",
        "x/".repeat(400)
    );
    assert!(size(&text) < 70 << 20);
}

#[test]
fn what_thousands_of_entries_inherit_is_short() {
    let name = "x".repeat(BIG);
    let entries = "<entry><id>1</id></entry>".repeat(5_000);
    let text = format!(
        "<feed xmlns='http://www.w3.org/2005/Atom'><author><name>{name}</name></author>{entries}</feed>"
    );
    assert!(document(&text).entries.iter().all(|entry| entry.authors.is_empty()));
    let text = format!(
        r#"{{"version":"1","authors":[{{"name":"{name}"}}],"items":[{}]}}"#,
        r#"{"id":1},"#.repeat(5_000)
    );
    assert!(document(&text).entries.iter().all(|entry| entry.authors.is_empty()));
}

#[test]
fn writers_whose_names_hold_each_other_are_compared_at_little_cost() {
    let words: Vec<String> = (0..BIG / 50).map(|number| format!("w{number:05}")).collect();
    let authors: Vec<String> =
        (0..50).map(|less| format!("<author>{}</author>", words[less..].join(" "))).collect();
    let text = format!("<rss><channel><item>{}</item></channel></rss>", authors.concat());
    let feed = parse(text.as_bytes(), None, &url()).unwrap();
    assert_eq!(feed.entries[0].authors.len(), 50);
}

#[test]
fn namespaces_and_attributes_are_as_many_as_they_like() {
    let declarations = (0..100_000)
        .map(|index| format!(" xmlns:n{index}='https://n{index}.example/'"))
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(
        document(&format!("<rss{declarations}><channel><title>t</title></channel></rss>"))
            .feed
            .title
            .unwrap()
            .value,
        "t"
    );
}

#[test]
fn references_zeros_and_digits_in_any_number_are_text() {
    let title = |text: &str| {
        document(&format!("<rss><channel><title>{text}</title></channel></rss>"))
            .feed
            .title
            .unwrap()
            .value
    };
    assert_eq!(title(&"&amp;".repeat(BIG)).len(), BIG);
    assert_eq!(title(&format!("a{}b", "\0".repeat(BIG))), "ab");
    let digits = "9".repeat(BIG);
    let item = format!(
        "<rss><channel><ttl>{digits}</ttl><item><guid>1</guid><pubDate>{digits}</pubDate><enclosure url='x' length='{digits}'/></item></channel></rss>"
    );
    assert_eq!(document(&item).entries[0].published.as_ref().unwrap().time, None);
}

#[test]
fn json_nests_to_any_depth() {
    for text in [
        "[".repeat(BIG),
        "{\"a\":".repeat(BIG / 5),
        format!("{{\"items\":{}", "[{\"tags\":".repeat(BIG / 9)),
    ] {
        assert!(
            parse_document(text.as_bytes(), None, &url()).is_ok_and(|feed| feed.entries.is_empty())
                || parse_document(text.as_bytes(), None, &url()).is_err()
        );
    }
}

#[test]
fn whatever_is_opened_again_and_again_is_searched_for_once() {
    for what in [
        "<!--",
        "<![CDATA[",
        "<?",
        "<!DOCTYPE[",
        "<a b=\"",
        "<a b='x",
        "</a",
        "<a",
        "&",
        "&#",
        "]]>",
        "<t><![CDATA[x</t>",
        "<img src=",
        "&lt;!--",
        "&lt;script&gt;",
        "&lt;!",
        "&lt;a b=&quot;",
        "@",
        "a@",
        "\r",
    ] {
        let many = what.repeat(BIG / what.len());
        let text = format!(
            "<rss><channel><item><author>{many}</author><description>{many}</description></item><item><guid>2</guid></item></channel></rss>"
        );
        let document = document(&text);
        drop(serde_json::to_string(&FeedOutput::new(document, &url())).unwrap());
    }
}
