//! The requests of hubs at a callback, and the answers.

use url::form_urlencoded;

/// A request of a hub at a callback (§5.3), as it was received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// `hub.mode`: what it is about.
    pub mode: String,
    /// `hub.topic`: the address whose changes are announced.
    pub topic: String,
    /// `hub.challenge`: what is to be echoed.
    pub challenge: Option<String>,
    /// `hub.lease_seconds`: how long the subscription holds, in seconds.
    pub lease: Option<u64>,
    /// `hub.reason`: why the hub denies it.
    pub reason: Option<String>,
}

impl Question {
    /// Parses the query of a callback's address. Of parameters that are given twice the first
    /// counts.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let mut found = Self::default();
        let (mut mode, mut topic, mut lease) = (None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match &*name {
                "hub.mode" => &mut mode,
                "hub.topic" => &mut topic,
                "hub.challenge" => &mut found.challenge,
                "hub.lease_seconds" => &mut lease,
                "hub.reason" => &mut found.reason,
                _ => continue,
            };
            slot.get_or_insert_with(|| value.into_owned());
        }
        Self {
            mode: mode.unwrap_or_default(),
            topic: topic.unwrap_or_default(),
            lease: lease.and_then(|lease| lease.parse().ok()),
            ..found
        }
    }
}

/// The answer to a hub's question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The challenge, which confirms what the hub asks.
    Yes(String),
    /// 404: the hub asks what we do not want.
    No,
    /// 200 to a denial.
    Noted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_from_any_query() {
        let query = "hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2F%3Fx%3D1&hub.challenge=a+b%26&hub.lease_seconds=60&hub.mode=denied&x";
        let expected = Question {
            mode: "subscribe".to_owned(),
            topic: "https://a.example/?x=1".to_owned(),
            challenge: Some("a b&".to_owned()),
            lease: Some(60),
            reason: None,
        };
        assert_eq!(Question::parse(query), expected);
        for odd in ["", "&&=&", "hub.lease_seconds=-1", "hub.mode", "%ff%fe=%"] {
            assert_eq!(Question::parse(odd).lease, None);
        }
    }
}
