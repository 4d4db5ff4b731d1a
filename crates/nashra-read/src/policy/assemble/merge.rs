//! Merges what the page and the feed of an article say. Pure.

use crate::{
    model::{
        content::{Content, Merge},
        page::Evidence,
        record::{Origin, Provenance},
    },
    text,
};

/// What the page or the feed says of an article.
pub(super) struct SourcedContent {
    pub(super) content: Content,
    pub(super) evidence: Evidence,
}

/// Merges the two. Decides first whose text, date, title and writers the article has, so that what
/// belongs to each comes from the same side.
pub(super) fn merge(
    SourcedContent { content: mut page, evidence: pages_evidence }: SourcedContent,
    SourcedContent { content: feed, evidence: feeds_evidence }: SourcedContent,
) -> SourcedContent {
    let words = |content: &Content| text::word_count(content.text.as_deref().unwrap_or_default());
    // A page that shows a third of what the feed carries in full is behind a wall or was misread.
    let feeds_text = !feed.quality.truncated && words(&feed) > 3 * words(&page).max(20);
    // A day that was found in the page's text is less than what the feed says for machines.
    let feeds_date = page.published.is_none()
        || page.provenance.published == Some(Origin::Dom) && feed.published.is_some();
    let origin = |is_feeds: bool, field: fn(&Provenance) -> Option<Origin>| {
        field(if is_feeds { &feed.provenance } else { &page.provenance })
    };
    let provenance = Provenance {
        title: origin(page.title.is_none(), |provenance| provenance.title),
        text: origin(feeds_text, |provenance| provenance.text),
        published: origin(feeds_date, |provenance| provenance.published),
        bylines: origin(page.bylines.is_empty(), |provenance| provenance.bylines),
    };
    page.take_from(feed, |rule, is_empty| match rule {
        Merge::Page | Merge::Parts | Merge::Derived => false,
        Merge::Feed => true,
        Merge::PageElseFeed => is_empty,
        Merge::Text => feeds_text,
        Merge::Date => feeds_date,
    });
    page.provenance = provenance;
    SourcedContent {
        content: page,
        evidence: if feeds_text { feeds_evidence } else { pages_evidence },
    }
}
