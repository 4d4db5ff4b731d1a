//! Undoes what `Content-Encoding` says was done to a body (RFC 9110 §8.4).
//!
//! It is pure and synchronous, because it is called on the threads that parse, not on those that
//! talk to the network. What must stay true: the output never grows beyond its limit, whatever a
//! few bytes promise to inflate to; no more than [`MAX_ENCODINGS`] layers are peeled; and a body
//! that was cut off is an error, never half a page.

use std::{
    error::Error,
    io::{self, Read},
};

use bytes::Bytes;
use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::{Body, FetchError};

/// How many encodings may lie on top of each other. Servers use one; a mistaken proxy adds a
/// second.
pub const MAX_ENCODINGS: usize = 3;

/// A zstd window may be 8 MiB at most on the web (RFC 9659), so that is all the memory we lend one.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Text shrinks to about a quarter, so this first guess at the output's size seldom needs a second.
const USUAL_RATIO: usize = 5;

/// What a gzip stream begins with, its method included.
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];

/// Members of one gzip stream. Empty ones cost time and no output, so the output's limit does not
/// bound them.
const MAX_GZIP_MEMBERS: usize = 10_000;

impl Body {
    /// The body as its author wrote it: `bytes` with all `encodings` undone, the last one first. A
    /// body without encodings is handed on without a copy.
    ///
    /// # Errors
    /// [`FetchError::TooLarge`] when the outcome, or a layer on the way, is larger than `limit` bytes;
    /// [`FetchError::Decode`] when an encoding is unknown, there are too many, or the bytes are damaged or cut off.
    pub fn decode(&self, limit: usize) -> Result<Bytes, FetchError> {
        if self.encodings.len() > MAX_ENCODINGS {
            return Err(FetchError::Decode(format!("more than {MAX_ENCODINGS} encodings")));
        }
        let mut bytes = self.bytes.clone();
        for encoding in self.encodings.iter().rev() {
            // Servers put an encoding's name on an empty body, too.
            if !bytes.is_empty() {
                bytes = undo(encoding, bytes, limit)?;
            }
        }
        if bytes.len() > limit {
            return Err(FetchError::TooLarge { limit });
        }
        // Some servers hand out what they keep compressed without saying so.
        if bytes.starts_with(&GZIP) {
            match undo("gzip", bytes.clone(), limit) {
                Err(FetchError::TooLarge { .. }) => return Err(FetchError::TooLarge { limit }),
                undone => return Ok(undone.unwrap_or(bytes)),
            }
        }
        Ok(bytes)
    }

    /// The start of it: what was decoded, up to `limit` bytes, where it is larger or cut off.
    ///
    /// # Errors
    /// [`FetchError::Decode`] when an encoding is unknown, there are too many, or the bytes are damaged.
    pub(super) fn decode_start(&self, limit: usize) -> Result<Bytes, FetchError> {
        let [encoding] = &self.encodings[..] else {
            // What is encoded twice is somebody's mistake, and is read as a whole or not at all.
            return if self.encodings.is_empty() {
                Ok(self.bytes.slice(..limit.min(self.bytes.len())))
            } else {
                self.decode(limit)
            };
        };
        if self.bytes.is_empty() {
            return Ok(Bytes::new());
        }
        let mut out = buffer(self.bytes.len(), limit);
        match undo_into(encoding, &self.bytes, &mut out, limit) {
            Ok(()) => {}
            Err(Broken::TooLarge | Broken::CutOff) => out.truncate(limit),
            Err(broken) => return Err(broken.error(encoding, limit)),
        }
        Ok(out.into())
    }

    /// How long it is once it is decoded, where nothing is to be decoded.
    pub(super) fn plain_len(&self) -> Option<usize> {
        let plain = self.bytes.is_empty()
            || self.encodings.iter().all(|encoding| encoding.eq_ignore_ascii_case("identity"));
        let plain = plain && !self.bytes.starts_with(&GZIP);
        plain.then_some(self.bytes.len())
    }
}

fn undo(encoding: &str, bytes: Bytes, limit: usize) -> Result<Bytes, FetchError> {
    if encoding.eq_ignore_ascii_case("identity") {
        return Ok(bytes);
    }
    let mut out = buffer(bytes.len(), limit);
    undo_into(encoding, &bytes, &mut out, limit).map_err(|broken| broken.error(encoding, limit))?;
    Ok(out.into())
}

/// Appends what was encoded to `out`, also where that then turns out to be broken.
fn undo_into(encoding: &str, bytes: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), Broken> {
    let is = |name: &str| encoding.eq_ignore_ascii_case(name);
    if is("identity") {
        read_bounded(bytes, out, limit)
    } else if is("gzip") || is("x-gzip") {
        gunzip(bytes, out, limit)
    } else if is("deflate") {
        inflate(bytes, out, limit)
    } else if is("br") {
        read_bounded(brotli_decompressor::Decompressor::new(bytes, 16 * 1024), out, limit)
    } else if is("zstd") {
        unzstd(bytes, out, limit)
    } else {
        Err(Broken::Unknown)
    }
}

