//! What to do about an error of librdkafka. Pure.
//!
//! What must stay true: a record is at fault only where the cluster says so of that one record.
//! What an operator may have caused by mistake (missing rights, a full quota, a wrong clock) would
//! hit every record, so publishing waits, however long.

use std::time::Duration;

use rdkafka::{error::KafkaError, types::RDKafkaErrorCode as Code};

/// What to do after a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recovery {
    /// Make the same call again: its outcome is not known yet, or it did nothing.
    Again,
    /// Abort the transaction and send the batch again with the same producer.
    Abort,
    /// Drop the producer; a new one begins by reading what the topics hold.
    Restart,
    /// Give way: another producer has taken the transactional id.
    Fenced,
    /// Wait for an operator: nashra is not allowed to do this.
    Unauthorised,
}

/// What librdkafka says of a failed call.
#[derive(Debug, Clone, Copy)]
struct ErrorFlags {
    code: Code,
    fatal: bool,
    retriable: bool,
    abort: bool,
}

/// What to do about the error of a call.
pub(super) fn from_error(error: &KafkaError) -> Recovery {
    let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
    recovery(match error {
        KafkaError::Transaction(error) => ErrorFlags {
            code: error.code(),
            fatal: error.is_fatal(),
            retriable: error.is_retriable(),
            abort: error.txn_requires_abort(),
        },
        _ => ErrorFlags {
            code,
            fatal: code == Code::Fatal,
            retriable: code == Code::QueueFull,
            abort: false,
        },
    })
}

fn recovery(flags: ErrorFlags) -> Recovery {
    match flags.code {
        Code::ProducerFenced | Code::Fenced | Code::InvalidProducerEpoch => Recovery::Fenced,
        Code::TopicAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed
        | Code::GroupAuthorizationFailed => Recovery::Unauthorised,
        _ if flags.fatal => Recovery::Restart,
        _ if flags.abort => Recovery::Abort,
        _ if flags.retriable => Recovery::Again,
        _ => Recovery::Restart,
    }
}

/// Turns `Fenced` and `Abort` into `Restart` where the transaction had timed out. A broker that
/// aborts a transaction because it took too long also fences its producer, although no other
/// process was involved; and librdkafka may wait for ever to abort what the broker has aborted
/// already.
pub(super) fn unless_timed_out(recovery: Recovery, took: Duration, timeout: Duration) -> Recovery {
    if matches!(recovery, Recovery::Fenced | Recovery::Abort) && took >= timeout {
        Recovery::Restart
    } else {
        recovery
    }
}

/// Why a record is refused for good, as a metric's label; `None` where the cluster may take the
/// same record later.
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

    fn flags(code: Code) -> ErrorFlags {
        ErrorFlags { code, fatal: false, retriable: false, abort: false }
    }

    #[test]
    fn each_kind_of_error_has_its_own_way_back() {
        let timed_out = flags(Code::OperationTimedOut);
        assert_eq!(recovery(ErrorFlags { retriable: true, ..timed_out }), Recovery::Again);
        assert_eq!(recovery(ErrorFlags { abort: true, ..timed_out }), Recovery::Abort);
        assert_eq!(
            recovery(ErrorFlags { fatal: true, abort: true, ..timed_out }),
            Recovery::Restart
        );
        assert_eq!(recovery(timed_out), Recovery::Restart);
        for code in [Code::ProducerFenced, Code::Fenced, Code::InvalidProducerEpoch] {
            assert_eq!(recovery(ErrorFlags { fatal: true, ..flags(code) }), Recovery::Fenced);
        }
        for code in [
            Code::TopicAuthorizationFailed,
            Code::ClusterAuthorizationFailed,
            Code::TransactionalIdAuthorizationFailed,
        ] {
            assert_eq!(recovery(ErrorFlags { abort: true, ..flags(code) }), Recovery::Unauthorised);
        }
    }

    #[test]
    fn whose_transaction_took_too_long_begins_anew_and_was_fenced_by_no_other_process() {
        let timeout = Duration::from_mins(1);
        assert_eq!(unless_timed_out(Recovery::Fenced, timeout, timeout), Recovery::Restart);
        assert_eq!(unless_timed_out(Recovery::Abort, timeout, timeout), Recovery::Restart);
        assert_eq!(
            unless_timed_out(Recovery::Fenced, Duration::from_secs(59), timeout),
            Recovery::Fenced
        );
        assert_eq!(
            unless_timed_out(Recovery::Abort, Duration::from_secs(59), timeout),
            Recovery::Abort
        );
        assert_eq!(
            unless_timed_out(Recovery::Unauthorised, timeout, timeout),
            Recovery::Unauthorised
        );
    }

    #[test]
    fn a_full_queue_of_ours_is_waited_for() {
        assert_eq!(from_error(&KafkaError::MessageProduction(Code::QueueFull)), Recovery::Again);
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
