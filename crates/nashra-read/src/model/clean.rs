//! What a record may contain, whoever wrote it: addresses are http or https without user names,
//! types are media types, and no text has control characters, which change how text around them is
//! shown.
//!
//! What must stay true: every content is cleaned once, before it is compared with what was
//! published, and nothing after that checks again. An entry of a live blog begins at the same block
//! as before.

use chrono::{DateTime, FixedOffset};
use url::Url;

use super::record::{
    Block, Byline, Content, Direction, Enclosure, Image, Provenance, Quality, Related, Source,
    Update,
};
use crate::text::invisible;

/// Cleans all fields of an article.
pub fn content(content: &mut Content) {
    content.clean();
    leave_out_blocks(content);
}

/// How a field is cleaned, by its type.
pub(super) trait Clean {
    /// Removes what no record may contain.
    fn clean(&mut self);
    /// Empties it where it is a list.
    fn clear_list(&mut self) {}
}

/// For types that hold only our own words and numbers.
macro_rules! clean_already {
    ($($type:ty),*) => {
        $(impl Clean for $type {
            fn clean(&mut self) {}
        })*
    };
}

clean_already!(u32, Option<Direction>, Option<DateTime<FixedOffset>>, Provenance, Quality);

impl Clean for Option<String> {
    fn clean(&mut self) {
        optional(self);
    }
}

impl Clean for Vec<String> {
    fn clean(&mut self) {
        self.iter_mut().for_each(text);
        self.retain(|text| !text.is_empty());
    }

    fn clear_list(&mut self) {
        self.clear();
    }
}

impl Clean for Vec<Byline> {
    fn clean(&mut self) {
        for Byline { name, kind: _, place } in self.iter_mut() {
            text(name);
            optional(place);
        }
        self.retain(|byline| !byline.name.is_empty());
    }

    fn clear_list(&mut self) {
        self.clear();
    }
}

/// Empty blocks stay here: entries of a live blog count blocks, so [`leave_out_blocks`] removes
/// them and corrects the counts together.
impl Clean for Vec<Block> {
    fn clean(&mut self) {
        for block in self {
            match block {
                Block::Paragraph { text: words }
                | Block::Heading { text: words }
                | Block::Quote { text: words }
                | Block::List { text: words }
                | Block::Table { text: words } => text(words),
                Block::Image(picture) => image(picture),
                Block::Embed { url } => *url = address(url).unwrap_or_default(),
            }
        }
    }

    fn clear_list(&mut self) {
        self.clear();
    }
}

impl Clean for Vec<Update> {
    fn clean(&mut self) {
        for Update { published: _, time, title, url, block: _ } in self {
            optional(time);
            optional(title);
            *url = url.take().and_then(|url| address(&url));
        }
    }

    fn clear_list(&mut self) {
        self.clear();
    }
}

impl Clean for Vec<Image> {
    fn clean(&mut self) {
        self.iter_mut().for_each(image);
        self.retain(is_useful);
    }

    fn clear_list(&mut self) {
        self.clear();
    }
}

impl Clean for Vec<Related> {
    fn clean(&mut self) {
        self.iter_mut().for_each(related);
        self.retain(|item| item.url.is_some() || item.title.is_some());
    }

    fn clear_list(&mut self) {
        self.clear();
    }
}

impl Clean for Vec<Enclosure> {
    fn clean(&mut self) {
        *self = std::mem::take(self).into_iter().filter_map(enclosure).collect();
    }

    fn clear_list(&mut self) {
        self.clear();
    }
}

/// Cleans name and tags of a source; its address stays, because it may be that of a file or a
/// topic.
#[must_use]
pub fn source(mut source: Source) -> Source {
    optional(&mut source.name);
    source.tags.iter_mut().for_each(text);
    source
}

