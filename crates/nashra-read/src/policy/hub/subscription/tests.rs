use super::*;

const LEASE: Duration = Duration::from_hours(240);

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn new() -> Subscription {
    let announced = Announced {
        hubs: vec![url("https://hub.example/"), url("https://other.example/")],
        topic: "https://a.example/feed".to_owned(),
        at: url("https://a.example/feed"),
    };
    Subscription::new("a", announced, &url("https://us.example/hooks/"), at(0))
}

fn question(mode: &str, lease: Option<u64>) -> Question {
    Question {
        mode: mode.to_owned(),
        topic: "https://a.example/feed".to_owned(),
        challenge: Some("c".to_owned()),
        lease,
        reason: None,
    }
}

/// Asked for and verified at once.
fn live(lease: u64) -> Subscription {
    let mut subscription = new();
    assert_eq!(subscription.step(at(0)), Step::Ask(Mode::Subscribe));
    assert_eq!(
        subscription.answer(question("subscribe", Some(lease)), LEASE, at(0)),
        Answer::Yes("c".to_owned())
    );
    subscription
}

#[test]
fn a_hub_is_told_a_callback_and_a_secret_that_nobody_can_guess() {
    let (one, two) = (new(), new());
    assert!(
        one.callback.as_str().starts_with("https://us.example/hooks/") && one.token().len() == 32
    );
    assert!(
        one.token() != two.token()
            && one.secret != two.secret
            && one.secret.len() >= 32
            && one.secret.len() < 200
    );
    assert!(!format!("{one:?}").contains(&one.secret) && !format!("{one:?}").contains(one.token()));
    let form: Vec<(String, String)> =
        form_urlencoded::parse(one.form(Mode::Subscribe, LEASE).as_bytes()).into_owned().collect();
    let get = |name: &str| form.iter().find(|form| form.0 == name).map(|form| form.1.as_str());
    assert_eq!(get("hub.mode"), Some("subscribe"));
    assert_eq!(get("hub.topic"), Some("https://a.example/feed"));
    assert_eq!(get("hub.callback"), Some(one.callback.as_str()));
    assert_eq!(get("hub.secret"), Some(one.secret.as_str()));
    assert_eq!(get("hub.lease_seconds"), Some("864000"));
    assert!(!one.form(Mode::Unsubscribe, LEASE).contains("secret"));
}

#[test]
fn a_lease_is_renewed_well_before_it_ends_and_holds_without_a_break() {
    let mut subscription = live(1000);
    assert_eq!((subscription.state(at(1)), subscription.step(at(699))), (State::Live, Step::Wait));
    assert!(subscription.next >= at(700) && subscription.next <= at(801), "{}", subscription.next);
    assert_eq!(subscription.step(at(801)), Step::Ask(Mode::Subscribe));
    assert_eq!(
        subscription.answer(question("subscribe", None), LEASE, at(802)),
        Answer::Yes("c".to_owned())
    );
    assert_eq!((subscription.since, subscription.until), (Some(at(0)), Some(at(802 + 864_000))));
}

#[test]
fn a_lease_that_ran_out_is_a_break() {
    let mut subscription = live(1000);
    assert!(subscription.is_live(at(999)) && !subscription.is_live(at(1000)));
    subscription.step(at(1001));
    subscription.answer(question("subscribe", Some(1000)), LEASE, at(1002));
    assert_eq!(subscription.since, Some(at(1002)));
}

#[test]
fn leases_are_taken_within_bounds_and_a_hub_is_never_asked_in_a_circle() {
    for (lease, until) in [(0, 1), (1, 1), (u64::MAX, 365 * 86_400)] {
        let subscription = live(lease);
        assert_eq!(subscription.until, Some(at(until)), "{lease}");
        assert!(subscription.next >= at(1));
    }
}

#[test]
fn a_hub_hears_yes_only_to_what_is_wanted_of_it() {
    let asks = |subscription: &mut Subscription, question: Question| {
        subscription.answer(question, LEASE, at(5))
    };
    let mut subscription = live(1000);
    let before = subscription.clone();
    assert_eq!(asks(&mut subscription, question("unsubscribe", None)), Answer::No);
    assert_eq!(asks(&mut subscription, question("publish", None)), Answer::No);
    assert_eq!(asks(&mut subscription, Question::default()), Answer::No);
    assert_eq!(
        asks(
            &mut subscription,
            Question { topic: "https://a.example/other".to_owned(), ..question("subscribe", None) }
        ),
        Answer::No
    );
    assert_eq!(
        asks(&mut subscription, Question { challenge: None, ..question("subscribe", None) }),
        Answer::No
    );
    assert!(subscription == before);
    subscription.end(at(6));
    assert_eq!(asks(&mut subscription, question("subscribe", None)), Answer::No);
    assert_eq!(asks(&mut subscription, question("unsubscribe", None)), Answer::Yes("c".to_owned()));
    assert_eq!(subscription.step(at(6)), Step::Forget);
}

