//! Records made by chance of what their schema allows, the same for the same seed.

use serde_json::{Map, Value};

use super::shape::{Field, Shape};

struct Chance {
    state: u64,
    /// Whether dates have distances from UTC.
    offsets: bool,
}

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        // xorshift64
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % end
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

pub(super) fn record(shape: &Shape, offsets: bool, seed: u64) -> Value {
    let mut chance = Chance { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), offsets };
    value("", shape, &mut chance)
}

fn value(name: &str, shape: &Shape, chance: &mut Chance) -> Value {
    match shape {
        Shape::Text => {
            chance.of(&["", "a", "نشرة", "\u{0}\u{10ffff}", "one\ntwo \"three\""]).into()
        }
        Shape::Uuid => chance
            .of(&["01a2229a-6c0a-7430-adbc-0eb118e20ec6", "ffffffff-ffff-4fff-bfff-ffffffffffff"])
            .into(),
        Shape::Time => {
            let offsets: &[&str] = match name {
                "published" | "modified" if chance.offsets => {
                    &["Z", "+09:00", "-03:30", "+14:00", "-00:01"]
                }
                _ => &["Z"],
            };
            let offset = chance.of(offsets);
            let moment = chance.of(&[
                "2026-03-04T01:02:03",
                "1969-12-31T23:59:59.999",
                "1900-01-02T00:00:00.250",
                "9999-12-30T00:00:00",
            ]);
            format!("{moment}{offset}").into()
        }
        Shape::Flag => (chance.below(2) == 0).into(),
        Shape::Whole if name == "bytes" => chance.of(&[0, 7, 1 << 33, i64::MAX]).into(),
        Shape::Whole => chance.of(&[0, 1, 63, 64, 300, u32::MAX]).into(),
        Shape::Number => chance.of(&[0.0, 1.0, 0.97, 0.1, 0.333_333_34]).into(),
        Shape::List(inner) => {
            (0..chance.below(4)).map(|_| value("", inner, chance)).collect::<Vec<_>>().into()
        }
        Shape::Record(fields) => {
            let mut object = Map::new();
            for (name, Field { shape, nullable }) in fields {
                let made = match (nullable, chance.below(3)) {
                    (true, 0) => Value::Null,
                    (true, 1) => continue,
                    _ => value(name, shape, chance),
                };
                object.insert(name.clone(), made);
            }
            Value::Object(object)
        }
    }
}
