//! The sample of an Arabic news page with four articles and a related list, set in markups as sites
//! use them: every field must come out as `expected.json` says, whatever the markup.

use std::fmt::Write as _;

use serde_json::Value;
use url::Url;

use super::*;
use crate::model::record::{Block, Content, Image, Related};

const EXPECTED: &str = include_str!("../../../../../../tests/fixtures/plain_text/expected.json");

fn expected() -> Value {
    serde_json::from_str(EXPECTED).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A caption as it is printed, with its credit in brackets.
fn printed(image: &Value) -> String {
    format!("{} ({})", text(&image["caption"]), text(&image["credit"]))
}

/// The page of a site that loads the next article when a reader comes to the end of one: captions
/// in figures, the title once more in a bar that stays in view.
fn infinite_scroll() -> String {
    let expected = expected();
    let mut body = String::new();
    for (at, article) in expected["articles"].as_array().unwrap().iter().enumerate() {
        let title = text(&article["title"]);
        let deck = article["subtitle"]
            .as_str()
            .map(|subtitle| format!("<p class=\"article-subtitle\">{subtitle}</p>"))
            .unwrap_or_default();
        let figure = |image: &Value, at: usize| {
            format!(
                "<figure><img src=\"/i/{at}.jpg\" width=\"800\" height=\"500\"><figcaption>{}</figcaption></figure>",
                printed(image)
            )
        };
        write!(
            body,
            "<div class=\"scroll-unit\" data-path=\"/world/{at}-story.html\"><article><header><h1>{title}</h1>{deck}</header>{}",
            figure(&article["lead_image"], at * 100)
        )
        .unwrap();
        write!(
            body,
            "<div class=\"tools\"><span>TT</span><button>شارك</button></div><div class=\"bar\"><h2>{title}</h2></div><div class=\"body\">"
        )
        .unwrap();
        for (number, block) in article["blocks"].as_array().unwrap().iter().enumerate() {
            if block["kind"] == "image" {
                body.push_str(&figure(block, at * 100 + number + 1));
            } else {
                write!(body, "<p>{}</p>", text(&block["text"])).unwrap();
            }
        }
        body.push_str("</div></article>");
        if at == 0 {
            body.push_str("<section class=\"related\"><h2>مقالات ذات صلة</h2><ul>");
            for (number, item) in expected["related"].as_array().unwrap().iter().enumerate() {
                write!(
                    body,
                    "<li><div class=\"pic\"><span class=\"section\">{}</span><img src=\"/r/{number}.jpg\" alt=\"{}\"></div><h3><a href=\"/r/{number}\">{}</a></h3><p>{}</p>{}</li>",
                    text(&item["section"]), printed(&item["image"]), text(&item["title"]), text(&item["summary"]), signed(item)
                )
                .unwrap();
            }
            body.push_str("</ul></section>");
        }
        body.push_str("</div>");
    }
    page(&body)
}

fn signed(item: &Value) -> String {
    item["byline"]
        .as_str()
        .map(|byline| format!("<p class=\"author\">{byline} ({})</p>", text(&item["place"])))
        .unwrap_or_default()
}

/// Articles one after the other in sections without addresses, titles as second headings, captions
/// in paragraphs of their own and printed twice.
fn sections() -> String {
    let expected = expected();
    let mut body = String::new();
    for (at, article) in expected["articles"].as_array().unwrap().iter().enumerate() {
        let (title, level) = (text(&article["title"]), if at == 0 { 1 } else { 2 });
        let deck = article["subtitle"]
            .as_str()
            .map(|deck| format!("<h3 class=\"standfirst\">{deck}</h3>"))
            .unwrap_or_default();
        let picture = |image: &Value, at: usize| {
            let printed = printed(image);
            format!(
                "<div class=\"media\"><picture><source srcset=\"/i/{at}-s.jpg 320w, /i/{at}.jpg 1280w\"><img data-src=\"/i/{at}.jpg\" src=\"data:image/gif;base64,R0\" alt=\"{printed}\"></picture><p class=\"caption\">{printed}</p></div>"
            )
        };
        let lead = picture(&article["lead_image"], at * 100);
        write!(body, "<section class=\"story-wrap\"><div class=\"top\"><h{level}>{title}</h{level}>{deck}<time datetime=\"2026-02-12T10:0{at}:00Z\">12 فبراير 2026</time></div>{lead}<div class=\"caption\">{}</div>", printed(&article["lead_image"])).unwrap();
        for (number, block) in article["blocks"].as_array().unwrap().iter().enumerate() {
            if block["kind"] == "image" {
                body.push_str(&picture(block, at * 100 + number + 1));
            } else {
                write!(body, "<p>{}</p>", text(&block["text"])).unwrap();
            }
        }
        body.push_str("</section>");
        if at == 0 {
            body.push_str("<aside><h4>مقالات ذات صلة</h4><div>");
            for (number, item) in expected["related"].as_array().unwrap().iter().enumerate() {
                write!(
                    body,
                    "<div class=\"card\"><a href=\"/r/{number}\"><span>{}</span><figure><img src=\"/r/{number}.jpg\"><figcaption>{}</figcaption></figure></a><a href=\"/r/{number}\"><h5>{}</h5></a><div>{}</div>{}</div>",
                    text(&item["section"]), printed(&item["image"]), text(&item["title"]), text(&item["summary"]), signed(item)
                )
                .unwrap();
            }
            body.push_str("</div></aside>");
        }
    }
    page(&body)
}

/// An old page: a table for the columns, breaks for the paragraphs, the lead picture with its
/// caption under it.
fn breaks() -> String {
    let expected = expected();
    let mut body = String::from("<table width=\"100%\"><tr><td class=\"main\">");
    for (at, article) in expected["articles"].as_array().unwrap().iter().enumerate() {
        let deck = article["subtitle"]
            .as_str()
            .map(|title| format!("<h2>{title}</h2>"))
            .unwrap_or_default();
        let picture = |image: &Value, at: usize| {
            format!(
                "<div class=\"img\"><img src=\"/i/{at}.jpg\"><br><small>{}</small></div>",
                printed(image)
            )
        };
        write!(
            body,
            "<div class=\"art\" data-href=\"/n/{at}\"><h1 class=\"ttl\">{}</h1>{deck}{}<div class=\"txt\">",
            text(&article["title"]),
            picture(&article["lead_image"], at * 100)
        )
        .unwrap();
        for (number, block) in article["blocks"].as_array().unwrap().iter().enumerate() {
            if block["kind"] == "image" {
                body.push_str(&picture(block, at * 100 + number + 1));
            } else {
                write!(body, "{}<br><br>", text(&block["text"])).unwrap();
            }
        }
        body.push_str("</div></div>");
        if at == 0 {
            body.push_str("<div class=\"rel\"><b>مقالات ذات صلة</b>");
            for (number, item) in expected["related"].as_array().unwrap().iter().enumerate() {
                write!(
                    body,
                    "<div class=\"it\"><i>{}</i><div class=\"img\"><img src=\"/r/{number}.jpg\"><small>{}</small></div><a href=\"/r/{number}\">{}</a><div class=\"sm\">{}</div>{}</div>",
                    text(&item["section"]), printed(&item["image"]), text(&item["title"]), text(&item["summary"]), signed(item)
                )
                .unwrap();
            }
            body.push_str("</div>");
        }
    }
    body.push_str("</td><td class=\"side\"><a href=\"/a\">اقتصاد</a><br><a href=\"/b\">رياضة</a></td></tr></table>");
    page(&body)
}

fn page(body: &str) -> String {
    let title = text(&expected()["articles"][0]["title"]).to_owned();
    let menu = ["العالم", "اقتصاد", "رياضة", "ثقافة"]
        .map(|section| format!("<li><a href=\"/s/{section}\">{section}</a></li>"))
        .concat();
    format!(
        "<!doctype html><html lang=\"ar\" dir=\"rtl\"><head><meta charset=\"utf-8\"><title>{title} | الصحيفة</title><meta property=\"og:title\" content=\"{title}\"></head><body><header><nav><ul>{menu}</ul></nav></header><main>{body}</main><footer><p>جميع الحقوق محفوظة</p></footer></body></html>"
    )
}

fn image_of(image: &Image) -> [Value; 5] {
    [
        image.caption.clone().into(),
        image.credit.clone().into(),
        image.agency.clone().into(),
        image.archive.into(),
        image.taken.clone().into(),
    ]
}

fn image(value: &Value) -> [Value; 5] {
    ["caption", "credit", "agency", "archive", "taken"].map(|key| value[key].clone())
}

/// The blocks of an article, pictures as [`image_of`] says them.
fn blocks_of(content: &Content) -> Vec<Value> {
    let block = |block: &Block| match block {
        Block::Image(image) => image_of(image).to_vec().into(),
        other => serde_json::to_value(other).unwrap(),
    };
    content.blocks.iter().map(block).collect()
}

/// The blocks of an expected article, pictures as [`image`] says them.
fn blocks(article: &Value) -> Vec<Value> {
    let block = |block: &Value| {
        if block["kind"] == "image" { image(block).to_vec().into() } else { block.clone() }
    };
    article["blocks"].as_array().unwrap().iter().map(block).collect()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

fn check_related(found: &[Related], wanted: &[Value]) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        let fields = [&found.title, &found.section, &found.summary, &found.byline, &found.place]
            .map(|field| Value::from(field.clone()));
        assert_eq!(
            fields,
            ["title", "section", "summary", "byline", "place"].map(|key| wanted[key].clone())
        );
        assert_eq!(image_of(found.image.as_ref().unwrap()), image(&wanted["image"]));
    }
}

