//! Tells the entries of one feed apart, and drops doubles.
//!
//! Ids decide: the guid, else the link. What several entries of one document have in common
//! identifies none of them: one guid on all items, one page that all of them link, `N/A` for both.
//! Then title and date tell them apart, and links that differ only in their fragment are different.
//!
//! What must stay true: an entry whose guid or link is its own keeps the identity that it always
//! had, because what was seen is remembered under it; and the time is linear in the entries.

use hashbrown::{HashMap, HashSet, hash_map};

use url::Url;

use crate::{
    base::hash::digest,
    model::entry::{Entry, Feed, LinkRole},
};

/// Sets the identity of each entry and the role of its link, and removes doubles.
pub(super) fn settle(feed: &mut Feed, at: &Url) {
    let own = feed.links.iter().filter(|link| link.rel == "alternate");
    let named = own.filter_map(|link| at.join(link.href.as_deref()?).ok());
    let bases: Vec<Url> = named.chain([at.clone()]).collect();
    let (fronts, placeholders) = (fronts(&bases), placeholders(&bases));
    let entries = &mut feed.entries;
    for entry in entries.iter_mut() {
        entry.guid = entry.guid.take().filter(|guid| !is_placeholder(guid));
        entry.link = entry.link.take().filter(|link| !leads_nowhere(link, &placeholders, at));
    }
    forget_shared_guids(entries);
    settle_links(entries, &fronts);
    let items = items(entries);
    for (entry, item) in entries.iter_mut().zip(items) {
        entry.identity = match (item, &entry.guid, &entry.link) {
            (Some(item), ..) => item,
            (None, Some(guid), _) => guid.clone(),
            (None, None, link) => link.as_ref().map(Url::to_string).unwrap_or_default(),
        };
    }
    // The first of several entries of one identity is the newest in nearly every feed.
    let mut known = HashSet::new();
    entries.retain(|entry| known.insert(entry.identity.clone()));
}

/// The pages that are no entry's own: the front page of the feed's site, and the page that the feed
/// says it is of.
fn fronts(bases: &[Url]) -> Vec<String> {
    let roots = bases.iter().filter_map(|base| base.join("/").ok());
    // The last is the feed itself.
    let named = bases.split_last().map_or(&[][..], |(_, named)| named);
    named.iter().cloned().chain(roots).map(|front| page(&front).to_owned()).collect()
}

/// Whether a guid is a word for "none".
fn is_placeholder(guid: &str) -> bool {
    let guid = guid.trim();
    !guid.contains(char::is_alphanumeric)
        || ["n/a", "na", "none", "null", "nil", "nan", "undefined", "(null)", "tbd", "tba"]
            .iter()
            .any(|word| guid.eq_ignore_ascii_case(word))
}

/// What a word for "none" becomes where it is taken for an address relative to the feed or to its
/// site.
fn placeholders(bases: &[Url]) -> Vec<String> {
    let joined = |base: &Url| {
        let words = ["N/A", "none", "null", "nil", "nan", "undefined", "(null)", "-"];
        words.map(|word| base.join(word).ok().map(String::from))
    };
    bases.iter().flat_map(joined).flatten().collect()
}

/// Whether a link is such a word, or the feed itself.
fn leads_nowhere(link: &Url, placeholders: &[String], at: &Url) -> bool {
    placeholders.iter().any(|word| word.eq_ignore_ascii_case(link.as_str()))
        || page(link) == page(at) && link.fragment().is_none_or(str::is_empty)
}

/// An address without its fragment.
fn page(link: &Url) -> &str {
    let link = link.as_str();
    link.find('#').map_or(link, |at| &link[..at])
}

/// Entries that have a value in common, as groups of at least two, in their order.
fn groups<'a>(
    entries: &'a [Entry],
    value: impl Fn(&'a Entry) -> Option<&'a str>,
) -> Vec<Vec<usize>> {
    let mut found: HashMap<&str, (usize, Option<usize>)> = HashMap::with_capacity(entries.len());
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let Some(value) = value(entry) else { continue };
        match found.entry(value) {
            hash_map::Entry::Vacant(vacant) => {
                vacant.insert((at, None));
            }
            hash_map::Entry::Occupied(mut occupied) => {
                let (first, group) = occupied.get_mut();
                let group = *group.get_or_insert_with(|| {
                    groups.push(vec![*first]);
                    groups.len() - 1
                });
                groups[group].push(at);
            }
        }
    }
    groups
}

