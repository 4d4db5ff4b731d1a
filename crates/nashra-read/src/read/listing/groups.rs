//! Judges the links of repeated items together: where nearly all links that stand in one place of
//! the items of one list lead to articles, the others there do, too, however short their headlines are and
//! whatever their addresses look like.
//!
//! What must stay true: a link is only added for the company it is in, never taken away, because
//! the place of an article's link may be that of other links on the same page.

use hashbrown::HashMap;

use super::{features::Measures, model};

/// From so many links in one place they are judged together.
const TOGETHER: usize = 3;
/// How many of five links in one place are articles' where all are. Chosen on labelled pages.
const OF_FIVE: usize = 4;

/// The score of each link, above 0 for an article's; each is given with the group it is in.
pub(super) fn scores(links: &[(u64, Measures)]) -> Vec<f32> {
    let alone = links.iter().map(|(place, measures)| (*place, model::score(measures))).collect();
    together(alone)
}

fn together(links: Vec<(u64, f32)>) -> Vec<f32> {
    let mut places: HashMap<u64, (usize, usize)> = HashMap::new();
    for (place, score) in &links {
        let (all, articles) = places.entry(*place).or_default();
        *all += 1;
        *articles += usize::from(*score > 0.0);
    }
    let is_article_place = |place: u64| {
        let (all, articles) = places.get(&place).copied().unwrap_or_default();
        all >= TOGETHER && articles * 5 >= all * OF_FIVE
    };
    let judged = |(place, score): (u64, f32)| {
        if is_article_place(place) { score.max(f32::EPSILON) } else { score }
    };
    links.into_iter().map(judged).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(scores: &[f32]) -> Vec<bool> {
        let links = scores.iter().map(|score| (7, *score)).chain([(8, -1.0), (8, 1.0)]).collect();
        together(links)[..scores.len()].iter().map(|score| *score > 0.0).collect()
    }

    #[test]
    fn a_link_among_articles_in_the_same_place_of_repeated_items_is_an_article() {
        assert_eq!(judged(&[1.0, 1.0, 1.0, -2.0, 0.5]), [true; 5]);
    }

    #[test]
    fn links_are_judged_alone_where_many_or_few_of_their_place_are_none() {
        assert_eq!(judged(&[1.0, 1.0, -1.0, 0.5]), [true, true, false, true]);
        assert_eq!(judged(&[1.0, -1.0]), [true, false]);
        assert_eq!(judged(&[-1.0, -1.0, 1.0, -1.0]), [false, false, true, false]);
    }
}