#[test]
fn what_a_hub_does_not_verify_and_what_it_refuses_is_tried_again_ever_later_and_elsewhere() {
    let mut subscription = new();
    let mut waits = Vec::new();
    for round in 0..14 {
        let now = subscription.next;
        assert_eq!(subscription.step(now), Step::Ask(Mode::Subscribe));
        let hub = subscription.announced.hubs[0].clone();
        if round % 2 == 0 {
            subscription.refused("HTTP status 500", now);
            waits.push(subscription.next - now);
        } else {
            assert_eq!(subscription.step(now + TimeDelta::minutes(9)), Step::Wait);
            let late = now + VERIFIES_WITHIN;
            assert_eq!(
                (subscription.step(late), subscription.state(late)),
                (Step::Wait, State::Failing)
            );
            waits.push(subscription.next - late);
        }
        assert_ne!(subscription.announced.hubs[0], hub);
    }
    assert!(
        waits[0] >= TimeDelta::minutes(1) && waits.is_sorted() && waits[13] <= TimeDelta::hours(30),
        "{waits:?}"
    );
}

#[test]
fn a_verification_that_comes_before_the_answer_counts() {
    let mut subscription = live(1000);
    subscription.refused("HTTP status 500", at(1));
    assert_eq!((subscription.state(at(2)), subscription.failures), (State::Live, 0));
}

#[test]
fn a_renewal_that_fails_is_tried_again_at_the_same_hub_while_the_lease_runs() {
    let mut subscription = live(1000);
    assert_eq!(subscription.step(subscription.next), Step::Ask(Mode::Subscribe));
    subscription.refused("no answer", at(800));
    assert_eq!(
        (subscription.state(at(801)), subscription.announced.hubs[0].as_str()),
        (State::Live, "https://hub.example/")
    );
    assert!(subscription.next <= at(880));
}

#[test]
fn a_hub_that_says_no_is_believed_for_a_week() {
    let mut subscription = live(1000);
    let said = Question {
        reason: Some(format!("not\nhere {}", "x".repeat(1000))),
        ..question("denied", None)
    };
    assert_eq!(subscription.answer(said, LEASE, at(10)), Answer::Noted);
    assert_eq!(subscription.state(at(11)), State::Denied);
    assert!(
        subscription.reason.starts_with("the hub said no: not here xx")
            && subscription.reason.len() <= MAX_REASON
    );
    assert_eq!(subscription.step(at(6 * 86_400)), Step::Wait);
    assert_eq!(subscription.step(at(10 * 86_400)), Step::Ask(Mode::Subscribe));
}

#[test]
fn what_is_not_wanted_any_more_is_ended_at_the_hub_or_runs_out() {
    let mut never = new();
    never.end(at(1));
    assert_eq!(never.step(at(1)), Step::Forget);
    let mut subscription = live(1_000_000);
    subscription.end(at(1));
    for _ in 0..GIVE_UP {
        assert_eq!(subscription.step(subscription.next), Step::Ask(Mode::Unsubscribe));
        subscription.refused("gone", subscription.next - VERIFIES_WITHIN);
    }
    assert_eq!(subscription.step(subscription.next), Step::Forget);
}

#[test]
fn the_token_is_the_end_of_the_path_whatever_a_proxy_makes_of_the_rest() {
    let subscription = new();
    assert_eq!(token(subscription.callback.path()), subscription.token());
    assert_eq!([token("/x/y"), token("y"), token("/"), token("")], ["y", "y", "", ""]);
}

#[test]
fn a_callback_is_where_hubs_are_told_to_come_or_it_is_another() {
    let subscription = new();
    assert!(
        subscription.is_at(&url("https://us.example/hooks/"))
            && subscription.is_at(&url("https://us.example/hooks"))
    );
    for elsewhere in [
        "https://us.example/",
        "https://us.example/hook",
        "https://us.example/hooks/2",
        "http://us.example/hooks/",
        "https://they.example/hooks",
    ] {
        assert!(!subscription.is_at(&url(elsewhere)), "{elsewhere}");
    }
}
