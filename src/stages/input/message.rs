//! A message to what it hands over. Pure. `docs/input.md` says the same to those who write
//! messages.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::{config::sources::label, model::entry::Entry};

/// Bytes of an address or an id.
const MAX_NAME: usize = 8 << 10;
/// Characters of a title.
const MAX_TITLE: usize = 2_000;
/// Tags of one message.
const MAX_TAGS: usize = 32;

/// A message as it was read: its value, and those of its headers that mean something here.
#[derive(Debug, Clone, Default)]
pub(super) struct RawMessage {
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: Vec<(String, Vec<u8>)>,
}

/// Headers that mean something.
pub(super) const HEADERS: [&str; 5] = ["content-type", "url", "title", "published", "id"];

/// What a message is.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    /// A deletion, as compacted topics have them: it hands nothing over.
    Deletion,
    /// An address to fetch.
    Address(MessageMetadata),
    /// A document that is here already.
    Document {
        /// What the message says of it.
        metadata: MessageMetadata,
        /// Its media type.
        content_type: String,
        /// The document's bytes as they were sent.
        bytes: Vec<u8>,
    },
    /// Neither of these; it becomes a dead letter.
    Unreadable {
        /// Why nothing can be made of it.
        why: String,
        /// Its bytes, but for those that are too many to keep.
        bytes: Vec<u8>,
        /// Those of its headers that mean something, as text.
        headers: Vec<(String, String)>,
    },
}

/// What a message tells beside its document.
#[derive(Debug, Default, PartialEq)]
pub(super) struct MessageMetadata {
    /// The entry as a feed would have listed it.
    pub(super) entry: Entry,
    /// Where the sender has it from.
    pub(super) origin: OriginalSource,
}

/// Where the sender has it from; fills the record's source where it says something.
#[derive(Debug, Default, PartialEq)]
pub(super) struct OriginalSource {
    pub(super) name: Option<String>,
    pub(super) url: Option<String>,
    pub(super) tags: Vec<String>,
}

/// The JSON form. Unknown fields are left alone, so that senders can be newer than we are.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct JsonMessage {
    url: Option<String>,
    html: Option<String>,
    text: Option<String>,
    title: Option<String>,
    #[serde(deserialize_with = "date")]
    published: Option<DateTime<FixedOffset>>,
    #[serde(alias = "guid")]
    id: Option<String>,
    source: Option<JsonSource>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum JsonSource {
    Name(String),
    Fields {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        url: Option<String>,
        #[serde(default)]
        tags: Vec<String>,
    },
}

fn date<'de, D: Deserializer<'de>>(value: D) -> Result<Option<DateTime<FixedOffset>>, D::Error> {
    let text = Option::<Cow<'_, str>>::deserialize(value)?;
    text.map(|text| parse_date(&text)).transpose().map_err(serde::de::Error::custom)
}

fn parse_date(text: &str) -> Result<DateTime<FixedOffset>, String> {
    DateTime::parse_from_rfc3339(text.trim()).map_err(|_| {
        "published is not a date such as \"2026-11-20T07:30:00Z\" (RFC 3339)".to_owned()
    })
}

/// Reads a message of at most `limit` bytes.
pub(super) fn parse(raw: RawMessage, limit: usize) -> Message {
    let RawMessage { value, headers } = raw;
    let Some(value) = value else { return Message::Deletion };
    let unreadable =
        |why: String, bytes| Message::Unreadable { why, bytes, headers: as_text(&headers) };
    if value.len() > limit {
        return unreadable(format!("larger than {limit} bytes"), Vec::new());
    }
    let header = |name: &str| {
        let found = headers.iter().find(|(header, _)| header == name);
        found
            .map(|(_, value)| String::from_utf8_lossy(value).trim().to_owned())
            .filter(|value| !value.is_empty())
    };
    let parsed = match header("content-type") {
        Some(content_type) if !is_json(&content_type) => match parse_headers(&value, header) {
            Ok(metadata) => return Message::Document { metadata, content_type, bytes: value },
            Err(why) => Err(why),
        },
        _ => parse_json(&value),
    };
    parsed.unwrap_or_else(|why| unreadable(why, value))
}

