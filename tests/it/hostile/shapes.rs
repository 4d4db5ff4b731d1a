//! Pages that nobody means well with: each is a beginning, a piece that comes again and again, and
//! an end.

/// A kind of page.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// As it would be sent.
    pub(crate) content_type: Option<&'static str>,
    start: Vec<u8>,
    piece: Box<dyn Fn(usize) -> Vec<u8>>,
    end: &'static [u8],
}

impl Shape {
    /// A page of about so many bytes.
    pub(crate) fn page(&self, bytes: usize) -> Vec<u8> {
        let mut page = self.start.clone();
        for at in 0.. {
            if page.len() >= bytes {
                break;
            }
            page.extend((self.piece)(at));
        }
        page.extend(self.end);
        page
    }

    fn ending(self, end: &'static str) -> Self {
        Self { end: end.as_bytes(), ..self }
    }

    fn sent_as(self, content_type: &'static str) -> Self {
        Self { content_type: Some(content_type), ..self }
    }
}

const HEAD: &str = "<!doctype html><html lang=en><head><title>Harbour of the old town opens again</title>\
    <meta property=og:type content=article></head><body><h1>Harbour of the old town opens again</h1>";
const PARAGRAPH: &str = "<p>The harbour of the old town was opened again on Friday after years of work, and the minister said that \
    ships will come in spring, while traders hope for better days in the market of the city.</p>";
const SENTENCE: &str = "The harbour of the old town was opened again on Friday after years of work, and ships will come in spring. ";

/// A page with an article's beginning, then the piece.
fn page(name: &'static str, piece: impl Fn(usize) -> String + 'static) -> Shape {
    bare(name, &format!("{HEAD}{}", PARAGRAPH.repeat(5)), piece)
}

/// The piece behind a beginning of its own.
fn bare(name: &'static str, start: &str, piece: impl Fn(usize) -> String + 'static) -> Shape {
    let piece = Box::new(move |at| piece(at).into_bytes());
    Shape {
        name,
        content_type: Some("text/html"),
        start: start.as_bytes().to_vec(),
        piece,
        end: b"",
    }
}

/// One fixed piece behind an article's beginning.
fn many(name: &'static str, piece: &'static str) -> Shape {
    page(name, move |_| piece.to_owned())
}

fn deep(name: &'static str, level: &str, piece: &'static str) -> Shape {
    bare(name, &format!("{HEAD}{}{}", PARAGRAPH.repeat(5), level.repeat(390)), move |_| {
        piece.to_owned()
    })
}

fn dump(name: &'static str, piece: impl Fn(usize) -> String + 'static) -> Shape {
    bare(name, "Harbour of the old town opens again\n\n", piece).sent_as("text/plain")
}

fn bytes(name: &'static str, start: &[u8], piece: impl Fn(usize) -> Vec<u8> + 'static) -> Shape {
    Shape { name, content_type: None, start: start.to_vec(), piece: Box::new(piece), end: b"" }
}

