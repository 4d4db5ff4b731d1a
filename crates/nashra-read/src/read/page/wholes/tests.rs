//! Pages in which things stand between paragraphs.

use url::Url;

use crate::read::page::{Form, parse};

const BEFORE: &str = "<p>The council of the old town voted on Monday to open the harbour again, after \
    a year in which no ship had come in and the fishermen had waited for the day.</p>\
    <p>The mayor said that the repairs had cost the town a fortune, and that the storm of last winter \
    had been the worst that anybody could remember.</p>";
const AFTER: &str = "<p>The first ships are expected in the spring, when the lights on the mole are \
    repaired and the new cranes have been tested by the engineers of the state.</p>\
    <p>Until then the fish market stays in the hall behind the station, where the rent is paid by the \
    county, said the head of the market.</p>";

fn text(inside: &str, behind: &str) -> String {
    let html = format!(
        "<html lang=en><head><title>Harbour opens again</title><meta name=author content='Nadia Rahal'></head>\
        <body><nav><a href=/>Home</a> <a href=/news>News</a></nav><main><article><h1>Harbour opens again</h1>\
        <div class=body>{BEFORE}{inside}{AFTER}</div></article>{behind}</main></body></html>"
    );
    let url = Url::parse("https://news.example/world/harbour").unwrap();
    let page = parse(html.as_bytes(), None, Some(&url), Some(Form::Html)).unwrap();
    page.articles[0].content.text.clone().unwrap()
}

/// Holds a page with something between its paragraphs, or behind them, against what is text.
fn holds(inside: &str, behind: &str, has: &[&str], lacks: &[&str]) {
    let text = text(inside, behind);
    for part in has.iter().chain(&[
        "voted on Monday",
        "had been the worst",
        "first ships",
        "head of the market",
    ]) {
        assert!(text.contains(part), "lacks {part:?}: {text}");
    }
    for part in lacks {
        assert!(!text.contains(part), "has {part:?}: {text}");
    }
}

#[test]
fn tables_between_paragraphs_are_whole() {
    holds(
        "<table><tr><th>Club</th><th>P</th></tr><tr><td>Mole Rovers</td><td>52</td></tr><tr><td>Pier</td><td>48</td></tr></table>",
        "",
        &["Club\tP\nMole Rovers\t52\nPier\t48"],
        &[],
    );
    holds(
        "<table><caption>Prices</caption><tbody><tr><td>Cod</td><td>4.20</td></tr><tr><td>Eel</td><td>9</td></tr></tbody></table>",
        "",
        &["Cod\t4.20\nEel\t9"],
        &[],
    );
}

#[test]
fn lists_between_paragraphs_are_whole() {
    holds(
        "<p>The plan:</p><ul><li>Cranes</li><li><p>Two lamps:</p><ul><li>North</li><li>South</li></ul></li></ul>",
        "",
        &["Cranes\nTwo lamps:\nNorth\nSouth"],
        &[],
    );
    holds(
        "<h2>In figures</h2><dl><dt>Cost</dt><dd>84 million</dd></dl>",
        "",
        &["Cost\n84 million"],
        &[],
    );
}

#[test]
fn a_box_of_facts_is_whole() {
    holds(
        "<aside class=facts><h3>The harbour in short</h3><p>It was built in 1911 by the men of the old town, who had no cranes and no divers.</p><p>It has two cranes.</p></aside>",
        "",
        &["built in 1911", "two cranes"],
        &[],
    );
}

#[test]
fn boxes_that_ask_for_something_are_out_whatever_they_are_called() {
    for inside in [
        "<div class=x1><h3>The week by the sea</h3><p>Every Friday we send the best stories of the coast to you.</p><form><input type=email></form></div>",
        "<div class=x2><h4>Fremder Inhalt</h4><p>Hier steht ein Beitrag eines Dienstes, dem Sie nicht zugestimmt haben.</p><button>Inhalt anzeigen</button></div>",
        "<p><em>Sign up for our newsletter <a href=/nl>here</a>, the best stories of the coast every Friday.</em></p>",
        "<p>© 2026 The best stories of the coast. All rights reserved.</p>",
    ] {
        holds(inside, "", &[], &["stories of the coast", "Beitrag eines"]);
    }
}

#[test]
fn teasers_comments_and_biographies_behind_the_article_are_out() {
    let long = "The museum of the sea was open until two in the morning, and more people came than ever before, which is a record.";
    for behind in [
        format!(
            "<section><div class=u><h3><a href=/a>Night</a></h3><p>{long}</p></div><div class=u><h3><a href=/b>Day</a></h3><p>{long} Two.</p></div></section>"
        ),
        format!(
            "<section><div class=u><a href=/u/1>Elk</a><time>2 May</time><p>{long}</p></div><div class=u><a href=/u/2>Owl</a><time>3 May</time><p>{long} Three.</p></div></section>"
        ),
        format!("<div class=author-bio><h3>About</h3><p>{long}</p></div>"),
        format!("<div class=w><p>Nadia Rahal writes about the sea. {long}</p></div>"),
    ] {
        holds("", &behind, &[], &["museum of the sea"]);
    }
}

#[test]
fn what_stands_twice_is_once() {
    let twice = text(AFTER, "");
    assert_eq!(twice.matches("first ships").count(), 1, "{twice}");
    let quoted = text(
        "<blockquote class=pullquote><p>The storm of last winter had been the worst.</p></blockquote>",
        "",
    );
    assert_eq!(quoted.matches("had been the worst").count(), 1, "{quoted}");
}

#[test]
fn a_sentence_that_is_mostly_a_link_stays() {
    holds(
        "<p>It also <a href=/f>set up a fund for the fishermen along the quay</a>.</p>",
        "",
        &["set up a fund"],
        &[],
    );
}

#[test]
fn a_paragraph_of_any_length_is_text_and_those_beside_it_too() {
    let sentences = |count: usize| {
        let of = |number| {
            format!(
                "On day {number} the ferry left the harbour with the market on board, and nobody knew why. "
            )
        };
        (0..count).map(of).collect::<Vec<_>>().concat()
    };
    for count in [50, 500, 5_000] {
        let paragraph = format!("<p>{} So it ended.</p>", sentences(count));
        holds(&paragraph, "", &["On day 0 the ferry", "So it ended."], &[]);
    }
}