/// The headers that are kept of a message that cannot be read; longer ones mean nothing.
fn as_text(headers: &[(String, Vec<u8>)]) -> Vec<(String, String)> {
    let kept = headers.iter().filter(|(_, value)| value.len() <= MAX_NAME);
    kept.map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned())).collect()
}

fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json" || media_type.ends_with("+json")
}

fn parse_headers(
    value: &[u8],
    header: impl Fn(&str) -> Option<String>,
) -> Result<MessageMetadata, String> {
    if value.is_empty() {
        return Err("an empty document".to_owned());
    }
    let published = header("published").map(|header| parse_date(&header)).transpose()?;
    JsonMessage {
        url: header("url"),
        title: header("title"),
        id: header("id"),
        published,
        ..JsonMessage::default()
    }
    .into_metadata()
}

fn parse_json(value: &[u8]) -> Result<Message, String> {
    if value.trim_ascii_start().first() != Some(&b'{') {
        return Err("neither a JSON object nor a document with a content-type header".to_owned());
    }
    let mut json: JsonMessage = serde_json::from_slice(value)
        .map_err(|error| format!("not the JSON that is expected: {error}"))?;
    let given = |field: &mut Option<String>| field.take().filter(|text| !text.trim().is_empty());
    let (html, text) = (given(&mut json.html), given(&mut json.text));
    let metadata = json.into_metadata()?;
    let (content_type, body) = match (html, text) {
        (Some(_), Some(_)) => return Err("html and text: one of them is the document".to_owned()),
        (Some(html), None) => ("text/html", html),
        (None, Some(text)) => ("text/plain", text),
        (None, None) if metadata.entry.link.is_some() => return Ok(Message::Address(metadata)),
        (None, None) => return Err("none of url, html and text".to_owned()),
    };
    // Whatever a page says of its encoding, in JSON it is UTF-8.
    Ok(Message::Document {
        metadata,
        content_type: format!("{content_type}; charset=utf-8"),
        bytes: body.into_bytes(),
    })
}

impl JsonMessage {
    /// What it says beside its document.
    fn into_metadata(self) -> Result<MessageMetadata, String> {
        let Self { url, title, published, id, source, .. } = self;
        let name = |what: &str, field: Option<String>| match field
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
        {
            Some(long) if long.len() > MAX_NAME => {
                Err(format!("{what} is longer than {MAX_NAME} bytes"))
            }
            name => Ok(name),
        };
        let link = name("url", url)?.map(|name| address("url", &name)).transpose()?;
        let origin = match source {
            None => OriginalSource::default(),
            Some(JsonSource::Name(name)) => {
                OriginalSource { name: label(&name), ..OriginalSource::default() }
            }
            Some(JsonSource::Fields { name: title, url, tags }) => OriginalSource {
                name: title.as_deref().and_then(label),
                url: name("source.url", url)?
                    .map(|name| address("source.url", &name))
                    .transpose()?
                    .map(Into::into),
                tags: tags.iter().filter_map(|tag| label(tag)).take(MAX_TAGS).collect(),
            },
        };
        let title = title
            .map(|title| crate::text::collapse(&title).chars().take(MAX_TITLE).collect())
            .filter(|title: &String| !title.is_empty());
        Ok(MessageMetadata {
            entry: Entry { guid: name("id", id)?, link, title, published, ..Entry::default() },
            origin,
        })
    }
}

