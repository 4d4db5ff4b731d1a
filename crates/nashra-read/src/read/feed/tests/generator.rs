//! Feeds by the seed: well-formed ones in every dialect, so that properties can be held against
//! many.

/// A small generator of numbers (xorshift64*).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % limit
    }

    fn words(&mut self, alphabet: &[&str]) -> String {
        (0..=self.below(6))
            .map(|_| alphabet[self.below(alphabet.len())])
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Words in the characters of one legacy encoding and ASCII.
pub(super) const ALPHABETS: [(&str, &[&str]); 5] = [
    ("windows-1256", &["ميناء", "المدينة", "أخبار", "port", "& <b>", "؟"]),
    ("windows-1251", &["порт", "новости", "Ёлка", "news", "a < b"]),
    ("shift_jis", &["東京", "ニュース", "港", "news", "1 & 2"]),
    ("windows-1252", &["été", "Müller", "“quoted”", "—", "x<y"]),
    ("euc-kr", &["서울", "뉴스", "항구", "]]>", "news"]),
];

/// A feed of up to six entries whose encoding is declared as `label`.
pub(super) fn feed(random: &mut Random, label: &str, alphabet: &[&str]) -> String {
    let dialect = random.below(3);
    let entries: String =
        (0..random.below(6)).map(|number| entry(random, dialect, number, alphabet)).collect();
    let title = escape(&random.words(alphabet));
    let declaration = format!("<?xml version=\"1.0\" encoding=\"{label}\"?>\n");
    match dialect {
        0 => format!(
            "{declaration}<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>{title}</title><link>https://news.example/</link>{entries}</channel></rss>"
        ),
        1 => format!(
            "{declaration}<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>{title}</title><link href=\"https://news.example/\"/>{entries}</feed>\n"
        ),
        _ => format!(
            "{declaration}<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel rdf:about=\"https://news.example/f\"><title>{title}</title></channel>{entries}</rdf:RDF>"
        ),
    }
}

fn entry(random: &mut Random, dialect: usize, number: usize, alphabet: &[&str]) -> String {
    let (title, body, author) =
        (random.words(alphabet), random.words(alphabet), random.words(&alphabet[..2]));
    let link = format!("https://news.example/{number}?a=1&amp;b={}", random.below(1000));
    let day = 1 + random.below(28);
    let text = if random.below(2) == 0 {
        escape(&body)
    } else {
        format!("<![CDATA[{}]]>", body.replace("]]>", ""))
    };
    let hidden = if random.below(3) == 0 {
        "<!-- <item><guid>hidden</guid></item><entry><id>hidden</id></entry> -->"
    } else {
        ""
    };
    let about = if dialect == 2 {
        format!(" rdf:about=\"https://news.example/{number}/\"")
    } else {
        String::new()
    };
    match dialect {
        1 => format!(
            "{hidden}<entry>\n<title>{}</title><id>tag:{number}</id><link href=\"{link}\"/><author><name>{author}</name></author>\
             <updated>2026-11-{day:02}T07:30:00Z</updated><summary type=\"html\">{text}</summary></entry>\n",
            escape(&title)
        ),
        _ => format!(
            "{hidden}<item{about}>\n<title>{}</title><link>{link}</link>{}<dc:creator>{author}</dc:creator>\
             <dc:date>2026-11-{day:02}T07:30:00Z</dc:date><description>{text}</description></item>\n",
            escape(&title),
            if dialect == 0 {
                format!("<guid isPermaLink=\"false\">{number}</guid>")
            } else {
                String::new()
            }
        ),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
