//! The files that a feed attached to an article.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Item;
use crate::model::{
    bounds::{ADDRESS, TOKEN, whole},
    clean::{self, media_type::is_media_type},
};

/// A file that the feed attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Enclosure {
    /// The absolute address of the file.
    pub url: String,
    /// The media type that the feed states.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// The size in bytes that the feed states.
    pub bytes: Option<u64>,
}

impl Item for Enclosure {
    fn bound(&mut self) -> bool {
        let Self { url, media_type, bytes: _ } = self;
        whole(media_type, TOKEN);
        url.len() <= ADDRESS
    }

    fn clean(&mut self) -> bool {
        let Self { url, media_type, bytes: _ } = self;
        *media_type = media_type
            .take()
            .map(|media_type| media_type.trim().to_owned())
            .filter(|media_type| is_media_type(media_type));
        *url = clean::address(url).unwrap_or_default();
        !url.is_empty()
    }
}
