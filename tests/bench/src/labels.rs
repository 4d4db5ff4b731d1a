//! What labels cost: 10,000 rules with 50,000 words and phrases, on articles in the words of the
//! rules, beside the reading of a page with the same text.
//!
//! The words are made up from a fixed seed; their frequencies are those of a language (the word of
//! rank n comes once in n), so rules have frequent words and rare ones. `labels RULES PHRASES`
//! measures other numbers.

use std::{fmt::Write as _, fs, time::Duration};

use nashra_read::{
    policy::label::{LabelInput, LabelRule, Labels},
    read::page,
};
use rustix::time::{ClockId, clock_gettime};

/// Words of the language.
const WORDS: usize = 400_000;
/// Articles, and the words of each.
const ARTICLES: usize = 400;
const LENGTH: usize = 600;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let mut number = |default: usize| arguments.next().and_then(Result::ok).unwrap_or(default);
    let (rules, phrases) = (number(10_000), number(50_000));
    let chinese =
        (0x4e00..0x5e00).step_by(3).filter_map(char::from_u32).map(String::from).collect();
    let syllables = |first: &str, second: &str| {
        let with = |one: char| second.chars().map(move |other| format!("{one}{other}"));
        first.chars().flat_map(with).collect::<Vec<String>>()
    };
    let latin = syllables("bcdfghjklmnprstvwxyz", "aeiou");
    let arabic = syllables(ARABIC, ARABIC);
    for (script, parts, separator) in
        [("Latin", latin, " "), ("Arabic", arabic, " "), ("Chinese", chinese, "")]
    {
        measure(script, Words::new(&parts, separator), rules, phrases);
    }
}

const ARABIC: &str = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي";

fn measure(script: &str, mut words: Words, rules: usize, phrases: usize) {
    let before = resident();
    let rules = make_rules(&mut words, rules, phrases);
    let began = cpu();
    let labels = Labels::new(rules).expect("the rules are within the bounds");
    let (built, memory) = (cpu() - began, resident().saturating_sub(before));
    let articles: Vec<String> = (0..ARTICLES).map(|_| words.some(LENGTH)).collect();
    let bytes: usize = articles.iter().map(String::len).sum();
    // What is made once is no article's.
    drop(labels.give(&LabelInput { text: Some("1"), ..LabelInput::default() }));
    let (mut given, began) = (0, cpu());
    for text in &articles {
        let article =
            LabelInput { title: text.lines().next(), text: Some(text), ..LabelInput::default() };
        given += labels.give(&article).len();
    }
    let labelling = cpu() - began;
    let pages: Vec<String> = articles.iter().map(|text| as_page(text)).collect();
    let (mut read, began) = (0, cpu());
    for html in &pages {
        let url = "https://news.example/2026/11/29/article.html".parse().ok();
        let page =
            page::parse(html.as_bytes(), Some("text/html; charset=utf-8"), url.as_ref(), None);
        read += page.map_or(0, |page| page.articles.len());
    }
    let reading = cpu() - began;
    println!(
        "{script}: {} rules, {} words and phrases, prepared in {:.0} ms, {} MiB; {} articles of {} bytes: {:.0} µs each for {:.1} labels; {:.0} µs to read the page of one ({read} read)",
        labels.len(),
        labels.terms(),
        built.as_secs_f64() * 1e3,
        memory >> 10,
        ARTICLES,
        bytes / ARTICLES,
        micros(labelling),
        f64::from(u32::try_from(given).unwrap_or(0)) / ARTICLES as f64,
        micros(reading),
    );
}

fn micros(all: Duration) -> f64 {
    all.as_secs_f64() * 1e6 / ARTICLES as f64
}

/// Rules whose words are of all ranks; each has words that must not be there as well.
fn make_rules(words: &mut Words, count: usize, phrases: usize) -> Vec<LabelRule> {
    let each = phrases / count.max(1);
    let rule = |number: usize| {
        let mut term = || {
            let length = 1 + words.next() % 3;
            words.rare(length).parse().expect("it is made of letters")
        };
        let terms: Vec<_> = (0..each).map(|_| term()).collect();
        let (none, any) = terms.split_at(each / 5);
        let name = format!("label {number}").parse().expect("it is a name");
        LabelRule { any: any.to_vec(), none: none.to_vec(), ..LabelRule::new(name) }
    };
    (0..count).map(rule).collect()
}

fn as_page(text: &str) -> String {
    let paragraphs = text.split("\n\n").fold(String::new(), |mut html, paragraph| {
        let _ = write!(html, "<p>{paragraph}.</p>");
        html
    });
    format!(
        "<!DOCTYPE html><html><head><title>Article</title><meta property=\"article:published_time\" content=\"2026-11-29T08:00:00Z\"></head>\
        <body><nav><a href=\"/\">Home</a></nav><article><h1>An article of the bench</h1>{paragraphs}</article></body></html>"
    )
}

/// Made-up words.
struct Words {
    list: Vec<String>,
    separator: &'static str,
    state: u64,
}

impl Words {
    /// Words of two to four parts.
    fn new(parts: &[String], separator: &'static str) -> Self {
        let mut words = Self { list: Vec::new(), separator, state: 7 };
        for _ in 0..WORDS {
            let length = 2 + words.next() % 2 + usize::from(separator == " ");
            let word = (0..length).map(|_| parts[words.next() % parts.len()].as_str()).collect();
            words.list.push(word);
        }
        words
    }

    fn next(&mut self) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap_or(0)
    }

    /// Words as often as a language has them, in paragraphs.
    fn some(&mut self, count: usize) -> String {
        let mut out = String::new();
        for number in 0..count {
            let separator = if number % 60 == 59 { "\n\n" } else { self.separator };
            // The rank is even on a logarithmic scale.
            let share = self.next() as f64 / f64::from(1_u32 << 31);
            let rank = (WORDS as f64).powf(share) as usize;
            let _ = write!(out, "{separator}{}", self.list[rank % WORDS]);
        }
        out.trim().to_owned()
    }

    /// Words that people make rules of: not the thousand most frequent ones.
    fn rare(&mut self, count: usize) -> String {
        let word = |words: &mut Self| {
            let rank = 1_000 + words.next() % (WORDS - 1_000);
            words.list[rank].clone()
        };
        (0..count).map(|_| word(self)).collect::<Vec<_>>().join(self.separator)
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Kilobytes of memory that this process holds.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
