//! The last edition comes last, whatever the clock does and whatever fails meanwhile.

use super::*;

const SLUGS: [&str; 3] = ["harbour", "ferry", "bridge"];

/// Lists an edition of all articles and waits until it is published.
async fn publish(world: &mut World, edition: u32) {
    for slug in SLUGS {
        world.answer(slug, [Ok(page_of(slug, edition))]);
    }
    world.list(&SLUGS.map(|slug| (slug, edition)));
    world
        .until("the edition is there", |world| {
            SLUGS.iter().all(|slug| world.editions(slug).last() == Some(&edition))
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_edition_is_lost_where_the_clock_is_set_back_or_jumps_a_day_forwards_and_back() {
    let mut world = World::new();
    world.start();
    publish(&mut world, 1).await;
    let jumps = [
        TimeDelta::hours(-1),
        TimeDelta::days(1),
        TimeDelta::days(-1),
        TimeDelta::hours(-1),
        TimeDelta::zero(),
    ];
    for (edition, jump) in (2..).zip(jumps) {
        world.clock.jump(jump);
        publish(&mut world, edition).await;
        if edition % 2 == 0 {
            world.stop().await;
            world.start();
        }
    }
    world.stop().await;
    assert!(
        SLUGS.iter().all(|slug| world.editions(slug) == [1, 2, 3, 4, 5, 6]),
        "{:?}",
        world.published()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_its_next_try_waits_no_longer_where_the_clock_is_set_back_running_or_not() {
    for is_stopped in [false, true] {
        let mut world = World::new();
        world.start();
        world.clock.jump(TimeDelta::days(1));
        publish(&mut world, 1).await;
        // A try that failed, and the clock is set back before the next.
        world.answer("ferry", [Err(500)]);
        world.list(&[("harbour", 1), ("ferry", 2), ("bridge", 1)]);
        let before = world.asked("ferry");
        world.until("it was tried", |world| world.asked("ferry") > before).await;
        if is_stopped {
            world.stop().await;
        }
        world.clock.jump(TimeDelta::days(-1));
        world.answer("ferry", [Ok(page_of("ferry", 2))]);
        if is_stopped {
            world.start();
        }
        world.until("the second edition is there", |world| world.editions("ferry") == [1, 2]).await;
        world.stop().await;
    }
}

/// The site fails while newer editions are listed; nothing older is published behind a newer one,
/// and nothing of it as a dead letter.
#[tokio::test(flavor = "multi_thread")]
async fn an_edition_that_is_tried_again_is_never_published_behind_a_newer_one() {
    let mut world = World::new();
    world.start();
    publish(&mut world, 1).await;
    for edition in 2..5 {
        for slug in SLUGS {
            world.answer(slug, [Err(500)]);
        }
        world.list(&SLUGS.map(|slug| (slug, edition)));
        let before: Vec<usize> = SLUGS.iter().map(|slug| world.asked(slug)).collect();
        world
            .until("it was tried", |world| {
                SLUGS.iter().zip(&before).all(|(slug, before)| world.asked(slug) > *before)
            })
            .await;
        if edition == 3 {
            world.stop().await;
            world.start();
        }
    }
    publish(&mut world, 5).await;
    world.stop().await;
    for slug in SLUGS {
        assert!(
            world.editions(slug).is_sorted() && world.editions(slug).last() == Some(&5),
            "{:?}",
            world.published()
        );
    }
}
