//! Sizes in bytes as people write them: `10MiB`, `512KiB`, `2GB`.

use std::{fmt, str::FromStr};

/// Units in capitals and their sizes; the binary ones first, since [`fmt::Display`] uses those.
const UNITS: [(&str, u64); 9] = [
    ("TIB", 1 << 40),
    ("GIB", 1 << 30),
    ("MIB", 1 << 20),
    ("KIB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

impl ByteSize {
    /// A size of this many bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// A size of this many MiB (1024 × 1024 bytes).
    #[must_use]
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }

    /// The size as a plain number of bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The bytes, for sizes of what is in memory; at most `usize::MAX`.
    #[must_use]
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// What is wrong with a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// No number, or no such unit.
    #[error(
        "{0:?} is not a size: write a number and one of B, KiB, MiB, GiB, KB, MB or GB, such as \"10MiB\""
    )]
    Malformed(String),
    /// Larger than can be counted.
    #[error("{0:?} is too large")]
    TooLarge(String),
}

impl FromStr for ByteSize {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let text = text.trim();
        let malformed = || SizeError::Malformed(text.to_owned());
        let too_large = || SizeError::TooLarge(text.to_owned());
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let number =
            text.strip_suffix(unit).filter(|number| !number.is_empty()).ok_or_else(malformed)?;
        let unit = unit.trim_start().to_ascii_uppercase();
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(malformed)?;
        let number = number.parse::<u64>().map_err(|_| too_large())?;
        number.checked_mul(*length).map(Self).ok_or_else(too_large)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, unit) in ["TiB", "GiB", "MiB", "KiB"].into_iter().enumerate() {
            let length = 1 << (40 - 10 * index);
            if self.0 >= length && self.0.is_multiple_of(length) {
                return write!(f, "{}{unit}", self.0 / length);
            }
        }
        write!(f, "{}B", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in
            [("10MiB", 10 << 20), ("2GB", 2_000_000_000), ("64 kib", 65_536), ("0B", 0)]
        {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in [
            "",
            "MiB",
            "10",
            "10M",
            "-1B",
            "1.5GiB",
            "99999999999999999999B",
            "18446744073709551615KiB",
        ] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for size in [0, 1000, 1024, 3 << 20, 2 << 30, u64::MAX] {
            assert_eq!(ByteSize(size).to_string().parse(), Ok(ByteSize(size)));
        }
    }
}
