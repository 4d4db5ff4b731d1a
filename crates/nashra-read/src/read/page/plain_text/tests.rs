use serde_json::Value;
use url::Url;

use super::*;
use crate::model::record::{Block, Content, Direction};

fn page(bytes: &[u8]) -> Result<Page, PageError> {
    let url = Url::parse("about:blank").unwrap();
    let mut page = parse(Input { bytes, content_type: None, url: &url, rules: None })?;
    for part in &mut page.articles {
        crate::policy::enrich::enrich(&mut part.content, &part.evidence);
    }
    Ok(page)
}

fn articles(text: &str) -> Vec<Content> {
    page(text.as_bytes()).unwrap().articles.into_iter().map(|article| article.content).collect()
}

/// The fields of `wanted` alone.
fn like(found: &impl serde::Serialize, wanted: &Value) -> Value {
    let found = serde_json::to_value(found).unwrap();
    wanted.as_object().unwrap().keys().map(|name| (name.clone(), found[name].clone())).collect()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap()
}

/// The page in Arabic, and what is expected of it.
fn arabic_page() -> (Vec<Content>, Value) {
    let text = include_str!("../../../../../../tests/fixtures/plain_text/arabic-four-articles.txt");
    let wanted = serde_json::from_str(include_str!(
        "../../../../../../tests/fixtures/plain_text/arabic-four-articles.json"
    ));
    (articles(text), wanted.unwrap())
}

#[test]
fn the_arabic_page_with_four_articles_comes_out_field_by_field() {
    let (found, wanted) = arabic_page();
    let noise: Vec<&str> =
        list(&wanted, "noise_never_published").iter().filter_map(Value::as_str).collect();
    assert_eq!(found.len(), list(&wanted, "articles").len());
    for (content, wanted) in found.iter().zip(list(&wanted, "articles")) {
        assert_eq!(content.language.as_deref(), Some("ar"));
        assert_eq!(content.direction, Some(Direction::Rtl));
        assert_eq!(content.title.as_deref(), wanted["title"].as_str());
        assert_eq!(content.subtitle.as_deref(), wanted["subtitle"].as_str());
        assert_eq!(like(&content.images[0], &wanted["lead_image"]), wanted["lead_image"]);
        let blocks = list(wanted, "blocks");
        assert_eq!(content.blocks.len(), blocks.len());
        for (block, wanted) in content.blocks.iter().zip(blocks) {
            assert_eq!(like(block, wanted), *wanted);
            assert!(!noise.contains(&block.text().unwrap_or_default()));
        }
        let inline: Vec<_> = content
            .blocks
            .iter()
            .filter_map(|block| if let Block::Image(image) = block { Some(image) } else { None })
            .collect();
        assert_eq!(content.images[1..].iter().collect::<Vec<_>>(), inline);
    }
}

#[test]
fn each_article_of_the_arabic_page_has_its_own_agencies() {
    let (found, wanted) = arabic_page();
    for (content, wanted) in found.iter().zip(list(&wanted["agencies"], "articles")) {
        let mut agencies = content.agencies.clone();
        agencies.sort_unstable();
        let mut wanted: Vec<String> = serde_json::from_value(wanted.clone()).unwrap();
        wanted.sort_unstable();
        assert_eq!(agencies, wanted);
    }
}

#[test]
fn the_related_list_of_the_arabic_page_is_of_its_first_article_alone() {
    let (found, wanted) = arabic_page();
    let wanted = list(&wanted, "related");
    let [first, others @ ..] = &found[..] else { panic!("no article") };
    assert_eq!(first.related.len(), wanted.len());
    assert!(others.iter().all(|other| other.related.is_empty()));
    for (item, wanted) in first.related.iter().zip(wanted) {
        let found = serde_json::to_value(item).unwrap();
        for (name, value) in wanted.as_object().unwrap().iter().filter(|(name, _)| *name != "image")
        {
            assert_eq!(found[name], *value, "{name} of {:?}", item.title);
        }
        assert_eq!(like(item.image.as_ref().unwrap(), &wanted["image"]), wanted["image"]);
    }
}

