//! Addresses of real shapes, in pairs, and properties that hold for any address.

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// Pairs of addresses from what sites really do, each with the reason.
const PAIRS: &str = include_str!("../../../../../tests/fixtures/identity/urls.tsv");

/// What two addresses are to each other.
fn relation(one: &Url, other: &Url) -> &'static str {
    let keys = |url: &Url| [of_url(url), of_url(&base_form(url))];
    if exact(one) == exact(other) {
        "same"
    } else if keys(one).iter().any(|key| keys(other).contains(key)) {
        "form"
    } else {
        "other"
    }
}

#[test]
fn pairs_of_addresses_are_what_the_table_says() {
    let lines = PAIRS.lines().filter(|line| !line.starts_with('#'));
    let (mut pairs, mut wrong) = (0, Vec::new());
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        let [expected, one, other, reason] = fields[..] else { panic!("{line}") };
        assert!(!reason.is_empty());
        let (one, other) = (url(one), url(other));
        pairs += 1;
        for found in [relation(&one, &other), relation(&other, &one)] {
            if found != expected {
                wrong.push(format!("{expected}, not {found}: {one} {other}: {reason}"));
            }
        }
    }
    assert!(pairs >= 150, "{pairs} pairs");
    assert!(wrong.is_empty(), "{} of {pairs}:\n{}", wrong.len(), wrong.join("\n"));
}

const SEGMENTS: [&str; 20] = [
    "a",
    "amp",
    "amp.html",
    "print",
    "m",
    "mobile",
    "index.html",
    "index.php",
    "",
    ".",
    "..",
    "%2e%2e",
    "a-1.amp.html",
    "%D8%a7",
    "الخبر",
    "a;jsessionid=1",
    "c",
    "s",
    "www.b.example",
    "%2F",
];
const PARAMETERS: [&str; 14] = [
    "id=7",
    "b=2",
    "a=1",
    "utm_source=x",
    "amp=1",
    "ref=rss",
    "ref=9",
    "print",
    "",
    "=",
    "%",
    "x=%7e",
    "m=1",
    "page=1",
];
const HOSTS: [&str; 10] = [
    "news.example",
    "www.news.example",
    "m.news.example",
    "en.m.wiki.example",
    "amp.a.example",
    "127.0.0.1",
    "[::1]",
    "zürich.example",
    "cdn.ampproject.org",
    "www.google.com",
];

/// Addresses made of parts that matter to the rules, in an order that a seed gives.
struct Addresses(u64);

impl Addresses {
    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        // The generator of Knuth's MMIX.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        from[usize::try_from(self.0 >> 33).unwrap() % from.len()]
    }

    fn next(&mut self) -> Url {
        let scheme = self.pick(&["http", "https"]);
        let mut text =
            format!("{scheme}://{}{}", self.pick(&HOSTS), self.pick(&["", ":443", ":8080"]));
        for _ in 0..self.pick(&["", "1", "12", "123", "1234"]).len() {
            text.push('/');
            text.push_str(self.pick(&SEGMENTS));
        }
        let pairs: Vec<&str> =
            (0..self.pick(&["", "1", "12", "123"]).len()).map(|_| self.pick(&PARAMETERS)).collect();
        if !pairs.is_empty() {
            text = format!("{text}?{}", pairs.join("&"));
        }
        text.push_str(self.pick(&[
            "",
            "",
            "#",
            "#top",
            "#/a",
            "#!a",
            "#xtor=1",
            "#:~:text=a",
            "#a=b/c",
        ]));
        url(&text)
    }
}

#[test]
fn cleaning_is_idempotent_and_never_changes_the_host() {
    let mut addresses = Addresses(42);
    for _ in 0..20_000 {
        let one = addresses.next();
        let cleaned = clean(&one);
        assert_eq!(clean(&cleaned), cleaned, "{one}");
        assert_eq!(place(&place(&one)), place(&one), "{one}");
        assert_eq!((cleaned.host(), cleaned.port()), (one.host(), one.port()), "{one}");
        assert_eq!((cleaned.scheme(), cleaned.path()), (one.scheme(), one.path()), "{one}");
        assert_eq!(Url::parse(cleaned.as_str()).as_ref(), Ok(&cleaned));
    }
}

