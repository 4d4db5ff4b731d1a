use std::time::Duration;

use super::*;
use crate::{
    config::{PageMode, RobotsMode, StartAt},
    model::source::SourceKind,
};

fn urls(list: &ParsedList) -> Vec<&str> {
    list.sources.iter().map(|source| source.at.url().unwrap().as_str()).collect()
}

pub(super) fn said(list: &ParsedList) -> Vec<String> {
    let warnings = list.warnings.iter().map(ToString::to_string);
    list.errors.iter().map(ToString::to_string).chain(warnings).collect()
}

#[test]
fn an_id_is_made_from_the_url_as_it_was_configured() {
    let list = parse("l", b" https://Example.org \n");
    assert_eq!(urls(&list), ["https://example.org/"]);
    // printf https://example.org/ | sha256sum
    assert_eq!(list.sources[0].id.as_str(), "8198d1bac40a1033");
}

#[test]
fn a_list_has_one_url_a_line() {
    let list = parse(
        "l",
        "\u{feff}# news\n\nhttps://example.org/a\tA  نشرة\r\nexample.org\nftp://example.org/\n"
            .as_bytes(),
    );
    assert_eq!(list.sources[0].name.as_deref(), Some("A نشرة"));
    assert_eq!(list.sources[0].place.to_string(), "l:3:1");
    let expected = [
        "l:4:1: \"example.org\" is not a URL: it must begin with https:// or http://",
        "l:5:1: \"ftp://example.org/\" has the scheme ftp: only http and https are polled",
    ];
    assert_eq!(said(&list), expected);
}

#[test]
fn a_table_has_all_settings() {
    let content = "[[source]]\nid = \"a-1\"\nname = \"A\"\nkind = \"feed\"\nurl = \"https://example.org/a\"\n\
        tags = [\"x\", \"y\"]\nmin_interval = \"1m\"\nmax_interval = \"1h\"\nentries_per_poll = 1\nentries_per_day = 2\nentries_pending = 3\npages = \"off\"\nfollow_pages = 4\nrobots = \"ignore\"\n";
    let list = parse("l", content.as_bytes());
    assert_eq!(said(&list), [""; 0]);
    let expected = Source {
        id: "a-1".parse().unwrap(),
        name: Some("A".into()),
        kind: SourceKind::Feed,
        at: Location::Url(Url::parse("https://example.org/a").unwrap().into()),
        tags: vec!["x".into(), "y".into()],
        min_interval: Some(Duration::from_mins(1)),
        max_interval: Some(Duration::from_hours(1)),
        entries: EntryBounds { per_poll: Some(1), per_day: Some(2), pending: Some(3) },
        paused: false,
        pages: Some(PageMode::Off),
        follow_pages: Some(4),
        robots: Some(RobotsMode::Ignore),
        allow_addresses: [].into(),
        listing: None,
        page: None,
        place: list.sources[0].place.clone(),
        added: None,
    };
    assert_eq!(list.sources, [expected]);
    assert_eq!(list.sources[0].place.line, 1);
}

#[test]
fn only_operators_allow_private_networks() {
    let content =
        b"[[source]]\nurl = \"https://example.org/a\"\nallow_addresses = [\"10.0.0.0/8\"]\n";
    let fetched = parse("https://lists.example/list.toml", content);
    assert!(
        fetched.sources.is_empty() && said(&fetched)[0].contains("not by one that was fetched"),
        "{fetched:?}"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("l.toml"), content).unwrap();
    let own = read_list(&folder.path().join("l.toml"));
    assert_eq!(own.sources[0].allow_addresses[..], ["10.0.0.0/8".parse().unwrap()]);
    let row = own.sources[0].to_added(chrono::DateTime::UNIX_EPOCH);
    assert_eq!(added::of_rows([row]).sources[0].allow_addresses, own.sources[0].allow_addresses);
}

