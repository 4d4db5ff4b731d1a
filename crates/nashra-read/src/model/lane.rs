//! Where an entry waits: its source, and the host that its page is on. Rows are ordered by it, so
//! that one source with ten thousand due entries stands before no other, wherever they lead.
//!
//! What must stay true: a lane's last four bytes tell the host whatever its source is, so that a
//! bound on one host holds for all sources together. Rows of stores that were written before lanes
//! had sources are ordered by eight bytes of the host alone, the last four of which are the same:
//! they are read as lanes of sources that nobody else has.

use crate::base::hash::digest;

/// A source, as the queue orders them: four bytes, so two of many thousand may share a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceKey([u8; 4]);

impl SourceKey {
    /// In the place of a source, for looks at pages of published articles.
    const LOOKS: Self = Self([0xff; 4]);

    /// The key of a source's id.
    #[must_use]
    pub fn new(source: &str) -> Self {
        let [a, b, c, d, ..] = digest::<8>(&[source.as_bytes()]);
        Self([a, b, c, d])
    }

    /// The bytes that all its lanes begin with.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }
}

/// A host, as the queue orders them: four bytes, so two of many thousand may share their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostKey([u8; 4]);

impl HostKey {
    /// For entries whose pages are here already, so that no host is asked.
    const NONE: Self = Self([0; 4]);

    /// The key of a host name.
    #[must_use]
    pub fn new(host: &str) -> Self {
        let [.., a, b, c, d] = digest::<8>(&[host.as_bytes()]);
        Self([a, b, c, d])
    }
}

/// A source and a host, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane([u8; 8]);

impl Lane {
    /// What all lanes of looks begin with; they stand behind all others.
    pub const LOOKS: [u8; 4] = SourceKey::LOOKS.0;

    /// The lane of a source's entries whose pages are on a host.
    #[must_use]
    pub fn of_pages(source: &str, host: &str) -> Self {
        Self::new(SourceKey::new(source), HostKey::new(host))
    }

    /// The lane of a source's entries for which no page is fetched.
    #[must_use]
    pub fn here(source: &str) -> Self {
        Self::new(SourceKey::new(source), HostKey::NONE)
    }

    /// The lane of the looks at pages of published articles on a host, whichever sources listed
    /// them.
    #[must_use]
    pub fn of_looks(host: HostKey) -> Self {
        Self::new(SourceKey::LOOKS, host)
    }

    /// Whether it holds looks at pages of published articles, which go after all others.
    #[must_use]
    pub fn is_looks(&self) -> bool {
        self.source() == SourceKey::LOOKS
    }

    fn new(source: SourceKey, host: HostKey) -> Self {
        let (mut lane, SourceKey(source), HostKey(host)) = ([0; 8], source, host);
        lane[..4].copy_from_slice(&source);
        lane[4..].copy_from_slice(&host);
        Self(lane)
    }

    /// The source whose entries are in it.
    #[must_use]
    pub fn source(&self) -> SourceKey {
        let [a, b, c, d, ..] = self.0;
        SourceKey([a, b, c, d])
    }

    /// The host that its entries wait for; `None` where no page is fetched.
    #[must_use]
    pub fn host(&self) -> Option<HostKey> {
        let [.., a, b, c, d] = self.0;
        Some(HostKey([a, b, c, d])).filter(|host| *host != HostKey::NONE)
    }

    /// The eight bytes of its key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    pub(super) fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_tells_its_source_and_its_host() {
        let lane = Lane::of_pages("s", "a.example");
        assert_eq!(
            (lane.source(), lane.host()),
            (SourceKey::new("s"), Some(HostKey::new("a.example")))
        );
        assert_eq!(Lane::here("s").host(), None);
        assert_eq!(Lane::of_pages("t", "a.example").host(), lane.host());
    }

    #[test]
    fn looks_at_pages_of_a_host_have_one_lane_behind_all_others() {
        let lane = Lane::of_looks(HostKey::new("a.example"));
        assert!(lane.is_looks() && lane > Lane::of_pages("s", "a.example"));
        assert_eq!(lane.host(), Lane::of_pages("s", "a.example").host());
        assert!(!Lane::of_pages("s", "a.example").is_looks());
    }

    #[test]
    fn rows_that_were_ordered_by_their_host_alone_still_tell_it() {
        let before = Lane::from_bytes(digest(&[b"a.example"]));
        assert_eq!(before.host(), Some(HostKey::new("a.example")));
    }
}
