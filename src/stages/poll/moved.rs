//! Permanent redirects (301, 308): when a source is asked where it says that it has moved to. Pure.
//!
//! What must stay true: one answer moves nothing, because a misconfigured server or a portal in a
//! hotel redirects everything for an hour; nobody on the internet moves a source into our own
//! network; and what does not answer at its new address is asked at the configured one again.

use chrono::{DateTime, TimeDelta, Utc};
use url::{Host, Url};

use crate::{
    fetch::address::{is_private_name, is_public},
    store::PermanentRedirect,
};

/// A redirect is adopted after so many polls in a row over so long a time.
const HOLDS: (u32, TimeDelta) = (3, TimeDelta::days(1));
/// Polls that may fail in a row at the new address.
pub(super) const PATIENCE: u32 = 5;

/// The address that a source is asked at: the one it has moved to once that is adopted.
pub(super) fn current_address<'a>(
    moved: Option<&'a PermanentRedirect>,
    configured: &'a Url,
) -> &'a Url {
    moved.filter(|moved| moved.adopted).map_or(configured, |moved| moved.to.real())
}

/// What is known after a good answer that permanent redirects led to `to`.
pub(super) fn after_answer(
    before: Option<PermanentRedirect>,
    configured: Option<&Url>,
    to: Option<Url>,
    now: DateTime<Utc>,
) -> Option<PermanentRedirect> {
    let Some(to) = to else {
        // No redirect: of an adopted address that is as it should be, of the configured one it is
        // back home.
        return before.filter(|before| before.adopted);
    };
    let (polls, since) = before
        .filter(|before| *before.to.real() == to && !before.adopted)
        .map_or((0, now), |before| (before.polls, before.since));
    let polls = polls.saturating_add(1);
    let adopted = polls >= HOLDS.0
        && now - since >= HOLDS.1
        && configured.is_some_and(|configured| may_move(configured, &to));
    Some(PermanentRedirect { to: to.into(), polls, since, adopted })
}

fn may_move(from: &Url, to: &Url) -> bool {
    let public = match to.host() {
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        // Names are judged where they are resolved, at each fetch; these are of private networks by
        // their form.
        Some(Host::Domain(name)) => !is_private_name(name),
        None => false,
    };
    public || from.host() == to.host()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn day(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(day)
    }

    /// What is known after polls that were led to an address, half a day apart.
    fn led(to: &str, polls: i32) -> Option<PermanentRedirect> {
        let home = url("http://a.example/feed");
        (0..polls).fold(None, |before, poll| {
            after_answer(before, Some(&home), Some(url(to)), day(0) + TimeDelta::hours(12) * poll)
        })
    }

    #[test]
    fn a_redirect_is_adopted_once_it_held_for_a_day_and_three_polls() {
        let home = url("http://a.example/feed");
        assert_eq!(current_address(led("https://b.example/feed", 2).as_ref(), &home), &home);
        assert_eq!(
            current_address(led("https://b.example/feed", 3).as_ref(), &home),
            &url("https://b.example/feed")
        );
        let hasty = (0..9).fold(None, |before, _| {
            after_answer(before, Some(&home), Some(url("https://b.example/")), day(0))
        });
        assert!(!hasty.unwrap().adopted, "nine polls of one moment");
    }

    #[test]
    fn an_answer_without_the_redirect_or_with_another_begins_anew() {
        let home = url("http://a.example/feed");
        assert_eq!(after_answer(led("https://b.example/", 2), Some(&home), None, day(1)), None);
        assert_eq!(
            after_answer(
                led("https://b.example/", 2),
                Some(&home),
                Some(url("https://c.example/")),
                day(9)
            )
            .unwrap()
            .polls,
            1
        );
        assert!(
            after_answer(led("https://b.example/", 3), Some(&home), None, day(9)).unwrap().adopted,
            "the new address answers itself"
        );
    }

    #[test]
    fn no_source_moves_into_a_private_network() {
        for private in [
            "http://10.0.0.1/",
            "http://[::1]/",
            "http://localhost/",
            "http://printer/",
            "http://db.internal/",
        ] {
            assert!(!led(private, 9).unwrap().adopted, "{private}");
        }
        assert!(led("https://a.example/feed.xml", 3).unwrap().adopted);
    }
}
