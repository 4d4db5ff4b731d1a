//! Reads bodies within their bounds.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use tokio::time::{Instant, timeout_at};

use super::transport;
use crate::fetch::FetchError;

/// How much of a body is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    pub(super) bytes: usize,
    /// Whether the start of a larger body will do.
    pub(super) cut: bool,
    /// Bytes a second at least, and how often that is looked at.
    pub(super) rate: (usize, Duration),
}

/// Reads a body within its bound. It is copied together even if it came in one piece, as a piece would keep
/// alive the whole network buffer that it was cut from.
pub(super) async fn read(response: &mut Response, Bound { bytes: limit, cut, rate: (rate, window) }: Bound) -> Result<Bytes, FetchError> {
    let too_large = FetchError::TooLarge { limit };
    let announced = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
    if announced > limit && !cut {
        return Err(too_large);
    }
    let mut body = Vec::with_capacity(announced.min(limit));
    let started = Instant::now();
    let mut until = started + window;
    loop {
        let Ok(chunk) = timeout_at(until, response.chunk()).await else {
            let expected = (rate as u128).saturating_mul((until - started).as_millis()) / 1000;
            if (body.len() as u128) < expected {
                return Err(FetchError::TooSlow(rate));
            }
            until += window;
            continue;
        };
        let Some(chunk) = chunk.map_err(transport)? else { break };
        let room = limit - body.len();
        if chunk.len() > room {
            if !cut {
                return Err(too_large);
            }
            body.extend_from_slice(&chunk[..room]);
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}
