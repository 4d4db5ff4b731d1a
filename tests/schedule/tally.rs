//! How long entries waited.

use crate::{DAY, Setting, Source};

/// The table's head.
pub(crate) const HEAD: &str = "rule          polls/source/day   mean s    p90 s   by source: mean s    p90 s     lost   mean s by kind";

/// What a run of one rule came to.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) polls: u64,
    /// Seconds from publication to discovery, and the source.
    waits: Vec<(f32, u32)>,
    /// Entries that had left the listing when it was polled. They count as if they were found then.
    lost: usize,
}

impl Tally {
    /// A poll found entries; those before `visible` had left the listing.
    pub(crate) fn found(&mut self, source: usize, published: &[u32], window: usize, at: f64) {
        self.waits.extend(
            published.iter().map(|published| ((at - f64::from(*published)) as f32, source as u32)),
        );
        self.lost += published.len().saturating_sub(window);
    }

    /// Entries that no poll found before the end.
    pub(crate) fn left(&mut self, source: usize, published: &[u32], end: f64) {
        self.waits.extend(
            published.iter().map(|published| ((end - f64::from(*published)) as f32, source as u32)),
        );
    }

    /// The mean over all entries.
    pub(crate) fn mean(&self) -> f64 {
        self.waits.iter().map(|wait| f64::from(wait.0)).sum::<f64>()
            / self.waits.len().max(1) as f64
    }

    /// A line of the table.
    pub(crate) fn print(&self, name: &str, sources: &[Source], setting: Setting) {
        let mut sums = vec![(0.0, 0.0); sources.len()];
        for (wait, source) in &self.waits {
            let sum = &mut sums[*source as usize];
            *sum = (sum.0 + f64::from(*wait), sum.1 + 1.0);
        }
        let by_source: Vec<f64> =
            sums.iter().filter(|sum| sum.1 > 0.0).map(|sum| sum.0 / sum.1).collect();
        let source_mean = by_source.iter().sum::<f64>() / by_source.len().max(1) as f64;
        let mut kinds: Vec<&str> = sources.iter().map(|source| source.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let kind = |kind: &&str| {
            let of_kind = sources.iter().zip(&sums).filter(|(source, _)| source.kind == *kind);
            let (sum, count) =
                of_kind.fold((0.0, 0.0), |all, (_, one)| (all.0 + one.0, all.1 + one.1));
            format!("{kind} {:.0}", sum / f64::max(count, 1.0))
        };
        println!(
            "{name:<14}{:>16.2} {:>8.0} {:>8.0} {:>19.0} {source_p90:>8.0} {:>8}   {}",
            self.polls as f64 / sources.len() as f64 / (setting.end / DAY),
            self.mean(),
            p90(self.waits.iter().map(|wait| f64::from(wait.0)).collect()),
            source_mean,
            self.lost,
            kinds.iter().map(kind).collect::<Vec<_>>().join(", "),
            source_p90 = p90(by_source),
        );
    }
}

fn p90(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() * 9 / 10).copied().unwrap_or_default()
}
