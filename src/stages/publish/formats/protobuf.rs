//! Protobuf: the messages of `schemas/nashra.proto`, which the build compiles. JSON goes through the
//! mapping that Protobuf itself defines, with the names of fields as they are.

use std::sync::LazyLock;

use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions,
    prost::Message as _,
};
use serde_json::Value;

use super::avro::long;
use crate::model::record::Topic;

/// The compiled file with those that it imports.
static POOL: LazyLock<Result<DescriptorPool, String>> = LazyLock::new(|| {
    let compiled = include_bytes!(concat!(env!("OUT_DIR"), "/nashra.desc")).as_slice();
    DescriptorPool::decode(compiled).map_err(|error| error.to_string())
});

/// The message of a topic's records.
///
/// # Errors
/// Where the compiled file is broken; a test reads it.
pub(super) fn message(topic: Topic) -> Result<MessageDescriptor, String> {
    let pool = POOL.as_ref().map_err(String::clone)?;
    let name = super::name(topic);
    pool.get_message_by_name(name).ok_or_else(|| format!("there is no message {name}"))
}

/// Appends the place of the message in its file, as the wire format of registries has it, and the
/// message.
pub(super) fn encode(topic: Topic, value: Value, out: &mut Vec<u8>) -> Result<(), String> {
    let message = message(topic)?;
    match i64::try_from(index(&message)).unwrap_or_default() {
        // The list of one place, the first, is written as an empty list.
        0 => long(0, out),
        index => {
            long(1, out);
            long(index, out);
        }
    }
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let message = DynamicMessage::deserialize_with_options(message, value, &options)
        .map_err(|error| error.to_string())?;
    message.encode(out).map_err(|error| error.to_string())
}

fn index(message: &MessageDescriptor) -> usize {
    message.parent_file().messages().position(|other| other == *message).unwrap_or_default()
}

/// Reads what [`encode`] wrote, with this version of the messages or another one.
pub(super) fn decode(topic: Topic, bytes: &[u8]) -> Result<Value, String> {
    let message = message(topic)?;
    // The empty list, or the list of one place.
    let place: &[u8] = match index(&message) {
        0 => &[0],
        1 => &[2, 2],
        _ => &[2, 4],
    };
    let body = bytes.strip_prefix(place).ok_or("it is another message of the file")?;
    let message = DynamicMessage::decode(message, body).map_err(|error| error.to_string())?;
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .skip_default_fields(false)
        .stringify_64_bit_integers(false);
    let mut text = Vec::new();
    message
        .serialize_with_options(&mut serde_json::Serializer::new(&mut text), &options)
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}
