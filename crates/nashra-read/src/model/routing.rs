//! The topics of an article's records beside the main one.

use serde::{Deserialize, Serialize};

/// Where the records of an article go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    /// Topics of routes, by their names without the prefix, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// Whether they are not in the topic of articles.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub instead: bool,
}

impl Routing {
    /// Whether records are in the topic of articles alone.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The topics that they are in, by their names without the prefix; none where that is the topic
    /// of articles alone.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        let own = (!self.is_plain() && !self.instead).then(|| "articles".to_owned());
        own.into_iter().chain(self.topics.iter().cloned()).collect()
    }
}