#[test]
fn a_wrong_table_is_told_and_the_others_go_on() {
    let content = "[[source]]\nurl = \"nowhere\"\n[[source]]\nname = \"B\"\n[[source]]\nurll = \"https://example.org/c\"\n\
        [[source]]\nid = \"a b\"\nurl = \"https://example.org/d\"\nkind = \"fed\"\n\
        [[source]]\nurl = \"https://example.org/e\"\nmin_interval = \"2h\"\nmax_interval = \"1h\"\n";
    let list = parse("l", content.as_bytes());
    let kinds = SourceKind::ALL.iter().map(|kind| format!("{:?}", kind.as_str()));
    let no_kind = format!(
        "l:10:8: source[3].kind: \"fed\" is not one of {}; did you mean \"feed\"?",
        kinds.collect::<Vec<_>>().join(", ")
    );
    let expected = [
        "l:2:7: source[0].url: \"nowhere\" is not a URL: it must begin with https:// or http://",
        "l:3:1: this source has no url",
        "l:5:1: this source has no url",
        "l:6:1: source[2].urll: unknown setting; did you mean `url`?",
        "l:8:6: source[3].id: \"a b\" is not an id: 1 to 64 ASCII letters, digits, `.`, `_` and `-`",
        &no_kind,
        "l:11:1: the source's min_interval is longer than its max_interval",
    ];
    assert_eq!(said(&list), expected);
    assert_eq!(urls(&list), ["https://example.org/d", "https://example.org/e"]);
}

#[test]
fn a_listing_may_name_its_links_by_selectors_and_wrong_ones_are_told() {
    let table = |more: &str| format!("[[source]]\nurl = \"https://example.org/\"\n{more}");
    let list =
        parse("l", table("kind = \"listing\"\n[source.listing]\nitem = \"li.story\"\n").as_bytes());
    assert_eq!(said(&list), [""; 0]);
    assert_eq!(list.sources[0].kind, SourceKind::Listing);
    assert_eq!(list.sources[0].listing.as_ref().unwrap().to_string(), "item = \"li.story\"");
    let wrong = said(&parse(
        "l",
        table("kind = \"listing\"\nlisting = { link = \"a:hover\" }\n").as_bytes(),
    ));
    assert!(wrong[0].starts_with("l:4:20: source[0].listing.link: the selector \"a:hover\" is not understood at \":hover\""), "{wrong:?}");
    let wrong = said(&parse("l", table("listing = { link = \"a\" }\n").as_bytes()));
    assert_eq!(wrong, ["l:1:1: a source of kind \"feed\" has no listing"]);
}

#[test]
fn a_source_may_name_the_elements_of_its_pages_and_is_written_as_it_was_read() {
    let table = |more: &str| format!("[[source]]\nurl = \"https://example.org/\"\n{more}");
    let list =
        parse("l", table("[source.page]\ntitle = \"h1.big\"\nremove = \".box, .ad\"\n").as_bytes());
    assert_eq!(said(&list), [""; 0]);
    assert_eq!(
        list.sources[0].page.as_ref().unwrap().to_string(),
        "title = \"h1.big\", remove = \".box, .ad\""
    );
    let again = parse("l", tables::write::polled(&list.sources[0]).as_bytes());
    assert_eq!(again.sources[0].page, list.sources[0].page);
    let wrong = said(&parse("l", table("page = { body = \"p\" }\n").as_bytes()));
    assert!(wrong[0].contains("source[0].page.body: unknown setting"), "{wrong:?}");
    let wrong = said(&parse(
        "l",
        b"[[source]]\nkind = \"kafka\"\ntopic = \"t\"\npage = { text = \"p\" }\n",
    ));
    assert!(wrong[0].contains("a source of kind \"kafka\" has no page"), "{wrong:?}");
}

#[test]
fn the_format_is_told_by_what_is_in_it() {
    assert_eq!(parse("x.txt", b"[[source]]\nurl = \"https://example.org/a\"").sources.len(), 1);
    assert_eq!(
        parse("x.txt", b"\n <opml><outline xmlUrl='https://example.org/a'/></opml>").sources.len(),
        1
    );
    assert_eq!(parse("x.toml", b"source = [{ url = \"https://example.org/a\" }]").sources.len(), 1);
    assert_eq!(parse("x", b""), ParsedList::default());
}

#[test]
fn a_url_that_is_listed_twice_is_polled_once() {
    let list = merge([
        parse("a", b"https://example.org/a first"),
        parse("b", b"#\nhttps://EXAMPLE.org/a again"),
    ]);
    assert_eq!(list.sources[0].name.as_deref(), Some("first"));
    let expected = "b:2:1: https://example.org/a is already listed at a:1:1; it is polled once, as listed there";
    assert_eq!((list.sources.len(), said(&list)), (1, vec![expected.to_owned()]));
}

