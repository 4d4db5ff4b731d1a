//! What single elements say.

use super::{super::model::Item, *};

/// The first entry of an RSS feed with these elements in it.
fn rss(elements: &str) -> Item {
    let text = format!(
        "<rss version='2.0'><channel><link>https://news.example/</link><item>{elements}</item></channel></rss>"
    );
    parse_document(text.as_bytes(), None, &url()).unwrap().entries.remove(0)
}

/// The first entry of an Atom feed with these elements in it.
fn atom(elements: &str) -> Item {
    let text = format!(
        "<feed xmlns='http://www.w3.org/2005/Atom'><author><name>Feed</name></author><entry>{elements}</entry></feed>"
    );
    parse_document(text.as_bytes(), None, &url()).unwrap().entries.remove(0)
}

fn value(text: Option<Text>) -> String {
    text.map(|text| text.html().into_owned()).unwrap_or_default()
}

#[test]
fn text_is_decoded_once_and_keeps_its_markup() {
    assert_eq!(
        value(rss("<title>A &lt;b&gt;c&lt;/b&gt; &amp;amp; d</title>").title),
        "A <b>c</b> &amp; d"
    );
    assert_eq!(value(rss("<title><![CDATA[A &amp; <i>b</i>]]></title>").title), "A &amp; <i>b</i>");
    assert_eq!(
        value(rss("<description>A <![CDATA[<b>]]>c<!-- d --></description>").summary),
        "A <b>c"
    );
    assert_eq!(
        value(rss("<description><p>A &lt; <b>c</b></p></description>").summary),
        "<p>A &lt; <b>c</b></p>"
    );
    assert_eq!(
        value(rss("<description><![CDATA[<![CDATA[<p>A</p>]]> b]]></description>").summary),
        "<p>A</p> b"
    );
    assert_eq!(value(rss("<title>a\r\nb\rc</title>").title), "a\nb\nc");
    assert_eq!(value(rss("<title>&#195;&#169; &#226;&#128;&#153;</title>").title), "é ’");
}

#[test]
fn atom_says_how_its_text_is_meant() {
    assert_eq!(value(atom("<title>1 &lt; 2</title>").title), "1 &lt; 2");
    assert_eq!(value(atom("<title type='html'>1 &lt;b>2&lt;/b></title>").title), "1 <b>2</b>");
    let xhtml = "<content type='xhtml'><h:div xmlns:h='http://www.w3.org/1999/xhtml'><h:p>a &amp; b</h:p></h:div></content>";
    assert_eq!(value(atom(xhtml).content), "<p>a &amp; b</p>");
    assert_eq!(
        value(atom("<content type='text/html' mode='base64'>PHA+SGk8L3A+</content>").content),
        "<p>Hi</p>"
    );
    assert_eq!(atom("<content type='image/png'>iVBORw0KGgo=</content>").content, None);
    assert_eq!(
        atom("<content type='video/mp4' src='/v.mp4'/>").content_src.as_deref(),
        Some("https://news.example/v.mp4")
    );
}

#[test]
fn the_page_of_an_entry_is_its_link_before_anything_else() {
    let link = |item: Item| item.link.unwrap_or_default();
    assert_eq!(
        link(rss("<guid>https://news.example/g</guid><link>/l</link>")),
        "https://news.example/l"
    );
    assert_eq!(link(rss("<guid isPermaLink='true'>g</guid>")), "https://news.example/g");
    assert_eq!(link(rss("<guid isPermaLink='false'>https://news.example/g</guid>")), "");
    assert_eq!(
        link(rss("<atom:link href='a'/><atom:link rel='self' href='s'/>")),
        "https://news.example/a"
    );
    assert_eq!(
        link(rss("<enclosure url='https://news.example/e.mp3' type='audio/mpeg'/>")),
        "https://news.example/e.mp3"
    );
    let links =
        "<link type='application/json' href='/j'/><link rel='edit' href='/e'/><link href='/a'/>";
    assert_eq!(link(atom(links)), "https://news.example/a");
    assert_eq!(atom(links).links.len(), 3);
}