#[test]
fn keys_follow_from_what_addresses_are_to_each_other() {
    let mut addresses = Addresses(7);
    for _ in 0..20_000 {
        let one = addresses.next();
        assert_eq!(exact(&place(&one)), exact(&one), "{one}");
        assert_eq!(of_url(&clean(&one)), of_url(&one), "{one}");
        // A form of a form is that page's own form.
        let base = base_form(&one);
        assert_eq!(of_url(&base_form(&clean(&one))), of_url(&base), "{one}");
        assert_eq!(relation(&one, &one), "same", "{one}");
    }
}

#[test]
fn a_store_of_format_4_is_asked_for_the_key_that_it_has() {
    for (now, former) in [
        ("https://news.example/a?wt_zmc=x&id=7", "https://news.example/a?wt_zmc=x&id=7"),
        ("https://news.example/a?ref=rss", "https://news.example/a?ref=rss"),
    ] {
        assert_eq!(formerly_of_url(&url(now)), Some(key(&url(former))));
    }
    assert_eq!(
        formerly_of_url(&url("https://app.example/#/a")),
        Some(key(&url("https://app.example/")))
    );
    for same in ["https://news.example/a?utm_source=x", "https://news.example/a#top"] {
        assert_eq!(formerly_of_url(&url(same)), None, "{same}");
    }
}

#[test]
fn a_guid_means_something_within_its_source_alone() {
    assert_ne!(of_guid("a", "1"), of_guid("b", "1"));
}

#[test]
fn a_page_may_name_an_address_of_its_own_site_but_not_the_home_page() {
    let read = url("https://news.example/a/1");
    let read = Some(&read);
    assert!(believable(&url("https://www.news.example/a/one"), read));
    assert!(!believable(&url("https://wire.example/a/1"), read));
    assert!(!believable(&url("https://news.example/"), read));
    assert!(believable(&url("https://wire.example/a/1"), None));
    assert!(!believable(&url("https://wire.example/"), None));
}

#[test]
fn a_claim_is_believed_within_its_site_and_not_for_a_front_page() {
    let believed = |claimed: &str, read: &str| believable(&url(claimed), Some(&url(read)));
    for (claimed, read) in [
        ("https://www.news.example/a/one", "https://news.example/a/1"),
        ("https://www.news.co.uk/a-1", "https://amp.news.co.uk/a-1"),
        (
            "https://www.news.example/a-1",
            "https://www-news-example.cdn.ampproject.org/c/s/www.news.example/a-1",
        ),
        ("https://www.news.example/sport/4711", "https://www.news.example/sport/4711/cup-final"),
        (
            "https://www.news.example/sport/the-cup-final/",
            "https://www.news.example/sport/the-cup-final/amp/",
        ),
        ("https://www.news.example/sport/final", "https://www.news.example/sport/final?page=2"),
        ("http://127.0.0.1:8080/b", "http://127.0.0.1:8080/a"),
        ("https://www.news.example/", "https://www.news.example/index.html"),
    ] {
        assert!(believed(claimed, read), "{claimed} of {read}");
    }
    for (claimed, read) in [
        ("https://news.co.uk/a-1", "https://other.co.uk/a-1"),
        ("https://alice.github.io/a-1", "https://bob.github.io/a-1"),
        ("https://www.news.example/", "https://www.news.example/sport/final"),
        ("https://www.news.example/sport", "https://www.news.example/sport/cup-final-ends"),
        (
            "https://www.news.example/sport/football/",
            "https://www.news.example/sport/football/cup-final-ends",
        ),
        ("ftp://www.news.example/a-1", "https://www.news.example/a-1"),
        ("http://127.0.0.1:8081/b", "http://127.0.0.1:8080/a"),
    ] {
        assert!(!believed(claimed, read), "{claimed} of {read}");
    }
}
