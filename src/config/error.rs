//! What is wrong with a config or a list of sources, and where.
//!
//! Errors are collected, never thrown at the first: whoever mends a config wants to do it once.
//! Each one must name the place, the key and what would be right, so that nobody needs the source
//! code to mend it.

use std::{fmt, sync::Arc};

#[cfg(test)]
use crate::base::choices::similar;
use crate::base::private::shown;

/// Where a setting or a source was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// A file, the address of a list, or the flag (`--min-interval`).
    pub file: Arc<str>,
    /// From 1; 0 where a line means nothing, as for a flag or a missing file.
    pub line: usize,
    /// From 1, in characters; 0 where a column means nothing.
    pub column: usize,
}

impl Place {
    /// A file as a whole, or a flag.
    #[must_use]
    pub fn whole(file: &str) -> Self {
        Self { file: file.into(), line: 0, column: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A list that was fetched has an address for a name.
        f.write_str(&shown(&self.file))?;
        for number in [self.line, self.column].into_iter().filter(|number| *number > 0) {
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigError {
    /// The file and line of the setting, or its flag.
    pub place: Place,
    /// The setting as a dotted path (`poll.min_interval`); empty where it is not about one setting.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

/// All that is wrong, in the order of files and lines: one line an error when printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// `Ok` where nothing is wrong.
    pub(crate) fn check(mut errors: Vec<ConfigError>) -> Result<(), Self> {
        if errors.is_empty() {
            return Ok(());
        }
        errors.sort();
        errors.dedup();
        Err(Self(errors))
    }

    /// A single error.
    pub(crate) fn one(error: ConfigError) -> Self {
        Self(vec![error])
    }

    /// The errors, at least one.
    #[must_use]
    pub fn errors(&self) -> &[ConfigError] {
        &self.0
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// So far into a line, in bytes, columns are counted.
const LONGEST_LINE: usize = 4096;

/// A text that knows its lines: turns byte offsets into places.
#[derive(Debug)]
pub(super) struct LineIndex<'a> {
    file: Arc<str>,
    content: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    pub(super) fn new(file: &str, content: &'a str) -> Self {
        let after_breaks = content.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            file: file.into(),
            content,
            starts: std::iter::once(0).chain(after_breaks).collect(),
        }
    }

    /// The place of a byte; an offset outside the text is its end.
    pub(super) fn place(&self, offset: usize) -> Place {
        let offset = self.content.floor_char_boundary(offset);
        let line = self.line(offset);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        // Counting through a list of megabytes without a line break, source by source, would take
        // for ever.
        let column = if offset - start > LONGEST_LINE {
            0
        } else {
            self.content.get(start..offset).map_or(0, |before| before.chars().count()) + 1
        };
        Place { file: Arc::clone(&self.file), line, column }
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_and_not_bytes() {
        let text = LineIndex::new("f", "a\nنشرة = x\n");
        assert_eq!(text.place(0).to_string(), "f:1:1");
        assert_eq!(text.place("a\nنشرة ".len()).to_string(), "f:2:6");
        assert_eq!(text.place(9999).to_string(), "f:3:1");
        assert_eq!(LineIndex::new("f", "").place(0).to_string(), "f:1:1");
    }

    #[test]
    fn a_very_long_line_has_no_columns() {
        let line = "x".repeat(10_000);
        assert_eq!(LineIndex::new("f", &line).place(9_000).to_string(), "f:1");
    }

    #[test]
    fn a_slip_is_similar_and_another_word_is_not() {
        assert_eq!(
            similar("Min-Intervall", ["min_interval", "max_interval"]),
            Some("min_interval")
        );
        assert_eq!(similar("colour", ["min_interval", "max_interval"]), None);
    }
}
