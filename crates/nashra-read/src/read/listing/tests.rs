use super::*;

const ENGLISH: &str = include_str!("../../../../../tests/fixtures/listing/english.html");
const ARABIC: &str = include_str!("../../../../../tests/fixtures/listing/arabic.html");
const CHINESE: &str = include_str!("../../../../../tests/fixtures/listing/chinese.html");

fn home() -> Url {
    Url::parse("https://courier.example/").unwrap()
}

fn listed(html: &str) -> Vec<Link> {
    parse(html.as_bytes(), None, &home()).unwrap().links
}

fn addresses(links: &[Link]) -> Vec<&str> {
    links.iter().map(|link| link.url.as_str()).collect()
}

#[test]
fn articles_are_told_from_sections_tags_writers_sponsors_and_services() {
    let links = listed(ENGLISH);
    let found = addresses(&links);
    assert_eq!(found.len(), 8, "{found:#?}");
    assert_eq!(found[0], "https://courier.example/world/harbour-reopens-after-the-storm-2041");
    assert!(
        found.iter().all(|found| found[..found.len() - 1].ends_with("-204")
            || found[..found.len() - 1].ends_with("-203")),
        "{found:#?}"
    );
}

#[test]
fn a_card_gives_title_teaser_picture_and_date() {
    let link = &listed(ENGLISH)[0];
    assert_eq!(link.title.as_deref(), Some("Harbour reopens after the storm"));
    assert_eq!(
        link.teaser.as_deref(),
        Some(
            "The first ferries left the old town before dawn, two days later than the council had promised."
        )
    );
    assert_eq!(link.image.as_ref().unwrap().as_str(), "https://courier.example/img/2041.jpg");
    assert_eq!(link.published.unwrap().to_rfc3339(), "2026-11-20T07:30:00+00:00");
}

#[test]
fn numbers_in_the_query_are_articles_or_sections_by_what_stands_around_them() {
    let links = listed(ARABIC);
    assert_eq!(links.len(), 8, "{:#?}", addresses(&links));
    assert!(links.iter().all(|link| link.url.query().unwrap().starts_with("p=")));
    assert_eq!(links[0].title.as_deref(), Some("إعادة فتح الميناء بعد العاصفة التي ضربت الساحل"));
}

#[test]
fn the_rows_of_a_ranking_on_other_hosts_are_articles() {
    let links = listed(CHINESE);
    assert_eq!(links.len(), 9, "{:#?}", addresses(&links));
    assert_eq!(links[8].title.as_deref(), Some("两岛就捕鱼界线达成协议"));
}

#[test]
fn cards_of_one_kind_are_articles_at_whatever_addresses_and_cards_of_topics_are_none() {
    let headlines = [
        "Harbour reopens after the storm",
        "Mill owner buys the last bakery",
        "Two islands agree on fishing",
        "School",
        "Ferry timetable changes from Monday",
    ];
    let addresses: [fn(usize) -> String; 4] = [
        |at| format!("/p/k{at}v9x"),
        |at| format!("/{}", 4_711 + at),
        |at| format!("/show.php?id={}", 90 + at),
        |at| format!("/a/3f1c9a20-77d4-4e0b-9f52-0c1a8be4d70{at}"),
    ];
    for address in addresses {
        let card = |(at, headline): (usize, &&str)| {
            format!(
                "<li><a href='{}'><img src=/{at}.jpg><h3>{headline}</h3></a><p>Who said so, and what comes next.</p> <a href=/w/{at}>Ann</a></li>",
                address(at)
            )
        };
        let cards: String = headlines.iter().enumerate().map(card).collect();
        let topic = |topic: &str| {
            format!("<li><a href=/t/{topic}><img src=/{topic}.jpg><h3>{topic}</h3></a></li>")
        };
        let topics = ["Sea", "Trams", "Food", "Art"].map(topic).concat();
        let page = format!(
            "<body><nav><a href=/news>News</a> <a href=/sport>Sport</a> <a href=/art>Art</a></nav><ul>{cards}</ul><ul>{topics}</ul><p><a href='?page=2'>2</a> <a href='?page=3'>3</a></p><footer><a href=/about>About</a> <a href=/terms>Terms</a></footer>"
        );
        let links = listed(&page);
        assert_eq!(links.len(), headlines.len(), "{:#?}", self::addresses(&links));
        assert_eq!(links[3].title.as_deref(), Some("School"));
    }
}