/// What is wrong with a compressed stream.
enum Broken {
    TooLarge,
    CutOff,
    Damaged(String),
    /// Nobody knows how it is encoded.
    Unknown,
}

impl Broken {
    fn error(self, encoding: &str, limit: usize) -> FetchError {
        match self {
            Self::TooLarge => FetchError::TooLarge { limit },
            Self::CutOff => FetchError::Decode(format!("{encoding}: cut off")),
            Self::Damaged(why) => FetchError::Decode(format!("{encoding}: {why}")),
            Self::Unknown => {
                let name: String = encoding.chars().take(40).collect();
                FetchError::Decode(format!("unknown encoding {name:?}"))
            }
        }
    }
}

impl<E: Error> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Damaged(error.to_string())
    }
}

fn damaged(why: &str) -> Broken {
    Broken::Damaged(why.to_owned())
}

/// Undoes gzip (RFC 1952), all members of it. The headers are read here rather than by a library's
/// reader, as that does not tell a missing trailer from missing data: some servers forget the
/// trailer, and browsers do not mind.
fn gunzip(bytes: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), Broken> {
    let mut inflater = Decompress::new(false);
    let mut rest = bytes;
    for _ in 0..MAX_GZIP_MEMBERS {
        rest = after_gzip_header(rest).ok_or_else(|| damaged("not a gzip header"))?;
        let start = out.len();
        inflater.reset(false);
        let used = inflate_into(&mut inflater, rest, out, limit)?;
        rest = rest.get(used..).unwrap_or_default();
        let Some((sum, after)) = rest.split_first_chunk::<4>() else {
            return Ok(());
        };
        let mut crc = Crc::new();
        crc.update(out.get(start..).unwrap_or_default());
        if crc.sum() != u32::from_le_bytes(*sum) {
            return Err(damaged("the checksum is wrong"));
        }
        rest = after.get(4..).unwrap_or_default();
        // What follows and is no member is padding or somebody's mistake; gzip(1) ignores it as
        // well.
        if !rest.starts_with(&[0x1f, 0x8b]) {
            return Ok(());
        }
    }
    Err(damaged("too many members"))
}

/// What follows a gzip member's header; nothing if there is none, or only a part.
fn after_gzip_header(bytes: &[u8]) -> Option<&[u8]> {
    const HEADER_CRC: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;

    let ([0x1f, 0x8b, 8, flags, ..], mut rest) = bytes.split_first_chunk::<10>()? else {
        return None;
    };
    if flags & EXTRA != 0 {
        let (length, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let end = rest.iter().position(|&byte| byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & HEADER_CRC != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}

/// Undoes `deflate`, which means zlib (RFC 1950), although some servers send it raw (RFC 1951).
fn inflate(bytes: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), Broken> {
    let zlib = bytes
        .first_chunk::<2>()
        .is_some_and(|head| head[0] & 0x0f == 8 && u16::from_be_bytes(*head).is_multiple_of(31));
    inflate_into(&mut Decompress::new(zlib), bytes, out, limit)?;
    Ok(())
}

/// Appends one deflate stream to `out`, and says how many bytes of the input it took.
fn inflate_into(
    inflater: &mut Decompress,
    bytes: &[u8],
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<usize, Broken> {
    let mut used = 0;
    loop {
        if out.len() == out.capacity() {
            // One byte beyond the limit is how we learn that there is more.
            let room = limit.saturating_add(1).saturating_sub(out.len());
            out.reserve_exact(out.len().max(4096).min(room));
        }
        let (taken, made) = (inflater.total_in(), inflater.total_out());
        let rest = bytes.get(used..).unwrap_or_default();
        let status = inflater.decompress_vec(rest, out, FlushDecompress::None)?;
        used += usize::try_from(inflater.total_in() - taken).unwrap_or(usize::MAX);
        if out.len() > limit {
            return Err(Broken::TooLarge);
        }
        let stuck = inflater.total_in() == taken && inflater.total_out() == made;
        match status {
            Status::StreamEnd => return Ok(used),
            Status::Ok | Status::BufError if stuck => return Err(Broken::CutOff),
            Status::Ok | Status::BufError => {}
        }
    }
}

fn unzstd(bytes: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), Broken> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG)?;
    read_bounded(decoder, out, limit)
}

fn read_bounded(reader: impl Read, out: &mut Vec<u8>, limit: usize) -> Result<(), Broken> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    match reader.take(most).read_to_end(out) {
        Ok(_) if out.len() > limit => Err(Broken::TooLarge),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Broken::CutOff),
        Err(error) => Err(error.into()),
    }
}

/// An empty buffer of a likely size.
fn buffer(compressed: usize, limit: usize) -> Vec<u8> {
    Vec::with_capacity(compressed.saturating_mul(USUAL_RATIO).min(limit.saturating_add(1)))
}

#[cfg(test)]
mod tests;
