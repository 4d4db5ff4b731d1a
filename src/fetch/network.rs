//! Whether the network can be reached at all: it cannot where one host after the other is silent.
//!
//! What must stay true: one silent host, or two, are their own fault; an answer of any host, be it
//! an error, shows that the network is there.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::telemetry::metrics;

/// So many different hosts must be silent in a row.
const HOSTS: usize = 3;

/// What is known of the network.
#[derive(Debug, Default)]
pub(super) struct Network {
    /// The hosts that did not answer since the last one that did.
    silent: Mutex<Vec<String>>,
    is_lost: watch::Sender<bool>,
}

impl Network {
    /// Notes whether a host answered.
    pub(super) fn note(&self, host: &str, answered: bool) {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        let was_lost = silent.len() >= HOSTS;
        if answered {
            silent.clear();
        } else if !was_lost && !silent.iter().any(|known| known == host) {
            silent.push(host.to_owned());
        }
        let is_lost = silent.len() >= HOSTS;
        if is_lost != was_lost {
            metrics::polling_stopped("no_network", is_lost);
            self.is_lost.send_replace(is_lost);
            if is_lost {
                tracing::error!(hosts = ?*silent, "no host answers: the network or DNS is the usual cause");
            } else {
                tracing::info!(host, "the network is there again");
            }
        }
    }

    /// Whether no host answers, now and whenever that changes.
    pub(super) fn watch(&self) -> watch::Receiver<bool> {
        self.is_lost.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_silent_hosts_in_a_row_are_no_network_and_any_answer_is_one() {
        let network = Network::default();
        let lost = network.watch();
        for host in ["a", "b", "a", "b"] {
            network.note(host, false);
        }
        assert!(!*lost.borrow());
        network.note("c", true);
        network.note("c", false);
        network.note("a", false);
        assert!(!*lost.borrow());
        network.note("b", false);
        network.note("d", false);
        assert!(*lost.borrow());
        network.note("b", true);
        assert!(!*lost.borrow());
    }
}
