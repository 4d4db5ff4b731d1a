//! Tells what a page is, taken as a whole: by how much of it is text and how much links, and by
//! whether the text is that of one thing or of teasers between headlines that lead elsewhere.
//!
//! What must stay true: an article is not taken for a listing because of what stands around or
//! behind it; only headlines between the first and the last line of its text count, and none that
//! leads to the page itself. Where the page says that it is an article, more is asked.

use hashbrown::HashSet;

use super::{extract::weight_of, split::View};
use crate::{html::Tag, model::page::PageKind, read::lines::Line, text::fold};

/// The number of links as long as headlines from which on a page without a sure text is a listing.
const FEW_HEADLINES: usize = 6;
/// The same for a page with little text, and for a site's home page.
const MANY_HEADLINES: usize = 20;
const HOME_HEADLINES: usize = 15;
/// The weight of a link that is as long as a headline, and of a linked heading.
const LONG: u32 = 25;
const HEADING: u32 = 15;
/// The weight of text that makes a page an article, and the least beside few links.
const MUCH_TEXT: u32 = 600;
const SOME_TEXT: u32 = 200;
/// So many linked headings between the lines of a text are no article's.
const BETWEEN: usize = 5;
const BETWEEN_CLAIMED: usize = 8;
/// The most weight of text without a headline in between that teasers and introductions have: on a
/// page that claims no article, on one that does and names no writer, and on a home page.
const TEASERS: u32 = 1_200;
const TEASERS_CLAIMED: u32 = 400;
const TEASERS_HOME: u32 = 2_000;

/// The kind of a page that is no live blog.
pub(super) fn kind(view: View<'_, '_>) -> PageKind {
    let text = weight_of(view.body, view.measured);
    let lines = view.lines.lines.iter().zip(&view.measured.weight);
    let headlines = lines.filter(|(line, weight)| is_link(line) && **weight >= LONG).count();
    if view.guessed && headlines >= FEW_HEADLINES || is_of_teasers(view, text, headlines) {
        PageKind::Listing
    } else if text >= MUCH_TEXT || view.meta.article {
        PageKind::Article
    } else if headlines >= MANY_HEADLINES {
        PageKind::Listing
    } else if text >= SOME_TEXT {
        PageKind::Article
    } else {
        PageKind::Other
    }
}

/// Whether at least four fifths of a line are links.
fn is_link(line: &Line) -> bool {
    line.linked * 5 >= line.chars * 4
}

/// Whether the text is that of teasers: no long run of it is without a headline that leads elsewhere,
/// least of all the first.
fn is_of_teasers(view: View<'_, '_>, text: u32, headlines: usize) -> bool {
    if view.places.hold_text() || headlines < BETWEEN {
        return false;
    }
    let runs = runs(view);
    let is_home = view.base.has_host() && view.base.path() == "/" && view.base.query().is_none();
    if is_home && headlines >= HOME_HEADLINES {
        return runs.longest < TEASERS_HOME || runs.longest * 2 <= text;
    }
    let (most, least) =
        if view.meta.article { (TEASERS_CLAIMED, BETWEEN_CLAIMED) } else { (TEASERS, BETWEEN) };
    let is_signed = view.meta.article && !view.meta.content.bylines.is_empty();
    !is_signed
        && runs.first < MUCH_TEXT
        && runs.longest < most
        && runs.longest * 5 <= text * 2
        && runs.headings.len() >= least
}

/// The runs of a page's text between headlines that lead elsewhere.
#[derive(Default)]
struct Runs {
    /// The weight of the first.
    first: u32,
    /// The weight of the longest.
    longest: u32,
    /// The different headings between them, folded.
    headings: HashSet<String>,
}

fn runs(view: View<'_, '_>) -> Runs {
    let first = view.body.iter().position(|is_text| *is_text).unwrap_or(0);
    let end = view.body.iter().rposition(|is_text| *is_text).map_or(0, |last| last + 1);
    let (mut runs, mut run, mut is_first) = (Runs::default(), 0, true);
    for at in first..end {
        let (line, weight) = (&view.lines.lines[at], view.measured.weight[at]);
        if view.body[at] {
            run += weight;
            runs.longest = runs.longest.max(run);
            if is_first {
                runs.first = run;
            }
        }
        if !is_link(line) || weight < HEADING {
            continue;
        }
        let is_heading = is_heading(view, line);
        if (is_heading || weight >= LONG) && leads_elsewhere(view, line) {
            (run, is_first) = (0, false);
            if is_heading {
                // A forum repeats the title of its topic over each post.
                runs.headings.insert(fold(view.lines.get(line)));
            }
        }
    }
    runs
}

fn is_heading(view: View<'_, '_>, line: &Line) -> bool {
    let around = view.tree.ancestors(line.first).take(6);
    around.chain([line.block]).any(|node| view.tree.tag(node).heading_level().is_some())
}

