//! Finds the entries of a live blog, each with its time: similar sibling elements with a time and a
//! text, or the `liveBlogUpdate` of the page's script (schema.org).
//!
//! What must stay true: a page that scrolls on to further articles, a list of teasers and a list of
//! comments are no live blogs; an entry has a time.

use std::ops::Range;

use hashbrown::HashMap;

use chrono::{DateTime, FixedOffset};

use super::{
    hints,
    meta::Posted,
    split::{View, alike},
};
use crate::{
    dates::moment,
    html::{NodeId, Tag, Tree},
    model::record::Update,
    text::{collapse, fold},
};

/// The most entries of one page.
const MAX_ENTRIES: usize = 1_000;
/// The fewest entries of a live blog that does not say that it is one.
const MIN_ENTRIES: usize = 4;
/// How many elements around an entry have a name that tells that it is one.
const MAX_NAMED: usize = 100;
/// How many elements around a time may be the entry.
const MAX_CLIMB: usize = 6;
/// Bytes of a text by which entries are compared.
const MAX_NAME: usize = 1_000;
/// The least weight of the text of an entry.
const MIN_WEIGHT: u32 = 15;

/// An entry and the lines that it is made of.
#[derive(Debug)]
pub(super) struct LiveEntry {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The line that is the entry's time, which is no text.
    clock: Option<usize>,
    pub(super) update: Update,
}

impl LiveEntry {
    /// Whether a line is the entry's time and nothing else.
    pub(super) fn is_clock(&self, at: usize) -> bool {
        self.clock == Some(at)
    }
}

/// The entries of a page, in its order; none where it is no live blog.
pub(super) fn entries(view: View<'_, '_>) -> Vec<LiveEntry> {
    let posted = &view.meta.posted;
    let shown = timed_elements(view);
    if !view.meta.live && !looks_live(view, &shown) {
        return Vec::new();
    }
    let mut entries = if shown.len() >= 2 { shown } else { by_headline(view, posted) };
    let names: Vec<EntryNames> = posted.iter().map(EntryNames::new).collect();
    for entry in &mut entries {
        let said = find_posted(view, entry, &names).and_then(|index| posted.get(index));
        complete_from_script(entry, said, view);
    }
    entries.retain(|entry| entry.update.published.is_some() || entry.update.time.is_some());
    entries
}

/// The largest group of similar sibling elements with a time and a text.
fn timed_elements(view: View<'_, '_>) -> Vec<LiveEntry> {
    let tree = view.tree;
    let mut groups: HashMap<(NodeId, Tag), Vec<(NodeId, NodeId)>> = HashMap::new();
    for time in (1..tree.len()).filter(|node| is_time(view, *node)).take(MAX_ENTRIES * 2) {
        for item in std::iter::once(time)
            .chain(tree.ancestors(time))
            .take(MAX_CLIMB)
            .filter(|node| *node > 0)
        {
            let group = groups.entry((tree.parent(item), tree.tag(item))).or_default();
            if group.last().is_none_or(|group| group.0 != item) && group.len() < MAX_ENTRIES {
                group.push((item, time));
            }
        }
    }
    let entries = groups.into_values().filter(|group| group.len() >= 2).map(|items| {
        let found: Vec<LiveEntry> =
            items.into_iter().filter_map(|(item, time)| entry(view, item, time)).collect();
        (weight(view, &found), found)
    });
    entries
        .max_by_key(|(weight, found)| (*weight, found.first().map_or(0, |found| found.from)))
        .map(|entry| entry.1)
        .unwrap_or_default()
}

fn is_time(view: View<'_, '_>, node: NodeId) -> bool {
    let tree = view.tree;
    let refused = hints::COMMENTS | hints::NAVIGATION | hints::OTHERS;
    let timed = tree.tag(node) == Tag::Time
        || view.meta.live
            && tree.tag(node) != Tag::Text
            && tree
                .attribute(node, "itemprop")
                .is_some_and(|attribute| attribute == "datePublished");
    timed && view.measured.own[node as usize] & refused == 0
}

