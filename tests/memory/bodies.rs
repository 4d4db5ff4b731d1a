//! Bodies that are as large as they may be.

use std::{fmt::Write as _, io::Write as _};

use flate2::{Compression, write::GzEncoder};

/// Feeds by what fills them.
pub(crate) const FEEDS: [&str; 4] = ["texts", "headlines", "empty items", "sitemap"];

/// A feed of about so many bytes.
pub(crate) fn feed(kind: &str, bytes: usize) -> Vec<u8> {
    let mut out = String::with_capacity(bytes + 4096);
    if kind == "sitemap" {
        out.push_str(
            "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">",
        );
        for at in 0.. {
            if out.len() >= bytes {
                break;
            }
            let _ = write!(
                out,
                "<url><loc>https://news.example/a/{at}</loc><lastmod>2026-11-20</lastmod></url>"
            );
        }
        out.push_str("</urlset>");
        return out.into_bytes();
    }
    out.push_str(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Harbour news</title>",
    );
    let mut words = Words(7);
    for at in 0.. {
        if out.len() >= bytes {
            break;
        }
        let _ = match kind {
            "texts" => write!(
                out,
                "<item><title>Item {at}</title><guid>{at}</guid><description>{}</description></item>",
                words.some(3000)
            ),
            "headlines" => {
                write!(out, "<item><title>{}</title><guid>{at}</guid></item>", words.some(6))
            }
            _ => write!(out, "<item><guid>{at}</guid></item>"),
        };
    }
    out.push_str("</channel></rss>");
    out.into_bytes()
}

/// A page of one long article.
pub(crate) fn article(bytes: usize) -> Vec<u8> {
    let mut words = Words(11);
    let mut out = String::from(
        "<!doctype html><html lang=en><head><title>Harbour of the old town opens again</title></head><body><article><h1>Harbour of the old town opens again</h1>",
    );
    while out.len() < bytes {
        let _ = write!(out, "<p>{}.</p>", words.some(40));
    }
    out.push_str("</article></body></html>");
    out.into_bytes()
}

/// What begins like a PDF.
pub(crate) fn pdf(bytes: usize) -> Vec<u8> {
    let mut words = Words(13);
    let mut out = b"%PDF-1.7\n".to_vec();
    while out.len() < bytes {
        out.extend(words.next().to_le_bytes());
    }
    // A third of it is random, so that it comes below the limit for what is sent.
    for at in (0..out.len()).skip(64).filter(|at| at % 3 != 0) {
        out[at] = b' ';
    }
    out
}

/// A robots.txt of rules that are all different.
pub(crate) fn robots(bytes: usize) -> Vec<u8> {
    let mut out = String::from("User-agent: *\n");
    for at in 0.. {
        if out.len() >= bytes {
            break;
        }
        let _ = writeln!(out, "Disallow: /{at}/{at:0>90}");
    }
    out.into_bytes()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

struct Words(u64);

impl Words {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 24
    }

    fn some(&mut self, count: usize) -> String {
        let mut some = String::new();
        for _ in 0..count {
            write!(some, "{:x} ", self.next() % 100).unwrap();
        }
        some
    }
}
