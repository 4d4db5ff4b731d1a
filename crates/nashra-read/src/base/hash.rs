//! The hash from which keys and ids are made.

use sha2::{Digest as _, Sha256};

/// The first `N` bytes of SHA-256 over the parts, each preceded by its length: so `ab`, `c` and
/// `a`, `bc` have different hashes.
#[must_use]
pub fn digest<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let full = hash.finalize();
    let mut out = [0; N];
    out.copy_from_slice(&full[..N]);
    out
}