/// Lists the shapes that every reader is tried with.
pub(crate) fn all() -> Vec<Shape> {
    [
        honest(),
        text(),
        nesting(),
        closing(),
        tables(),
        times(),
        links(),
        pictures(),
        writers(),
        elements(),
        headings(),
        scripts(),
        markup(),
        head(),
        encodings(),
        dumps(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn honest() -> Vec<Shape> {
    vec![
        page("paragraphs", |at| format!("<p>{SENTENCE} It was said {at} times. {SENTENCE}</p>\n")),
        many("paragraphs, all the same", PARAGRAPH),
        page("paragraphs with links", |at| {
            format!("<p>{SENTENCE}<a href=/news/{at}>More of the harbour</a>, {SENTENCE}</p>\n")
        }),
    ]
}

fn text() -> Vec<Shape> {
    vec![
        many("letters without a space", "abcdefghij"),
        many("Arabic without a space", "أعلنتوزارة"),
        many("Chinese without a space", "港口周五重新開放"),
        many("Chinese with stops", "港口周五重新開放，部長說。"),
        many("white space", "   \n\t  "),
        many("invisible characters", "\u{200b}\u{ad}"),
        many("combining marks", "a\u{301}\u{327}"),
        many("references", "&amp;"),
        many("numeric references", "&#1571;"),
        many("ampersands", "&"),
        many("zeros", "\0"),
        many("one letter and a break", "a<br>"),
        many("breaks", "<br>"),
        many("full stops", "."),
        many("quotes", "\u{201c}a\u{201d} "),
        many("numbers", "12.11.2025 "),
    ]
}

fn nesting() -> Vec<Shape> {
    vec![
        many("nested div", "<div>"),
        many("nested div with text", "<div>ab "),
        many("nested b", "<b>"),
        many("nested b and i with text", "<b>a<i>b "),
        many("nested font with classes", "<font class=main-article-body-text>a "),
        many("nested span", "<span>a"),
        many("nested lists", "<ul><li>a"),
        many("nested quotes", "<blockquote>a"),
        many("nested links", "<a href=/x>a"),
        many("nested article", "<article>a"),
        many("nested section with headings", "<section><h2>Ships will come in spring</h2>"),
        many("nested custom elements", "<x-a>a"),
        many("nested figures", "<figure><img src=/a.jpg><figcaption>Photo: Anna Smith"),
        many("nested forms", "<form><button>a"),
        many("nested svg", "<svg><g>"),
        deep("deep: paragraphs", "<div>", "<p>a"),
        deep("deep: letters in b", "<span>", "<b>a</b>"),
        deep("deep: paragraphs in section", "<section>", PARAGRAPH),
        deep("deep: headings", "<div>", "<h2>Ships will come in spring again</h2>"),
        deep(
            "deep: headings and text",
            "<div>",
            "<h2>Ships will come in spring again</h2><p>The harbour of the old town, said the minister.",
        ),
        deep("deep: pictures", "<div>", "<img src=/a.jpg>"),
        deep(
            "deep: figures",
            "<div>",
            "<figure><img src=/a.jpg><figcaption>Photo: Anna Smith</figcaption></figure>",
        ),
        deep("deep: links", "<div>", "<a href=/news/1>Ships will come in spring again</a> "),
        deep(
            "deep: links in items",
            "<div>",
            "<li><a href=/news/1>Ships will come in spring again</a></li>",
        ),
        deep("deep: times", "<div>", "<time>2025-11-12 10:00</time>"),
    ]
}

fn closing() -> Vec<Shape> {
    vec![
        deep("b open: ends of i", "<b>", "</i>"),
        deep("b open: ends of custom elements", "<b>", "</x-a>"),
        deep("b open: ends of div", "<b>", "</div>"),
        deep("b open: div", "<b>", "<div>"),
        deep("b open: p", "<b>", "<p>"),
        deep("b open: body", "<b>", "<body>"),
        deep("b open: li", "<div>", "<li>"),
        deep("b open: cells", "<b>", "<td>"),
        deep("b open: headings", "<b>", "<h2>"),
        deep("b open: p in and out", "<b>", "<p></p>"),
        deep("custom elements open: ends of others", "<x-a>", "</x-b>"),
        deep("links closed in blocks", "<a href=x><div>", "</a>"),
        many("ends alone", "</p>"),
        many("ends of div alone", "</div>"),
        many("unclosed p", "<p>a"),
        many("unclosed li", "<li>a"),
        many("misnested", "<b><p>a</b></p>"),
    ]
}

fn tables() -> Vec<Shape> {
    vec![
        many("cells of one row", "<td>1"),
        many("cells and rows", "<tr><td>12<td>a").ending("</table>"),
        bare("one table, rows of two", &format!("{HEAD}{}<table>", PARAGRAPH.repeat(5)), |_| {
            "<tr><td>12</td><td>ab</td></tr>".to_owned()
        }),
        bare("one table, one row", &format!("{HEAD}{}<table><tr>", PARAGRAPH.repeat(5)), |_| {
            "<td>The harbour was opened, said the minister.</td>".to_owned()
        }),
        many("nested tables", "<table><tr><td>a"),
        many("tables", "<table><tr><td>a</table>"),
        bare("one list", &format!("{HEAD}{}<ul>", PARAGRAPH.repeat(5)), |_| {
            "<li>The harbour was opened again, said the minister.".to_owned()
        }),
    ]
}

fn times() -> Vec<Shape> {
    vec![
        many("times", "<time datetime=2025-11-12T10:00:00Z>a</time>"),
        many(
            "times in items",
            "<div><time datetime=2025-11-12T10:00:00Z>10:00</time><p>The harbour of the old town was opened.</div>",
        ),
        bare(
            "a live blog",
            &format!("{HEAD}<div itemtype=https://schema.org/LiveBlogPosting>"),
            |at| {
                format!(
                    "<article id=p{at}><time datetime=2025-11-12T10:00:00Z>10:00</time><h2>Entry {at} of today</h2><p>{SENTENCE}</article>"
                )
            },
        ),
        deep("times around all", "<time>", "a b "),
    ]
}

fn links() -> Vec<Shape> {
    vec![
        many("links", "<a href=/a>a</a>"),
        page("links to news", |at| {
            format!(
                "<div class=card><a href=/news/{at}>Ships will come in spring again {at}</a></div>"
            )
        }),
        page("cards in one list", |at| {
            format!(
                "<article class=teaser><img src=/{at}.jpg><h3><a href=/news/{at}-ships>Ships come in spring again {at}</a></h3><p>The harbour of the old town was opened.</p></article>"
            )
        }),
        page("cards in pairs", |at| {
            format!(
                "<div class=c{}><div class=t><a href=/news/{at}>Ships come in spring again {at}</a></div><div class=t><a href=/news/b{at}>Traders hope for better days {at}</a></div></div>",
                char::from(b'a' + u8::try_from(at % 26).unwrap_or(0))
            )
        }),
        deep("links around all", "<div class=byline><a href=/author/x rel=author>", "a b "),
    ]
}

fn pictures() -> Vec<Shape> {
    vec![
        many("pictures", "<img src=/a.jpg>"),
        page("pictures and text", |at| {
            format!(
                "<img src=/a{at}.jpg width=600><p>The harbour of the old town was opened again, said the minister."
            )
        }),
        page("figures", |at| {
            format!(
                "<figure><img src=/a{at}.jpg><figcaption>The harbour on Friday. Photo: Anna Smith / Reuters</figcaption></figure>"
            )
        }),
        many(
            "pictures of sets",
            "<picture><source srcset='/a.jpg 100w, /b.jpg 200w'><img></picture>",
        ),
        bare(
            "one picture of a long set",
            &format!("{HEAD}{}<img srcset='", PARAGRAPH.repeat(5)),
            |at| format!("/a{at}.jpg {at}w, "),
        )
        .ending("'>"),
        bare("sources of one picture", &format!("{HEAD}{}<picture>", PARAGRAPH.repeat(5)), |_| {
            "<img data-x=1><source media=x>".to_owned()
        }),
        many("pictures without scripts", "<noscript><img src=/a.jpg></noscript>"),
        many("frames within", "<iframe src=https://video.example/1></iframe>"),
        many("captions", "<p>Photo: Anna Smith / Reuters</p>"),
        deep("captions around all", "<figure><img src=/a.jpg><figcaption>", "a b "),
    ]
}

fn writers() -> Vec<Shape> {
    vec![
        many("bylines", "<p>By Anna Smith and Peter Jones</p>"),
        page("bylines of many", |at| format!("<p>By Anna{at} Smith, Reporter</p>")),
        many("writers", "<span class=author rel=author>Anna Smith</span>"),
        page("writers as microdata", |at| {
            format!(
                "<span itemprop=author itemscope><span itemprop=name>Anna{at} Smith</span></span>"
            )
        }),
        deep("writers around all", "<div class=author itemprop=author>", "a b "),
    ]
}

fn elements() -> Vec<Shape> {
    vec![
        many("items with a colon", "<p>Name: value of it</p>"),
        many("choices", "<option>a"),
        many("inputs", "<input name=a value=b>"),
        many("microdata", "<div itemprop=headline>Ships</div>"),
        deep("microdata around all", "<div itemprop=headline>", "a b "),
        deep("headings around all", "<h1><div>", "a b "),
        many(
            "paragraphs with classes",
            "<p class='paragraph text-body article__content main related promo-box' id=paragraph-12>a",
        ),
        page("elements of many classes", |at| {
            format!("<p class='k{at:x} abcdefghijklmnopqrstuvwxyz'>a")
        }),
        bare("one long class", &format!("{HEAD}{}<p class='", PARAGRAPH.repeat(5)), |at| {
            format!("related-{at} ")
        })
        .ending("'>a"),
        many("custom elements", "<x-a>a</x-a>"),
    ]
}

fn headings() -> Vec<Shape> {
    vec![
        bare("headings alone", "", |_| "<h2>a</h2>".to_owned()),
        many("headings", "<h2>Ships will come in spring again</h2>"),
        page("headings of many words", |at| {
            format!(
                "<h3>Ships will come in spring {at} times again, say traders of the market</h3>"
            )
        }),
        page("headings and text", |at| {
            format!("<h2>Ships come in spring {at}</h2><p>{SENTENCE}</p>")
        }),
        page("headings and paragraphs", |at| {
            format!("<h2>Ships come in spring {at}</h2>{PARAGRAPH}{PARAGRAPH}")
        }),
        page("articles one after the other", |at| {
            format!(
                "<article data-url=/news/{at}><header><h1>Ships come in spring {at}</h1><p class=byline>By Anna Smith</p><time datetime=2025-11-12>12 November</time></header>{PARAGRAPH}{PARAGRAPH}</article>"
            )
        }),
        page("articles about other things", |at| {
            let word = |number: usize| format!("w{}x{}", (at * 31 + number) % 9973, number);
            let text: String = (0..40).map(|number| word(number) + " ").collect();
            format!(
                "<article data-url=/news/{at}><h1>{} {} {}</h1><p>{text}, {text}.</p><p>{text}, {text}.</p></article>",
                word(1),
                word(2),
                word(3)
            )
        }),
        page("headings beside text", |at| {
            format!("<div><h2>Ships come in spring {at}</h2></div><div>{SENTENCE}</div>")
        }),
    ]
}

fn scripts() -> Vec<Shape> {
    const LD: &str = "<script type=application/ld+json>";
    vec![
        bare("scripts alone", "<html><head>", |_| "<script>var a = 1;</script>".to_owned()),
        bare("one script", "<html><head><script>", |_| "var a = '<p>' + 1; ".to_owned()),
        bare("one script with ends", "<html><head><script>", |_| "</scrip".to_owned()),
        many("JSON-LD, many", "<script type=application/ld+json>{\"@type\":\"NewsArticle\",\"headline\":\"Ships\"}</script>"),
        bare("JSON-LD, one list", &format!("{HEAD}{LD}["), |at| format!("{{\"@type\":\"NewsArticle\",\"headline\":\"Ships {at}\",\"author\":{{\"name\":\"Anna Smith\"}}}},")).ending("{}]</script>"),
        bare("JSON-LD, one text", &format!("{HEAD}{LD}{{\"@type\":\"NewsArticle\",\"headline\":\"x\",\"articleBody\":\""), |_| SENTENCE.to_owned()).ending("\"}</script>"),
        bare("JSON-LD, authors", &format!("{HEAD}{LD}{{\"@type\":\"NewsArticle\",\"headline\":\"x\",\"author\":["), |at| format!("{{\"name\":\"Anna Smith{at}\"}},")).ending("{}]}</script>"),
        bare("JSON-LD, keywords", &format!("{HEAD}{LD}{{\"@type\":\"NewsArticle\",\"headline\":\"x\",\"keywords\":["), |at| format!("\"word {at}\",")).ending("\"\"]}</script>"),
        bare("JSON-LD, deep", &format!("{HEAD}{LD}"), |_| "{\"@graph\":[".to_owned()),
        bare("JSON-LD, numbers", &format!("{HEAD}{LD}{{\"a\":["), |_| "1e300,".to_owned()).ending("1]}</script>"),
        bare("JSON-LD, keys", &format!("{HEAD}{LD}{{"), |at| format!("\"k{at}\":1,")).ending("\"a\":1}</script>"),
        bare("JSON-LD, never ended", &format!("{HEAD}{LD}{{\"@type\":\"NewsArticle\",\"headline\":\""), |_| "\\u0061".to_owned()),
        bare("JSON-LD, live entries", &format!("{HEAD}{LD}{{\"@type\":\"LiveBlogPosting\",\"headline\":\"x\",\"liveBlogUpdate\":["), |at| {
            format!("{{\"@type\":\"BlogPosting\",\"headline\":\"Ships {at}\",\"datePublished\":\"2025-11-12T10:00:00Z\",\"articleBody\":\"The harbour was opened {at}.\"}},")
        })
        .ending("{}]}</script>"),
        page("JSON-LD, with its headings", |at| {
            format!("{LD}{{\"@type\":\"NewsArticle\",\"headline\":\"Ships come in spring {at}\"}}</script><h2>Ships come in spring {at}</h2>{PARAGRAPH}")
        }),
        many("styles", "<style>p{}</style>"),
        many("templates", "<template><p>a</template>"),
    ]
}

fn markup() -> Vec<Shape> {
    vec![
        many("comments", "<!-- a -->"),
        bare("one comment", HEAD, |_| "- a -".to_owned()).ending("-->"),
        bare("a comment that never ends", &format!("{HEAD}<!--"), |_| "<!--".to_owned()),
        bare("CDATA", &format!("{HEAD}<svg>"), |_| "<![CDATA[a]]>".to_owned()),
        bare("CDATA that never ends", &format!("{HEAD}<svg>"), |_| "<![CDATA[".to_owned()),
        many("less-than signs", "<"),
        many("less-than and slash", "</"),
        many("declarations", "<!a>"),
        many("instructions", "<?a>"),
        many("declarations that never end", "<!"),
        many("starts of tags", "<a "),
        many("quotes that never end", "<a href='"),
        many("attributes and less-than signs", "<a b=\"<c d='"),
        bare("a million attributes", &format!("{HEAD}<p "), |at| format!("a{at}=1 ")).ending(">a"),
        bare("one attribute", &format!("{HEAD}<p a='"), |_| "abcdefgh ".to_owned()).ending("'>a"),
        bare("one name", &format!("{HEAD}<p"), |_| "abcdefgh".to_owned()).ending(">a"),
        many(
            "names of 1 kB",
            "<abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij>",
        ),
        many(
            "sixty attributes each",
            "<p a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G H I J K L M N O P Q R S T U V W X Y Z 0 1 2 3 4 5>a",
        ),
        bare("frames", "<html><frameset>", |_| "<frame src=a>".to_owned()),
        bare("no body", "<html><head><title>a</title></head>", |_| {
            "<noframes>a</noframes>".to_owned()
        }),
        bare("plain text as HTML", "<html><plaintext>", |_| SENTENCE.to_owned()),
    ]
}

fn head() -> Vec<Shape> {
    vec![
        bare("metas", "<html><head>", |at| {
            format!("<meta property=og:title content='Ships {at}'>")
        }),
        bare("metas without a name", "<html><head>", |_| "<meta content=a>".to_owned()),
        bare("links of the head", "<html><head>", |_| "<link rel=x href=/a>".to_owned()),
        bare("titles", "<html><head>", |_| "<title>a</title>".to_owned()),
        bare("one title", "<html><head><title>", |_| SENTENCE.to_owned())
            .ending("</title><body><p>a"),
        bare("one description", "<html><head><meta name=description content='", |_| {
            SENTENCE.to_owned()
        })
        .ending("'><body><p>a"),
        bare(
            "a long title and paragraphs",
            &format!("<html><head><title>{}</title><body>", SENTENCE.repeat(1_000)),
            |_| PARAGRAPH.to_owned(),
        ),
        bare(
            "a long description and paragraphs",
            &format!(
                "<html><head><meta name=description content='{}'><body>",
                SENTENCE.repeat(1_000)
            ),
            |_| PARAGRAPH.to_owned(),
        ),
        bare("keywords", "<html><head><meta name=keywords content='", |at| format!("word {at}, "))
            .ending("'><body><p>a"),
        bare("writers in one meta", "<html><head><meta name=author content='", |at| {
            format!("Anna{at} Smith, ")
        })
        .ending("'><body><p>a"),
        bare("html elements", "", |_| "<html lang=en>".to_owned()),
    ]
}

fn encodings() -> Vec<Shape> {
    let windows = |name: &'static str| {
        bytes(name, b"<html><body><p>", |at| {
            if at % 40 == 39 {
                b"</p><p>".to_vec()
            } else {
                b"\xc7\xe1\xe3\xed\xe4\xc7\xc1 ".to_vec()
            }
        })
    };
    vec![
        windows("Windows-1256, not declared"),
        Shape {
            start: b"<html><meta charset=utf-8><body><p>".to_vec(),
            ..windows("Windows-1256, declared UTF-8")
        },
        bytes("UTF-16", b"\xff\xfe<\0p\0>\0", |_| b"a\0b\0 \0".to_vec()),
        bytes("Shift_JIS, not declared", b"<html><body><p>", |_| {
            b"\x8d\x60\x8c\xfb\x81\x41".to_vec()
        }),
        bytes("bytes by chance", b"<html><body><p>", |at| {
            (0..8)
                .map(|number| {
                    u8::try_from((at * 2_654_435_761 + number * 40_503) >> 7 & 255).unwrap_or(0)
                })
                .collect()
        }),
        bytes("half characters", b"<html><body><p>", |_| b"\xe2\x82".to_vec()),
        bytes("an image", b"\x89PNG\r\n", |_| b"\0\x01<p>a".to_vec()).sent_as("text/html"),
        bytes("a PDF", b"%PDF-1.7", |_| b"\0\x01<p>a".to_vec()).sent_as("text/html"),
        bytes("JSON", b"[", |_| b"{\"a\":\"<p>\"},".to_vec()).ending("{}]"),
        bytes("JSON, deep", b"[", |_| b"[".to_vec()),
        bytes("JSON, cut", b"[\"<p>", |_| b"aaaaaa".to_vec()),
    ]
}

fn dumps() -> Vec<Shape> {
    vec![
        dump("dump: paragraphs", |at| format!("{SENTENCE}It was said {at} times. {SENTENCE}\n\n")),
        dump("dump: the same paragraph", |_| format!("{SENTENCE}{SENTENCE}\n\n")),
        dump("dump: one line", |_| SENTENCE.to_owned()),
        dump("dump: letters without a space", |_| "abcdefghij".to_owned()),
        dump("dump: Arabic without a space", |_| "أعلنتوزارة".to_owned()),
        dump("dump: Chinese without a space", |_| "港口周五重新開放".to_owned()),
        dump("dump: Chinese lines", |_| {
            "港口周五重新開放，部長說，船隻將在春天到來。\n".to_owned()
        }),
        dump("dump: letters on lines", |_| "a\n".to_owned()),
        dump("dump: empty lines", |_| "\n".to_owned()),
        dump("dump: white space", |_| " \t".to_owned()),
        dump("dump: headlines", |at| format!("Ships will come in spring {at} again\n")),
        dump("dump: headlines and text", |at| {
            format!("Ships come in spring {at}\n\n{SENTENCE}{SENTENCE}\n\n{SENTENCE}\n\n")
        }),
        dump("dump: articles about other things", |at| {
            let word = |number: usize| format!("w{}x{}", (at * 31 + number) % 9973, number);
            let text: String = (0..40).map(|number| word(number) + " ").collect();
            format!(
                "{} {} {} {}\n\nBy Anna Smith\n12 November 2025\n\n{text}, {text}.\n\n{text}, {text}.\n\n",
                word(1),
                word(2),
                word(3),
                word(4)
            )
        }),
        dump("dump: bylines", |_| "By Anna Smith\n".to_owned()),
        dump("dump: captions", |_| "Photo: Anna Smith / Reuters\n".to_owned()),
        dump("dump: dates", |_| "12 November 2025\n".to_owned()),
        dump("dump: numbers", |at| format!("{at} ")),
        dump("dump: short sentences", |_| "Go. ".to_owned()),
        dump("dump: bullets", |_| "• Ships\n".to_owned()),
        dump("dump: bars", |_| "A | B | C\n".to_owned()),
        dump("dump: related lists", |at| {
            format!(
                "Read more\nShips will come in spring {at}, say traders\nTraders hope for better days {at} in the market\n{SENTENCE}\n\n"
            )
        }),
        dump("dump: less-than signs", |_| "a < b ".to_owned()),
        dump("dump: zeros", |_| "\0".to_owned()),
        dump("dump: carriage returns", |_| "a\r".to_owned()),
    ]
}
