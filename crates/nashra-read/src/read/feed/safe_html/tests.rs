use super::*;

fn safe(html: &str) -> String {
    safe_html(html, &Url::parse("https://news.example/a/").unwrap()).into_owned()
}

#[test]
fn what_runs_is_left_out_and_what_is_read_stays() {
    assert_eq!(
        safe("a<script>alert(1)</script>b<STYLE>x</style >c<p onclick=x style=y>d"),
        "abc<p>d</p>"
    );
    assert_eq!(
        safe("<b>a<iframe src=x>no</iframe></b><form><input>t</form><svg><path/>s</svg>"),
        "<b>a</b>ts"
    );
    assert_eq!(safe("x<script>never ended"), "x");
    assert_eq!(safe("x<iframe src='y'/>z<object/>"), "xz");
}

#[test]
fn addresses_have_a_harmless_scheme_in_whatever_disguise_they_come() {
    for address in [
        "javascript:x",
        " JaVaScRiPt:x",
        "java\tscript:x",
        "java&#10;script:x",
        "&#106avascript:x",
        "&#x6A;avascript&colon;x",
        "\u{1}javascript:x",
        "vbscript:x",
        "data:text/html,x",
        "data:image/svg+xml,x",
        "feed:javascript:x",
        "about:x",
        "javascript&#58x",
        "x:y",
        "file:///etc/passwd",
    ] {
        assert_eq!(safe(&format!("<a href=\"{address}\">t</a>")), "<a>t</a>", "{address}");
        assert_eq!(safe(&format!("<img src='{address}'>")), "<img>", "{address}");
    }
    assert_eq!(safe("<a href='mailto:a@x.example'>t</a>"), "<a href=\"mailto:a@x.example\">t</a>");
    assert_eq!(
        safe("<img src='data:image/png;base64,AA'>"),
        "<img src=\"data:image/png;base64,AA\">"
    );
}

#[test]
fn relative_addresses_are_made_absolute() {
    assert_eq!(
        safe("<a href=../b?x=1&y=2#z>t</a>"),
        "<a href=\"https://news.example/b?x=1&amp;y=2#z\">t</a>"
    );
    let set = "<img srcset='/s.jpg 320w, l.jpg 1280w, javascript:x 2x'>";
    assert_eq!(
        safe(set),
        "<img srcset=\"https://news.example/s.jpg 320w, https://news.example/a/l.jpg 1280w\">"
    );
}

#[test]
fn values_cannot_leave_their_quotes() {
    assert_eq!(
        safe("<img alt='\"><script>x</script>'>"),
        "<img alt=\"&quot;&gt;&lt;script&gt;x&lt;/script&gt;\">"
    );
    assert_eq!(
        safe("<img alt=`x`onerror=y title = \"a<b\">"),
        "<img alt=\"`x`onerror=y\" title=\"a&lt;b\">"
    );
    assert_eq!(safe("<img\u{c}alt=1/onerror=x//>"), "<img alt=\"1/onerror=x//\">");
    assert_eq!(safe("<img alt=1 alt=2 =x onerror>"), "<img alt=\"1\">");
}

#[test]
fn what_begins_no_tag_is_text_and_comments_are_nothing() {
    assert_eq!(safe("1 < 2 <3 <b>x"), "1 &lt; 2 &lt;3 <b>x</b>");
    assert_eq!(safe("a<!-- <b> -->b<!doctype x>c<?php x ?>d<!-->e"), "abcde");
    assert_eq!(safe("a<b<script>x</script>"), "ax");
    assert_eq!(safe("a <"), "a &lt;");
    assert_eq!(safe("a < b"), "a < b", "nothing can follow");
    assert_eq!(safe("<a href=\"never closed"), "");
    assert_eq!(safe("<![CDATA[x<b>y"), "y");
}

#[test]
fn elements_are_closed_in_their_order() {
    assert_eq!(safe("<p>a<p>b<div>c"), "<p>a</p><p>b</p><div>c</div>");
    assert_eq!(safe("<ul><li>a<li>b</ul>c</b></p>"), "<ul><li>a</li><li>b</li></ul>c");
    assert_eq!(safe("<b><i>a</b>c</i>"), "<b><i>a</i></b>c");
    assert_eq!(safe("a<br>b<br/>c<hr>"), "a<br>b<br>c<hr>");
    assert!(safe(&"<div>".repeat(10_000)).len() < 10_000);
}

#[test]
fn what_is_safe_stays_as_it_is() {
    for html in [
        "plain &amp; text",
        "<p>a</p><table><tbody><tr><td colspan=\"2\">b</td></tr></tbody></table>",
        "<a href=\"https://x.example/\">t</a>",
    ] {
        assert_eq!(safe(html), html);
    }
    let once = safe("<p><a href=x>é<b>y</p><img alt='a&amp;b'>");
    assert_eq!(safe(&once), once);
    let once = safe("<img src=\"http://,a \0\" />");
    assert_eq!(safe(&once), once, "a space before a control character");
}
