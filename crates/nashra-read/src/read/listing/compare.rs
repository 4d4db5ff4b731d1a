//! Compares the addresses of a page with each other: ranks, and means over similar addresses.

use hashbrown::{HashMap, HashSet};

use url::Url;

use super::{
    address::Hash,
    features::{AddressKey, Measures, flag, host, ratio},
    gather::{Target, key},
};

/// Fills the measures that depend on the other addresses of the page.
pub(super) fn compare(all: &mut [(AddressKey, Measures)], targets: &[Target]) {
    let total = all.len().max(1);
    let widths = sorted(all.iter().map(|(_, measures)| measures.width));
    let words = sorted(all.iter().map(|(_, measures)| measures.words));
    let lengths = sorted(all.iter().map(|(_, measures)| measures.length));
    let tally = Tally::count(all, targets);
    let median = widths.get(total / 2).copied().unwrap_or(0.0);
    let share = |pick: fn(&Measures) -> bool| {
        ratio(all.iter().filter(|(_, measures)| pick(measures)).count(), total)
    };
    let (dated, headed) =
        (share(|measures| measures.date > 0.0), share(|measures| measures.named >= 2.0));
    let under = beneath(targets);
    let keys: HashSet<String> = targets.iter().map(|target| key(&target.url)).collect();
    for (index, (known, measures)) in all.iter_mut().enumerate() {
        let url = &targets[index].url;
        measures.width_rank = rank(&widths, measures.width);
        measures.words_rank = rank(&words, measures.words);
        measures.length_rank = rank(&lengths, measures.length);
        measures.beside = log(tally.folders.get(&known.form.folder).copied().unwrap_or(0));
        measures.below = log(under[index]);
        measures.parent_linked = flag(parent_key(url).is_some_and(|key| keys.contains(&key)));
        measures.same_name =
            log(tally.names.get(&known.name).map_or(0, |count| count.saturating_sub(1)));
        let path = tally.paths.group(known.path);
        (measures.path_size, measures.path_width, measures.path_words, measures.path_spread) =
            (log(path.size), path.width(), path.words(), path.spread());
        (measures.path_dated, measures.path_nav) = (path.dated(), path.nav());
        let form = tally.forms.group(known.form.shape);
        measures.shape_share = ratio(form.size, total);
        (
            measures.form_size,
            measures.form_width,
            measures.form_headed,
            measures.form_imaged,
            measures.form_spread,
        ) = (log(form.size), form.width(), form.headed(), form.imaged(), form.spread());
        (measures.form_nav, measures.form_overlap, measures.form_longest) =
            (form.nav(), form.overlap(), form.longest());
        let head = tally.heads.group(known.form.head);
        measures.head_share = ratio(head.size, total);
        (measures.head_size, measures.head_width, measures.head_words) =
            (log(head.size), head.width(), head.words());
        (measures.head_headed, measures.head_dated, measures.head_nav) =
            (head.headed(), head.dated(), head.nav());
        let of_host = tally.hosts.group(Hash::of_word(host(url).as_bytes()));
        measures.host_share = ratio(of_host.size, total);
        (measures.host_width, measures.host_words, measures.host_headed) =
            (of_host.width(), of_host.words(), of_host.headed());
        let item = tally.items.group(known.item_path);
        (measures.item_size, measures.item_path_width, measures.item_path_words) =
            (log(item.size), item.width(), item.words());
        (measures.page_targets, measures.page_width, measures.page_dated, measures.page_headed) =
            (log(total), median, dated, headed);
    }
}

/// Counts and groups over all addresses of the page.
#[derive(Default)]
struct Tally {
    folders: HashMap<u64, usize>,
    names: HashMap<u64, usize>,
    paths: Groups,
    forms: Groups,
    items: Groups,
    heads: Groups,
    hosts: Groups,
}

impl Tally {
    fn count(all: &[(AddressKey, Measures)], targets: &[Target]) -> Self {
        let mut tally = Self::default();
        for ((known, measures), target) in all.iter().zip(targets) {
            *tally.folders.entry(known.form.folder).or_default() += 1;
            *tally.names.entry(known.name).or_default() += 1;
            tally.paths.add(known.path, measures);
            tally.forms.add(known.form.shape, measures);
            tally.items.add(known.item_path, measures);
            tally.heads.add(known.form.head, measures);
            tally.hosts.add(Hash::of_word(host(&target.url).as_bytes()), measures);
        }
        tally
    }
}

/// Sums over similar addresses.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    size: usize,
    width: f32,
    squares: f32,
    words: f32,
    dated: f32,
    nav: f32,
    headed: f32,
    imaged: f32,
    overlap: f32,
    longest: f32,
}

impl Group {
    fn mean(self, sum: f32) -> f32 {
        sum / ratio(self.size.max(1), 1)
    }

    fn width(self) -> f32 {
        self.mean(self.width)
    }

    fn spread(self) -> f32 {
        (self.mean(self.squares) - self.width() * self.width()).max(0.0).sqrt()
    }

    fn words(self) -> f32 {
        self.mean(self.words)
    }

    fn dated(self) -> f32 {
        self.mean(self.dated)
    }

    fn nav(self) -> f32 {
        self.mean(self.nav)
    }

    fn headed(self) -> f32 {
        self.mean(self.headed)
    }

    fn overlap(self) -> f32 {
        self.mean(self.overlap)
    }

    fn longest(self) -> f32 {
        self.mean(self.longest)
    }

    fn imaged(self) -> f32 {
        self.mean(self.imaged)
    }
}

#[derive(Debug, Default)]
struct Groups(HashMap<u64, Group>);

impl Groups {
    fn add(&mut self, key: u64, measures: &Measures) {
        let group = self.0.entry(key).or_default();
        let width = measures.width.min(150.0);
        group.size += 1;
        group.width += width;
        group.squares += width * width;
        group.words += measures.words.min(12.0);
        group.dated +=
            flag(measures.date > 0.0 || measures.digits >= 5.0 || measures.mixed_id > 0.0);
        group.nav += measures.nav.max(measures.footer);
        group.headed += flag(measures.named >= 2.0);
        group.overlap += measures.overlap;
        group.longest += measures.item_longest;
        group.imaged += measures.image.max(measures.card_image);
    }

    fn group(&self, key: u64) -> Group {
        self.0.get(&key).copied().unwrap_or_default()
    }
}

/// The key of the folder that an address is in.
fn parent_key(url: &Url) -> Option<String> {
    let path = url.path().trim_end_matches('/');
    let (folder, _) = path.rsplit_once('/')?;
    (!folder.is_empty()).then(|| format!("{}{folder}", host(url)))
}

/// The number of addresses below each address; one with many is a hub.
fn beneath(targets: &[Target]) -> Vec<usize> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for target in targets {
        let mut path = target.url.path().trim_end_matches('/');
        for _ in 0..4 {
            let Some((folder, _)) = path.rsplit_once('/').filter(|(folder, _)| !folder.is_empty())
            else {
                break;
            };
            *counts.entry(format!("{}{folder}", host(&target.url))).or_default() += 1;
            path = folder;
        }
    }
    targets
        .iter()
        .map(|target| {
            counts
                .get(&format!("{}{}", host(&target.url), target.url.path().trim_end_matches('/')))
                .copied()
                .unwrap_or(0)
        })
        .collect()
}

fn sorted(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values
}

/// The share of values that are smaller than this one.
fn rank(sorted: &[f32], value: f32) -> f32 {
    ratio(sorted.partition_point(|sorted| *sorted < value), sorted.len().max(1))
}

fn log(count: usize) -> f32 {
    (ratio(count, 1) + 1.0).ln()
}