#[test]
fn relative_addresses_are_relative_to_the_nearest_base() {
    let text = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://a.example/x/'><entry xml:base='y/'><link href='z'/>\
        <content type='html' xml:base='javascript:no'>&lt;img src='i.png'&gt;</content></entry></feed>";
    let document = parse_document(text.as_bytes(), None, &url()).unwrap();
    assert_eq!(document.entries[0].link.as_deref(), Some("https://a.example/x/y/z"));
    let written = serde_json::to_value(FeedOutput::new(document, &url())).unwrap();
    assert_eq!(written["entries"][0]["content"], "<img src=\"https://a.example/x/y/i.png\">");
    let elsewhere = "<feed xmlns='http://www.w3.org/2005/Atom'><link href='https://b.example/'/><entry><link href='z'/></entry></feed>";
    assert_eq!(
        parse_document(elsewhere.as_bytes(), None, &url()).unwrap().entries[0].link.as_deref(),
        Some("https://b.example/z")
    );
}

#[test]
fn authors_are_those_of_the_entry_else_of_its_source_else_of_the_feed() {
    let names =
        |item: Item| item.authors.into_iter().filter_map(|author| author.name).collect::<Vec<_>>();
    assert_eq!(
        names(rss(
            "<author>a@x.example (Ann)</author><dc:creator>Bob</dc:creator><itunes:author>Radio</itunes:author>"
        )),
        ["Ann", "Bob"]
    );
    assert_eq!(names(rss("<itunes:author>Radio</itunes:author>")), ["Radio"]);
    assert_eq!(names(atom("<author><name>Ann</name></author>")), ["Ann"]);
    assert_eq!(names(atom("<source><author><name>Src</name></author></source>")), ["Src"]);
    assert_eq!(names(atom("<id>1</id>")), ["Feed"]);
}

#[test]
fn dates_have_an_order_of_precedence_and_keep_their_writing() {
    let item = rss(
        "<dc:date>2026-11-01</dc:date><pubDate>Fri, 20 Nov 2026 07:30:00 GMT</pubDate><dcterms:modified>2026-11-21</dcterms:modified>",
    );
    assert_eq!(item.published.as_ref().unwrap().raw, "Fri, 20 Nov 2026 07:30:00 GMT");
    assert_eq!(item.updated.unwrap().time.unwrap().to_rfc3339(), "2026-11-21T00:00:00+00:00");
    let item = rss("<pubDate>soon</pubDate><dc:date>2026-11-01</dc:date>");
    assert_eq!(item.published.unwrap().raw, "2026-11-01");
}

#[test]
fn a_date_that_shows_its_order_settles_the_others() {
    let dates = |first: &str| {
        let text = format!(
            "<rss><channel><item><pubDate>{first}</pubDate></item><item><pubDate>02/03/2026</pubDate></item></channel></rss>"
        );
        parse_document(text.as_bytes(), None, &url()).unwrap().entries[1].published.clone().unwrap()
    };
    assert_eq!(dates("23/01/2026").time.unwrap().to_rfc3339(), "2026-03-02T00:00:00+00:00");
    assert_eq!(dates("01/23/2026").time.unwrap().to_rfc3339(), "2026-02-03T00:00:00+00:00");
    // In the markup that some programs put into a date.
    let marked = dates("&lt;time datetime=\"01/23/2026\"&gt;in January&lt;/time&gt;");
    assert_eq!(marked.time.unwrap().to_rfc3339(), "2026-02-03T00:00:00+00:00");
    assert!(!dates("23/01/2026").assumed.order && dates("04/05/2026").assumed.order);
}

#[test]
fn files_media_and_their_makers_stay_apart() {
    let item = rss(
        "<enclosure url='/a.mp3' length='5' type='audio/mpeg'/><media:group><media:content url='/b.jpg' medium='image' width='800px'>\
         <media:credit role='photographer'>Ann</media:credit><media:description>Cap</media:description></media:content></media:group>\
         <media:thumbnail url='/t.jpg' width='72'/>",
    );
    assert_eq!((item.enclosures.len(), item.media.len(), item.thumbnails.len()), (1, 1, 1));
    assert_eq!(
        (item.media[0].width, item.media[0].description.as_deref()),
        (Some(800), Some("Cap"))
    );
    assert_eq!(
        (item.credits[0].content.as_str(), item.credits[0].role.as_deref()),
        ("Ann", Some("photographer"))
    );
}

