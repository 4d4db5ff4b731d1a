//! What a refusal means, and what it means for all who ask its host.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Response, header::RETRY_AFTER};

use super::{
    HttpFetcher,
    doors::ScopedClient,
    hop::Hop,
    read::{BodyRead, Deadline, read_body},
};
use crate::{
    base::clock::Clock,
    fetch::{
        BlockKind, Body, FetchError, Outcome, Silence, challenge, headers, hosts::DeferralReason,
    },
    telemetry::metrics,
};

/// The body of a refusal is worth no longer wait.
const TIMEOUT: Duration = Duration::from_secs(5);

impl<C: Clock> HttpFetcher<C> {
    /// A refusal by its kind: its words are read where they may say more than its status.
    pub(super) async fn refusal(
        &self,
        mut response: Response,
        status: u16,
        door: &ScopedClient,
    ) -> Outcome {
        let mut deadline = Deadline::within(TIMEOUT, TIMEOUT);
        let bytes = match read_body(
            &mut response,
            door.bound(challenge::MAX_SENT, true),
            &mut deadline,
            &Silence::default(),
        )
        .await
        {
            Ok(BodyRead::Whole(bytes, _)) => bytes,
            Ok(BodyRead::NoRoom) | Err(_) => Bytes::new(),
        };
        let headers = response.headers();
        let page = Body { bytes, encodings: headers::encodings(headers), ..Body::default() }
            .decode(challenge::MAX_READ)
            .unwrap_or_default();
        if let Some(service) = challenge::in_page(status, headers, &page) {
            return Outcome::Blocked(BlockKind::Challenge { status, service });
        }
        let throttled = match status {
            429 => true,
            503 => headers.contains_key(RETRY_AFTER),
            403 => challenge::is_too_often(headers, &page),
            _ => false,
        };
        if throttled {
            return Outcome::Throttled {
                status,
                retry_after: headers::retry_after(headers, self.clock.now()),
            };
        }
        Outcome::Failed(FetchError::Status(status))
    }

    /// What an answer says about how often to come holds for all requests to its host.
    pub(super) fn record_answer(&self, host: &str, hop: &Result<Hop, FetchError>) {
        match hop {
            Err(FetchError::Unreachable(_) | FetchError::NoAnswer(_)) => {
                self.network.note(host, false);
            }
            // Nobody was asked.
            Err(FetchError::Forbidden { .. } | FetchError::Scheme(_)) => {}
            Ok(_) | Err(_) => self.network.note(host, true),
        }
        let (reason, retry_after) = match hop {
            Ok(Hop::Done(Outcome::Throttled { status, retry_after })) => {
                (DeferralReason::Throttled(*status), *retry_after)
            }
            Ok(Hop::Done(Outcome::Failed(FetchError::Status(503)))) => {
                (DeferralReason::Throttled(503), None)
            }
            Ok(Hop::Done(Outcome::Blocked(BlockKind::Challenge { service, .. }))) => {
                (DeferralReason::Challenge(service), None)
            }
            Err(FetchError::Unreachable(_) | FetchError::NoAnswer(_)) => {
                (DeferralReason::Unreachable, None)
            }
            Ok(Hop::Done(Outcome::Failed(_))) | Err(_) => return,
            _ => return self.hosts.record_success(host, self.clock.now()),
        };
        metrics::host_left_alone(match reason {
            DeferralReason::Throttled(_) => "throttled",
            DeferralReason::Challenge(_) => "challenge",
            DeferralReason::Unreachable => "unreachable",
            // Nothing that the host did.
            DeferralReason::NoRoom | DeferralReason::GaveWay => return,
        });
        self.hosts.record_failure(host, reason, retry_after, self.clock.now());
    }
}