fn address(what: &str, text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Ok(url) => {
            Err(format!("{what} has the scheme {}: only http and https are read", url.scheme()))
        }
        Err(error) => Err(format!("{what} is not an address: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &str) -> Message {
        parse(RawMessage { value: Some(value.as_bytes().to_vec()), headers: vec![] }, 1 << 20)
    }

    fn unreadable(message: &Message) -> &str {
        let Message::Unreadable { why, .. } = message else { panic!("{message:?}") };
        why
    }

    #[test]
    fn the_documents_examples_are_messages() {
        let examples: Vec<&str> = include_str!("../../../docs/input.md")
            .lines()
            .filter(|line| line.starts_with("{\""))
            .collect();
        assert_eq!(examples.len(), 3);
        for example in examples {
            assert!(
                matches!(json(example), Message::Address(_) | Message::Document { .. }),
                "{example}"
            );
        }
    }

    #[test]
    fn an_address_comes_with_what_is_told_of_it() {
        let message = json(
            r#"{"url": "https://news.example/a", "title": " A  title ", "published": "2026-11-20T07:30:00+01:00", "guid": "7", "source": {"name": "Courier", "tags": ["x"]}, "later": {}}"#,
        );
        let Message::Address(metadata) = message else { panic!("{message:?}") };
        assert_eq!(metadata.entry.link.unwrap().as_str(), "https://news.example/a");
        assert_eq!(
            (metadata.entry.title.as_deref(), metadata.entry.guid.as_deref()),
            (Some("A title"), Some("7"))
        );
        assert_eq!(metadata.entry.published.unwrap().to_rfc3339(), "2026-11-20T07:30:00+01:00");
        assert_eq!(
            metadata.origin,
            OriginalSource { name: Some("Courier".into()), url: None, tags: vec!["x".into()] }
        );
    }

    #[test]
    fn html_and_text_are_documents_in_utf_8() {
        for (value, media_type) in [
            (r#"{"url": "https://news.example/a", "html": "<p>x"}"#, "text/html"),
            (r#"{"text": "x"}"#, "text/plain"),
        ] {
            let Message::Document { content_type, .. } = json(value) else { panic!("{value}") };
            assert_eq!(content_type, format!("{media_type}; charset=utf-8"));
        }
    }

    #[test]
    fn bytes_with_a_content_type_are_a_document_as_they_are() {
        let headers = [
            ("content-type", "text/html; charset=windows-1256"),
            ("url", "https://news.example/a"),
            ("id", "7"),
        ];
        let headers =
            headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).to_vec();
        let Message::Document { metadata, content_type, bytes } =
            parse(RawMessage { value: Some(b"<p>\xc7".to_vec()), headers }, 100)
        else {
            panic!()
        };
        assert_eq!(
            (content_type.as_str(), bytes.as_slice()),
            ("text/html; charset=windows-1256", &b"<p>\xc7"[..])
        );
        assert_eq!(
            (metadata.entry.link.is_some(), metadata.entry.guid.as_deref()),
            (true, Some("7"))
        );
    }

    #[test]
    fn what_cannot_be_read_says_why_and_a_deletion_is_nothing() {
        for (value, why) in [
            ("", "neither a JSON object"),
            ("[]", "neither a JSON object"),
            ("{\"url\":", "not the JSON that is expected"),
            ("{}", "none of url, html and text"),
            (r#"{"html": " "}"#, "none of url, html and text"),
            (r#"{"html": "<p>", "text": "x"}"#, "html and text"),
            (r#"{"url": "file:///etc/passwd"}"#, "the scheme file"),
            (r#"{"url": "news.example"}"#, "not an address"),
            (r#"{"text": "x", "source": {"url": "x"}}"#, "source.url is not an address"),
            (r#"{"text": "x", "published": "yesterday"}"#, "RFC 3339"),
        ] {
            let message = json(value);
            assert!(unreadable(&message).contains(why), "{value}: {message:?}");
        }
        assert!(unreadable(&json(&"[".repeat(1 << 21))).contains("larger than"));
        assert!(
            unreadable(&json(&format!("{{\"a\": {}", "[".repeat(100_000))))
                .contains("not the JSON")
        );
        assert_eq!(parse(RawMessage::default(), 100), Message::Deletion);
    }
}
