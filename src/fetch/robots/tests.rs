use super::*;

fn allowed(file: &str, path: &str) -> bool {
    Rules::parse(file.as_bytes())
        .forbidden_by(&Url::parse("https://news.example").unwrap().join(path).unwrap())
        .is_none()
}

#[test]
fn the_longest_rule_wins_and_allow_wins_a_tie() {
    let file = "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /tie\nAllow: /tie\n";
    assert!(!allowed(file, "/a/c"));
    assert!(allowed(file, "/a/b/c"));
    assert!(allowed(file, "/tie/x"));
    assert!(allowed(file, "/elsewhere"));
    assert!(
        allowed("User-agent: *\nDisallow: /\n", "/robots.txt"),
        "the file itself may always be read"
    );
}

#[test]
fn stars_stand_for_anything_and_a_dollar_for_the_end() {
    for (rule, path, matched) in [
        ("/fish", "/fishheads/yummy.html", true),
        ("/fish", "/Fish.asp", false),
        ("/fish*", "/fish", true),
        ("/fish/", "/fish", false),
        ("/*.php", "/folder/any.php?parameters", true),
        ("/*.php", "/windows.PHP", false),
        ("/*.php$", "/filename.php", true),
        ("/*.php$", "/filename.php?parameters", false),
        ("/*.php$", "/a.php/b.php", true),
        ("/fish*.php", "/fishheads/catfish.php?x", true),
        ("/$", "/", true),
        ("/$", "/a", false),
        ("/a*b*a$", "/aba", true),
        ("/ab*ba$", "/aba", false),
        ("*?print=", "/x?print=1", true),
        ("/a$b", "/a$b", true),
    ] {
        assert_eq!(
            !allowed(&format!("User-agent: *\nDisallow: {rule}\n"), path),
            matched,
            "{rule} and {path}"
        );
    }
}

#[test]
fn escapes_are_compared_as_the_rfc_says() {
    for (rule, path) in [
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz"),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%E3%83%84", "/foo/bar/ツ"),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
        ("/foo/%e3%83%84", "/foo/%E3%83%84"),
        ("/file-with-a-%2A.html", "/file-with-a-*.html"),
        ("/foo-%24", "/foo-$"),
    ] {
        assert!(!allowed(&format!("User-agent: *\nDisallow: {rule}\n"), path), "{rule} and {path}");
    }
    assert!(
        allowed("User-agent: *\nDisallow: /a/b\n", "/a%2Fb"),
        "a reserved character is another one where it is escaped"
    );
}

#[test]
fn our_own_groups_count_together_and_else_those_for_all() {
    let file = "Disallow: /nobody\nUser-agent: other\nUser-agent: NASHRA/2.0 # us\nSitemap: x\nDisallow: /one\n\n\
                User-agent: *\nDisallow: /all\n\nUser-agent: nashra\nCrawl-delay: 2.5\nDisallow: /two\n";
    for (path, is) in [("/one", false), ("/two", false), ("/all", true), ("/nobody", true)] {
        assert_eq!(allowed(file, path), is, "{path}");
    }
    assert_eq!(Rules::parse(file.as_bytes()).delay, Some(Duration::from_millis(2500)));
    assert!(!allowed("User-agent: nashra-images\nAllow: /\nUser-agent: *\nDisallow: /all", "/all"));
    assert!(
        allowed("User-agent: *\nDisallow: /all\nUser-agent: nashra\nDisallow:", "/all"),
        "an empty rule forbids nothing"
    );
}

#[test]
fn files_of_any_make_are_read() {
    assert!(!allowed("\u{feff}user-AGENT : *\r\rDISALLOW :\t/a # no\r\n", "/a"));
    for nonsense in [
        "<!doctype html><p>User-agent: x",
        "",
        "\0\0:::",
        "Disallow: /",
        "User-agent: *\nCrawl-delay: NaN\nDisallow",
    ] {
        assert!(allowed(nonsense, "/a"), "{nonsense}");
    }
    assert_eq!(Rules::parse(b"User-agent: *\nCrawl-delay: -1").delay, None);
}

#[test]
fn a_huge_file_is_bounded() {
    let file = format!("User-agent: *\n{}", "Disallow: /*a*a*a*a\n".repeat(100_000));
    let rules = Rules::parse(file.as_bytes());
    assert_eq!(rules.list.len(), MAX_RULES);
    assert!(
        rules
            .forbidden_by(&Url::parse(&format!("https://a.example/{}", "b".repeat(8000))).unwrap())
            .is_none()
    );
}
