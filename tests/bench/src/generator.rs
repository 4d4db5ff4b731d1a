//! Feeds as news sites write them, from a fixed seed.

use std::fmt::Write as _;

const ENGLISH: &str = "The harbour of the old town was opened again on Friday after years of work and the minister said that ships will come in spring while traders hope for better days in the market of the city";
const ARABIC: &str = "أعلنت وزارة النقل أن الميناء القديم افتتح من جديد يوم الجمعة بعد سنوات من العمل وقال الوزير إن السفن ستصل في الربيع بينما يأمل التجار في أيام أفضل في سوق المدينة";

/// How an item's text stands in the feed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    None,
    Cdata,
    Escaped,
    Xhtml,
}

/// Names and bytes.
pub(crate) fn feeds() -> [(&'static str, Vec<u8>); 6] {
    let mut words = Words { state: 7, list: ENGLISH.split(' ').collect() };
    let mut arabic = Words { state: 7, list: ARABIC.split(' ').collect() };
    [
        ("RSS, content in CDATA", rss(&mut words, 100, Body::Cdata)),
        ("RSS, content escaped", rss(&mut words, 100, Body::Escaped)),
        ("Atom, content as XHTML", atom(&mut words, 100)),
        ("RSS, headlines", rss(&mut words, 1_500, Body::None)),
        ("RSS, Arabic content", rss(&mut arabic, 100, Body::Cdata)),
        ("RSS, Arabic headlines", rss(&mut arabic, 1_500, Body::None)),
    ]
}

struct Words {
    state: u64,
    list: Vec<&'static str>,
}

impl Words {
    fn some(&mut self, count: usize) -> String {
        let mut out = String::new();
        for _ in 0..count {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let place = usize::try_from(self.state >> 40).unwrap_or(0) % self.list.len();
            let space = if out.is_empty() { "" } else { " " };
            let _ = write!(out, "{space}{}", self.list[place]);
        }
        out
    }

    fn html(&mut self, paragraphs: usize) -> String {
        let mut out = "<figure><img src=\"https://cdn.example/1.jpg\" alt=\"x\" width=\"800\"/></figure>\n".to_owned();
        for _ in 0..paragraphs {
            let (before, link, after) = (self.some(30), self.some(3), self.some(30));
            let _ = writeln!(out, "<p>{before} <a href=\"https://news.example/a?x=1&amp;y=2\">{link}</a> {after}.</p>");
        }
        out
    }
}

fn escaped(html: &str) -> String {
    html.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn rss(words: &mut Words, items: usize, body: Body) -> Vec<u8> {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\">\n<channel><title>News</title><link>https://news.example/</link><description>News</description>\n".to_owned();
    for number in 0..items {
        let (title, teaser) = (words.some(9), words.some(25));
        let _ = writeln!(
            out,
            "<item>\n<title>{title} &amp; more</title>\n<link>https://news.example/world/{number}/story</link>\n<guid isPermaLink=\"false\">news-{number}</guid>\n<pubDate>Fri, 20 Nov 2026 {:02}:{:02}:00 +0000</pubDate>",
            number % 24,
            number % 60
        );
        let content = match body {
            Body::None => String::new(),
            Body::Cdata => format!("<![CDATA[{}]]>", words.html(12)),
            Body::Escaped | Body::Xhtml => escaped(&words.html(12)),
        };
        if body != Body::None {
            let _ = writeln!(
                out,
                "<dc:creator><![CDATA[{}]]></dc:creator>\n<category>{}</category>\n<description>{}</description>\n<media:content url=\"https://cdn.example/{number}.jpg\" type=\"image/jpeg\" width=\"800\"/>\n<content:encoded>{content}</content:encoded>",
                words.some(2),
                words.some(1),
                escaped(&format!("<p>{teaser}</p>"))
            );
        }
        out.push_str("</item>\n");
    }
    out.push_str("</channel></rss>\n");
    out.into_bytes()
}

fn atom(words: &mut Words, entries: usize) -> Vec<u8> {
    let mut out = "<?xml version=\"1.0\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\"><title>News</title><id>tag:news.example,2026</id><updated>2026-11-20T07:30:00Z</updated><link href=\"https://news.example/\"/>\n".to_owned();
    for number in 0..entries {
        let (title, author, html) = (words.some(9), words.some(2), words.html(8));
        let _ = writeln!(
            out,
            "<entry><title type=\"html\">{title}</title><id>tag:news.example,2026:{number}</id><link href=\"https://news.example/{number}\"/><published>2026-11-20T07:30:00Z</published><updated>2026-11-20T09:30:00+01:00</updated><author><name>{author}</name></author><content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">{html}</div></content></entry>"
        );
    }
    out.push_str("</feed>\n");
    out.into_bytes()
}