#[test]
fn relative_addresses_are_resolved_against_the_base_and_fragments_dropped() {
    let html = ENGLISH
        .replace("<head>", "<head><base href='https://other.example/en/'>")
        .replace("href=\"/world/", "href=\"world/");
    let links = listed(&html);
    assert_eq!(
        links[0].url.as_str(),
        "https://other.example/en/world/harbour-reopens-after-the-storm-2041"
    );
    assert!(links.iter().all(|link| link.url.fragment().is_none()));
}

#[test]
fn the_sources_own_selectors_decide_alone() {
    let selectors = Selectors {
        item: Some("article.card".parse().unwrap()),
        link: Some(".kicker".parse().unwrap()),
    };
    let listing = parse_with(&selectors, ENGLISH.as_bytes(), None, &home()).unwrap();
    assert_eq!(
        addresses(&listing.links)[..2],
        ["https://courier.example/world/", "https://courier.example/business/"]
    );
    let selectors = Selectors { item: Some("article.card".parse().unwrap()), link: None };
    let listing = parse_with(&selectors, ENGLISH.as_bytes(), None, &home()).unwrap();
    assert_eq!(listing.links.len(), 8);
    assert_eq!(listing.links[2].title.as_deref(), Some("Mill owner buys the last bakery"));
    let selectors = Selectors { item: None, link: Some("div.tags > a".parse().unwrap()) };
    assert_eq!(parse_with(&selectors, ENGLISH.as_bytes(), None, &home()).unwrap().links.len(), 3);
}

#[test]
fn selectors_that_match_nothing_are_named() {
    let selectors = Selectors { item: Some("li.story".parse().unwrap()), link: None };
    let error = parse_with(&selectors, ENGLISH.as_bytes(), None, &home()).unwrap_err();
    assert_eq!(error.to_string(), "no link found by item = \"li.story\"");
}

#[test]
fn a_page_without_articles_says_how_many_links_it_has() {
    let html = "<html><body><nav><a href=/a/>Home</a> <a href=/world/>World</a></nav><p>We use cookies.</p></body></html>";
    let error = parse(html.as_bytes(), None, &home()).unwrap_err();
    assert_eq!(error.to_string(), "none of the page's 2 links looks like that of an article");
    assert!(matches!(parse(b"%PDF-1.7", None, &home()), Err(ListingError::NotHtml(_))));
}

#[test]
fn as_entries_tracking_parameters_make_no_other_and_a_headline_makes_another_version() {
    let entries = |html: &str| to_feed(parse(html.as_bytes(), None, &home()).unwrap()).entries;
    let before = entries(ENGLISH);
    let tracked = entries(&ENGLISH.replace("-2041\"", "-2041?utm_source=home\""));
    assert_eq!(before[0].identity, tracked[0].identity);
    assert_eq!(before[0].version(), tracked[0].version());
    let changed = entries(&ENGLISH.replace("Harbour reopens", "Harbour reopens early"));
    assert_eq!(before[0].identity, changed[0].identity);
    assert_ne!(before[0].version(), changed[0].version());
    assert_eq!(before[1].version(), changed[1].version());
}

#[test]
fn every_cut_of_a_page_is_read_without_a_panic() {
    for html in [ENGLISH, ARABIC, CHINESE] {
        for end in (0..html.len()).step_by(7) {
            drop(parse(&html.as_bytes()[..end], None, &home()));
        }
    }
}

#[test]
fn a_million_links_and_a_link_of_ten_megabytes_are_bounded() {
    let one =
        |number| format!("<a href=/n/{number}>A headline of some length, number {number}</a>");
    let many = (0..1_000_000).map(one).collect::<Vec<_>>().concat();
    let found = parse(many.as_bytes(), None, &home());
    assert!(found.is_err() || found.unwrap().links.len() <= MAX_LINKS);
    let same = "<p><a href=/a/one-and-the-same-story-1234>Again and again</a>".repeat(100_000);
    drop(parse(same.as_bytes(), None, &home()));
    let long = format!(
        "{}<article><h2><a href=/x/{}>{}</a></h2></article>",
        ENGLISH,
        "a".repeat(10 << 20),
        "word ".repeat(2 << 20)
    );
    let links = listed(&long);
    assert!(links.iter().all(|link| link.url.as_str().len() < 5_000
        && link.title.as_ref().is_none_or(|title| title.len() <= 500)));
    let deep = "<div class=item><a href=/b/another-story-of-the-day-99>".repeat(100_000);
    drop(parse(deep.as_bytes(), None, &home()));
}
