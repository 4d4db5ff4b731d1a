//! The stories with several articles, as the index keeps them: which texts stand for each, and which
//! was merged into which.
//!
//! What must stay true: a group goes when no text in the index and no other group refers to it.

use std::collections::HashMap;

use uuid::Uuid;

/// Texts of a story that stand for all of it.
const MAX_MEMBERS: usize = 12;

/// A story with several articles, or one that was merged into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownStory {
    /// The story's id: that of its first article.
    pub id: Uuid,
    /// The story that it was merged into.
    pub merged_into: Option<Uuid>,
    /// Its articles, also those that are not in the index any more.
    pub size: u32,
    /// The article that was published first, and when, in seconds since 1970.
    pub original: (Uuid, Option<i64>),
}

/// The number of a group.
pub(super) type GroupId = u32;

/// All groups.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: HashMap<GroupId, Group>,
    next: GroupId,
}

#[derive(Debug)]
struct Group {
    known: KnownStory,
    /// Numbers of its first texts.
    members: Vec<u32>,
    /// Texts in the index that carry this group's number.
    texts: u32,
    /// The group that it was merged into.
    into: Option<GroupId>,
    /// Groups that were merged into it.
    merged: u32,
}

impl Groups {
    /// A new group without texts.
    pub(super) fn add(&mut self, known: KnownStory) -> GroupId {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let group = Group { known, members: Vec::new(), texts: 0, into: None, merged: 0 };
        self.groups.insert(id, group);
        id
    }

    /// The group of a story that stands by itself. It goes through all of them.
    pub(super) fn find(&self, story: Uuid) -> Option<GroupId> {
        let mut groups = self.groups.iter();
        let found = groups.find(|(_, group)| group.known.id == story && group.into.is_none());
        found.map(|(id, _)| *id)
    }

    /// The group that one was merged into, or itself.
    pub(super) fn root(&self, mut group: GroupId) -> GroupId {
        while let Some(into) = self.groups.get(&group).and_then(|group| group.into) {
            group = into;
        }
        group
    }

    /// The texts that stand for a group.
    pub(super) fn members(&self, group: GroupId) -> Vec<u32> {
        self.groups.get(&group).map(|group| group.members.clone()).unwrap_or_default()
    }

    /// Notes a text of the index that carries a group's number.
    pub(super) fn add_text(&mut self, label: GroupId, text: u32) {
        if let Some(group) = self.groups.get_mut(&label) {
            group.texts += 1;
        }
        let root = self.root(label);
        if let Some(group) = self.groups.get_mut(&root)
            && group.members.len() < MAX_MEMBERS
        {
            group.members.push(text);
        }
    }

    /// Notes that a text left the index.
    pub(super) fn remove_text(&mut self, label: GroupId, text: u32) {
        let root = self.root(label);
        if let Some(group) = self.groups.get_mut(&root) {
            group.members.retain(|member| *member != text);
        }
        if let Some(group) = self.groups.get_mut(&label) {
            group.texts -= 1;
        }
        self.drop_empty(label);
    }

    /// Counts a further article of a story; returns the story, and whether the article was published
    /// before all others of it.
    pub(super) fn count(
        &mut self,
        group: GroupId,
        article: Uuid,
        published: Option<i64>,
    ) -> Option<(KnownStory, bool)> {
        let known = &mut self.groups.get_mut(&group)?.known;
        known.size = known.size.saturating_add(1);
        let is_first = is_before(published, known.original.1);
        if is_first {
            known.original = (article, published);
        }
        Some((*known, is_first))
    }

    /// Makes two stories one, with the id of the one that was known first. Returns the group that is
    /// left, and the story that was merged into it.
    pub(super) fn merge(&mut self, one: GroupId, other: GroupId) -> (GroupId, Option<KnownStory>) {
        let id = |group: &GroupId| self.groups.get(group).map(|group| group.known.id);
        // Ids of articles are in the order of their times (UUID version 7).
        let (into, from) = if id(&one) <= id(&other) { (one, other) } else { (other, one) };
        let into_id = id(&into);
        let Some(gone) = self.groups.get_mut(&from).filter(|_| into != from) else {
            return (into, None);
        };
        gone.into = Some(into);
        gone.known.merged_into = into_id;
        let (members, known) = (std::mem::take(&mut gone.members), gone.known);
        if let Some(group) = self.groups.get_mut(&into) {
            group.merged += 1;
            group.members.extend(members);
            group.members.truncate(MAX_MEMBERS);
            group.known.size = group.known.size.saturating_add(known.size);
            if is_before(known.original.1, group.known.original.1) {
                group.known.original = known.original;
            }
        }
        (into, Some(known))
    }

    /// Bytes of memory that they take.
    pub(super) fn bytes(&self) -> usize {
        self.groups.capacity() * (size_of::<Group>() + size_of::<GroupId>() + 1)
            + self.groups.len() * MAX_MEMBERS * size_of::<u32>()
    }

    /// Forgets a group that nothing refers to, and then those that it was merged into.
    fn drop_empty(&mut self, mut label: GroupId) {
        while let Some(group) = self.groups.get(&label)
            && group.texts == 0
            && group.merged == 0
        {
            let into = group.into;
            self.groups.remove(&label);
            let Some(into) = into else { return };
            if let Some(group) = self.groups.get_mut(&into) {
                group.merged -= 1;
            }
            label = into;
        }
    }
}

/// Whether a time is known to be before another.
fn is_before(one: Option<i64>, other: Option<i64>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one < other)
}
