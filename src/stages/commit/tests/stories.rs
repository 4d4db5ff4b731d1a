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

/// A text of its own, long enough to be known again.
const LONG: &str = "The ferry that joins the two halves of the town will run through the night from \
    the first week of spring, the harbour office said after a winter in which the last boat left \
    before the shift at the cannery ended. Workers had asked for a later crossing for eleven years, \
    and had rowed home in small groups when the tide allowed.";

fn long(minute: i64, guid: &str, text: &str) -> Candidate {
    handed(minute, Some(guid), &[(guid, text)])
}

impl World {
    /// Goes on after so many days, with the index as a restart has it.
    fn later(&mut self, days: i64) {
        self.now += TimeDelta::days(days);
        let stories = Stories::load(self.store.stories(), World::rules(), self.now).unwrap();
        self.stories = stories;
    }

    /// The story of the last article.
    fn story(&self) -> crate::model::story::Story {
        self.articles().pop().unwrap().story.unwrap()
    }
}

#[tokio::test]
async fn a_text_that_comes_again_after_months_is_a_copy_and_its_story_goes_on() {
    let mut world = World::new();
    world.decide(long(1, "a", LONG)).await;
    let first = world.articles()[0].id;
    world.later(60);
    world.decide(long(2, "b", &LONG.to_uppercase())).await;
    let story = world.story();
    assert_eq!((story.id, story.of, story.size), (first, Some(first), 2));
    assert_eq!((story.role, story.similarity), (crate::model::story::Role::Copy, Some(1.0)));
    // It is in the index now, and stays in the story after a restart.
    world.later(0);
    world.decide(long(3, "c", &format!("AGENCY - {LONG}"))).await;
    assert_eq!((world.story().id, world.story().size), (first, 3));
    world.later(60);
    world.decide(long(4, "d", LONG)).await;
    assert_eq!((world.story().id, world.story().size), (first, 4));
    let revisions: Vec<u32> = world.stories_told().iter().map(|told| told.revision).collect();
    assert_eq!(revisions, [1, 2, 3]);
}

#[tokio::test]
async fn what_comes_again_and_again_is_a_template_and_what_is_short_or_differs_is_not_known() {
    let mut world = World::new();
    for name in ["a", "b", "c"] {
        world.decide(long(1, name, LONG)).await;
        world.later(30);
    }
    assert_eq!(world.story().size, 3);
    for name in ["d", "e"] {
        world.decide(long(1, name, LONG)).await;
        assert_eq!(world.story().size, 1, "{name}");
        world.later(30);
    }
    // Shorter than a text of its own, and with another number.
    world.decide(long(1, "f", TEXT)).await;
    world.decide(long(1, "g", &format!("{LONG} It costs 12."))).await;
    world.later(30);
    for (name, text) in [("h", TEXT.to_owned()), ("i", format!("{LONG} It costs 13."))] {
        world.decide(long(1, name, &text)).await;
        assert_eq!(world.story().size, 1, "{name}");
    }
}

#[tokio::test]
async fn a_text_is_forgotten_with_its_article_and_after_its_time() {
    let mut world = World::new();
    world.decide(long(1, "a", LONG)).await;
    let first = world.articles()[0].id;
    world.erase(first).await.unwrap();
    assert!(world.store.stories().view().unwrap().keys_of(first).unwrap().is_empty());
    world.later(30);
    world.decide(long(2, "b", LONG)).await;
    assert_eq!(world.story().size, 1);
    world.later(500);
    world.decide(long(3, "c", LONG)).await;
    assert_eq!(world.story().size, 1);
}

/// Another text of its own.
const OTHER: &str = "Bakers in the old quarter opened their doors at four on the day of the fair, \
    and by seven nothing was left but the rolls with aniseed that nobody asks for until the sun is \
    up. The guild says that flour came late from the mill, where a belt had torn, and that next \
    year two wagons will wait in the yard the evening before whatever the weather is.";

#[tokio::test]
async fn an_article_that_was_rewritten_is_compared_by_its_present_text_also_after_a_restart() {
    let mut world = World::new();
    world.decide(long(1, "a", LONG)).await;
    world.decide(long(2, "a", OTHER)).await;
    let first = world.articles()[0].id;
    assert_eq!((world.articles().len(), world.story().id), (2, first));
    world.decide(long(3, "b", &format!("AGENCY - {OTHER}"))).await;
    assert_eq!((world.story().id, world.story().of), (first, Some(first)));
    world.later(1);
    world.decide(long(4, "c", &format!("PAPER - {OTHER}"))).await;
    assert_eq!((world.story().id, world.story().size), (first, 3));
    // Its first text is known by its key.
    world.decide(long(5, "d", LONG)).await;
    assert_eq!((world.story().id, world.story().size), (first, 4));
}

#[tokio::test]
async fn a_text_keeps_its_key_where_one_that_is_like_it_is_compared() {
    let mut world = World::new();
    world.decide(long(1, "a", LONG)).await;
    let first = world.articles()[0].id;
    world.later(30);
    world.decide(long(2, "b", &format!("{LONG} {OTHER}"))).await;
    world.decide(long(3, "c", LONG)).await;
    world.later(30);
    world.decide(long(4, "d", LONG)).await;
    assert_eq!((world.story().of, world.story().id), (Some(first), first));
}