fn entry(view: View<'_, '_>, item: NodeId, time: NodeId) -> Option<LiveEntry> {
    let tree = view.tree;
    let Range { start: from, end: to } = view.lines.inside(tree, item);
    let text: u32 =
        (from..to).filter(|line| view.body[*line]).map(|line| view.measured.weight[line]).sum();
    if text < MIN_WEIGHT || view.measured.all[item as usize] & hints::COMMENTS != 0 {
        return None;
    }
    let machine =
        ["datetime", "content", "data-time"].iter().find_map(|name| tree.attribute(time, name));
    let written = Some(collapse(&tree.start_of_text(time)))
        .filter(|text| !text.is_empty() && text.len() <= 60);
    let published = machine
        .as_deref()
        .or(written.as_deref())
        .and_then(|machine| moment::parse(machine, None))
        .filter(|moment| !moment.assumed.time);
    let anchor = tree
        .attribute(item, "id")
        .filter(|attribute| !attribute.is_empty() && attribute.len() < 200);
    let mut url = view.base.clone();
    url.set_fragment(anchor.as_deref());
    let title = (from..to)
        .find(|line| tree.tag(view.lines.lines[*line].block).heading_level().is_some())
        .map(|line| view.lines.get(&view.lines.lines[line]).to_owned());
    let clock = (from..to).find(|line| {
        written.as_deref().is_some_and(|written| {
            view.lines.get(&view.lines.lines[*line]).trim_matches([' ', '|', '•', '-']) == written
        })
    });
    let url = anchor.is_some().then(|| url.into());
    let update = Update {
        published: published.map(|published| published.time),
        time: written,
        title,
        url,
        block: 0,
    };
    Some(LiveEntry { from, to, clock, update })
}

fn weight(view: View<'_, '_>, entries: &[LiveEntry]) -> u32 {
    entries
        .iter()
        .flat_map(|entry| entry.from..entry.to)
        .filter(|line| view.body[*line])
        .map(|line| view.measured.weight[line])
        .sum()
}

/// Whether a page that does not say that it is a live blog is one: its headline, then entries that
/// are most of the text, in the order of their times, within elements or under an address that have
/// a name that says so.
fn looks_live(view: View<'_, '_>, entries: &[LiveEntry]) -> bool {
    let times: Vec<DateTime<FixedOffset>> =
        entries.iter().filter_map(|entry| entry.update.published).collect();
    let pairs = times.windows(2).count();
    let falling = times.windows(2).filter(|pair| pair[0] >= pair[1]).count();
    let rising = times.windows(2).filter(|pair| pair[0] <= pair[1]).count();
    let ordered = falling.max(rising) * 10 >= pairs * 9 && times.first() != times.last();
    let whole: u32 = (0..view.body.len())
        .filter(|line| view.body[*line])
        .map(|line| view.measured.weight[line])
        .sum();
    let Some(first) = entries.first() else { return false };
    // A teaser leads elsewhere.
    let linked = entries.iter().filter(|entry| {
        let heading = (entry.from..entry.to)
            .find(|at| view.tree.tag(view.lines.lines[*at].block).heading_level().is_some());
        heading.is_some_and(|at| view.lines.lines[at].linked * 2 > view.lines.lines[at].chars)
    });
    entries.len() >= MIN_ENTRIES
        && times.len() * 10 >= entries.len() * 8
        && ordered
        && weight(view, entries) * 2 > whole
        && linked.count() * 2 < entries.len()
        && named_live(view, first.from)
}

/// Whether the address, or an element around a line, has a name as live blogs have.
fn named_live(view: View<'_, '_>, at: usize) -> bool {
    is_live_name(view.base.path()) || is_within_live(view.tree, view.lines.lines[at].block)
}

/// Whether an element, or one around it, has a name as live blogs have.
pub(super) fn is_within_live(tree: &Tree<'_>, node: NodeId) -> bool {
    std::iter::once(node)
        .chain(tree.ancestors(node))
        .take(MAX_NAMED)
        .flat_map(|node| ["class", "id", "itemtype"].map(|name| tree.attribute(node, name)))
        .flatten()
        .any(|value| is_live_name(&value))
}

