//! What holds for every feed.

use encoding_rs::Encoding;

use super::{
    super::model::Item,
    generator::{ALPHABETS, Random, feed},
    *,
};

const FEEDS: u64 = 60;

fn entries(bytes: &[u8]) -> Vec<Item> {
    parse_document(bytes, None, &url()).map(|document| document.entries).unwrap_or_default()
}

#[test]
fn any_cut_of_a_feed_gives_a_prefix_of_its_entries() {
    for seed in 0..FEEDS {
        let mut random = Random::new(seed);
        let alphabet = ALPHABETS[random.below(ALPHABETS.len())].1;
        let text = feed(&mut random, "utf-8", alphabet);
        let whole = entries(text.as_bytes());
        for end in 0..text.len() {
            let cut = entries(&text.as_bytes()[..end]);
            assert!(whole.starts_with(&cut), "seed {seed}, {end} bytes of {text}");
        }
    }
}

#[test]
fn any_cut_of_a_json_feed_gives_a_prefix_of_its_entries() {
    let text = r#"{"version":"https://jsonfeed.org/version/1.1","authors":[{"name":"Ann"}],"items":[{"id":"1","title":"a \"é\" \u00e9","tags":["x",1]},{"id":2,"content_html":"<p>"}],"title":"t"}"#;
    let whole = entries(text.as_bytes());
    assert_eq!(whole.len(), 2);
    for end in 0..text.len() {
        assert!(whole.starts_with(&entries(&text.as_bytes()[..end])), "{end}");
    }
}

#[test]
fn any_encoding_of_a_feed_gives_the_same_entries() {
    for seed in 0..FEEDS {
        let mut random = Random::new(seed);
        let (label, alphabet) = ALPHABETS[random.below(ALPHABETS.len())];
        let text = feed(&mut random, label, alphabet);
        let whole = entries(text.replacen(label, "utf-8", 1).as_bytes());
        let (legacy, _, lost) = Encoding::for_label(label.as_bytes()).unwrap().encode(&text);
        assert!(!lost, "{text}");
        let wide = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        for (name, bytes) in [
            ("declared", legacy.into_owned()),
            ("falsely declared", text.clone().into_bytes()),
            ("with a mark", ["\u{feff}", &text].concat().into_bytes()),
            ("UTF-16LE", wide(u16::to_le_bytes)),
            ("UTF-16BE with a mark", [&b"\xfe\xff"[..], &wide(u16::to_be_bytes)].concat()),
            ("UTF-32", text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect()),
        ] {
            // An ASCII feed in a multi-byte encoding is the same either way.
            assert_eq!(entries(&bytes), whole, "seed {seed}, {name}: {text}");
        }
    }
}

/// Identity and version of each entry.
fn names(text: &str) -> Vec<(String, [u8; 16])> {
    let feed = parse(text.as_bytes(), None, &url());
    feed.map(|feed| {
        feed.entries.iter().map(|entry| (entry.identity.clone(), entry.version())).collect()
    })
    .unwrap_or_default()
}

/// What a publisher breaks in a feed.
type Damage = fn(&str) -> String;

/// What goes wrong from one day to the next.
const DAMAGES: [(&str, Damage); 16] = [
    ("other ends of lines", |feed| feed.replace('\n', "\r\n")),
    ("entries that never end", |feed| feed.replace("</item>", "").replace("</entry>", "")),
    ("links that never end", |feed| feed.replace("</link>", "")),
    ("titles that never end", |feed| feed.replace("</title>", "")),
    ("texts that never end", |feed| feed.replace("</description>", "").replace("</summary>", "")),
    ("a root that never ends", |feed| {
        feed.trim_end()
            .replace("</channel></rss>", "")
            .replace("</feed>", "")
            .replace("</rdf:RDF>", "")
    }),
    ("ampersands that mean nothing", |feed| {
        feed.replace("?a=1&amp;b", "?a=1&b").replace("&amp; ", "& ")
    }),
    ("a section that never ends", |feed| feed.replacen("]]>", "", 1)),
    ("something before the root", |feed| {
        format!("<br />\n<b>Warning</b>: something in line 3<br />\n{feed}")
    }),
    ("something behind the root", |feed| format!("{feed}<!-- cached --><script>x</script>")),
    ("the same document again", |feed| feed.repeat(2)),
    ("a false encoding", |feed| feed.replacen("utf-8", "iso-8859-1", 1)),
    ("no declaration", |feed| feed.replacen("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n", "", 1)),
    ("prefixes that nobody declared", |feed| feed.replace("xmlns:dc", "data-dc")),
    ("names in upper case", |feed| {
        feed.replace("<item", "<ITEM").replace("</item", "</Item").replace("title>", "TITLE>")
    }),
    ("control characters", |feed| feed.replace("title>", "title>\u{8}\u{b}")),
];

#[test]
fn what_is_mended_has_the_identity_and_the_version_of_what_was_whole() {
    for seed in 0..FEEDS {
        let mut random = Random::new(seed);
        let alphabet = ALPHABETS[random.below(ALPHABETS.len())].1;
        let text = feed(&mut random, "utf-8", alphabet);
        for (name, damage) in DAMAGES {
            assert_eq!(
                names(&damage(&text)),
                names(&text),
                "seed {seed}, {name}: {}",
                damage(&text)
            );
        }
    }
}

#[test]
fn feed_rs_reads_the_same_from_well_formed_feeds() {
    for seed in 0..FEEDS {
        let text = feed(&mut Random::new(seed), "utf-8", ALPHABETS[3].1);
        let ours = entries(text.as_bytes());
        let theirs = feed_rs::parser::Builder::new()
            .base_uri(Some(url().as_str()))
            .sanitize_content(false)
            .build()
            .parse(text.as_bytes());
        let Ok(theirs) = theirs else { continue };
        assert_eq!(ours.len(), theirs.entries.len(), "{text}");
        for (our, their) in ours.iter().zip(&theirs.entries) {
            let link = their.links.first().map(|link| link.href.as_str());
            assert_eq!(our.link.as_deref(), link, "{text}");
            let date = our
                .published
                .as_ref()
                .or(our.updated.as_ref())
                .and_then(|published| published.time);
            assert_eq!(
                date,
                their.published.or(their.updated).map(|published| published.fixed_offset()),
                "{text}"
            );
            assert_eq!(
                our.title.as_ref().map(|title| title.value.trim()),
                their.title.as_ref().map(|title| title.content.trim()),
                "{text}"
            );
        }
    }
}
