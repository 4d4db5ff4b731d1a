//! Pages whose article is in scripts alone.

use url::Url;

use crate::read::page::{Form, PageError, parse};

const FIRST: &str =
    "The council of the old town voted on Monday to open the harbour again, after a year.";
const SECOND: &str = "The mayor said that the repairs had cost the town a fortune, and that \\\"nobody\\\" would forget the storm.";
const THIRD: &str =
    "The first ships are expected in the spring, when the lights on the mole are repaired.";
const FOURTH: &str =
    "Until then the fish market stays in the hall behind the station, where the rent is paid.";

fn page(title: &str, inside: &str) -> Result<String, PageError> {
    let html = format!(
        "<html lang=en><head><title>{title} | News</title><meta property=og:title content='{title}'></head><body><div id=root></div>{inside}</body></html>"
    );
    let url = Url::parse("https://news.example/world/harbour").unwrap();
    parse(html.as_bytes(), None, Some(&url), Some(Form::Html))
        .map(|page| page.articles[0].content.text.clone().unwrap())
}

const TITLE: &str = "Harbour opens again after the storm";

fn holds(inside: &str) {
    let text = page(TITLE, inside).unwrap_or_else(|error| panic!("{error}: {inside}"));
    let whole = [FIRST, SECOND, THIRD, FOURTH].map(|text| text.replace('\\', ""));
    let paragraphs: Vec<&str> = text.split("\n\n").collect();
    assert_eq!(paragraphs, whole, "{inside}");
}

#[test]
fn the_state_of_a_framework_is_read_whatever_its_form() {
    let html = [FIRST, SECOND, THIRD, FOURTH].map(|text| format!("<p>{text}</p>")).concat();
    let blocks = |key: &str| {
        [FIRST, SECOND, THIRD, FOURTH]
            .map(|text| format!("{{\"type\":\"text\",\"{key}\":\"{text}\"}}"))
            .join(",")
    };
    let rich = [FIRST, SECOND, THIRD, FOURTH]
        .map(|text| {
            let (one, other) = text.split_at(20);
            format!("{{\"children\":[{{\"text\":\"{one}\"}},{{\"bold\":true,\"text\":\"{other}\"}}],\"type\":\"paragraph\"}}")
        })
        .join(",");
    for state in [
        format!("<script id=__NEXT_DATA__ type=application/json>{{\"props\":{{\"article\":{{\"title\":\"{TITLE}\",\"body\":\"{html}\"}}}}}}</script>"),
        format!("<script>window.__APOLLO_STATE__={{\"Article:1\":{{\"__typename\":\"Article\",\"headline\":\"{TITLE}\",\"body\":[{}]}}}};</script>", blocks("text")),
        format!("<script>Fusion.globalContent={{\"headlines\":{{\"basic\":\"{TITLE}\"}},\"content_elements\":[{}]}};Fusion.x=1</script>", blocks("content")),
        format!("<script>window.__NUXT__=(function(a,b){{return {{data:[{{article:{{headline:\"{TITLE}\",content:[{rich}]}}}}]}}}}(null,\"x\"))</script>"),
        format!("<script type=application/json id=__NUXT_DATA__>[{{\"data\":1}},{{\"title\":2,\"html\":3}},\"{TITLE}\",\"{html}\"]</script>"),
        format!("<script>window.__INITIAL_STATE__ = JSON.parse(\"{}\");</script>", format!("{{\"story\":{{\"title\":\"{TITLE}\",\"paragraphs\":[\"{FIRST}\",\"{SECOND}\",\"{THIRD}\",\"{FOURTH}\"]}}}}").replace('\\', "\\\\").replace('"', "\\\"")),
    ] {
        holds(&state);
    }
    // Components are handed their state in attributes, too.
    let state =
        format!("{{\"props\":{{\"article\":{{\"title\":\"{TITLE}\",\"body\":\"{html}\"}}}}}}");
    for name in ["data-page", "data-react-props", "Props"] {
        holds(&format!("<div {name}=\"{}\"></div>", state.replace('"', "&quot;")));
    }
}

#[test]
fn a_streamed_page_is_read_from_its_pieces() {
    let element =
        |text: &str| format!("[\"$\",\"p\",null,{{\"className\":\"x\",\"children\":\"{text}\"}}]");
    let row = format!(
        "5:[\"$\",\"article\",null,{{\"children\":[[\"$\",\"h1\",null,{{\"children\":\"{TITLE}\"}}],{}]}}]\n",
        [FIRST, SECOND, THIRD, FOURTH].map(element).join(",")
    );
    let (one, other) = row.split_at(row.len() / 2);
    let push = |piece: &str| {
        let piece = piece.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("<script>self.__next_f.push([1,\"{piece}\"])</script>")
    };
    holds(&format!("{}{}", push(one), push(other)));
    let html = [FIRST, SECOND, THIRD, FOURTH]
        .map(|text| format!("<p>{}</p>", text.replace('\\', "")))
        .concat();
    let long =
        format!("4:{{\"title\":\"{TITLE}\",\"body\":\"$6\"}}\n6:T{:x},{html}7:null\n", html.len());
    holds(&push(&long));
}

#[test]
fn the_text_of_structured_data_is_read_where_none_is_shown() {
    holds(&format!(
        "<script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"headline\":\"{TITLE}\",\"articleBody\":\"{FIRST}\\n\\n{SECOND}\\n{THIRD}\\n\\n{FOURTH}\"}}</script>"
    ));
}

#[test]
fn other_articles_of_the_state_are_not_this_one() {
    let other =
        "The museum of the sea was open until two in the morning, and more people came than ever. "
            .repeat(30);
    holds(&format!(
        "<script type=application/json>{{\"related\":[{{\"title\":\"Museum night draws a record crowd\",\"body\":\"<p>{other}</p>\"}}],\
        \"article\":{{\"title\":\"{TITLE}\",\"body\":[\"{FIRST}\",\"{SECOND}\",\"{THIRD}\",\"{FOURTH}\"]}}}}</script>"
    ));
    let alone =
        format!("<script>x={{\"title\":\"Museum night\",\"body\":\"<p>{other}</p>\"}}</script>");
    assert!(page(TITLE, &alone).is_err());
}

#[test]
fn hostile_state_costs_no_more_than_its_size() {
    for state in [
        "[".repeat(300_000),
        "{\"a\":".repeat(100_000),
        format!("{{\"title\":\"{TITLE}\",\"b\":[{}]}}", format!("\"{FIRST}\",").repeat(5_000)),
        format!("[{}]", format!("{{\"title\":\"{TITLE}\"}},").repeat(10_000)),
        "\"\\".repeat(200_000),
        "'".repeat(300_000),
    ] {
        drop(page(
            TITLE,
            &format!(
                "<script>self.__next_f.push([1,{state}])</script><script>{state}</script><div data-page='{state}' {}></div>",
                "a={\"a\" ".repeat(1_000)
            ),
        ));
    }
}
