//! What to do about an error of librdkafka. Pure.
//!
//! What must stay true: only what the cluster says of one record is taken for that record's fault.
//! What an operator can have done by a slip (rights, a full quota, a clock that is wrong) waits,
//! however long, because it would be every record's fault.

use std::time::Duration;

use rdkafka::{error::KafkaError, types::RDKafkaErrorCode as Code};

/// The way back from a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The same call again: its outcome is not known yet, or nothing has happened.
    Again,
    /// The transaction is aborted, and the batch goes again with the same producer.
    Abort,
    /// The producer is of no more use: a new one begins with what the topics hold.
    Restart,
    /// Another producer has taken the transactional id.
    Fenced,
    /// We may not do this.
    Unauthorised,
}

/// What librdkafka says of a failed call.
#[derive(Debug, Clone, Copy)]
struct Said {
    code: Code,
    fatal: bool,
    retriable: bool,
    abort: bool,
}

/// The way back from an error of a call.
pub(super) fn of(error: &KafkaError) -> Way {
    let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
    way(match error {
        KafkaError::Transaction(it) => Said {
            code: it.code(),
            fatal: it.is_fatal(),
            retriable: it.is_retriable(),
            abort: it.txn_requires_abort(),
        },
        _ => Said {
            code,
            fatal: code == Code::Fatal,
            retriable: code == Code::QueueFull,
            abort: false,
        },
    })
}

fn way(said: Said) -> Way {
    match said.code {
        Code::ProducerFenced | Code::Fenced | Code::InvalidProducerEpoch => Way::Fenced,
        Code::TopicAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed
        | Code::GroupAuthorizationFailed => Way::Unauthorised,
        _ if said.fatal => Way::Restart,
        _ if said.abort => Way::Abort,
        _ if said.retriable => Way::Again,
        _ => Way::Restart,
    }
}

/// A broker that aborts a transaction because it took too long fences its producer as well: that is
/// nobody else's doing, and librdkafka may wait without end for its own abort of what is aborted
/// already.
pub(super) fn within(way: Way, took: Duration, timeout: Duration) -> Way {
    if matches!(way, Way::Fenced | Way::Abort) && took >= timeout { Way::Restart } else { way }
}

/// Why a record was refused for good: one word; nothing where the same record may be taken another
/// time.
pub(super) fn refusal(code: Code) -> Option<&'static str> {
    match code {
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge | Code::InvalidMessageSize => {
            Some("too_large")
        }
        Code::InvalidRecord => Some("invalid"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: Code) -> Said {
        Said { code, fatal: false, retriable: false, abort: false }
    }

    #[test]
    fn each_kind_of_error_has_its_own_way_back() {
        let timed_out = said(Code::OperationTimedOut);
        assert_eq!(way(Said { retriable: true, ..timed_out }), Way::Again);
        assert_eq!(way(Said { abort: true, ..timed_out }), Way::Abort);
        assert_eq!(way(Said { fatal: true, abort: true, ..timed_out }), Way::Restart);
        assert_eq!(way(timed_out), Way::Restart);
        for code in [Code::ProducerFenced, Code::Fenced, Code::InvalidProducerEpoch] {
            assert_eq!(way(Said { fatal: true, ..said(code) }), Way::Fenced);
        }
        for code in [
            Code::TopicAuthorizationFailed,
            Code::ClusterAuthorizationFailed,
            Code::TransactionalIdAuthorizationFailed,
        ] {
            assert_eq!(way(Said { abort: true, ..said(code) }), Way::Unauthorised);
        }
    }

    #[test]
    fn whose_transaction_took_too_long_begins_anew_and_was_fenced_by_no_other_process() {
        let timeout = Duration::from_mins(1);
        assert_eq!(within(Way::Fenced, timeout, timeout), Way::Restart);
        assert_eq!(within(Way::Abort, timeout, timeout), Way::Restart);
        assert_eq!(within(Way::Fenced, Duration::from_secs(59), timeout), Way::Fenced);
        assert_eq!(within(Way::Abort, Duration::from_secs(59), timeout), Way::Abort);
        assert_eq!(within(Way::Unauthorised, timeout, timeout), Way::Unauthorised);
    }

    #[test]
    fn a_full_queue_of_ours_is_waited_for() {
        assert_eq!(of(&KafkaError::MessageProduction(Code::QueueFull)), Way::Again);
    }

    #[test]
    fn a_record_is_refused_for_its_size_or_form_and_never_for_rights_quotas_or_clocks() {
        assert_eq!(refusal(Code::MessageSizeTooLarge), Some("too_large"));
        assert_eq!(refusal(Code::InvalidRecord), Some("invalid"));
        for code in [
            Code::TopicAuthorizationFailed,
            Code::InvalidTimestamp,
            Code::ThrottlingQuotaExceeded,
            Code::PolicyViolation,
            Code::UnknownTopicOrPartition,
            Code::NotEnoughReplicas,
            Code::MessageTimedOut,
            Code::PurgeQueue,
            Code::PurgeInflight,
        ] {
            assert_eq!(refusal(code), None, "{code:?}");
        }
    }
}