/// Removes control characters and invisible characters from a text.
pub fn text(text: &mut String) {
    if text.is_ascii()
        && !text.bytes().any(|byte| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\t'))
    {
        return;
    }
    if text.chars().any(|c| is_tag(c) || is_left_out(c)) {
        *text = without_tags(text).filter(|c| !is_left_out(*c)).collect();
    }
}

/// The same for an optional text, which becomes `None` where nothing but white space is left.
pub fn optional(value: &mut Option<String>) {
    value.iter_mut().for_each(text);
    value.take_if(|text| text.trim().is_empty());
}

/// An address that a record may name: http or https, without user name and password.
#[must_use]
pub fn address(text: &str) -> Option<String> {
    Url::parse(text).ok().and_then(url).map(Into::into)
}

/// The same for a parsed address.
#[must_use]
pub fn url(mut url: Url) -> Option<Url> {
    // Both fail only for addresses without a host, which are not http either.
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

fn is_left_out(c: char) -> bool {
    (invisible(c) || c.is_control()) && !matches!(c, '\n' | '\t')
}

/// Whether a character is one of Unicode's tags, of which flags of regions and hidden texts are
/// made.
fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// Tags are kept in a whole flag alone (UTS #51 ED-14a): a black flag, three to six letters or
/// digits, the end.
fn without_tags(text: &str) -> impl Iterator<Item = char> {
    let mut flag_ends = 0;
    text.char_indices().filter_map(move |(at, c)| {
        if c == '\u{1f3f4}' {
            flag_ends = flag_end(text, at + c.len_utf8());
        }
        (!is_tag(c) || at < flag_ends).then_some(c)
    })
}

/// The end of the flag whose tags begin at an offset; 0 where they are not a flag's.
fn flag_end(text: &str, start: usize) -> usize {
    let mut letters = 0;
    for (at, c) in text[start..].char_indices() {
        match c {
            '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}' if letters < 6 => letters += 1,
            '\u{e007f}' if letters >= 3 => return start + at + c.len_utf8(),
            _ => return 0,
        }
    }
    0
}

/// Removes pictures without address and caption, and embeds without a usable address, so that
/// entries of a live blog still begin at the same block.
fn leave_out_blocks(content: &mut Content) {
    let is_useful = |block: &Block| match block {
        Block::Image(image) => is_useful(image),
        Block::Embed { url } => !url.is_empty(),
        _ => true,
    };
    let kept: Vec<bool> = content.blocks.iter().map(is_useful).collect();
    if kept.iter().all(|kept| *kept) {
        return;
    }
    for update in &mut content.updates {
        let before = kept.iter().take(update.block as usize).filter(|kept| !**kept).count();
        update.block = update.block.saturating_sub(u32::try_from(before).unwrap_or(u32::MAX));
    }
    let mut kept = kept.into_iter();
    content.blocks.retain(|_| kept.next().unwrap_or(true));
}

fn image(image: &mut Image) {
    let Image { url, caption, credit, agency, archive: _, taken, width: _, height: _ } = image;
    *url = url.take().and_then(|url| address(&url));
    for text in [caption, credit, agency, taken] {
        optional(text);
    }
}

fn is_useful(image: &Image) -> bool {
    image.url.is_some() || image.caption.is_some()
}

fn related(related: &mut Related) {
    let Related { title, url, section, summary, byline, place, image: picture } = related;
    *url = url.take().and_then(|url| address(&url));
    for text in [title, section, summary, byline, place] {
        optional(text);
    }
    picture.iter_mut().for_each(image);
    picture.take_if(|picture| !is_useful(picture));
}

fn enclosure(enclosure: Enclosure) -> Option<Enclosure> {
    let media_type = enclosure
        .media_type
        .map(|media_type| media_type.trim().to_owned())
        .filter(|media_type| is_media_type(media_type));
    Some(Enclosure { url: address(&enclosure.url)?, media_type, ..enclosure })
}

/// Whether a text is a media type (RFC 9110 §8.3.1).
fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    let (name, mut rest) = text.split_at(text.find([';', ' ', '\t']).unwrap_or(text.len()));
    if !name.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype)) {
        return false;
    }
    loop {
        let Some(parameters) = rest.trim_start_matches([' ', '\t']).strip_prefix(';') else {
            return rest.trim_start_matches([' ', '\t']).is_empty();
        };
        let parameter = parameters.trim_start_matches([' ', '\t']);
        if parameter.is_empty() || parameter.starts_with(';') {
            rest = parameter;
            continue;
        }
        let Some((name, value)) = parameter.split_once('=').filter(|(name, _)| token(name)) else {
            return false;
        };
        let end = match value.strip_prefix('"') {
            Some(quoted) => quoted_end(quoted).map(|end| end + 1),
            None => Some(value.find([';', ' ', '\t']).unwrap_or(value.len()))
                .filter(|end| token(&value[..*end])),
        };
        let (Some(end), false) = (end, name.is_empty()) else { return false };
        rest = &value[end..];
    }
}

