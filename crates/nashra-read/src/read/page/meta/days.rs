//! When metadata say that an article was published, made and changed.
//!
//! A page often says it several times and not always the same. The first that names a whole day
//! stands; the others are kept, because what the page shows is weighed against all of them.

use chrono::{DateTime, FixedOffset};

use super::{Tags, jsonld::ArticleMetadata};
use crate::{
    dates::moment::{self, Moment},
    model::record::{Content, Origin},
};

/// The most moments of one page that are read.
const MAX_TOLD: usize = 20;

/// A value that names a moment of publication, as the page gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::read::page) struct Candidate {
    pub(super) value: String,
    pub(super) origin: Origin,
    /// Whether its name says little, such as `date`: it may be that of a change.
    weak: bool,
}

impl Candidate {
    fn new(value: impl Into<String>, origin: Origin) -> Self {
        Self { value: value.into(), origin, weak: false }
    }
}

/// A moment of publication that metadata tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::read::page) struct Told {
    pub(in crate::read::page) moment: Moment,
    origin: Origin,
    /// Whether the name under which it stands says little.
    pub(in crate::read::page) weak: bool,
}

/// When metadata say that the article was published, the strongest first.
pub(super) fn published(
    metadata: &ArticleMetadata,
    tags: &Tags,
    page: Option<String>,
) -> Vec<Candidate> {
    let of_script = metadata.published.clone().map(|value| Candidate::new(value, Origin::JsonLd));
    let of_tags = tags
        .published()
        .map(|(value, weak)| Candidate { weak, ..Candidate::new(value, Origin::Meta) });
    let of_item =
        tags.property("datePublished").map(|value| Candidate::new(value, Origin::Microdata));
    let of_page = page.map(|value| Candidate::new(value, Origin::JsonLd));
    of_script.into_iter().chain(of_tags).chain(of_item).chain(of_page).collect()
}

/// When metadata say that the article or its page was made, or its one recording published, the
/// strongest first.
pub(super) fn made(tags: &Tags) -> Vec<Candidate> {
    let of_tags = tags.made().map(|value| Candidate::new(value, Origin::Meta));
    let of_item =
        tags.property("dateCreated").map(|value| Candidate::new(value, Origin::Microdata));
    let of_recording = tags.recorded().map(|value| Candidate::new(value, Origin::Microdata));
    of_tags.chain(of_item).chain(of_recording).collect()
}

/// The publication that a script tells of a further article.
pub(super) fn of_script(published: Option<String>) -> Vec<Candidate> {
    published.map(|value| Candidate::new(value, Origin::JsonLd)).into_iter().collect()
}

/// Takes the moment of publication out of those that metadata tell, and notes what cannot be read
/// before the first that can. Returns all that can, the one that was taken first.
pub(in crate::read::page) fn set_published(
    content: &mut Content,
    candidates: &[Candidate],
) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    for Candidate { value, origin, weak } in candidates.iter().take(MAX_TOLD) {
        match moment::parse(value, None) {
            Some(moment) => told.push(Told { moment, origin: *origin, weak: *weak }),
            None if told.is_empty() => content.date_notes.push(format!(
                "published: unreadable: {}",
                value.chars().take(40).collect::<String>()
            )),
            None => {}
        }
    }
    // One that leaves the day open gives way to any that names it.
    let whole = |told: &Told| !told.moment.assumed.day && !told.moment.assumed.implausible;
    if let Some(best) = told.iter().position(whole) {
        told[..=best].rotate_right(1);
    }
    if let Some(best) = told.first() {
        let zoned = told.iter().map(|told| told.moment).filter(|it| !it.assumed.zone);
        content.published = Some(in_own_zone(best.moment.time, zoned.map(|moment| moment.time)));
        content.provenance.published = Some(best.origin);
        content.date_notes.extend(best.moment.note().map(|note| format!("published: {note}")));
    }
    told
}

/// A moment that is given in UTC, in the zone in which one of the others gives the very same one:
/// its day is that of the readers.
pub(in crate::read::page) fn in_own_zone(
    time: DateTime<FixedOffset>,
    mut others: impl Iterator<Item = DateTime<FixedOffset>>,
) -> DateTime<FixedOffset> {
    let utc = |time: &DateTime<FixedOffset>| time.offset().local_minus_utc() == 0;
    let same = |other: &DateTime<FixedOffset>| !utc(other) && other.timestamp() == time.timestamp();
    let own = utc(&time).then(|| others.find(same)).flatten();
    own.map_or(time, |own| time.with_timezone(own.offset()))
}

/// The first moment that can be read.
pub(super) fn first_of(values: impl IntoIterator<Item = String>) -> Option<DateTime<FixedOffset>> {
    let read = |value: String| moment::parse(&value, None).map(|moment| moment.time);
    values.into_iter().find_map(read)
}
