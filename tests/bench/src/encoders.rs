//! The encoders of nashra, without the rest of it.

#![allow(dead_code, unreachable_pub, reason = "only what encodes is used here")]

#[path = "../../../src/stages/publish/formats/avro/mod.rs"]
pub mod avro;
#[path = "../../../src/stages/publish/formats/dates.rs"]
pub mod dates;
#[path = "../../../src/stages/publish/formats/protobuf.rs"]
pub mod protobuf;

pub const fn name(_: crate::Topic) -> &'static str {
    "nashra.v1.Article"
}

pub fn split(article: &mut serde_json::Value) {
    dates::split(article);
}

pub fn to_protobuf(article: serde_json::Value, out: &mut Vec<u8>) -> Result<(), String> {
    protobuf::encode(crate::Topic::Articles, article, out)
}
