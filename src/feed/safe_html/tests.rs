use super::*;

fn safe(html: &str) -> String {
    safe_html(html, &Url::parse("https://news.example/a/").unwrap()).into_owned()
}

#[test]
fn what_runs_is_left_out_and_what_is_read_stays() {
    assert_eq!(safe("a<script>alert(1)</script>b<STYLE>x</style >c<p onclick=x style=y>d"), "abc<p>d</p>");
    assert_eq!(safe("<b>a<iframe src=x>no</iframe></b><form><input>t</form><svg><path/>s</svg>"), "<b>a</b>ts");
    assert_eq!(safe("x<script>never ended"), "x");
}
