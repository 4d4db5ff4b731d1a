use super::*;

/// Tags in short: `+name[attributes]`, `-name`; `/` where they are empty.
fn tags(text: &str) -> String {
    let mut scanner = Scanner::new(text);
    let mut open: Vec<&str> = Vec::new();
    let mut out = Vec::new();
    while let Some(token) = scanner.next(open.last().copied().unwrap_or_default()) {
        match token {
            Token::Start(tag) => {
                if !tag.empty {
                    open.push(tag.name);
                }
                let (attributes, empty) = (tag.attributes.trim(), if tag.empty { "/" } else { "" });
                out.push(if attributes.is_empty() {
                    format!("+{}{empty}", tag.name)
                } else {
                    format!("+{}[{attributes}]{empty}", tag.name)
                });
            }
            Token::End(tag) => {
                open.pop();
                out.push(format!("-{}", tag.name));
            }
        }
    }
    out.join(" ")
}

#[test]
fn tags_are_found_past_sections_comments_and_declarations() {
    let text = "<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY a '>'>]><a x='1'><!-- <b> --><![CDATA[<c>]]><d/></a >";
    assert_eq!(tags(text), "+a[x='1'] +d/ -a");
}

#[test]
fn a_less_than_that_begins_no_tag_is_text() {
    assert_eq!(tags("<a>1 < 2 <3 <></a>"), "+a -a");
    assert_eq!(tags("<a>x</b <c>"), "+a -b +c");
}

#[test]
fn values_hold_what_would_end_a_tag_unless_their_quote_was_forgotten() {
    assert_eq!(tags("<a x=\"1>2\" y='<b>'/>"), "+a[x=\"1>2\" y='<b>']/");
    assert_eq!(tags("<a x=\"1>text</a><b y=\"2\">"), "+a[x=\"1] -a +b[y=\"2\"]");
    assert_eq!(tags("<a x=\"1>text</a>"), "+a[x=\"1] -a");
    assert_eq!(
        tags("<a href=http://x.example/ ><b href=http://x.example/>"),
        "+a[href=http://x.example/] +b[href=http://x.example/]"
    );
    assert_eq!(tags("<a title=it's x=1>y</a>"), "+a[title=it's x=1] -a");
}

#[test]
fn a_section_that_never_ends_ends_with_its_element() {
    assert_eq!(tags("<a><t><![CDATA[x</t><u><![CDATA[y]]></u></a>"), "+a +t -t +u -u -a");
    assert_eq!(tags("<a><t><![CDATA[x</t><u/></a>"), "+a +t -t +u/ -a");
    assert_eq!(tags("<a><t><![CDATA[js: //<![CDATA[ x ]]></t></a>"), "+a +t -t -a");
}

#[test]
fn a_comment_that_never_ends_hides_something_only_where_the_text_is_cut_off() {
    assert_eq!(tags("<rss><!-- never <b/></rss>\n"), "+rss +b/ -rss");
    assert_eq!(tags("<rss><!-- cut <b/></b>"), "+rss");
}

#[test]
fn what_is_cut_off_is_no_tag() {
    for text in
        ["<a><b", "<a></b", "<a><b x='", "<a><![CDATA[", "<a><!--", "<a><!", "<a><?", "<a><"]
    {
        assert!(tags(text).starts_with("+a"), "{text}");
    }
}