/// Whether a name is one as live blogs have.
pub(super) fn is_live_name(text: &str) -> bool {
    const NAMES: [&str; 13] = [
        "live",
        "liveblog",
        "livefeed",
        "liveticker",
        "ticker",
        "newsticker",
        "minute",
        "minuto",
        "direct",
        "directo",
        "diretta",
        "timeline",
        "updates",
    ];
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).any(|word| {
        NAMES.contains(&word) || word.starts_with("liveblog") || word.starts_with("liveticker")
    })
}

/// Entries of a page whose elements show none: each begins where the script says, at its headline,
/// or at its text where it has none.
fn by_headline(view: View<'_, '_>, posted: &[Posted]) -> Vec<LiveEntry> {
    let mut starts: Vec<(usize, &Posted)> = Vec::new();
    let name = |posted: &Posted| {
        posted
            .headline
            .as_deref()
            .map(fold)
            .or_else(|| posted.body.as_deref().map(start_of))
            .filter(|name| name.len() > 3)
    };
    let mut names: HashMap<String, &Posted> =
        posted.iter().filter_map(|posted| Some((name(posted)?, posted))).collect();
    for at in 0..view.lines.lines.len() {
        let text = view.lines.get(&view.lines.lines[at]);
        let whole = if text.len() < MAX_NAME { names.remove(&fold(text)) } else { None };
        let said =
            whole.or_else(|| if view.body[at] { names.remove(&start_of(text)) } else { None });
        starts.extend(said.map(|said| (at, said)));
    }
    let ends = starts
        .iter()
        .skip(1)
        .map(|start| start.0)
        .chain([view.lines.lines.len()])
        .collect::<Vec<_>>();
    let one = |((from, posted), to): ((usize, &Posted), usize)| LiveEntry {
        from,
        to,
        clock: None,
        update: Update { title: posted.headline.clone(), ..Update::default() },
    };
    starts.into_iter().zip(ends).map(one).collect()
}

/// The start of a text, folded, by which entries are compared.
fn start_of(text: &str) -> String {
    fold(&text[..text.floor_char_boundary(MAX_NAME)]).chars().take(40).collect()
}

/// The headline and the start of the text of an entry in the script, folded.
struct EntryNames {
    headline: Option<String>,
    start: Option<String>,
}

impl EntryNames {
    fn new(said: &Posted) -> Self {
        let headline = said
            .headline
            .as_deref()
            .map(|headline| fold(&headline[..headline.floor_char_boundary(MAX_NAME)]))
            .filter(|headline| !headline.is_empty());
        Self { headline, start: said.body.as_deref().or(said.headline.as_deref()).map(start_of) }
    }
}

/// The index of the entry in the script: the one with the same headline, or the same start.
fn find_posted(view: View<'_, '_>, entry: &LiveEntry, names: &[EntryNames]) -> Option<usize> {
    let title = entry.update.title.as_deref().map(fold);
    let first = (entry.from..entry.to)
        .find(|line| view.body[*line])
        .map(|line| start_of(view.lines.get(&view.lines.lines[line])));
    names.iter().position(|said| match (&said.headline, &title) {
        (Some(one), Some(other)) => alike(one, other),
        _ => first.as_deref().is_some_and(|first| {
            first.len() > 12 && said.start.as_deref().is_some_and(|start| start.starts_with(first))
        }),
    })
}

/// Completes an entry with what the script says: its time to the second, its address, its headline.
fn complete_from_script(entry: &mut LiveEntry, said: Option<&Posted>, view: View<'_, '_>) {
    let Some(said) = said else { return };
    let published = said
        .published
        .as_deref()
        .and_then(|published| moment::parse(published, None))
        .map(|moment| moment.time);
    let url = said
        .url
        .as_deref()
        .and_then(|url| view.base.join(url).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    entry.update.published = published.or(entry.update.published);
    entry.update.url = url.map(Into::into).or(entry.update.url.take());
    entry.update.title = entry.update.title.take().or_else(|| said.headline.clone());
}

#[cfg(test)]
mod tests;
