//! Raw properties of librdkafka, for security and tuning.
//!
//! What must stay true: no raw property can undo what exactly-once rests on, and no secret is
//! printed.

use std::{collections::BTreeMap, fmt};

use rdkafka::{ClientConfig, error::KafkaError};
use toml::{Spanned, de::DeValue};

use super::secret;
use crate::config::{
    reader::{Reader, join},
    reference::SettingEntry,
    setting::Setting,
};

/// Properties that are handed to librdkafka as they are, secrets filled in.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Properties(BTreeMap<String, String>);

impl Properties {
    /// Name and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Properties {
    /// Names only: a value may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Properties that nashra sets itself, and what to do instead.
const REFUSED: [(&str, &str); 24] = [
    ("bootstrap.servers", "set kafka.brokers"),
    ("metadata.broker.list", "set kafka.brokers"),
    ("transaction.timeout.ms", "set kafka.transaction_timeout"),
    ("compression.codec", "nashra always uses zstd"),
    ("compression.type", "nashra always uses zstd"),
    ("transactional.id", EXACTLY_ONCE),
    ("enable.idempotence", EXACTLY_ONCE),
    ("enable.gapless.guarantee", EXACTLY_ONCE),
    ("acks", EXACTLY_ONCE),
    ("request.required.acks", EXACTLY_ONCE),
    ("isolation.level", EXACTLY_ONCE),
    ("max.in.flight", EXACTLY_ONCE),
    ("max.in.flight.requests.per.connection", EXACTLY_ONCE),
    ("retries", EXACTLY_ONCE),
    ("message.send.max.retries", EXACTLY_ONCE),
    ("group.id", EXACTLY_ONCE),
    ("group.instance.id", EXACTLY_ONCE),
    ("enable.auto.commit", EXACTLY_ONCE),
    ("auto.commit.enable", EXACTLY_ONCE),
    ("enable.auto.offset.store", EXACTLY_ONCE),
    ("auto.offset.reset", EXACTLY_ONCE),
    ("enable.partition.eof", EXACTLY_ONCE),
    ("allow.auto.create.topics", EXACTLY_ONCE),
    ("test.mock.num.brokers", "it would replace the real brokers"),
];

const EXACTLY_ONCE: &str = "nashra sets it itself, since exactly-once rests on it";

impl Setting for Properties {
    fn from_spanned(
        value: &Spanned<DeValue<'_>>,
        key: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            return reader.wrong_type(value, key, "a section of properties");
        };
        let mut properties = BTreeMap::new();
        for (name, value) in table {
            let property = name.get_ref().as_ref();
            let key = join(key, property);
            if let Some((_, instead)) = REFUSED.iter().find(|(refused, _)| *refused == property) {
                reader.wrong::<()>(
                    name.span().start,
                    &key,
                    format!("this property cannot be set here: {instead}"),
                );
            } else if let Some(text) = property_value(value, &key, reader) {
                if let Err(message) = known(property, &text) {
                    reader.wrong::<()>(value.span().start, &key, message);
                }
                properties.insert(property.to_owned(), text);
            }
        }
        Some(Self(properties))
    }

    fn expected() -> String {
        "a section of properties".to_owned()
    }

    fn written(&self) -> Option<String> {
        None
    }

    fn describe(&self, entry: SettingEntry, into: &mut Vec<SettingEntry>) {
        into.push(entry);
    }
}

/// Asks librdkafka itself, so that its long list of properties is nowhere repeated.
fn known(property: &str, value: &str) -> Result<(), String> {
    match ClientConfig::new().set(property, value).create_native_config() {
        Ok(_) => Ok(()),
        Err(KafkaError::ClientConfig(_, reason, _, _)) => Err(format!("librdkafka says: {reason}")),
        Err(error) => Err(format!("librdkafka says: {error}")),
    }
}

fn property_value(
    value: &Spanned<DeValue<'_>>,
    key: &str,
    reader: &mut Reader<'_>,
) -> Option<String> {
    match value.get_ref() {
        DeValue::Integer(number) => return Some(number.to_string()),
        DeValue::Boolean(value) => return Some(value.to_string()),
        // Without quotes, TOML takes the dots of a property's name for tables in tables.
        DeValue::Table(table) => {
            let part = table.keys().next().map_or("", |part| part.get_ref().as_ref());
            if !["", "env", "file"].contains(&part) {
                let whole = last(key);
                let message =
                    format!("write a property's whole name in quotes, such as \"{whole}.{part}\"");
                return reader.wrong(value.span().start, key, message);
            }
        }
        _ => {}
    }
    secret::text(value, key, reader)
}

fn last(key: &str) -> &str {
    key.strip_prefix("kafka.properties.").unwrap_or(key)
}