#[test]
fn a_page_of_a_text_browser_has_its_paragraphs_joined_and_nothing_else_in_them() {
    let found =
        articles(include_str!("../../../../../../tests/fixtures/plain_text/english-wrapped.txt"));
    let [content] = &found[..] else { panic!("{} articles", found.len()) };
    assert_eq!(
        content.title.as_deref(),
        Some("Old harbour reopens three weeks after the spring storm")
    );
    assert_eq!(
        content.subtitle.as_deref(),
        Some("Fishermen return to Port Ellery as the last of eleven sunken boats is lifted")
    );
    assert_eq!(
        (content.bylines[0].name.as_str(), content.bylines[0].place.as_deref()),
        ("Ann Lee", Some("Port Ellery"))
    );
    assert_eq!(content.published.unwrap().to_rfc3339(), "2025-05-14T00:00:00+00:00");
    assert_eq!(
        content.images[0].caption.as_deref(),
        Some("The harbour of Port Ellery on Tuesday morning.")
    );
    assert_eq!(content.agencies, ["AP", "Reuters"]);
    let text = content.text.as_deref().unwrap();
    let paragraphs: Vec<&str> = text.split("\n\n").collect();
    assert_eq!(paragraphs.len(), 6, "{text}");
    assert!(
        paragraphs[0].starts_with("The old harbour of Port Ellery")
            && paragraphs[0].ends_with("the northern mole."),
        "{text}"
    );
    assert_eq!(content.blocks[3], Block::Heading { text: "Who pays for the mole".to_owned() });
    let related: Vec<_> =
        content.related.iter().filter_map(|related| related.title.as_deref()).collect();
    assert_eq!(
        related,
        [
            "Storm sinks eleven boats in Port Ellery",
            "What the spring storm did to the coast in numbers",
            "Insurers count the losses of a night"
        ]
    );
}

#[test]
fn two_articles_without_repeated_headlines_are_told_apart_by_their_heads_and_matter() {
    let found = articles(include_str!(
        "../../../../../../tests/fixtures/plain_text/german-two-articles.txt"
    ));
    let titles: Vec<_> = found.iter().filter_map(|found| found.title.as_deref()).collect();
    assert_eq!(
        titles,
        [
            "Neue Straßenbahn fährt ab Herbst bis zum Nordbahnhof",
            "Museum zeigt zum ersten Mal die Briefe der Malerin Clara Venn"
        ]
    );
    assert_eq!(found[0].bylines[0].name, "Jana Wolff");
    assert_eq!(found[0].images[0].agency.as_deref(), Some("dpa"));
    assert_eq!(found[1].images[0].credit.as_deref(), Some("Stadtmuseum"));
    assert!(found[0].text.as_deref().unwrap().ends_with("und das sei gut so."));
    let related: Vec<_> = found[0]
        .related
        .iter()
        .map(|related| {
            (related.title.as_deref().unwrap(), related.summary.is_some(), related.image.is_some())
        })
        .collect();
    assert_eq!(
        related,
        [
            ("Busse fahren im Sommer seltener", true, true),
            ("Was ein Fahrschein künftig kostet", true, false)
        ]
    );
    assert_eq!(found[0].related[1].byline.as_deref(), Some("Peter Holm"));
    assert!(found[1].related.is_empty());
}

#[test]
fn a_chinese_page_is_read_like_any_other() {
    let found = articles(include_str!("../../../../../../tests/fixtures/plain_text/chinese.txt"));
    let [content] = &found[..] else { panic!("{} articles", found.len()) };
    assert_eq!(content.title.as_deref(), Some("老港口修复完工 渔民重新出海"));
    assert_eq!(content.language.as_deref(), Some("zh"));
    assert_eq!(content.published.unwrap().to_rfc3339(), "2025-05-14T00:00:00+00:00");
    assert_eq!(content.agencies, ["Xinhua"]);
    assert_eq!(content.text.as_deref().unwrap().split("\n\n").count(), 4);
    assert_eq!(content.related.len(), 2);
}

#[test]
fn text_pages_in_other_encodings_are_read() {
    let text = include_str!("../../../../../../tests/fixtures/plain_text/arabic-four-articles.txt");
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(page(&utf16).unwrap().articles, page(text.as_bytes()).unwrap().articles);
    let (windows, _, _) = encoding_rs::WINDOWS_1256.encode(text);
    assert_eq!(
        page(&windows).unwrap().articles[0].content.title,
        page(text.as_bytes()).unwrap().articles[0].content.title
    );
}

