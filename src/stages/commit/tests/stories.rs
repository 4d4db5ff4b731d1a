//! Stories, as the committing task gives them.

use super::{
    erase::{TEXT, World},
    *,
};

fn dated(minute: i64, guid: &str, published: &str) -> Candidate {
    let mut candidate = handed(minute, Some(guid), &[(guid, TEXT)]);
    if let PageOutcome::Page(page) = &mut candidate.reading {
        page.page.articles[0].content.published = published.parse().ok();
    }
    candidate
}

#[tokio::test]
async fn a_date_of_long_ago_is_believed_as_it_is_in_the_record() {
    let mut world = World::new();
    world.decide(dated(1, "7", "1969-12-01T00:00:00Z")).await;
    world.decide(dated(2, "8", "1963-11-23T05:00:00Z")).await;
    let story = world.stories_told().pop().unwrap();
    assert_eq!(story.published.unwrap().to_rfc3339(), "1963-11-23T05:00:00+00:00");
    assert_eq!(story.original, world.articles()[1].id);
}
