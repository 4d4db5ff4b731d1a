//! What a record may contain, whoever wrote it: addresses are http or https without user names,
//! types are media types, and no text has control characters, which change how text around them is
//! shown.
//!
//! What must stay true: every content is cleaned once, before it is compared with what was
//! published, and nothing after that checks again. An entry of a live blog begins at the same block
//! as before.

mod characters;
mod media_type;

use chrono::{DateTime, FixedOffset};
use url::Url;

use self::media_type::is_media_type;
use super::record::{
    Block, Byline, Content, Direction, Enclosure, Image, Provenance, Quality, Related, Source,
    Update,
};

pub use characters::{optional, text};

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
