//! The clients, by what they may reach: one for all, and one for each list of networks that a
//! source is allowed.
//!
//! A client keeps connections and asks its own resolver, so sources that are allowed more share
//! neither with the others: else a connection into a private network that one source may open would
//! serve all who name the same host.

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use reqwest::Client;
use url::{Host, Url};

use super::{read::BodyLimits, without_credentials};
use crate::{
    fetch::{FetchError, Limits, address::AddressPolicy},
    model::source::AllowedNetworks,
};

/// Lists of networks that have a client of their own at once; more begin anew.
const MOST: usize = 64;

/// A client, what it may reach, and the bounds of what is asked through it: a fetch ends by those that
/// it began with.
#[derive(Debug, Clone)]
pub(super) struct ScopedClient {
    pub(super) client: Client,
    pub(super) limits: Arc<Limits>,
    addresses: Arc<AddressPolicy>,
    /// Beyond what all may reach.
    pub(super) allowed: AllowedNetworks,
}

/// Makes a client that obeys a policy.
pub(super) type ClientFactory =
    dyn Fn(&Limits, Arc<AddressPolicy>) -> Result<Client, FetchError> + Send + Sync;

/// All of them.
pub(super) struct ScopedClients {
    general: ScopedClient,
    policy: AddressPolicy,
    make: Arc<ClientFactory>,
    others: Mutex<HashMap<AllowedNetworks, ScopedClient>>,
}

// A function has nothing to show.
impl fmt::Debug for ScopedClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doors").field("general", &self.general).finish_non_exhaustive()
    }
}

impl ScopedClients {
    /// All of them within these limits.
    pub(super) fn new(limits: Limits, make: Arc<ClientFactory>) -> Result<Self, FetchError> {
        let (policy, limits) = (AddressPolicy::new(limits.allow.clone()), Arc::new(limits));
        let addresses = Arc::new(policy.clone());
        let general = ScopedClient {
            client: make(&limits, Arc::clone(&addresses))?,
            limits,
            addresses,
            allowed: AllowedNetworks::default(),
        };
        Ok(Self { general, policy, make, others: Mutex::default() })
    }

    /// The bounds of what is asked through them.
    pub(super) fn limits(&self) -> &Limits {
        &self.general.limits
    }

    /// The one for those who may also reach these networks.
    pub(super) fn door_for(&self, allowed: &AllowedNetworks) -> Result<ScopedClient, FetchError> {
        if allowed.is_empty() {
            return Ok(self.general.clone());
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(door) = others.get(allowed) {
            return Ok(door.clone());
        }
        let addresses = Arc::new(self.policy.clone().and(allowed));
        let door = ScopedClient {
            client: (self.make)(&self.general.limits, Arc::clone(&addresses))?,
            limits: Arc::clone(&self.general.limits),
            addresses,
            allowed: Arc::clone(allowed),
        };
        if others.len() >= MOST {
            others.clear();
        }
        others.insert(Arc::clone(allowed), door.clone());
        Ok(door)
    }
}

impl ScopedClient {
    /// So many bytes, or the start of more.
    pub(super) fn bound(&self, bytes: usize, cut: bool) -> BodyLimits<'_> {
        BodyLimits { bytes, cut, rate: self.limits.rate(), memory: &self.limits.memory }
    }

    /// Whether an address may be asked. Names are judged where they are resolved.
    pub(super) fn permit(&self, url: &Url) -> Result<(), FetchError> {
        let ip = match (url.scheme(), url.host()) {
            ("http" | "https", Some(Host::Ipv4(ip))) => Some(IpAddr::V4(ip)),
            ("http" | "https", Some(Host::Ipv6(ip))) => Some(IpAddr::V6(ip)),
            ("http" | "https", Some(Host::Domain(_))) => None,
            _ => return Err(FetchError::Scheme(without_credentials(url.clone()))),
        };
        match ip {
            Some(ip) if !self.addresses.permits(ip) => {
                Err(FetchError::Forbidden { address: ip.to_string() })
            }
            _ => Ok(()),
        }
    }
}
