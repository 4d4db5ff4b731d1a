//! Goes through a source that is one page: whether what it says has changed, and if so, an entry
//! with the page itself, so that it is not fetched a second time.
//!
//! What must stay true: the page is read here as the page stage will read it, so its validators are
//! kept only where it can be read; and it counts as changed only where its articles say something
//! else, because the markup of many pages (tokens, times, advertisements) differs from one visit to
//! the next. A page that ends before its body does may be half of one: it is taken once two polls
//! in a row showed as much.

use super::listing::{ListingReader, ListingResult, described, touch};
use crate::{
    base::{clock::day, hash::digest},
    config::{PageMode, sources::Source},
    fetch::Fetched,
    model::{
        entry::Entry,
        identity,
        lane::Lane,
        page::{End, Page},
        pending::{Document, EntryKey, PendingEntry, PendingKey},
    },
    read::page,
    store::{Facts, NewEdition, PackedDocument, SeenEntry, StoreError},
    telemetry::metrics,
    text,
};

/// What going through a page came to.
pub(super) enum PagePollOutcome {
    /// It was read.
    Listed(ListingResult),
    /// It cannot be read, for this reason.
    Unreadable(String),
}

/// Reads the page, and lists it where it changed.
pub(super) fn go_through(
    reader: &ListingReader,
    facts: &mut Facts,
    fetched: &Fetched,
    bytes: &[u8],
) -> Result<PagePollOutcome, StoreError> {
    let (ListingReader { store, source, .. }, now) = (reader, reader.now);
    let url = source.at.url().map(|_| &fetched.url);
    let page = match page::parse(bytes, fetched.content_type.as_deref(), url, None) {
        Ok(page) => page,
        Err(error) => return Ok(PagePollOutcome::Unreadable(error.to_string())),
    };
    let mut listed = ListingResult { title: page.site_name.clone(), ..ListingResult::default() };
    let at = source.at.configured().into_owned();
    let key = EntryKey::new(source.id.as_str(), &at);
    let before = store.seen(&[key])?.pop().flatten();
    let version = version(&page);
    let known = before.as_ref().is_some_and(|seen| seen.version == version);
    if breaks_off(facts, &page, page::end(bytes, fetched.content_type.as_deref())) && !known {
        return Ok(PagePollOutcome::Unreadable("the page breaks off".to_owned()));
    }
    let seen = SeenEntry { version, day: day(now), ..before.unwrap_or_default() };
    if known {
        metrics::entries("known", 1);
        touch(store, &aliases(&page, source), day(now), &mut listed.commit)?;
    } else {
        metrics::entries(if before.is_some() { "changed" } else { "new" }, 1);
        (listed.fresh, listed.published) = (1, vec![None]);
        if reader.pages() != PageMode::Off {
            let entry = Entry { identity: at, link: source.at.url().cloned(), ..Entry::default() };
            // What was not asked for over HTTP counts from now.
            let order = if fetched.order > 0 { fetched.order } else { store.next_order() };
            let entry = PendingEntry {
                order,
                from_first_poll: facts.last_success.is_none(),
                ..pending(reader, entry, listed.title.as_ref(), fetched)
            };
            let row = PendingKey::new(Lane::here(source.id.as_str()), now, &key);
            listed.commit.enqueue(
                &key,
                before.as_ref(),
                NewEdition {
                    seen,
                    row: &row,
                    entry: &entry,
                    document: Some(PackedDocument::pack(bytes)?),
                },
            );
            listed.wakes.push((row.lane(), row.due_ms()));
            return Ok(PagePollOutcome::Listed(listed));
        }
    }
    listed.commit.seen(&key, before.as_ref(), seen);
    Ok(PagePollOutcome::Listed(listed))
}

/// Whether a page ends before its body does, elsewhere than at the last look.
fn breaks_off(facts: &mut Facts, page: &Page, end: End) -> bool {
    let chars = page
        .articles
        .iter()
        .filter_map(|article| article.content.text.as_deref())
        .map(|text| text.chars().count())
        .sum::<usize>();
    let chars = u32::try_from(chars).unwrap_or(u32::MAX);
    let before =
        std::mem::replace(&mut facts.broken_off, Some(chars).filter(|_| end != End::Whole));
    facts.broken_off.is_some() && before.is_none_or(|before| before.abs_diff(chars) > chars / 10)
}

fn pending(
    reader: &ListingReader,
    entry: Entry,
    title: Option<&String>,
    fetched: &Fetched,
) -> PendingEntry {
    let document = Document {
        content_type: fetched.content_type.clone(),
        url: reader.source.at.url().map(|_| fetched.url.clone()),
        via: fetched.via.clone(),
        received: fetched.requested,
        unreadable: None,
        headers: Vec::new(),
    };
    PendingEntry {
        document: Some(document),
        trace: reader.trace,
        ..PendingEntry::new(described(&reader.source, title), entry, 0, reader.now)
    }
}

/// A hash of what the page's articles say.
fn version(page: &Page) -> [u8; 16] {
    let says = page.articles.iter().map(|article| {
        text::content_hash(article.content.title.as_deref(), article.content.text.as_deref())
    });
    digest(&[says.collect::<String>().as_bytes()])
}

/// Names of the page's articles.
fn aliases(page: &Page, source: &Source) -> Vec<[u8; 16]> {
    let whole = source.at.url();
    let part = |part: &crate::model::page::Part| match (&part.url, whole) {
        (Some(url), _) => identity::of_url(url),
        (None, Some(whole)) => {
            identity::of_part(whole, part.content.title.as_deref().unwrap_or_default())
        }
        (None, None) => {
            identity::of_content(part.content.title.as_deref(), part.content.text.as_deref())
        }
    };
    whole.map(identity::of_url).into_iter().chain(page.articles.iter().map(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(html: &str) -> Page {
        page::parse(html.as_bytes(), None, None, None).unwrap()
    }

    #[test]
    fn other_markup_around_the_same_words_is_no_change() {
        let words = "<p>The harbour of the old town is open again, and the first ferry left before dawn with forty people on board.</p>";
        let page = |title: &str, token: &str| {
            parse(&format!(
                "<html><head><title>{title}</title><script>token = '{token}'</script></head><body><article><h1>{title}</h1>{words}{words}</article></body></html>"
            ))
        };
        assert_eq!(version(&page("Open", "a")), version(&page("Open", "b")));
        assert_ne!(version(&page("Open", "a")), version(&page("Closed", "a")));
    }
}
