//! What a record may contain, whoever wrote it: addresses are http or https without user names,
//! types are media types, and no text has control characters, which change how text around them is
//! shown.
//!
//! What must stay true: every content is cleaned once, before it is compared with what was
//! published, and nothing after that checks again. An entry of a live blog begins at the same block
//! as before.

mod characters;
pub(super) mod media_type;

use url::Url;

use super::{
    content::block,
    record::{Content, Source},
};

pub use characters::{optional, text};

/// Cleans all fields of an article.
pub fn content(content: &mut Content) {
    content.clean();
    block::leave_out(content);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::{Block, Enclosure, Image, Related, Update};

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
