//! The status pages, as a browser gets them.

use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, get, get_whole, lines, until};

#[test]
fn the_pages_show_what_is_polled_and_what_came_of_it_and_escape_it() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "One"), ("two", "Two")]);
    site.page("one", "One", "It began.");
    site.page("two", "Two", "It went on.");
    let list = format!(
        "[[source]]\nid = \"good\"\nname = \"<b>صحيفة</b> & co\"\nurl = \"{0}/feed\"\n[[source]]\nid = \"bad\"\nurl = \"{0}/gone?key=secret\"\n[[source]]\nid = \"off\"\nurl = \"{0}/off\"\npaused = true\n",
        site.base
    );
    let nashra = Nashra::run(dir.path(), &list, &["--sink", "file"]);
    until("the articles are there", || (lines(dir.path()).len() == 2).then_some(()));
    let admin = nashra.admin();
    let page = |path: &str| get(&format!("{admin}{path}"));
    until("it is in order", || page("").1.contains("In order").then_some(()));
    nashra.counts("nashra_sources{state=\"backoff\"} 1");
    nashra.counts("nashra_articles_total{change=\"new\"} 2");
    let overview = page("").1;
    assert!(overview.contains("3 sources are polled"), "{overview}");
    assert!(overview.contains("/sources?state=backoff"), "{overview}");

    let all = page("sources").1;
    assert!(all.contains("&lt;b&gt;صحيفة&lt;/b&gt; &amp; co") && !all.contains("<b>"), "{all}");
    assert!(all.contains("HTTP status 404") && !all.contains("secret"), "{all}");
    let failing = page("sources?state=backoff").1;
    assert!(failing.contains("1 of 3 sources") && failing.contains("id=bad"), "{failing}");
    assert!(page("sources?q=%D8%B5%D8%AD%D9%8A%D9%81%D8%A9").1.contains("1 of 3 sources"));
    assert_eq!(page("sources?page=18446744073709551615").0, 200);
    assert!(page("sources?q=nobody&page=7&sort=state").1.contains("0 of 3 sources"));

    let source = page("source?id=good").1;
    assert!(source.contains("next poll") && source.contains("Entries by hour"), "{source}");
    assert!(source.contains("Its last polls") && source.contains(">read<"), "{source}");
    let failing = page("source?id=bad").1;
    assert!(failing.contains(">missing<") && failing.contains(">404<"), "{failing}");
    assert_eq!(page("source?id=nobody").0, 404);

    let articles = page("articles").1;
    assert!(articles.contains("/a/one") && articles.contains("/a/two"), "{articles}");
    let id = lines(dir.path())[0]["id"].as_str().unwrap().to_owned();
    let article = page(&format!("article?id={id}")).1;
    assert!(article.contains("last verdict") && article.contains(&id), "{article}");
    let found = page(&format!("articles?q={}/a/one", site.base));
    assert_eq!(found.0, 303);
    assert!(page("articles?q=https://nobody.example/").1.contains("No article is known"));
    assert_eq!((page("article?id=x").0, page("nothing").0), (404, 404));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_page_may_load_nothing_from_elsewhere_and_is_not_kept() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[]);
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &["--sink", "file"]);
    let admin = nashra.admin();
    let head = |path: &str| get_whole(&format!("{admin}{path}")).0.to_ascii_lowercase();
    for path in ["", "sources", "articles", "style.css", "live.js"] {
        let head = head(path);
        assert!(head.contains("content-security-policy: default-src 'none'"), "{path}: {head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{path}: {head}");
    }
    assert!(head("").contains("cache-control: no-store"));
    // Else a browser sends our own forms without their origin, and they are refused.
    assert!(head("").contains("referrer-policy: same-origin"));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn dead_letters_are_listed_by_reason_and_their_bytes_are_text_and_nothing_else() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("bad", "صفحة & co"), ("gone", "Gone")]);
    site.put("/a/bad", Answer::ok(b"%PDF-1.7 <script>alert(1)</script>\0".as_slice()));
    site.put("/a/gone", Answer::status(410));
    let list = format!("[[source]]\nid = \"s\"\nname = \"A & B\"\nurl = \"{}/feed\"\n", site.base);
    let nashra = Nashra::run(dir.path(), &list, &["--sink", "file"]);
    let admin = nashra.admin();
    let page = |path: &str| get(&format!("{admin}{path}"));
    // 410 is tried three times.
    let all = until("both are there", || {
        Some(page("deadletters").1).filter(|page| page.contains("2 dead letters"))
    });
    assert!(all.contains("<bdi>صفحة &amp; co</bdi>"), "{all}");
    assert!(all.contains("/deadletters?reason=gone") && all.contains("A &amp; B"), "{all}");
    for (query, found) in [
        ("reason=page", 1),
        ("reason=page&source=s", 1),
        ("source=nobody", 0),
        ("host=127.0.0.1", 2),
        ("q=%D8%B5%D9%81%D8%AD%D8%A9", 1),
        ("before=00000000-0000-7000-8000-000000000000", 2),
    ] {
        let list = page(&format!("deadletters?{query}")).1;
        assert!(list.contains(&format!("{found} dead letters")), "{query}: {list}");
    }
    let list = page("deadletters?reason=page").1;
    let at = list.split("href=\"/deadletter?id=").nth(1).unwrap().split('"').next().unwrap();
    let letter = page(&format!("deadletter?id={at}")).1;
    assert!(letter.contains("not an HTML page: a PDF"), "{letter}");
    assert!(letter.contains("%PDF-1.7 &lt;script&gt;alert(1)&lt;/script&gt;\u{fffd}"), "{letter}");
    assert!(letter.contains(&format!("nashra deadletters retry {at}")), "{letter}");
    assert_eq!((page("deadletter?id=x").0, page("deadletter").0), (404, 404));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn more_pages_than_are_made_at_once_wait_for_their_turn() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "One")]);
    site.page("one", "One", "It began.");
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &["--sink", "file"]);
    let admin = nashra.admin();
    until("the article is there", || (lines(dir.path()).len() == 1).then_some(()));
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..40)
            .map(|index| {
                let page = ["sources", "articles", "", "deadletters"][index % 4];
                let url = format!("{admin}{page}");
                scope.spawn(move || get(&url).0)
            })
            .collect();
        for answer in asked {
            assert_eq!(answer.join().unwrap(), 200);
        }
    });
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn sources_are_found_and_sorted_by_the_names_that_their_feeds_give() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let feed = |title: &str| {
        Answer::ok(format!("<rss version=\"2.0\"><channel><title>{title}</title></channel></rss>"))
    };
    site.put("/1", feed("Zebra"));
    site.put("/2", feed("Aardvark"));
    let list = format!("{0}/1\n{0}/2\n", site.base);
    let nashra = Nashra::run(dir.path(), &list, &["--sink", "file"]);
    let page = |path: &str| get(&format!("{}{path}", nashra.admin())).1;
    let sorted = until("both have names", || {
        Some(page("sources?sort=name"))
            .filter(|page| page.contains("Zebra") && page.contains("Aardvark"))
    });
    assert!(sorted.find("Aardvark") < sorted.find("Zebra"));
    assert!(page("sources?q=zebra").contains("1 of 2 sources"));
    assert_eq!(nashra.stop(), Some(0));
}