fn check(html: &str) {
    let url = Url::parse("https://news.example/world/0-story.html").unwrap();
    let page = tests::enriched(
        extract(Input { bytes: html.as_bytes(), content_type: None, url: &url, rules: None })
            .unwrap(),
    );
    let expected = expected();
    let articles = expected["articles"].as_array().unwrap();
    let titles: Vec<_> = page
        .articles
        .iter()
        .map(|article| article.content.title.clone().unwrap_or_default())
        .collect();
    assert_eq!(
        titles,
        articles.iter().map(|article| text(&article["title"]).to_owned()).collect::<Vec<_>>()
    );
    for (at, (found, wanted)) in page.articles.iter().zip(articles).enumerate() {
        let content = &found.content;
        assert_eq!(content.subtitle.as_deref(), wanted["subtitle"].as_str());
        assert_eq!(
            (content.language.as_deref(), content.direction),
            (Some("ar"), Some(crate::model::record::Direction::Rtl))
        );
        assert_eq!(image_of(&content.images[0]), image(&wanted["lead_image"]));
        assert_eq!(blocks_of(content), blocks(wanted));
        let agencies = serde_json::from_value(expected["agencies"]["articles"][at].clone());
        assert_eq!(sorted(content.agencies.clone()), sorted(agencies.unwrap()));
        let related = if at == 0 { expected["related"].as_array().unwrap() } else { &Vec::new() };
        check_related(&content.related, related);
        for noise in expected["noise_never_published"].as_array().unwrap() {
            assert!(content.text.as_deref().unwrap().lines().all(|line| line != text(noise)));
        }
    }
}

#[test]
fn the_sample_is_read_from_a_page_of_infinite_scroll() {
    check(&infinite_scroll());
}

#[test]
fn the_sample_is_read_from_sections_with_captions_printed_twice() {
    check(&sections());
}

#[test]
fn the_sample_is_read_from_an_old_page_with_breaks_for_paragraphs() {
    check(&breaks());
}

#[test]
fn the_sample_is_read_from_the_page_of_the_demo() {
    let page = include_str!("../../../../../../src/demo/site/sample.html");
    check(&(0..4).fold(page.replace("{base}", "https://news.example"), |page, at| {
        page.replace(&format!("{{time{at}}}"), &format!("2026-02-12T10:0{at}:00Z"))
    }));
}
