use super::*;

/// The tree in short: names, texts in quotes, linked ones with a star.
fn outline(html: &str) -> String {
    let tree = Tree::parse(html);
    let mut out = String::new();
    write(&tree, 0, &mut out);
    out
}

fn write(tree: &Tree<'_>, node: NodeId, out: &mut String) {
    let parts: Vec<String> = tree
        .children(node)
        .map(|child| {
            if tree.tag(child) == Tag::Text {
                format!("{}'{}'", if tree.linked(child) { "*" } else { "" }, tree.text(child))
            } else {
                let mut inner = String::new();
                write(tree, child, &mut inner);
                format!("{}({inner})", tree.name(child))
            }
        })
        .collect();
    out.push_str(&parts.join(" "));
}

#[test]
fn end_tags_that_are_left_out_are_implied() {
    assert_eq!(outline("<p>a<p>b<div>c</div>"), "p('a') p('b') div('c')");
    assert_eq!(
        outline("<ul><li>a<li>b<ul><li>c</ul>d</ul>"),
        "ul(li('a') li('b' ul(li('c')) 'd'))"
    );
    assert_eq!(outline("<dl><dt>a<dd>b<dt>c</dl>"), "dl(dt('a') dd('b') dt('c'))");
    assert_eq!(
        outline("<table><tr><td>a<td>b<tr><td>c</table>d"),
        "table(tr(td('a') td('b')) tr(td('c'))) 'd'"
    );
    assert_eq!(outline("<select><option>a<option>b</select>"), "select(option('a') option('b'))");
}

#[test]
fn how_characters_are_read_aloud_is_no_text() {
    let read = |html: &str| {
        let tree = Tree::parse(html);
        tree.whole_text(0)
    };
    assert_eq!(
        read(
            "<p><ruby>体罰<rp>(</rp><rt>たいばつ</rt><rp>)</rp></ruby>を<ruby>禁止<rt>きんし</ruby>する</p>"
        ),
        "体罰を禁止する"
    );
}

#[test]
fn a_head_without_an_end_ends_where_the_body_begins() {
    assert_eq!(
        outline("<html><head><title>T</title><div>x</div>"),
        "html(head(title('T')) div('x'))"
    );
    assert_eq!(outline("<head><meta charset=utf-8>text"), "head(meta()) 'text'");
}

#[test]
fn end_tags_without_a_start_and_beyond_their_scope_are_passed_over() {
    assert_eq!(outline("<div>a</p></span></section>b</div>c"), "div('a' 'b') 'c'");
    assert_eq!(
        outline("<div><table><tr><td>a</div>b</table>c</div>d"),
        "div(table(tr(td('a' 'b'))) 'c') 'd'"
    );
    assert_eq!(outline("<div>a</body></html>b</div>"), "div('a' 'b')");
}

#[test]
fn text_after_a_link_that_was_closed_inside_a_block_is_not_linked() {
    assert_eq!(outline("<a href=x>a<b>b</b></a>c"), "a(*'a' b(*'b')) 'c'");
    assert_eq!(outline("<a href=x><div>a</a>b</div></a>c"), "a(div(*'a' 'b') 'c')");
    assert_eq!(outline("<a href=x>a<a href=y>b</a>c"), "a(*'a') a(*'b') 'c'");
}

#[test]
fn scripts_styles_comments_and_titles_hold_no_elements() {
    assert_eq!(
        outline(
            "<script>if (a<b) '</div>'</script><!-- <p> --><style>p{}</style><title>a &amp; <b></title>x"
        ),
        "script('if (a<b) '</div>'') style('p{}') title('a & <b>') 'x'"
    );
    assert_eq!(
        outline("<textarea><p></TEXTAREA >a<!doctype html><?xml?><!-->b"),
        "textarea('<p>') 'a' 'b'"
    );
    assert_eq!(outline("<script>never ended"), "script('never ended')");
}

#[test]
fn foreign_elements_close_themselves_and_end_where_html_begins() {
    assert_eq!(outline("<svg><path d='x'/><title>t</title></svg>a"), "svg(path() title('t')) 'a'");
    assert_eq!(outline("<svg><g><p>a"), "svg(g()) p('a')");
}