/// Forgets guids that entries with different links or titles have in common.
fn forget_shared_guids(entries: &mut [Entry]) {
    for group in groups(entries, |entry| entry.guid.as_deref()) {
        let first = &entries[group[0]];
        let is_one = group.iter().all(|at| {
            let other = &entries[*at];
            other.link == first.link && other.title == first.title
        });
        if !is_one {
            for at in group {
                entries[at].guid = None;
            }
        }
    }
}

/// Sets the role of each link.
fn settle_links(entries: &mut [Entry], fronts: &[String]) {
    let mut roles: Vec<(usize, LinkRole)> = Vec::new();
    for group in groups(entries, |entry| entry.link.as_ref().map(page)) {
        let mut same: HashMap<&str, Vec<usize>> = HashMap::new();
        for at in group {
            let link = entries[at].link.as_ref().map(Url::as_str).unwrap_or_default();
            same.entry(link).or_default().push(at);
        }
        let alone = same.len() == 1;
        for (link, same) in same {
            let role = if !are_one(entries, &same) {
                LinkRole::Shared
            } else if alone || !link.contains('#') {
                LinkRole::Page
            } else {
                LinkRole::Place
            };
            roles.extend(same.into_iter().map(|at| (at, role)));
        }
    }
    for (at, role) in roles {
        entries[at].link_role = role;
    }
    for entry in entries.iter_mut().filter(|entry| entry.link_role == LinkRole::Page) {
        if let Some(link) = &entry.link
            && fronts.iter().any(|front| front == page(link))
        {
            let has_place = link.fragment().is_some_and(|fragment| !fragment.is_empty());
            entry.link_role = if has_place { LinkRole::Place } else { LinkRole::Shared };
        }
    }
}

/// Whether entries with the same link are one that is listed several times: under one guid, or in
/// the same words.
fn are_one(entries: &[Entry], same: &[usize]) -> bool {
    let first = &entries[same[0]];
    same[1..].iter().map(|at| &entries[*at]).all(|other| {
        other.guid.is_some() && other.guid == first.guid || other.version() == first.version()
    })
}

/// The identities of entries that neither a guid nor a link identifies: by their titles, and where
/// these repeat, by title and date, and at last by all that they say.
fn items(entries: &[Entry]) -> Vec<Option<String>> {
    let is_item = |entry: &Entry| {
        entry.guid.is_none() && (entry.link.is_none() || entry.link_role == LinkRole::Shared)
    };
    let mut items: Vec<Option<String>> =
        entries.iter().map(|entry| is_item(entry).then(|| item(entry, 0))).collect();
    for detail in [1, 2] {
        let mut count: HashMap<&str, usize> = HashMap::new();
        items.iter().flatten().for_each(|item| *count.entry(item).or_default() += 1);
        let repeated: HashSet<String> = count
            .into_iter()
            .filter(|(_, count)| *count > 1)
            .map(|(item, _)| item.to_owned())
            .collect();
        for (item, entry) in items.iter_mut().zip(entries) {
            if item.as_ref().is_some_and(|item| repeated.contains(item)) {
                *item = Some(self::item(entry, detail));
            }
        }
    }
    items
}

/// What identifies an entry by its words: its title, or its text where it has none (0), its date
/// (1), all that it says (2).
fn item(entry: &Entry, detail: u8) -> String {
    let title = entry.title.as_deref().unwrap_or_default();
    let body = entry.content.as_deref().or(entry.summary.as_deref()).unwrap_or_default();
    let mut says = vec![
        title.as_bytes(),
        // Without guid and link, a changed text is another entry.
        if title.is_empty() { body.as_bytes() } else { b"" },
    ];
    says.extend(entry.link.as_ref().map(|link| link.as_str().as_bytes()));
    let date = entry.published.or(entry.modified).map_or(i64::MIN, |date| date.timestamp());
    let (date, version) = (date.to_be_bytes(), if detail > 1 { entry.version() } else { [0; 16] });
    if detail > 0 {
        says.push(&date);
    }
    if detail > 1 {
        says.push(&version);
    }
    uuid::Uuid::from_bytes(digest(&says)).to_string()
}

#[cfg(test)]
mod tests;
