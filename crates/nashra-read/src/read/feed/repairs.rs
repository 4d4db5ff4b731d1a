//! The damage that was repaired in a feed. `nashra feed` reports it, so that a publisher can be
//! told; nothing else depends on it.

use serde::{Serialize, Serializer};

/// A kind of damage in a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Repair {
    /// The encoding is another one than the header or the declaration says.
    Encoding,
    /// Bytes that the encoding does not know.
    InvalidBytes,
    /// Characters that no feed may hold.
    ControlCharacters,
    /// Text that was encoded twice.
    DoubleEncoding,
    /// Something before the root.
    JunkBeforeRoot,
    /// An element that has no end tag of its own.
    UnclosedElement,
    /// An end tag without an element.
    StrayEndTag,
    /// A CDATA section or a comment that never ends.
    UnclosedSection,
    /// A `&` or a reference that means nothing.
    BareAmpersand,
    /// A `<` that begins no tag.
    BareLessThan,
    /// An attribute that is not `name="value"`.
    Attribute,
    /// A prefix that was never declared.
    UndeclaredNamespace,
    /// Another document after the first.
    SecondDocument,
    /// The end is missing.
    Truncated,
    /// JSON that only a tolerant reader takes.
    SloppyJson,
}

impl Repair {
    const ALL: [Self; 15] = [
        Self::Encoding,
        Self::InvalidBytes,
        Self::ControlCharacters,
        Self::DoubleEncoding,
        Self::JunkBeforeRoot,
        Self::UnclosedElement,
        Self::StrayEndTag,
        Self::UnclosedSection,
        Self::BareAmpersand,
        Self::BareLessThan,
        Self::Attribute,
        Self::UndeclaredNamespace,
        Self::SecondDocument,
        Self::Truncated,
        Self::SloppyJson,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::InvalidBytes => "invalid_bytes",
            Self::ControlCharacters => "control_characters",
            Self::DoubleEncoding => "double_encoding",
            Self::JunkBeforeRoot => "junk_before_root",
            Self::UnclosedElement => "unclosed_element",
            Self::StrayEndTag => "stray_end_tag",
            Self::UnclosedSection => "unclosed_section",
            Self::BareAmpersand => "bare_ampersand",
            Self::BareLessThan => "bare_less_than",
            Self::Attribute => "attribute",
            Self::UndeclaredNamespace => "undeclared_namespace",
            Self::SecondDocument => "second_document",
            Self::Truncated => "truncated",
            Self::SloppyJson => "sloppy_json",
        }
    }
}

/// The kinds of damage that were found in one feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repairs(u16);

impl Repairs {
    pub(super) fn add(&mut self, repair: Repair) {
        self.0 |= 1 << repair as u8;
    }

    pub(super) fn add_all(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether this kind of damage was found.
    #[must_use]
    pub fn has(self, repair: Repair) -> bool {
        self.0 & (1 << repair as u8) != 0
    }

    /// Whether the feed was well formed.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Serialize for Repairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            Repair::ALL.into_iter().filter(|repair| self.has(*repair)).map(Repair::name),
        )
    }
}