/// Sends a form as a browser does that has a cookie; status, head and body.
fn send_form(host: &str, path: &str, cookie: &str, form: &str) -> (u16, String, String) {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let (origin, length) = (format!("http://{host}"), form.len());
    write!(stream, "POST /{path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{form}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_owned(), body.to_owned())
}

#[test]
fn a_source_is_paused_and_resumed_by_buttons_after_the_token_was_typed_once() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[]);
    let list = format!("[[source]]\nid = \"a\"\nurl = \"{}/feed\"\n", site.base);
    let token = ("NASHRA_ADMIN_TOKEN", "0123456789abcdef".into());
    std::fs::write(dir.path().join("list.toml"), list).unwrap();
    let nashra = Nashra::under((dir.path(), &[token]), "list.toml", &["--sink", "file"]);
    let admin = nashra.admin();
    let host = admin.trim_start_matches("http://").trim_end_matches('/');
    nashra.counts("nashra_sources{state=\"ok\"} 1");
    let locked = get(&format!("{admin}source?id=a")).1;
    assert!(locked.contains("type=\"password\"") && !locked.contains("Poll now"), "{locked}");
    assert_eq!(send_form(host, "session", "", "id=a&token=0123456789abcdeX").0, 403);
    assert_eq!(send_form(host, "source/pause", "", "id=a&word=").0, 403);
    let (status, head, _) = send_form(host, "session", "", "id=a&token=0123456789abcdef");
    assert!(status == 303 && head.contains("HttpOnly; SameSite=Strict"), "{head}");
    let cookie = head.split_once("nashra_session=").unwrap().1.split(';').next().unwrap();
    let cookie = format!("nashra_session={cookie}");
    // With the cookie alone, without the word of its pages, nothing is changed.
    assert_eq!(send_form(host, "source/pause", &cookie, "id=a&word=x").0, 403);
    let page = || send_get(host, "source?id=a", &cookie);
    let open = page();
    assert!(open.contains("Poll now") && open.contains(">Pause<"), "{open}");
    let word = open.split_once("name=\"word\" value=\"").unwrap().1;
    let word = word.split('"').next().unwrap().to_owned();
    let form = format!("id=a&word={word}");
    assert_eq!(send_form(host, "source/poll", &cookie, &form).0, 303);
    let (status, head, _) =
        send_form(host, "source/pause", &cookie, &format!("{form}&for=1d&reason=%3Cb%3E"));
    assert!(status == 303 && head.contains("/source?id=a"), "{head}");
    nashra.counts("nashra_sources{state=\"paused\"} 1");
    let paused = page();
    assert!(paused.contains(">Resume<") && paused.contains("&lt;b&gt;"), "{paused}");
    assert_eq!(send_form(host, "source/resume", &cookie, &form).0, 303);
    nashra.counts("nashra_sources{state=\"paused\"} 0");
    assert_eq!(nashra.stop(), Some(0));
}

/// A page with a cookie.
fn send_get(host: &str, path: &str, cookie: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
