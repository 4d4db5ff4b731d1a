use serde_json::json;

use super::*;

const SCHEMA: &str = r#"{"type": "record", "name": "R", "namespace": "n", "fields": [
  {"name": "a", "type": "string"},
  {"name": "b", "type": ["null", "long"], "default": null},
  {"name": "c", "type": {"type": "array", "items": {"type": "record", "name": "I", "fields": [{"name": "x", "type": "int"}]}}, "default": []},
  {"name": "d", "type": ["null", "n.I"], "default": null},
  {"name": "t", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}], "default": null}
]}"#;

fn written(value: &Value) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    Schema::parse(SCHEMA).unwrap().encode(value, &mut out).map(|()| out)
}

#[test]
fn a_record_is_written_byte_for_byte_as_the_specification_says() {
    let value = json!({"a": "né", "b": -65, "c": [{"x": 1}, {"x": -1}], "d": {"x": 64}, "t": "1970-01-01T00:00:01Z"});
    let bytes = written(&value).unwrap();
    let expected = [6, b'n', 0xc3, 0xa9, 2, 0x81, 1, 4, 2, 1, 0, 2, 0x80, 1, 2, 0xd0, 0x0f];
    assert_eq!(bytes, expected);
    assert_eq!(Schema::parse(SCHEMA).unwrap().decode(&bytes).unwrap(), value);
}

#[test]
fn a_field_that_is_not_there_has_its_default_and_one_without_a_default_is_named() {
    assert_eq!(written(&json!({"a": ""})).unwrap(), [0, 0, 0, 0, 0]);
    assert_eq!(written(&json!({})).unwrap_err(), "a: is missing");
    assert_eq!(written(&json!({"a": 1})).unwrap_err(), "a: a number is no string");
    let wrong = json!({"a": "", "c": [{"x": 3_000_000_000_u32}]});
    assert_eq!(written(&wrong).unwrap_err(), "c: x: 3000000000 is too large");
}

#[test]
fn a_size_above_what_avro_has_is_the_largest_there_is() {
    let bytes = written(&json!({"a": "", "b": u64::MAX})).unwrap();
    assert_eq!(Schema::parse(SCHEMA).unwrap().decode(&bytes).unwrap()["b"], i64::MAX);
}

#[test]
fn lists_in_blocks_with_their_sizes_are_read() {
    let schema = Schema::parse(r#"{"type": "array", "items": "int"}"#).unwrap();
    // Two of them with the size of 2 bytes, then one without.
    assert_eq!(schema.decode(&[3, 4, 2, 4, 2, 6, 0]).unwrap(), json!([1, 2, 3]));
}

#[test]
fn broken_records_are_refused_and_take_no_memory() {
    let schema = Schema::parse(SCHEMA).unwrap();
    let whole = written(&json!({"a": "abc", "b": 1, "c": [{"x": 1}]})).unwrap();
    for end in 0..whole.len() {
        assert!(schema.decode(&whole[..end]).is_err());
    }
    assert!(schema.decode(&[&whole[..], &[0]].concat()).unwrap_err().contains("left over"));
    let mut endless = vec![0, 0];
    long(i64::MAX, &mut endless);
    assert_eq!(schema.decode(&endless).unwrap_err(), "lists are too long");
    for wrong in [&[1][..], &[0xff; 11], &[2, 0xff], &[0, 4], &[0, 0, 1, 1]] {
        assert!(schema.decode(wrong).is_err(), "{wrong:?}");
    }
    // A number of any bytes is no panic.
    for first in 0..=u8::MAX {
        for second in [0, 1, 0x7f, 0x80, 0xff] {
            schema.decode(&[first, second, second, 0, 0, 0]).ok();
        }
    }
}

#[test]
fn a_schema_that_is_not_understood_says_which_type_it_is_about() {
    for (wrong, words) in [
        (r#""bytes""#, "the type bytes is not understood"),
        (r#"["string", "null"]"#, "is not of null and one other type"),
        (
            r#"{"type": "record", "name": "A", "fields": [{"name": "f", "type": "A"}]}"#,
            "A: f: the type A",
        ),
        (r#"{"type": "array"}"#, "items is missing"),
        ("7", "7 is no type"),
        ("{", "EOF"),
    ] {
        let error = Schema::parse(wrong).unwrap_err();
        assert!(error.contains(words), "{wrong}: {error}");
    }
}
