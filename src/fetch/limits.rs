//! The bounds of every fetch.

use std::time::Duration;

use ipnet::IpNet;

use super::{Memory, hosts::Pace};

/// The bounds of every fetch.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Requests at once to one host name.
    pub per_host: usize,
    /// How often one host is asked.
    pub pace: Pace,
    /// What a robots.txt may ask for with `Crawl-delay` at most; zero heeds none.
    pub max_crawl_delay: Duration,
    /// For name, TCP and TLS together.
    pub connect_timeout: Duration,
    /// From a request to the first byte of its answer, the connection included.
    pub first_byte_timeout: Duration,
    /// Bytes of a body a second at least.
    pub least_rate: usize,
    /// How often that is looked at.
    pub rate_window: Duration,
    /// For the whole fetch, redirects included, without the time spent waiting for a turn at a
    /// host.
    pub total_timeout: Duration,
    /// Bytes of a body as sent.
    pub max_body: usize,
    /// Bytes of a body after decompression; for those who call [`Body::decode`].
    pub max_decoded: usize,
    /// Redirects that are followed in one fetch.
    pub max_redirects: usize,
    /// What bodies are given and read in.
    pub memory: Memory,
    /// Networks that are not public and may be fetched all the same.
    pub allow: Vec<IpNet>,
}

impl Default for Limits {
    /// 4 requests at once to a host; 10 s to connect, 30 s to the first byte, 100 bytes a second,
    /// 60 s in all; 10 MiB as sent, 20 MiB decoded; 5 redirects; public addresses only.
    fn default() -> Self {
        Self {
            user_agent: concat!("nashra/", env!("CARGO_PKG_VERSION")).to_owned(),
            per_host: 4,
            pace: Pace { spacing: Duration::ZERO, burst: 1 },
            max_crawl_delay: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(30),
            least_rate: 100,
            rate_window: Duration::from_secs(10),
            total_timeout: Duration::from_mins(1),
            max_body: 10 << 20,
            max_decoded: 20 << 20,
            max_redirects: 5,
            memory: Memory::default(),
            allow: Vec::new(),
        }
    }
}

impl Limits {
    /// Bytes a second at least, and how often that is looked at.
    pub(super) fn rate(&self) -> (usize, Duration) {
        (self.least_rate, self.rate_window)
    }
}
