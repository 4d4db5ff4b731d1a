//! Which of a site's sources to read, where one is enough: the one that has most of what the site
//! publishes. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::DiscoveredSource;
use crate::model::kind::Guesses;

/// A source whose newest entry is older is no longer kept.
const ABANDONED: TimeDelta = TimeDelta::days(30);
/// What comes earlier among the offers is taken where it has nearly as much: a site's main feed
/// before its others, and a feed, which says more of its entries, before a sitemap.
const NEARLY: f64 = 0.8;
/// Entries are not taken to come faster than their half in this time: a program that dates them all
/// alike.
const LEAST: TimeDelta = TimeDelta::hours(1);

/// The best of a site's offers.
#[must_use]
pub fn best(offers: &[DiscoveredSource], now: DateTime<Utc>) -> Option<&DiscoveredSource> {
    let highest = offers.iter().map(|offer| class(offer, now)).max()?;
    let of_class = || offers.iter().filter(|offer| class(offer, now) == highest);
    let most = of_class().filter_map(|offer| offer.per_day).fold(0.0, f64::max);
    of_class().find(|offer| offer.per_day.unwrap_or_default() >= most * NEARLY)
}

/// 2: it lists news; 1: the page itself, whose links are guesses; 0: it holds all that there ever
/// was, or is abandoned.
fn class(offer: &DiscoveredSource, now: DateTime<Utc>) -> u8 {
    let lives = offer.entries > 0 && offer.newest.is_none_or(|newest| now - newest < ABANDONED);
    match offer.kind.properties().guesses {
        Guesses::Everything => 1,
        Guesses::Untitled => u8::from(offer.news && lives) * 2,
        // What readers write is no news: publishing programs offer it beside.
        Guesses::Nothing => u8::from(lives && !offer.url.as_str().contains("comments")) * 2,
    }
}

/// Entries a day, by the newer half of these dates, the newest first: an old one that stays says
/// nothing.
#[expect(clippy::cast_precision_loss, reason = "numbers of entries")]
pub(super) fn per_day(dates: &[DateTime<Utc>]) -> Option<f64> {
    let half = dates.len() / 2;
    let span = *dates.first()? - *dates.get(half).filter(|_| half > 0)?;
    Some(half as f64 * 86_400.0 / span.max(LEAST).as_seconds_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kind::SourceKind;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn offer(kind: SourceKind, path: &str, per_day: f64) -> DiscoveredSource {
        DiscoveredSource {
            kind,
            url: format!("https://courier.example/{path}").parse().unwrap(),
            title: None,
            entries: 10,
            newest: Some(NOW - TimeDelta::hours(1)),
            news: kind == SourceKind::Sitemap && path.contains("news"),
            per_day: Some(per_day),
            found: "",
        }
    }

    fn taken(offers: &[DiscoveredSource]) -> &str {
        best(offers, NOW).unwrap().url.path()
    }

    #[test]
    fn the_source_that_has_most_is_taken_and_a_feed_where_it_has_nearly_as_much() {
        let (main, sport) =
            (offer(SourceKind::Feed, "rss", 90.0), offer(SourceKind::Feed, "sport.rss", 9.0));
        let news = |per_day| offer(SourceKind::Sitemap, "news.xml", per_day);
        let listing = offer(SourceKind::Listing, "", 0.0);
        assert_eq!(taken(&[sport.clone(), main.clone(), news(100.0), listing.clone()]), "/rss");
        assert_eq!(taken(&[sport, main, news(300.0), listing]), "/news.xml");
    }

    #[test]
    fn readers_comments_what_is_abandoned_and_archives_give_way_to_the_page_itself() {
        let (comments, listing) =
            (offer(SourceKind::Feed, "comments/feed", 900.0), offer(SourceKind::Listing, "", 0.0));
        let abandoned = DiscoveredSource {
            newest: Some(NOW - TimeDelta::days(90)),
            ..offer(SourceKind::Feed, "rss", 9.0)
        };
        let archive = offer(SourceKind::Sitemap, "sitemap.xml", 900.0);
        assert_eq!(taken(&[comments.clone(), abandoned.clone(), archive.clone(), listing]), "/");
        assert_eq!(taken(&[abandoned.clone(), archive]), "/sitemap.xml");
        let undated = DiscoveredSource {
            newest: None,
            per_day: None,
            ..offer(SourceKind::Feed, "feed", 0.0)
        };
        assert_eq!(taken(&[comments, abandoned, undated]), "/feed");
    }

    #[test]
    fn an_old_entry_that_stays_does_not_slow_a_source_down() {
        let mut dates: Vec<_> = (0..10).map(|number| NOW - TimeDelta::hours(2 * number)).collect();
        dates.push(NOW - TimeDelta::days(400));
        assert!((per_day(&dates).unwrap() - 12.0).abs() < 1e-9);
        assert_eq!(per_day(&dates[..1]), None);
        assert!(per_day(&[NOW; 48]).unwrap() < 600.0);
    }
}
