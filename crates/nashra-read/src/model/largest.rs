//! Each field of a record as large as a body can make it, for the tests that hold what is published
//! within its bounds.
//!
//! A field of a type that is listed here is in those tests by itself; another type does not compile
//! until it is listed.

use chrono::{DateTime, FixedOffset};

use super::record::{
    Block, Byline, BylineKind, Direction, Enclosure, Image, Origin, Provenance, Quality, Related,
    Update,
};

pub(crate) trait Largest {
    fn largest() -> Self;
}

/// Longer than the bound of every field but the text, of characters that JSON writes as six.
fn long() -> String {
    "\u{1}".repeat(21_000)
}

fn address() -> String {
    "u".repeat(4_000)
}

/// Any of them may be the text.
impl Largest for Option<String> {
    fn largest() -> Self {
        Some("\u{1}".repeat(700_000))
    }
}

impl<T: Largest + Clone> Largest for Vec<T> {
    fn largest() -> Self {
        vec![T::largest(); 120]
    }
}

impl Largest for String {
    fn largest() -> Self {
        long()
    }
}

impl Largest for u32 {
    fn largest() -> Self {
        Self::MAX
    }
}

impl Largest for Option<Direction> {
    fn largest() -> Self {
        Some(Direction::Ltr)
    }
}

impl Largest for Option<DateTime<FixedOffset>> {
    fn largest() -> Self {
        Some(DateTime::UNIX_EPOCH.fixed_offset())
    }
}

impl Largest for Byline {
    fn largest() -> Self {
        Self { name: long(), kind: BylineKind::Organisation, place: Some(long()) }
    }
}

impl Largest for Vec<Block> {
    fn largest() -> Self {
        vec![
            Block::Paragraph { text: "\u{1}".repeat(700_000) },
            Block::Image(Image::largest()),
            Block::Embed { url: long() },
        ]
    }
}

impl Largest for Update {
    fn largest() -> Self {
        Self {
            published: None,
            time: Some(long()),
            title: Some(long()),
            url: Some(long()),
            block: 0,
        }
    }
}

impl Largest for Image {
    fn largest() -> Self {
        Self {
            url: Some(address()),
            caption: Some(long()),
            credit: Some(long()),
            agency: None,
            archive: false,
            taken: Some(long()),
            width: Some(u32::MAX),
            height: Some(u32::MAX),
        }
    }
}

impl Largest for Related {
    fn largest() -> Self {
        Self {
            title: Some(long()),
            url: Some(long()),
            section: Some(long()),
            summary: Some(long()),
            byline: Some(long()),
            place: Some(long()),
            image: Some(Image::largest()),
        }
    }
}

impl Largest for Enclosure {
    fn largest() -> Self {
        Self { url: address(), media_type: Some(long()), bytes: Some(u64::MAX) }
    }
}

impl Largest for Provenance {
    fn largest() -> Self {
        let origin = Some(Origin::Microdata);
        Self { title: origin, text: origin, published: origin, bylines: origin }
    }
}

impl Largest for Quality {
    fn largest() -> Self {
        Self { confidence: 1.0, truncated: true, paywalled: true }
    }
}
