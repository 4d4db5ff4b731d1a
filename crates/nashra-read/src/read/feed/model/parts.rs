//! The parts of channels and entries.

use serde::Serialize;

use crate::read::feed::text::Text;

/// A person or an organisation that a feed names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The name of the person.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The address of a page about the person.
    pub uri: Option<String>,
    /// As the feed writes it, where that is one text.
    #[serde(skip)]
    pub raw: Option<String>,
}

/// A category of a feed or an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Category {
    /// The word for it.
    pub term: Option<String>,
    /// The vocabulary that the word is from.
    pub scheme: Option<String>,
    /// The word to show to people.
    pub label: Option<String>,
}

/// A file that is attached to an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Enclosure {
    /// The address of the file.
    pub url: String,
    /// The media type of the file.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// The size in bytes, as the feed claims it.
    pub length: Option<String>,
}

/// A picture, a film, a sound.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Media {
    /// The address of the file.
    pub url: Option<String>,
    /// The media type of the file.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// `image`, `video`, `audio`, …
    pub medium: Option<String>,
    /// The size in bytes, as the feed claims it.
    pub length: Option<String>,
    /// The width in pixels.
    pub width: Option<u32>,
    /// The height in pixels.
    pub height: Option<u32>,
    /// The title of the file.
    pub title: Option<String>,
    /// The caption of the file.
    pub description: Option<String>,
    /// The persons who made it.
    pub credits: Vec<Credit>,
    /// Whose it is.
    #[serde(skip)]
    pub copyright: Option<String>,
}

/// A small picture that stands for a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Thumbnail {
    /// The address of the picture.
    pub url: String,
    /// The width in pixels.
    pub width: Option<u32>,
    /// The height in pixels.
    pub height: Option<u32>,
}

/// A person who made a file, and in which role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Credit {
    /// The name of the person.
    pub content: String,
    /// The role, such as `author` or `photographer`.
    pub role: Option<String>,
}

/// The feed that an entry was taken from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// The name of that feed.
    pub title: Option<Text>,
    /// The address of that feed, or of its site.
    pub link: Option<String>,
    /// The `atom:id` of that feed.
    pub id: Option<String>,
    /// Its writers, who are the entry's where it names none.
    pub authors: Vec<Person>,
}

/// A place, as `GeoJSON` has it: longitude first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Geo {
    /// `Point`, `LineString`, `Polygon`, `Box`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Numbers, nested as `GeoJSON` has them for the kind.
    pub coordinates: serde_json::Value,
}