/// The end of a quoted text, behind its last quote; `text` begins behind the first.
fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            b'\t' | b' '..=b'~' | 0x80.. => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(given: &str) -> String {
        let mut cleaned = given.to_owned();
        text(&mut cleaned);
        cleaned
    }

    #[test]
    fn characters_that_steer_text_are_left_out_and_those_that_scripts_need_stay() {
        for (given, expected) in [
            ("a\u{61c}b\u{202e}c\u{2066}d\u{2069}", "abcd"),
            ("a\u{fff9}b\u{fffa}c\u{fffb}", "abc"),
            ("a\0b\u{7}c\u{7f}d\u{9b}e", "abcde"),
            ("one\n\ntwo\tthree", "one\n\ntwo\tthree"),
            ("hidden\u{e0001}\u{e0068}\u{e0069}\u{e007f}", "hidden"),
            ("می\u{200c}رود क्\u{200d}ष", "می\u{200c}رود क्\u{200d}ष"),
            ("👩\u{200d}🚀❤\u{fe0f}", "👩\u{200d}🚀❤\u{fe0f}"),
            (
                "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}\u{e0067}!",
                "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}!",
            ),
            ("\u{1f3f4}\u{e0067}\u{e0062} open", "\u{1f3f4} open"),
        ] {
            assert_eq!(cleaned(given), expected, "{given:?}");
        }
    }

    #[test]
    fn addresses_of_records_are_http_and_name_no_user() {
        let image = |url: &str| Image { url: Some(url.to_owned()), ..Image::default() };
        let enclosure = |url: &str, kind: &str| Enclosure {
            url: url.to_owned(),
            media_type: Some(kind.to_owned()),
            bytes: None,
        };
        let mut article = Content {
            images: vec![
                image("javascript:alert(1)"),
                Image { caption: Some("c".to_owned()), ..image("file:///etc/passwd") },
                image("https://u:p@a.example/1.jpg"),
            ],
            enclosures: vec![
                enclosure("data:text/html,x", "text/html"),
                enclosure("https://a.example/a b.mp3", "<script>"),
            ],
            related: vec![Related { url: Some("javascript:1".to_owned()), ..Related::default() }],
            blocks: vec![
                Block::Embed { url: "javascript:1".to_owned() },
                Block::Image(image("data:image/png;base64,x")),
                Block::Paragraph { text: "a\u{202e}b".to_owned() },
                Block::Embed { url: "https://video.example/1".to_owned() },
            ],
            updates: vec![Update {
                block: 2,
                url: Some("ftp://a.example/".to_owned()),
                ..Update::default()
            }],
            ..Content::default()
        };
        content(&mut article);
        assert_eq!(
            article.images,
            [
                Image { caption: Some("c".to_owned()), ..Image::default() },
                image("https://a.example/1.jpg")
            ]
        );
        assert_eq!(
            article.enclosures,
            [Enclosure {
                url: "https://a.example/a%20b.mp3".to_owned(),
                media_type: None,
                bytes: None
            }]
        );
        assert_eq!(article.related, []);
        assert_eq!(
            article.blocks,
            [
                Block::Paragraph { text: "ab".to_owned() },
                Block::Embed { url: "https://video.example/1".to_owned() }
            ]
        );
        assert_eq!((article.updates[0].block, &article.updates[0].url), (0, &None));
    }

    #[test]
    fn a_media_type_is_one_by_its_grammar() {
        for good in [
            "audio/mpeg",
            "image/svg+xml",
            "text/html; charset=utf-8",
            "audio/mp4 ; codecs=\"mp4a.40.2, \\\"x\\\"\";a=b",
            "a/b;",
        ] {
            assert!(is_media_type(good), "{good}");
        }
        for bad in [
            "",
            "audio",
            "audio/",
            "/mpeg",
            "audio/mpeg/x",
            "audio/mpeg, x",
            "<b>/x",
            "a/b;c",
            "a/b; c=\"d",
            "a/b; =d",
            "audio/mpég",
            "a/b c",
        ] {
            assert!(!is_media_type(bad), "{bad}");
        }
    }
}