#[test]
fn places_are_written_with_the_longitude_first() {
    let place = |text: &str| rss(text).geo.map(|geo| (geo.kind, geo.coordinates.to_string()));
    assert_eq!(
        place("<georss:point>30.05 31.25</georss:point>"),
        Some(("Point", "[31.25,30.05]".to_owned()))
    );
    assert_eq!(
        place("<geo:lat>30.05</geo:lat><geo:long>31.25</geo:long>"),
        Some(("Point", "[31.25,30.05]".to_owned()))
    );
    let gml = "<georss:where><gml:LineString><gml:posList>1 2 3 4</gml:posList></gml:LineString></georss:where>";
    assert_eq!(place(gml), Some(("LineString", "[[2.0,1.0],[4.0,3.0]]".to_owned())));
    assert_eq!(place("<georss:point>somewhere</georss:point>"), None);
}

#[test]
fn a_feed_says_when_and_how_to_poll_it() {
    let text = "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>t</title><ttl> 60 </ttl><skipHours><hour>1</hour><hour>x</hour></skipHours>\
        <skipDays><day>Sunday</day></skipDays><cloud domain='rpc.example' port='80' path='/r' registerProcedure='p' protocol='soap'/>\
        <atom:link rel='hub' href='https://hub.example/'/><atom:link rel='next' href='?page=2'/><atom:link rel='prev-archive' href='/2025'/>\
        <sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency><fh:archive/></channel></rss>";
    let feed = parse(text.as_bytes(), None, &url()).unwrap();
    assert_eq!(
        (feed.rhythm.ttl, feed.rhythm.skip_hours.as_slice(), feed.rhythm.skip_days[0].as_str()),
        (Some(60), &[1][..], "Sunday")
    );
    assert_eq!(
        (feed.rhythm.hubs[0].as_str(), feed.rhythm.archive, feed.rhythm.complete),
        ("https://hub.example/", true, false)
    );
    assert_eq!(
        (feed.rhythm.update_period.as_deref(), feed.rhythm.update_frequency),
        (Some("hourly"), Some(2))
    );
    assert_eq!(feed.rhythm.cloud.unwrap().register_procedure.as_deref(), Some("p"));
    let pages: Vec<_> =
        feed.links.iter().map(|link| (link.rel.as_str(), link.href.as_deref().unwrap())).collect();
    assert!(
        pages.contains(&("next", "https://news.example/feed.xml?page=2"))
            && pages.contains(&("prev-archive", "https://news.example/2025"))
    );
}

#[test]
fn the_original_behind_a_counting_link_is_the_page() {
    let text = "<rss><channel><title>t</title><item><link>https://count.example/1</link><feedburner:origLink>https://news.example/1</feedburner:origLink></item></channel></rss>";
    assert_eq!(
        parse_document(text.as_bytes(), None, &url()).unwrap().entries[0].link.as_deref(),
        Some("https://count.example/1")
    );
    assert_eq!(
        parse(text.as_bytes(), None, &url()).unwrap().entries[0].link.as_ref().unwrap().as_str(),
        "https://news.example/1"
    );
}

#[test]
fn no_html_of_a_feed_reaches_a_record() {
    let active = "Words <script>alert(1)</script><style>x</style><img src='javascript:x' onerror='x'><a href='javascript:x'>more</a>";
    let cdata = format!("<![CDATA[{active}]]>");
    let text = format!(
        "<rss><channel><title>{cdata}</title><item><guid>1</guid><title>{cdata}</title><description>{cdata}</description>\
         <content:encoded>{cdata}</content:encoded><dc:creator>{cdata}</dc:creator><category>{cdata}</category><media:content \
         url='/b.jpg' medium='image'><media:title>{cdata}</media:title><media:credit>{cdata}</media:credit></media:content></item></channel></rss>"
    );
    let feed = parse(text.as_bytes(), None, &url()).unwrap();
    let record = serde_json::to_string(&content(&feed.entries[0]).0).unwrap();
    for never in ["<", "javascript:", "onerror", "alert"] {
        assert!(!record.contains(never), "{never} in {record}");
    }
}