#[test]
fn an_id_that_is_given_twice_names_both_places() {
    let one = parse("a", b"[[source]]\nid = \"x\"\nurl = \"https://example.org/a\"");
    let two = parse("b", b"[[source]]\nid = \"x\"\nurl = \"https://example.org/b\"");
    assert_eq!(
        said(&merge([one, two])),
        ["b:1:1: the id \"x\" is already that of the source at a:1:1"]
    );
}

#[test]
fn a_file_that_is_not_there_does_not_stop_the_others() {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/config/sources.txt");
    let errors = load(&["/nowhere/a.opml", "/nowhere/b.opml", here]).unwrap_err();
    assert_eq!(errors.errors().len(), 2);
    assert!(errors.to_string().starts_with("/nowhere/a.opml: cannot be read: "));
}

#[test]
fn a_page_is_at_an_address_or_in_a_file_that_lies_beside_its_list() {
    let content = "[[source]]\nkind = \"page\"\nurl = \"https://example.org/a\"\n[[source]]\nkind = \"page\"\nfile = \"pages/a.html\"\n";
    let list = parse_from("lists/l", content.as_bytes(), ListOrigin::Machine(Path::new("lists")));
    assert_eq!(said(&list), [""; 0]);
    let at: Vec<String> = list.sources.iter().map(|source| source.at.to_string()).collect();
    assert_eq!(at, ["https://example.org/a", "file:pages/a.html"]);
    let Location::File { path, .. } = &list.sources[1].at else { panic!("{:?}", list.sources[1]) };
    assert_eq!(path, Path::new("lists/pages/a.html"));
}

#[test]
fn a_topic_has_an_id_of_its_own_name_and_its_own_brokers() {
    let content = "[[source]]\nkind = \"kafka\"\ntopic = \"handed.over\"\nbrokers = [\"a:1\", \"b:2\"]\nfrom = \"end\"\n";
    let list = parse_from("l", content.as_bytes(), ListOrigin::Machine(Path::new("")));
    assert_eq!((said(&list).len(), list.sources.len()), (0, 0));
    let topic = &list.topics[0];
    assert_eq!(
        (topic.id.as_str(), topic.address().as_str(), topic.from),
        ("handed.over", "kafka:handed.over", StartAt::End)
    );
    assert_eq!(topic.brokers.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a:1", "b:2"]);
}

#[test]
fn settings_of_another_kind_are_told() {
    let content = "[[source]]\nkind = \"kafka\"\ntopic = \"t\"\nurl = \"https://example.org/a\"\n\
        [[source]]\nkind = \"kafka\"\n[[source]]\nkind = \"page\"\n\
        [[source]]\nkind = \"page\"\nurl = \"https://example.org/a\"\nfile = \"a\"\n\
        [[source]]\nurl = \"https://example.org/a\"\nfile = \"a\"\n[[source]]\nkind = \"kafka\"\ntopic = \"a/b\"\n";
    let list = parse_from("l", content.as_bytes(), ListOrigin::Machine(Path::new("")));
    let expected = [
        "l:1:1: a source of kind \"kafka\" has no url",
        "l:5:1: this source has no topic",
        "l:7:1: this source has no url and no file",
        "l:9:1: this source has a url and a file: one of them is where it is",
        "l:13:1: a source of kind \"feed\" has no file",
        "l:18:9: source[5].topic: \"a/b\" cannot be a topic's name: 1 to 249 letters, digits, `.`, `_` and `-`",
    ];
    assert_eq!(said(&list), expected);
    assert_eq!((list.sources.len(), list.topics.len()), (0, 0));
}

#[test]
fn a_list_that_was_fetched_can_name_neither_files_nor_topics() {
    for content in ["kind = \"page\"\nfile = \"/etc/hostname\"", "kind = \"kafka\"\ntopic = \"t\""]
    {
        let list =
            parse("https://example.org/list.toml", format!("[[source]]\n{content}\n").as_bytes());
        assert!(said(&list)[0].contains("not by one that was fetched"), "{:?}", said(&list));
        assert_eq!((list.sources.len(), list.topics.len()), (0, 0));
    }
}

#[test]
fn two_lists_may_mean_two_files_by_one_name_but_then_need_an_id() {
    let content = b"[[source]]\nkind = \"page\"\nfile = \"a.html\"\n";
    let lists = ["x", "y"].map(|folder| {
        parse_from(&format!("{folder}/l"), content, ListOrigin::Machine(Path::new(folder)))
    });
    assert!(said(&merge(lists))[0].contains("is already that of the source at x/l:1:1"));
}
