//! The frame of each page, and how times, numbers and facts are written in it.

use chrono::{DateTime, SecondsFormat, Utc};
use maud::{DOCTYPE, Markup, html};

use crate::daemon::explain::Fact;

/// The pages that every page links to: path and name.
const PAGES: [(&str, &str); 4] = [
    ("/", "Overview"),
    ("/sources", "Sources"),
    ("/articles", "Articles"),
    ("/deadletters", "Dead letters"),
];

/// A page at a path, with a title for its tab.
pub(super) fn page(path: &str, title: &str, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (plain(title)) }
                link rel="stylesheet" href="/style.css";
                script src="/live.js" defer {}
            }
            body {
                a.skip href="#main" { "To the content" }
                header {
                    strong { "nashra" }
                    nav aria-label="Pages" {
                        @for (at, name) in PAGES {
                            @if at == path { a href=(at) aria-current="page" { (name) } }
                            @else { a href=(at) { (name) } }
                        }
                        a href="/metrics" { "Metrics" }
                    }
                }
                main #main data-live[path == "/"] { (main) }
                footer { "nashra " (env!("CARGO_PKG_VERSION")) " · times are in UTC" }
            }
        }
    }
}

/// Whether a character has no width and turns the text around it to another direction of writing.
pub(super) fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
}

/// A text for the tab, where nothing keeps it apart from what stands beside it.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !turns_text(*c)).collect()
}

/// A link to an address of the web; what is none, and one of which a part is hidden, is only shown.
pub(super) fn link(address: &str) -> Markup {
    let is_web = ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme))
        && !address.contains("***");
    html! { @if is_web { a href=(address) rel="noreferrer" { (address) } } @else { bdi { (address) } } }
}

/// A time as the distance from now, with the time itself behind it.
pub(super) fn time(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Markup {
    let Some(at) = at else { return html! { span.quiet { "never" } } };
    let exact = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    html! { time datetime=(exact) title=(exact) { (distance((at - now).num_seconds())) } }
}

/// How far a time is away, in words; `seconds` are negative for what is over.
pub(super) fn distance(seconds: i64) -> String {
    let away = seconds.unsigned_abs();
    let amount = match away {
        0..5 => return "now".to_owned(),
        5..120 => format!("{away} s"),
        120..7_200 => format!("{} min", away / 60),
        7_200..172_800 => format!("{} h", away / 3_600),
        _ => format!("{} days", away / 86_400),
    };
    if seconds < 0 { format!("{amount} ago") } else { format!("in {amount}") }
}

/// A number with its thousands apart.
pub(super) fn number(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::from(if value <= -0.5 { "−" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes in the unit that it is best read in.
pub(super) fn bytes(value: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (value, 0);
    while value >= 1024.0 && unit + 1 < units.len() {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    let digits = usize::from(unit > 0 && value < 10.0);
    format!("{value:.digits$} {}", units[unit])
}

/// What is known of something, as a list.
pub(super) fn facts(facts: &[Fact]) -> Markup {
    html! {
        dl.facts {
            @for Fact { name, value } in facts {
                dt { (name) }
                dd { bdi { (value) } }
            }
        }
    }
}

/// A table that is scrolled where it is wider than the window; `label` names it for those who do not
/// see it.
pub(super) fn table(label: &str, columns: &[&str], rows: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(label) {
            table {
                thead { tr { @for name in columns { th scope="col" { (name) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// Bars of a chart, each a value, at the end of so many places; words say what it shows for those
/// who do not see it.
pub(super) fn bars(values: &[f64], places: usize, words: &str) -> Markup {
    let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let (width, free) = (places * 4, places.saturating_sub(values.len()));
    html! {
        svg viewBox=(format!("0 0 {width} 40")) preserveAspectRatio="none" role="img" {
            title { (words) }
            line x1="0" y1="39.5" x2=(width) y2="39.5" {}
            @for (index, value) in values.iter().enumerate() {
                @let height = value.max(0.0) / most * 39.0;
                rect x=((free + index) * 4) y=(format!("{:.1}", 39.0 - height)) width="3" height=(format!("{height:.1}")) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_numbers_and_bytes_are_written_for_people() {
        let words = [-3, -90, 300, -7_300, 200_000].map(distance);
        assert_eq!(words, ["now", "90 s ago", "in 5 min", "2 h ago", "in 2 days"]);
        let numbers = [0.0, 999.0, 1_234_567.0, -1_000.0].map(number);
        assert_eq!(numbers, ["0", "999", "1\u{202f}234\u{202f}567", "−1\u{202f}000"]);
        let sizes = [0.0, 1_536.0, 52_428_800.0].map(bytes);
        assert_eq!(sizes, ["0 B", "1.5 KiB", "50 MiB"]);
    }

    #[test]
    fn a_name_does_not_turn_the_title_of_its_tab() {
        let page = page("/", "nashra: \u{202e}gnp.exe", &html! {}).into_string();
        assert!(page.contains("<title>nashra: gnp.exe</title>"), "{page}");
    }

    #[test]
    fn what_comes_from_outside_is_escaped_and_never_a_script_to_follow() {
        assert_eq!(link("javascript:alert(1)").into_string(), "<bdi>javascript:alert(1)</bdi>");
        let value = "<script>alert(1)</script> & \"more\"".to_owned();
        let page = facts(&[Fact { name: "reason".to_owned(), value }]).into_string();
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;"));
    }
}
