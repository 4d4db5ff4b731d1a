//! Pages as text, the way they are copied or dumped: no markup, only what is left of the structure in the lines.

use super::{Input, Page, PageError};

/// Whether bytes are a page's text and not its markup.
#[must_use]
pub fn is_dump(bytes: &[u8], content_type: Option<&str>) -> bool {
    match content_type.map(|it| it.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()) {
        Some(it) if it == "text/plain" => true,
        Some(it) if it.ends_with("html") || it.ends_with("xml") => false,
        _ => {
            let start = bytes.trim_ascii_start();
            let start = &start[..start.len().min(1 << 16)];
            // A page has a tag within its first few thousand bytes; a text may have a `<` here and there.
            !start.windows(2).any(|it| it[0] == b'<' && (it[1].is_ascii_alphabetic() || matches!(it[1], b'!' | b'/' | b'?')))
        }
    }
}

/// Reads a dump.
///
/// # Errors
/// Says what the bytes are instead.
pub fn read(_input: Input<'_>) -> Result<Page, PageError> {
    Err(PageError::NoText)
}
