//! How bytes stand in rows of the store: as text, which is shorter than a list of numbers and
//! read faster. What must stay true: lists of numbers, as older rows have them, are read as well.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer, Serializer,
    de::{Error, SeqAccess, Visitor},
};

/// What is written as bytes.
trait Bytes: Sized {
    fn from_text(text: &str) -> Option<Self>;
    fn from_list(list: Vec<u8>) -> Option<Self>;
}

/// Headers are text, nearly always; what is none stays a list.
impl Bytes for Vec<u8> {
    fn from_text(text: &str) -> Option<Self> {
        Some(text.as_bytes().to_vec())
    }

    fn from_list(list: Vec<u8>) -> Option<Self> {
        Some(list)
    }
}

/// Hashes are hexadecimal.
impl Bytes for [u8; 16] {
    fn from_text(text: &str) -> Option<Self> {
        let hexadecimal = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).ok().filter(|_| hexadecimal)?;
        Some(number.to_be_bytes())
    }

    fn from_list(list: Vec<u8>) -> Option<Self> {
        list.try_into().ok()
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Bytes> Visitor<'de> for Reader<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes, as text or as a list of numbers")
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<T>, E> {
        T::from_text(text).map(Some).ok_or_else(|| E::custom("no hash in hexadecimal"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<T>, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = list.next_element()? {
            bytes.push(byte);
        }
        let count = bytes.len();
        T::from_list(bytes).map(Some).ok_or_else(|| A::Error::invalid_length(count, &self))
    }
}

/// For `#[serde(with = "…")]`: bytes that are text, nearly always.
pub mod text {
    use serde::Serialize as _;

    use super::{Deserializer, PhantomData, Reader, Serializer};

    /// As text, and as a list of numbers where they are none.
    pub fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match bytes.as_deref().map(str::from_utf8) {
            Some(Ok(text)) => serializer.serialize_str(text),
            _ => bytes.serialize(serializer),
        }
    }

    /// From text or a list of numbers.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

/// For `#[serde(with = "…")]`: a hash.
pub mod hash {
    use super::{Deserializer, PhantomData, Reader, Serializer};

    /// Writes a hash as 32 hexadecimal digits.
    pub fn serialize<S: Serializer>(
        hash: &Option<[u8; 16]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match hash {
            Some(hash) => {
                serializer.collect_str(&format_args!("{:032x}", u128::from_be_bytes(*hash)))
            }
            None => serializer.serialize_none(),
        }
    }

    /// From hexadecimal or a list of numbers.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<[u8; 16]>, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::{from_str, to_string};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        #[serde(with = "super::text", default)]
        tag: Option<Vec<u8>>,
        #[serde(with = "super::hash", default)]
        hash: Option<[u8; 16]>,
    }

    #[test]
    fn bytes_are_written_as_text_and_read_from_older_lists_as_well() {
        let row = Row { tag: Some(b"W/\"1\"".to_vec()), hash: Some([0xab; 16]) };
        let text = to_string(&row).unwrap();
        assert_eq!(text, format!(r#"{{"tag":"W/\"1\"","hash":"{}"}}"#, "ab".repeat(16)));
        assert_eq!(from_str::<Row>(&text).unwrap(), row);
        let older = format!(r#"{{"tag":[87,47,34,49,34],"hash":{:?}}}"#, [0xab; 16]);
        assert_eq!(from_str::<Row>(&older).unwrap(), row);
        let none = Row { tag: None, hash: None };
        assert_eq!(from_str::<Row>(&to_string(&none).unwrap()).unwrap(), none);
        assert_eq!(from_str::<Row>("{}").unwrap(), none);
    }

    #[test]
    fn bytes_that_are_no_text_come_back_as_they_were() {
        let row = Row { tag: Some(vec![b'"', 0xff, b'"']), hash: Some([0; 16]) };
        assert_eq!(from_str::<Row>(&to_string(&row).unwrap()).unwrap(), row);
    }

    #[test]
    fn what_is_no_hash_is_an_error() {
        for wrong in ["\"ab\"".to_owned(), format!("\"+{}\"", "a".repeat(31)), "[1,2]".to_owned()] {
            assert!(from_str::<Row>(&format!(r#"{{"hash":{wrong}}}"#)).is_err(), "{wrong}");
        }
    }
}
