//! What channels and entries are made of.

use serde::Serialize;

use crate::read::feed::text::Text;

/// Somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Name.
    pub name: Option<String>,
    /// Address.
    pub email: Option<String>,
    /// Page.
    pub uri: Option<String>,
    /// As the feed writes it, where that is one text.
    #[serde(skip)]
    pub raw: Option<String>,
}

/// A category.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Category {
    /// Its word.
    pub term: Option<String>,
    /// Whose word it is.
    pub scheme: Option<String>,
    /// For people.
    pub label: Option<String>,
}

/// An attached file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Enclosure {
    /// Where it is.
    pub url: String,
    /// Media type.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// Bytes, as it claims.
    pub length: Option<String>,
}

/// A picture, a film, a sound.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Media {
    /// Where it is.
    pub url: Option<String>,
    /// Media type.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// `image`, `video`, `audio`, …
    pub medium: Option<String>,
    /// Bytes, as it claims.
    pub length: Option<String>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Its title.
    pub title: Option<String>,
    /// Its caption.
    pub description: Option<String>,
    /// Who made it.
    pub credits: Vec<Credit>,
}

/// A small picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Thumbnail {
    /// Where it is.
    pub url: String,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
}

/// Who made something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Credit {
    /// Who.
    pub content: String,
    /// As what.
    pub role: Option<String>,
}

/// The feed that an entry was taken from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// Its name.
    pub title: Option<Text>,
    /// Its address.
    pub link: Option<String>,
    /// `atom:id`.
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
    /// Nested as the kind wants it.
    pub coordinates: serde_json::Value,
}
