//! Which addresses may be fetched: those that anybody on the internet can reach, and what the
//! config allows.
//!
//! Feeds and pages name addresses, redirects name more, and whoever writes them could point us at a
//! router, a cloud's metadata service or our own admin port. The decision falls on the very address
//! that is connected to: the client resolves names through [`PublicResolver`], so a name that
//! answers differently the second time gains nothing. Hosts that are written as addresses never
//! reach a resolver; the fetcher asks [`AddressPolicy`] itself.
//!
//! The rules are IANA's special-purpose registries (RFC 6890): what they do not call globally
//! reachable is not public. The few globally reachable islands inside refused blocks (anycast
//! services of the IETF) hold no news and are refused with them.

use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Whether an address is reachable from anywhere, and so may be fetched without leave.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// Whether a name is of a private network by its form: nobody can have it on the internet.
#[must_use]
pub fn is_private_name(name: &str) -> bool {
    !name.contains('.')
        || [".localhost", ".local", ".internal", ".lan", ".home.arpa"]
            .iter()
            .any(|suffix| name.ends_with(suffix))
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    match ip.octets() {
        // "This network", private (RFC 1918), loopback; multicast, reserved and broadcast (RFC
        // 5771, RFC 1112).
        [0 | 10 | 127 | 224..=255, ..]
        // Shared by carriers' NAT (RFC 6598).
        | [100, 64..=127, ..]
        // Link-local (RFC 3927), and the clouds' metadata services.
        | [169, 254, ..]
        // Private (RFC 1918).
        | [172, 16..=31, ..] | [192, 168, ..]
        // IETF protocol assignments (RFC 6890), documentation (RFC 5737), the former 6to4 relays
        // (RFC 7526).
        | [192, 0, 0 | 2, _] | [192, 88, 99, _]
        // Benchmarking (RFC 2544).
        | [198, 18..=19, ..]
        // Documentation (RFC 5737).
        | [198, 51, 100, _] | [203, 0, 113, _] => false,
        _ => true,
    }
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        // An IPv4 address in IPv6 clothes is what it is underneath: mapped (RFC 4291), NAT64 (RFC
        // 6052), 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
        // Teredo (RFC 4380) names its server, and its client with every bit turned over.
        [0x2001, 0, server_high, server_low, _, _, high, low] => {
            is_public_v4(embedded(server_high, server_low)) && is_public_v4(embedded(!high, !low))
        }
        // IETF protocol assignments (RFC 2928) and documentation (RFC 3849, RFC 9637).
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // Only 2000::/3 is given out as global unicast. What lies outside is unspecified, loopback,
        // IPv4-compatible, local NAT64 (64:ff9b:1::/48), discard-only (100::/64), segment routing
        // (5f00::/16), unique local, link-local, site-local, multicast, or nothing yet.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

/// Public addresses, and the networks that the config allows besides.
#[derive(Debug, Clone, Default)]
pub struct AddressPolicy {
    allow: Vec<IpNet>,
}

impl AddressPolicy {
    /// A policy that also lets the networks in `allow` be fetched.
    #[must_use]
    pub fn new(allow: Vec<IpNet>) -> Self {
        Self { allow }
    }

    /// A policy that also allows these networks.
    #[must_use]
    pub fn and(mut self, networks: &[IpNet]) -> Self {
        self.allow.extend_from_slice(networks);
        self
    }

    /// Whether an address may be fetched. A mapped IPv4 address is allowed by an IPv4 network, too.
    #[must_use]
    pub fn permits(&self, ip: IpAddr) -> bool {
        let plain = ip.to_canonical();
        is_public(ip) || self.allow.iter().any(|net| net.contains(&ip) || net.contains(&plain))
    }
}

/// A name led to addresses, and none of them may be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} resolves to {address}, which is not a public address")]
pub struct AddressRefused {
    /// The name of the host.
    pub host: String,
    /// The first address that it resolved to.
    pub address: IpAddr,
}

/// Finds the addresses of a name.
pub trait Lookup: Clone + Send + Sync + 'static {
    /// All of them. Port 0 is replaced by the URL's port.
    fn lookup(&self, name: &str) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

/// Resolves names and keeps only addresses that the policy permits. The client connects to those
/// and asks nobody again.
#[derive(Debug, Clone)]
pub struct PublicResolver<L> {
    policy: Arc<AddressPolicy>,
    lookup: L,
}

impl<L> PublicResolver<L> {
    /// A resolver that obeys `policy`.
    #[must_use]
    pub fn new(policy: Arc<AddressPolicy>, lookup: L) -> Self {
        Self { policy, lookup }
    }
}

impl<L: Lookup> Resolve for PublicResolver<L> {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { policy, lookup } = self.clone();
        Box::pin(async move {
            let found = lookup.lookup(name.as_str()).await?.into_iter();
            let permitted = permitted(&policy, name.as_str(), found)?;
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// The addresses that may be fetched; an error if that leaves none of several. No addresses at all
/// are the client's to report.
fn permitted(
    policy: &AddressPolicy,
    host: &str,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, AddressRefused> {
    let mut refused = None;
    let mut kept = Vec::new();
    for address in found {
        if policy.permits(address.ip()) {
            kept.push(address);
        } else {
            refused.get_or_insert(address.ip());
        }
    }
    match refused {
        Some(address) if kept.is_empty() => Err(AddressRefused { host: host.to_owned(), address }),
        _ => Ok(kept),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:200::1",
            "2a00:1450:4001:82a::200e",
            "3ffe::1",
        ] {
            assert!(is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn addresses_with_a_special_purpose_are_not_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::8.8.8.8",
            "::ffff:0:8.8.8.8",
            "64:ff9b:1::8.8.8.8",
            "64:ff9b:1:ffff:ffff:ffff:808:808",
            "64:ff9b:2::8.8.8.8",
            "100::1",
            "2001:2::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn an_embedded_address_decides() {
        for (text, public) in [
            ("::ffff:8.8.8.8", true),
            ("::ffff:127.0.0.1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:100.64.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::ffff:0.0.0.0", false),
            ("64:ff9b::8.8.8.8", true),
            ("64:ff9b::169.254.169.254", false),
            ("64:ff9b::127.0.0.1", false),
            ("64:ff9b::192.168.0.1", false),
            ("2002:808:808::1", true),
            ("2002:7f00:1::1", false),
            ("2002:c0a8:1::1", false),
            ("2002:a9fe:a9fe::1", false),
            // The server is 8.8.8.8; the client is 8.8.4.4, then 10.0.0.1, turned over.
            ("2001:0:808:808:0:0:f7f7:fbfb", true),
            ("2001:0:808:808:0:0:f5ff:fffe", false),
            ("2001:0:a00:1:0:0:f7f7:fbfb", false),
        ] {
            assert_eq!(is_public(ip(text)), public, "{text}");
        }
    }

    #[test]
    fn the_config_allows_networks_of_its_own() {
        let policy =
            AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        for text in ["127.0.0.1", "::ffff:127.0.0.1", "fd00::1", "1.1.1.1"] {
            assert!(policy.permits(ip(text)), "{text}");
        }
        for text in ["10.0.0.1", "::1", "fc00::1"] {
            assert!(!policy.permits(ip(text)), "{text}");
        }
    }

    #[test]
    fn a_name_keeps_only_its_public_addresses() {
        let policy = AddressPolicy::default();
        let found = ["10.0.0.1:0", "1.1.1.1:0", "[::1]:0"].map(|text| text.parse().unwrap());
        let kept = permitted(&policy, "mixed.example", found.into_iter()).unwrap();
        assert_eq!(kept, ["1.1.1.1:0".parse().unwrap()]);

        let found = ["10.0.0.1:0", "[::1]:0"].map(|text| text.parse().unwrap());
        let error = permitted(&policy, "inside.example", found.into_iter()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "inside.example resolves to 10.0.0.1, which is not a public address"
        );
    }
}