#[test]
fn attributes_are_read_in_every_spelling_and_decoded_when_asked_for() {
    let tree = Tree::parse(
        "<a HREF='/x?a=1&amp;b=2' data-x=un/quoted disabled class = \"a b\" =odd>t</a><my-tag k=v>",
    );
    let link = tree.find(0, Tag::A).unwrap();
    assert_eq!(tree.attribute(link, "href").unwrap(), "/x?a=1&b=2");
    assert_eq!(tree.attribute(link, "data-x").unwrap(), "un/quoted");
    assert_eq!(tree.attribute(link, "disabled").unwrap(), "");
    assert_eq!(tree.attribute(link, "class").unwrap(), "a b");
    assert_eq!(tree.attribute(link, "id"), None);
    let other = tree.find(0, Tag::Other).unwrap();
    assert_eq!((tree.name(other), tree.attribute(other, "k").unwrap().as_ref()), ("my-tag", "v"));
    assert_eq!(tree.raw_attributes(other).count(), 1);
}

#[test]
fn character_references_are_decoded_and_a_lone_less_than_is_text() {
    assert_eq!(
        outline("<p>a &lt; b &amp; c &#1571; &nosuch; 1 < 2 <3"),
        "p('a < b & c أ &nosuch; 1 < 2 <3')"
    );
}

#[test]
fn descendants_are_a_range_and_ancestors_lead_to_the_root() {
    let tree = Tree::parse("<div><p>a<b>b</b></p><p>c</p></div><p>d</p>");
    let div = tree.find(0, Tag::Div).unwrap();
    assert_eq!(tree.descendants(div).count(), 6);
    let bold = tree.find(0, Tag::B).unwrap();
    let tags: Vec<Tag> = tree.ancestors(bold).map(|ancestor| tree.tag(ancestor)).collect();
    assert_eq!(tags, [Tag::P, Tag::Div, Tag::Document]);
    assert!(tree.within(bold, div) && !tree.within(tree.len() - 1, div));
    assert_eq!(tree.whole_text(div), "abc");
}

#[test]
fn any_nesting_is_bounded_and_any_bytes_make_a_tree() {
    let deep = "<div>".repeat(100_000) + "x" + &"</div>".repeat(100_000) + "<p>y";
    let tree = Tree::parse(&deep);
    assert!((0..tree.len()).all(|node| tree.depth(node) <= MAX_DEPTH));
    assert!(tree.whole_text(0).ends_with("xy"));
    for hostile in [
        "<",
        "</",
        "<!",
        "<!--",
        "<a",
        "<a b",
        "<a b=",
        "<a b='",
        "</a",
        "<!-->",
        "<?",
        "<svg><![CDATA[",
        "<title>",
        "&",
        "<p &#",
    ] {
        drop(outline(hostile));
    }
    let many = format!("<a{}>t</a>", " x=1".repeat(1_000_000));
    assert_eq!(outline(&many), "a(*'t')");
}

#[test]
fn the_start_of_a_text_is_bounded_and_its_block_is_known() {
    let html =
        format!("<div>{}<b><i>x</i></b>{}</div>", "ab ".repeat(10_000), "<br>".repeat(5_000));
    let tree = Tree::parse(&html);
    assert_eq!(tree.start_of_text(0).len(), 4_096);
    let x = tree.descendants(0).find(|node| tree.raw_text(*node) == "x").unwrap();
    assert_eq!((tree.tag(tree.block(x)), tree.stressed(x), tree.block(0)), (Tag::Div, true, 0));
}

#[test]
fn comments_end_at_the_first_end_of_either_form_in_linear_time() {
    assert_eq!(
        outline("a<!-- - -- --- --->b<!--x--!>c<!--d-->e<!----!>f<!--g--! >h"),
        "'a' 'b' 'c' 'e' 'f'"
    );
    // Quadratic time would take minutes.
    assert_eq!(outline(&("<!-- x -->".repeat(500_000) + "<!--" + &"-".repeat(5_000_000))), "");
}

#[test]
fn every_cut_of_a_page_makes_a_tree() {
    let page = include_str!("../../../../tests/fixtures/page/arabic.html");
    for end in (0..page.len()).filter(|end| page.is_char_boundary(*end)) {
        let tree = Tree::parse(&page[..end]);
        assert!((1..tree.len()).all(|node| tree.parent(node) < node
            && tree.end(node) > node
            && tree.end(node) <= tree.end(tree.parent(node))));
    }
}
