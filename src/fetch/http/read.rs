//! Reads bodies within their bounds.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use tokio::time::{Instant, timeout_at};

use super::transport;
use crate::fetch::{FetchError, Memory, Room, Silence};

/// How much of a body is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyLimits<'a> {
    pub(super) bytes: usize,
    /// Whether the start of a larger body will do.
    pub(super) cut: bool,
    /// Bytes a second at least, and how often that is looked at.
    pub(super) rate: (usize, Duration),
    /// Where what is larger than a little has its room.
    pub(super) memory: &'a Memory,
}

/// When a fetch is to have ended, and how long it may take in all. Waiting for room does not count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) total: Duration,
}

impl Deadline {
    pub(super) fn within(left: Duration, total: Duration) -> Self {
        Self { at: Instant::now() + left, total }
    }
}

/// What came of a body.
pub(super) enum BodyRead {
    Whole(Bytes, Room),
    /// It is large, and too many large ones wait already.
    NoRoom,
}

/// Reads a body within its bound. It is copied together even if it came in one piece, as a piece
/// would keep alive the whole network buffer that it was cut from.
pub(super) async fn read_body(
    response: &mut Response,
    bound: BodyLimits<'_>,
    deadline: &mut Deadline,
    silence: &Silence,
) -> Result<BodyRead, FetchError> {
    let BodyLimits { bytes: limit, cut, rate: (rate, window), memory } = bound;
    let too_large = FetchError::TooLarge { limit };
    let announced =
        response.content_length().map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if announced.is_some_and(|announced| announced > limit) && !cut {
        return Err(too_large);
    }
    let most = announced.unwrap_or(limit).min(limit);
    let free = memory.free();
    let mut room = Room::default();
    let mut body = Vec::with_capacity(announced.unwrap_or(0).min(free).min(limit));
    let mut started = Instant::now();
    let mut until = started + window;
    loop {
        let Ok(chunk) = timeout_at(until.min(deadline.at), response.chunk()).await else {
            if deadline.at <= until {
                return Err(FetchError::Timeout(deadline.total));
            }
            let expected = (rate as u128).saturating_mul((until - started).as_millis()) / 1000;
            if (body.len() as u128) < expected {
                return Err(FetchError::TooSlow(rate));
            }
            until += window;
            continue;
        };
        let Some(chunk) = chunk.map_err(transport)? else { break };
        if chunk.len() > limit - body.len() && !cut {
            return Err(too_large);
        }
        let chunk = &chunk[..chunk.len().min(limit - body.len())];
        if body.len() <= free && body.len() + chunk.len() > free {
            // All that it can come to, at once: who waits here holds no more than what is free.
            let waited = Instant::now();
            match silence.pause(memory.room_to_receive(most)).await {
                Some(given) => room = given,
                None => return Ok(BodyRead::NoRoom),
            }
            let waited = waited.elapsed();
            (started, until, deadline.at) =
                (started + waited, until + waited, deadline.at + waited);
            body.reserve_exact(
                announced.map_or(0, |announced| announced.min(limit)).saturating_sub(body.len()),
            );
        }
        body.extend_from_slice(chunk);
        if cut && body.len() == limit {
            break;
        }
    }
    // A vector that grew may be twice what is in it.
    body.shrink_to_fit();
    if body.len() <= free {
        room = Room::default();
    } else {
        room.shrink(body.len());
    }
    Ok(BodyRead::Whole(body.into(), room))
}
