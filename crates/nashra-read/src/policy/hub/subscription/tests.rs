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
    let mut it = new();
    assert_eq!(it.step(at(0)), Step::Ask(Mode::Subscribe));
    assert_eq!(
        it.answer(question("subscribe", Some(lease)), LEASE, at(0)),
        Answer::Yes("c".to_owned())
    );
    it
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
    let mut it = live(1000);
    assert_eq!((it.state(at(1)), it.step(at(699))), (State::Live, Step::Wait));
    assert!(it.next >= at(700) && it.next <= at(801), "{}", it.next);
    assert_eq!(it.step(at(801)), Step::Ask(Mode::Subscribe));
    assert_eq!(it.answer(question("subscribe", None), LEASE, at(802)), Answer::Yes("c".to_owned()));
    assert_eq!((it.since, it.until), (Some(at(0)), Some(at(802 + 864_000))));
}

#[test]
fn a_lease_that_ran_out_is_a_break() {
    let mut it = live(1000);
    assert!(it.is_live(at(999)) && !it.is_live(at(1000)));
    it.step(at(1001));
    it.answer(question("subscribe", Some(1000)), LEASE, at(1002));
    assert_eq!(it.since, Some(at(1002)));
}

#[test]
fn leases_are_taken_within_bounds_and_a_hub_is_never_asked_in_a_circle() {
    for (lease, until) in [(0, 1), (1, 1), (u64::MAX, 365 * 86_400)] {
        let it = live(lease);
        assert_eq!(it.until, Some(at(until)), "{lease}");
        assert!(it.next >= at(1));
    }
}

#[test]
fn a_hub_hears_yes_only_to_what_is_wanted_of_it() {
    let asks = |it: &mut Subscription, question: Question| it.answer(question, LEASE, at(5));
    let mut it = live(1000);
    let before = it.clone();
    assert_eq!(asks(&mut it, question("unsubscribe", None)), Answer::No);
    assert_eq!(asks(&mut it, question("publish", None)), Answer::No);
    assert_eq!(asks(&mut it, Question::default()), Answer::No);
    assert_eq!(
        asks(
            &mut it,
            Question { topic: "https://a.example/other".to_owned(), ..question("subscribe", None) }
        ),
        Answer::No
    );
    assert_eq!(
        asks(&mut it, Question { challenge: None, ..question("subscribe", None) }),
        Answer::No
    );
    assert!(it == before);
    it.end(at(6));
    assert_eq!(asks(&mut it, question("subscribe", None)), Answer::No);
    assert_eq!(asks(&mut it, question("unsubscribe", None)), Answer::Yes("c".to_owned()));
    assert_eq!(it.step(at(6)), Step::Forget);
}

#[test]
fn what_a_hub_does_not_verify_and_what_it_refuses_is_tried_again_ever_later_and_elsewhere() {
    let mut it = new();
    let mut waits = Vec::new();
    for round in 0..14 {
        let now = it.next;
        assert_eq!(it.step(now), Step::Ask(Mode::Subscribe));
        let hub = it.announced.hubs[0].clone();
        if round % 2 == 0 {
            it.refused("HTTP status 500", now);
            waits.push(it.next - now);
        } else {
            assert_eq!(it.step(now + TimeDelta::minutes(9)), Step::Wait);
            let late = now + VERIFIES_WITHIN;
            assert_eq!((it.step(late), it.state(late)), (Step::Wait, State::Failing));
            waits.push(it.next - late);
        }
        assert_ne!(it.announced.hubs[0], hub);
    }
    assert!(
        waits[0] >= TimeDelta::minutes(1) && waits.is_sorted() && waits[13] <= TimeDelta::hours(30),
        "{waits:?}"
    );
}

#[test]
fn a_verification_that_comes_before_the_answer_counts() {
    let mut it = live(1000);
    it.refused("HTTP status 500", at(1));
    assert_eq!((it.state(at(2)), it.failures), (State::Live, 0));
}

#[test]
fn a_renewal_that_fails_is_tried_again_at_the_same_hub_while_the_lease_runs() {
    let mut it = live(1000);
    assert_eq!(it.step(it.next), Step::Ask(Mode::Subscribe));
    it.refused("no answer", at(800));
    assert_eq!(
        (it.state(at(801)), it.announced.hubs[0].as_str()),
        (State::Live, "https://hub.example/")
    );
    assert!(it.next <= at(880));
}

#[test]
fn a_hub_that_says_no_is_believed_for_a_week() {
    let mut it = live(1000);
    let said = Question {
        reason: Some(format!("not\nhere {}", "x".repeat(1000))),
        ..question("denied", None)
    };
    assert_eq!(it.answer(said, LEASE, at(10)), Answer::Noted);
    assert_eq!(it.state(at(11)), State::Denied);
    assert!(it.reason.starts_with("the hub said no: not here xx") && it.reason.len() <= MAX_REASON);
    assert_eq!(it.step(at(6 * 86_400)), Step::Wait);
    assert_eq!(it.step(at(10 * 86_400)), Step::Ask(Mode::Subscribe));
}

#[test]
fn what_is_not_wanted_any_more_is_ended_at_the_hub_or_runs_out() {
    let mut never = new();
    never.end(at(1));
    assert_eq!(never.step(at(1)), Step::Forget);
    let mut it = live(1_000_000);
    it.end(at(1));
    for _ in 0..GIVE_UP {
        assert_eq!(it.step(it.next), Step::Ask(Mode::Unsubscribe));
        it.refused("gone", it.next - VERIFIES_WITHIN);
    }
    assert_eq!(it.step(it.next), Step::Forget);
}

#[test]
fn the_token_is_the_end_of_the_path_whatever_a_proxy_makes_of_the_rest() {
    let it = new();
    assert_eq!(token(it.callback.path()), it.token());
    assert_eq!([token("/x/y"), token("y"), token("/"), token("")], ["y", "y", "", ""]);
}

#[test]
fn a_callback_is_where_hubs_are_told_to_come_or_it_is_another() {
    let it = new();
    assert!(
        it.is_at(&url("https://us.example/hooks/")) && it.is_at(&url("https://us.example/hooks"))
    );
    for elsewhere in [
        "https://us.example/",
        "https://us.example/hook",
        "https://us.example/hooks/2",
        "http://us.example/hooks/",
        "https://they.example/hooks",
    ] {
        assert!(!it.is_at(&url(elsewhere)), "{elsewhere}");
    }
}
