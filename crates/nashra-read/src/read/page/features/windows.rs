//! Tells whether a text holds another one, by short pieces of it.

use hashbrown::HashSet;

/// The windows of a text, to tell whether another has its start, middle and end from it, in linear
/// time.
pub(super) struct Windows(HashSet<u64>);

/// Characters of a window.
const WINDOW: usize = 16;

impl Windows {
    /// The windows of a folded text.
    pub(super) fn new(folded: &str) -> Self {
        let chars: Vec<char> = folded.chars().take(500_000).collect();
        Self(chars.windows(WINDOW).map(hash).collect())
    }

    /// The share of three windows of a text that are here; `None` where it is too short to tell.
    pub(super) fn share(&self, folded: &str) -> Option<f32> {
        let chars: Vec<char> = folded.chars().collect();
        let last = chars.len().checked_sub(WINDOW)?;
        let found = [0, last / 2, last]
            .into_iter()
            .filter(|at| chars.get(*at..*at + WINDOW).is_some_and(|c| self.0.contains(&hash(c))));
        Some(f32::from(u8::try_from(found.count()).unwrap_or(0)) / 3.0)
    }
}

fn hash(chars: &[char]) -> u64 {
    chars.iter().fold(0xcbf2_9ce4_8422_2325, |hash, c| {
        (hash ^ u64::from(*c)).wrapping_mul(0x0100_0000_01b3)
    })
}
