//! What an entry says once all its elements were read: some count only where others are missing.

use super::Draft;
use crate::read::feed::{geo, model::Item, parts, tree::Element};

impl Draft {
    pub(super) fn finish(mut self, root: Element<'_, '_>) -> Item {
        if let (Some(url), Some(first)) =
            (self.original_enclosure.take(), self.item.enclosures.first_mut())
        {
            first.url = root.resolve(&url);
        }
        if let (None, Some(latitude), Some(longitude)) =
            (&self.item.geo, &self.latitude, &self.longitude)
        {
            self.item.geo = geo::pair(latitude, longitude);
        }
        // An episode without a page of its own.
        self.link.offer(9, || self.item.enclosures.first().map(|enclosure| enclosure.url.clone()));
        let mut item = self.item;
        if item.authors.is_empty() {
            item.authors = self.performers;
        }
        if let Some(source) = item.source.as_mut().filter(|_| item.authors.is_empty()) {
            item.authors = std::mem::take(&mut source.authors);
        }
        let own = Some(root.node().language).filter(|language| !language.is_empty());
        item.language = item.language.or_else(|| own.and_then(parts::language));
        (item.title, item.content) = (self.title.take(), self.content.take());
        item.summary = match (self.teaser.take(), self.summary.rank() <= 1) {
            (Some(teaser), true) => {
                item.content = item.content.or(self.summary.take());
                Some(teaser)
            }
            (teaser, _) => teaser.or(self.summary.take()),
        };
        (item.link, item.id, item.image) = (self.link.take(), self.id.take(), self.image.take());
        (item.published, item.updated) = (self.published.take(), self.updated.take());
        item
    }
}
