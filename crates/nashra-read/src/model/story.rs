//! Stories: the articles that carry the same text, across sources. What an article's record says of
//! its story, and the record of a story in `nashra.stories`.
//!
//! The second is a public contract (`nashra.story.v1`), as the article record is.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The value of [`StoryRecord::schema`].
pub const SCHEMA: &str = "nashra.story.v1";
/// Articles that a record of a story names at most.
pub const MAX_MEMBERS: usize = 32;

/// What an article is to its story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The first that was published of its story, as far as was known when it came.
    Original,
    /// Its text is another article's: as it was, edited or extended.
    Copy,
    /// Its text is a part of another article's.
    Excerpt,
}

impl Role {
    /// Its name in records.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Copy => "copy",
            Self::Excerpt => "excerpt",
        }
    }
}

/// The story of an article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Story {
    /// The id of the story: that of its first article. It never changes for this article; where
    /// stories are merged later, `nashra.stories` says so.
    pub id: Uuid,
    /// What the article was to its story when it came.
    pub role: Role,
    /// The article whose text is most like its own; `null` where there was none.
    pub of: Option<Uuid>,
    /// The share of the shorter of the two texts that is in the other, from 0 to 1; `null` where
    /// `of` is.
    pub similarity: Option<f32>,
    /// The number of articles of the story when it came, itself included.
    pub size: u32,
}

/// A story with several articles, as it is after an article joined it, another story was merged
/// with it, or one of the articles that it names was withdrawn or came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StoryRecord {
    /// Always `nashra.story.v1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// The id of the story.
    pub id: Uuid,
    /// The story that it was merged into: its articles are that one's; `null` while it stands by
    /// itself.
    pub merged_into: Option<Uuid>,
    /// The stories that were merged into it, whose ids articles may still carry.
    pub merged: Vec<Uuid>,
    /// 1 in the first record of the story, which is that of its second article; then 2, 3, …
    pub revision: u32,
    /// The number of its articles.
    pub size: u32,
    /// The article that was published first, as far as is known now.
    pub original: Uuid,
    /// When that article was published; `null` where no date is known.
    pub published: Option<DateTime<Utc>>,
    /// Its articles in the order in which they came, at most 32: the first ones.
    pub members: Vec<StoryMember>,
    /// When it changed.
    pub updated: DateTime<Utc>,
}

/// An article of a story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StoryMember {
    /// The id of the article.
    pub article: Uuid,
    /// The id of the source that listed it first.
    pub source: String,
    /// The canonical address of the article; `null` for text that came without one.
    pub url: Option<String>,
    /// What the article was to the story when it came.
    pub role: Role,
    /// The share of the shorter text that is in the other, compared with the article that it was
    /// most like; `null` for the first.
    pub similarity: Option<f32>,
    /// Whether the article is withdrawn: its page is gone, or it was erased. It stays a member, and
    /// counts in `size`.
    #[serde(default)]
    pub withdrawn: bool,
}

/// What is remembered of a story with several articles, or of one that was merged into another.
///
/// Rows are durable: a field that is renamed here keeps the name that it was written under.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoryState {
    /// The story that it was merged into.
    pub merged_into: Option<Uuid>,
    /// The stories that were merged into it.
    pub merged: Vec<Uuid>,
    /// How often it has changed.
    pub revision: u32,
    /// The number of its articles.
    pub size: u32,
    /// The article that was published first.
    pub original: Uuid,
    /// When that was, in seconds since 1970.
    pub published: Option<i64>,
    /// Its first articles.
    pub members: Vec<StoryMember>,
    /// The day (since 1970) of its last change.
    pub day: u32,
}

impl StoryState {
    /// What a record tells of its story; `day` is the present one.
    #[must_use]
    pub fn of_record(record: StoryRecord, day: u32) -> Self {
        Self {
            merged_into: record.merged_into,
            merged: record.merged,
            revision: record.revision,
            size: record.size,
            original: record.original,
            published: record.published.map(|published| published.timestamp()),
            members: record.members,
            day,
        }
    }

    /// The record of the story.
    #[must_use]
    pub fn record(&self, id: Uuid, updated: DateTime<Utc>) -> StoryRecord {
        StoryRecord {
            schema: SCHEMA.to_owned(),
            id,
            merged_into: self.merged_into,
            merged: self.merged.clone(),
            revision: self.revision,
            size: self.size,
            original: self.original,
            published: self.published.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
            members: self.members.clone(),
            updated,
        }
    }
}
