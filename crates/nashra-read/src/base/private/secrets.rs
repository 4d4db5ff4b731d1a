//! The secrets of a source's address, and texts without them: servers repeat them in redirects and
//! in the addresses of articles.
//!
//! What must stay true: no log shows a secret; one that could be a common word is masked only as
//! the value of a masked parameter.

use std::{borrow::Cow, fmt};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{MASK, around_user, decoded, is_masked, masked};

/// The secrets of an address: passwords, and the values of masked parameters.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Vec<String>);

// Not derived, so that no log shows them.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// The secrets of an address, each as it is written and decoded.
    #[must_use]
    pub fn in_address(address: &str) -> Self {
        let mut found = Self::default();
        let (start, rest) = around_user(address);
        if start.len() + rest.len() < address.len() {
            let user = &address[start.len()..address.len() - rest.len() - 1];
            // A user name alone is a token.
            found.add(user.split_once(':').map_or(user, |(name, password)| {
                if password.is_empty() { name } else { password }
            }));
        }
        masked(address, |name, value| {
            if is_masked(name) {
                found.add(value);
            }
            false
        });
        found.0.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        found.0.dedup();
        found
    }

    fn add(&mut self, value: &str) {
        for form in [value, &decoded(&value.replace('+', "%2B")), &decoded(value)] {
            if !form.is_empty() && form != MASK && !self.0.iter().any(|known| known == form) {
                self.0.push(form.to_owned());
            }
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text with the secrets masked, each where no letter or digit touches it. A secret that
    /// could be a common word or number is masked only as the value of a masked parameter.
    #[must_use]
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut hidden = Cow::Borrowed(text);
        for secret in self.0.iter().filter(|secret| is_distinctive(secret)) {
            if let Some(masked) = mask_occurrences(&hidden, secret) {
                hidden = Cow::Owned(masked);
            }
        }
        if self.is_empty() {
            return hidden;
        }
        match masked(&hidden, |name, value| {
            self.0.iter().any(|known| known == value) && is_masked(name)
        }) {
            Cow::Owned(masked) => Cow::Owned(masked),
            Cow::Borrowed(_) => hidden,
        }
    }

    /// A record with the secrets masked in all its texts.
    #[must_use]
    pub fn hide_in<T: Serialize + DeserializeOwned>(&self, record: T) -> T {
        if self.is_empty() {
            return record;
        }
        // Our own plain types can always be taken apart and put together again.
        let Ok(mut value) = serde_json::to_value(&record) else { return record };
        self.hide_value(&mut value);
        serde_json::from_value(value).unwrap_or(record)
    }

    fn hide_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(hidden) = self.hide(text) {
                    *text = hidden;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_value(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.hide_value(field)),
            _ => {}
        }
    }
}

/// Whether a secret is unlikely to be in a text by chance: a source may be configured with
/// `?key=politics`.
fn is_distinctive(secret: &str) -> bool {
    let has = |is: fn(&u8) -> bool| secret.bytes().any(|byte| is(&byte));
    let mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
        || has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    secret.len() >= 16 || secret.len() >= 8 && mixed
}

/// A text with each whole occurrence of a secret masked; `None` where there is none.
fn mask_occurrences(text: &str, secret: &str) -> Option<String> {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut out: Option<String> = None;
    let mut copied = 0;
    for (at, _) in text.match_indices(secret) {
        let end = at + secret.len();
        if !is_part(text[..at].chars().next_back()) && !is_part(text[end..].chars().next()) {
            let out = out.get_or_insert_default();
            out.push_str(&text[copied..at]);
            out.push_str(MASK);
            copied = end;
        }
    }
    out.map(|out| out + &text[copied..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_a_secret_is_shown_without_it() {
        let secrets = Secrets::in_address(
            "https://user:pass%2Fword1@a.example/feed?token=s3cr3t-t0ken&key=politics",
        );
        for (text, expected) in [
            ("https://b.example/s3cr3t-t0ken/a?x=s3cr3t-t0ken", "https://b.example/***/a?x=***"),
            ("no answer from pass/word1: pass%2Fword1", "no answer from ***: ***"),
            (
                "https://a.example/politics/1?key=politics&section=politics",
                "https://a.example/politics/1?key=***&section=politics",
            ),
            ("xs3cr3t-t0ken", "xs3cr3t-t0ken"),
            ("https://a.example/a?token=another", "https://a.example/a?token=another"),
        ] {
            assert_eq!(secrets.hide(text), expected);
        }
        assert!(Secrets::in_address("https://a.example/feed?id=1").is_empty());
        assert!(Secrets::in_address("https://a.example/feed?token=***").is_empty());
        assert_eq!(format!("{secrets:?}"), "Secrets(4)");
    }

    #[test]
    fn a_record_has_no_text_with_a_secret() {
        let secrets = Secrets::in_address("https://a.example/feed?token=s3cr3t-t0ken");
        let record = serde_json::json!({"url": "https://a.example/?t=s3cr3t-t0ken", "more": [{"text": "s3cr3t-t0ken", "n": 1}]});
        assert_eq!(
            secrets.hide_in(record),
            serde_json::json!({"url": "https://a.example/?t=***", "more": [{"text": "***", "n": 1}]})
        );
    }
}