#[test]
fn what_is_no_text_is_a_reason() {
    assert_eq!(page(b""), Err(PageError::NoText));
    assert_eq!(page("\n \n\u{feff}\n".as_bytes()), Err(PageError::NoText));
    assert_eq!(page("Home\nNews\nSport\n".repeat(50).as_bytes()), Err(PageError::NoText));
    assert!(matches!(
        page(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\x01"),
        Err(PageError::NotHtml(_))
    ));
    assert_eq!(page("\u{202e}\u{2066}\u{200f}\n".repeat(100).as_bytes()), Err(PageError::NoText));
}

#[test]
fn bidirectional_controls_and_mixed_directions_change_nothing() {
    let text = include_str!("../../../../../../tests/fixtures/plain_text/chinese.txt");
    let marked =
        format!("\u{202b}{}\u{202c}\u{200f}", text.replace('\n', "\u{202c}\u{200f}\n\u{202b}"));
    assert_eq!(articles(&marked), articles(text));
}

#[test]
fn hostile_sizes_end_in_a_record_or_a_reason() {
    let sentence = "The harbour was opened again on Monday, and the fishermen of the town were glad to see it. ";
    for text in [
        "a\n".repeat(200_000),
        format!("{sentence}\n").repeat(20_000),
        sentence.repeat(50_000),
        "word ".repeat(200_000),
        "港".repeat(300_000),
        "(".repeat(300_000),
        format!("Related articles\n{sentence}\nHarbour reopens after storm (AFP)\n").repeat(5_000),
        "By Ann Lee (AP)\n2025-05-14\n".repeat(20_000),
    ] {
        let found = page(text.as_bytes());
        assert!(matches!(found, Ok(_) | Err(PageError::NoText)), "{found:?}");
    }
}

#[test]
fn a_headline_and_a_sentence_or_two_are_one_article_in_every_script() {
    for (title, text) in [
        ("Harbour reopens after the storm", "The first ferry left before dawn."),
        (
            "Was the mole built badly?",
            "The council denies it. Its engineers say that the mole stood for forty years without a crack.",
        ),
        (
            "إعادة فتح الميناء بعد العاصفة",
            "أعلنت وزارة النقل اليوم عن إعادة فتح الميناء القديم أمام السفن بعد ثلاثة أيام من العاصفة.",
        ),
        ("老港口修复完工 渔民重新出海", "港口在周一重新开放，此前风暴造成的损失已经全部修复。"),
    ] {
        let found = articles(&format!("{title}\n\n{text}\n"));
        let [content] = &found[..] else { panic!("{} articles", found.len()) };
        assert_eq!((content.title.as_deref(), content.text.as_deref()), (Some(title), Some(text)));
    }
}

#[test]
fn a_short_text_keeps_all_its_paragraphs_and_its_head() {
    let paragraphs = [
        "The harbour is open again, and the first ferry left before dawn with forty people on board.",
        "Nobody was late.",
    ];
    let found = articles(&format!(
        "Harbour reopens after the storm\nBy Ann Lee\n14 May 2025\n\n{}\n",
        paragraphs.join("\n\n")
    ));
    let [content] = &found[..] else { panic!("{} articles", found.len()) };
    assert_eq!(content.text.as_deref(), Some(paragraphs.join("\n\n").as_str()));
    assert_eq!(content.bylines[0].name, "Ann Lee");
    assert_eq!(content.published.unwrap().to_rfc3339(), "2025-05-14T00:00:00+00:00");
}

#[test]
fn bare_headlines_and_menus_are_a_reason() {
    for text in [
        "Harbour reopens after the storm\n",
        "Home\nNews\nSport\nWeather\nSign up for our newsletter.\nAll rights reserved\n",
        "Home\nWorld news\nLocal business\nOpinion and letters\nWeather for the week\nSport results\nContact the newsroom\n",
    ] {
        assert_eq!(page(text.as_bytes()), Err(PageError::NoText), "{text}");
    }
}

#[test]
fn the_headline_stands_before_its_deck_and_what_is_printed_under_it() {
    let paragraph = |what: &str| {
        format!(
            "The {what} of the old harbour was opened again on Monday, and the fishermen of the town were glad of the {what}, which had been closed since the storm.\n\n"
        )
    };
    let text = ["mole", "quay", "pier", "light", "bridge"].map(paragraph).concat();
    let menu = "Home\nNews\nSport\nWeather\nPolitics\nCulture\n".repeat(2);
    let found = articles(&format!(
        "{menu}\nOld harbour of the town reopens\nFishermen glad of the mole and the quay since Monday's opening\nBy Ann Lee\n14 May 2025\n\n{text}Comments (12)\n"
    ));
    let [content] = &found[..] else { panic!("{} articles", found.len()) };
    assert_eq!(content.title.as_deref(), Some("Old harbour of the town reopens"));
}

#[test]
fn one_long_line_many_lines_and_many_controls_end_in_a_record_or_a_reason() {
    let control = "\u{202e}\u{2066}\u{200f}";
    for text in [
        "x".repeat(4_000_000),
        control.repeat(400_000),
        format!("{control}a\n").repeat(100_000),
        "\n".repeat(2_000_000),
        format!("Harbour reopens after storm\n{}\n", "It was opened. ".repeat(20)).repeat(3_000),
        "\u{fffd}\u{0300}".repeat(500_000),
    ] {
        let found = page(text.as_bytes());
        assert!(matches!(found, Ok(_) | Err(PageError::NoText)), "{found:?}");
    }
    let latin: Vec<u8> = (0..2_000_000_u32)
        .map(|index| if index % 60 == 0 { b'\n' } else { 0xa0 | u8::try_from(index % 96).unwrap() })
        .collect();
    assert!(matches!(page(&latin), Ok(_) | Err(PageError::NoText | PageError::NotHtml(_))));
}