/// Whether the link of a line leads to another page.
fn leads_elsewhere(view: View<'_, '_>, line: &Line) -> bool {
    let anchor = [line.first, line.last]
        .into_iter()
        .find_map(|node| view.tree.ancestors(node).take(8).find(|at| view.tree.tag(*at) == Tag::A));
    let Some(address) = anchor.and_then(|anchor| view.tree.attribute(anchor, "href")) else {
        return false;
    };
    let address = address.trim();
    if address.starts_with('#') {
        return false;
    }
    view.base.join(address).map_or(true, |mut url| {
        url.set_fragment(None);
        url.path() != view.base.path() || url.query() != view.base.query()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::page::{Input, extract};
    use url::Url;

    const NEWS: [&str; 10] = [
        "Harbour reopens after the storm of the week",
        "Mill owner buys the last bakery of the old town",
        "Two islands agree on a common border for fishing",
        "School of the north quarter gets a larger library",
        "Ferry timetable changes from Monday for the winter",
        "Council votes for four new stops of the tram",
        "Museum night draws more visitors than ever before",
        "Rowers qualify for the national final in the spring",
        "Fish market is to move to the western mole in June",
        "River level falls further after a dry month of March",
    ];
    const TEXT: &str = "The council voted on Tuesday evening to extend the eastern tram line by four stops, \
        after two years of talks with the port authority and the shopkeepers of the quay. ";

    fn read(address: &str, head: &str, body: &str) -> PageKind {
        let html =
            format!("<html><head><title>Post</title>{head}</head><body>{body}</body></html>");
        let url = Url::parse(address).unwrap();
        let input = Input { bytes: html.as_bytes(), content_type: None, url: &url, rules: None };
        extract(input).unwrap().kind
    }

    fn teasers(link: impl Fn(usize) -> String) -> String {
        let teaser = |(at, title): (usize, &&str)| {
            format!("<div><h3><a href='{}'>{title}</a></h3><p>{at}: {TEXT}</p></div>", link(at))
        };
        NEWS.iter().enumerate().map(teaser).collect::<Vec<_>>().concat()
    }

    /// The paragraphs of an article.
    fn story(count: usize) -> String {
        let words = ["harbour", "school", "ferry", "market", "bridge", "museum", "mill", "quay"];
        let paragraph = |at: usize| {
            let (one, other) = (words[at % 8], words[(at + 3) % 8]);
            format!(
                "<p>What the {one} needs, said the mayor on day {at}, is what the {other} had for years: \
                 people who look after it, a budget that lasts to the end of the year, and a council \
                 that listens to the {one} before it votes about the {other}.</p>"
            )
        };
        (0..count).map(paragraph).collect::<Vec<_>>().concat()
    }

    fn elsewhere(at: usize) -> String {
        format!("/news/{at}")
    }

    #[test]
    fn a_page_of_headlines_with_teasers_is_a_listing_however_long_its_text() {
        let body = format!("<h1>Politics</h1>{}", teasers(elsewhere));
        assert_eq!(read("https://post.example/politics", "", &body), PageKind::Listing);
    }

    #[test]
    fn an_article_with_teasers_of_others_behind_it_is_an_article() {
        for paragraphs in [4, 8] {
            let text = story(paragraphs);
            let body = format!("<article><h1>Tram line</h1>{text}</article>{}", teasers(elsewhere));
            assert_eq!(read("https://post.example/a/tram-line", "", &body), PageKind::Article);
        }
    }

    #[test]
    fn headings_that_lead_to_the_page_itself_are_those_of_one_text() {
        for link in [|at| format!("#part-{at}"), |at| format!("/guide?#part-{at}")] {
            let body = format!("<h1>A guide to the town</h1>{}", teasers(link));
            assert_eq!(read("https://post.example/guide?", "", &body), PageKind::Article);
        }
    }

    #[test]
    fn the_title_of_a_topic_over_each_post_is_one_headline() {
        let post = |at: usize| {
            format!(
                "<div><h3><a href='/post?p={at}'>Re: Tram line</a></h3><p>{at}: {TEXT}</p></div>"
            )
        };
        let body = (0..10).map(post).collect::<Vec<_>>().concat();
        assert_eq!(read("https://post.example/topic?t=4", "", &body), PageKind::Article);
    }

    #[test]
    fn a_signed_page_that_says_that_it_is_an_article_is_one() {
        let head =
            "<meta property=og:type content=article><meta name=author content='Nadia Rahal'>";
        let body = format!("<h1>Ten stories of the week</h1>{}", teasers(elsewhere));
        assert_eq!(read("https://post.example/a/ten", head, &body), PageKind::Article);
    }

    #[test]
    fn a_home_page_is_a_listing_also_where_its_first_story_is_long_and_it_claims_an_article() {
        let head = "<meta property=og:type content=article>";
        let text = story(5);
        let more: Vec<String> = (0..10)
            .map(|at| format!("<p><a href=/n/{at}>{}: and what the council says</a></p>", NEWS[at]))
            .collect();
        let body = format!("<h1>Tram line</h1>{text}{}{}", teasers(elsewhere), more.concat());
        assert_eq!(read("https://post.example/", head, &body), PageKind::Listing);
        assert_eq!(read("https://post.example/a/tram", head, &body), PageKind::Article);
    }
}
