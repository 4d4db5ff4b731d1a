//! What a site may send with status 200.

use super::*;

const TITLE: &str = "Council votes to reopen the harbour before the summer";
const ERROR: &str = "Sorry, something went wrong on our side. Our engineers have been told about it. Please come back in a few minutes, \
                     or go to the front page and look for what you wanted to read there.";

fn known(chars: u32, doubted: Option<DoubtedPage>) -> ArticleState {
    let mut state = super::super::decide::known_for_tests(TextRank::Page);
    state.shown = Some(RememberedPage { title: Some(TITLE.into()), chars });
    state.doubted = doubted;
    state
}

fn seen<'a>(title: &'a str, text: &'a str, end: End) -> ShownPage<'a> {
    ShownPage { title: Some(title), text, dated: None, end }
}

fn page(title: &str, text: &str) -> Verdict {
    judged(&known(2_000, None), title, text, true)
}

fn judged(known: &ArticleState, title: &str, text: &str, is_whole: bool) -> Verdict {
    judge(
        known,
        Some(TITLE),
        seen(title, text, if is_whole { End::Whole } else { End::Open }),
        Look { number: 1, last: 3 },
    )
}

fn doubt(verdict: Verdict) -> Option<Doubt> {
    match verdict {
        Verdict::Taken => None,
        Verdict::Doubted(doubt, _) => Some(doubt),
    }
}

#[test]
fn the_next_edition_is_taken_also_with_another_headline_or_somewhat_shorter() {
    assert_eq!(page(TITLE, &"The council met again. ".repeat(90)), Verdict::Taken);
    assert_eq!(page(TITLE, &"The council met again. ".repeat(50)), Verdict::Taken);
    assert_eq!(
        page("Harbour to reopen before summer, council decides", &"It met. ".repeat(240)),
        Verdict::Taken
    );
    // Rewritten as a whole, as its source says, too.
    let (headline, text) = ("Ferry will sail again in May", "The ferry will sail. ".repeat(100));
    let rewritten = judge(
        &known(2_000, None),
        Some(headline),
        seen(headline, &text, End::Whole),
        Look { number: 1, last: 3 },
    );
    assert_eq!(rewritten, Verdict::Taken);
}

#[test]
fn an_error_page_is_never_taken_however_long_it_is() {
    let mut state = known(2_000, None);
    for text in
        [ERROR.to_owned(), ERROR.repeat(20), ERROR.repeat(20), ERROR.repeat(20), ERROR.repeat(20)]
    {
        let verdict = judged(&state, "Something went wrong", &text, true);
        let Verdict::Doubted(Doubt::Foreign, doubted) = verdict else { panic!("{verdict:?}") };
        state.doubted = Some(doubted);
    }
}

#[test]
fn half_a_page_is_doubted_where_it_breaks_off() {
    let text = "The council met again. ".repeat(80);
    assert_eq!(doubt(judged(&known(2_000, None), TITLE, &text, false)), Some(Doubt::CutOff));
    assert_eq!(doubt(judged(&known(2_000, None), TITLE, &text, true)), None);
    // Where it has as much text as what is published or more, until two looks in a row show the
    // same; some good pages end so.
    for before in [1_000, 1_850] {
        assert_eq!(
            doubt(judged(&known(before, None), TITLE, &text, false)),
            Some(Doubt::BrokenOff)
        );
        assert_eq!(
            doubt(judged(
                &known(before, Some(DoubtedPage { chars: 1_840, looks: 1 })),
                TITLE,
                &text,
                false
            )),
            None
        );
    }
    assert_eq!(doubt(judged(&known(1_840, None), TITLE, &text, false)), None, "nothing changed");
}

#[test]
fn a_text_that_became_short_is_taken_when_it_was_as_short_at_enough_looks() {
    let (mut state, note) = (
        known(2_000, None),
        "This article was withdrawn by its editors because of an error in it. ",
    );
    for (looks, text) in [(1, note.to_owned()), (1, note.repeat(3)), (2, note.repeat(3))] {
        let Verdict::Doubted(Doubt::Shorter, doubted) = judged(&state, TITLE, &text, true) else {
            panic!()
        };
        assert_eq!(doubted.looks, looks);
        state.doubted = Some(doubted);
    }
    assert_eq!(judged(&state, TITLE, &note.repeat(3), true), Verdict::Taken);
    // What was short before may be short.
    assert_eq!(judged(&known(400, None), TITLE, note, true), Verdict::Taken);
}

#[test]
fn a_first_page_is_doubted_where_it_shows_another_headline_and_no_date_or_breaks_off() {
    let at =
        |page, look| doubt(judge_first(None, Some(TITLE), page, Look { number: look, last: 8 }));
    let (text, error) = ("The council met again. ".repeat(80), ERROR.repeat(20));
    assert_eq!(at(seen(TITLE, &text, End::Whole), 1), None);
    for end in [End::Open, End::Midst] {
        assert_eq!(at(seen(TITLE, &text, end), 1), Some(Doubt::BrokenOff));
        assert_eq!(at(seen(TITLE, &text, end), 8), None, "it is all that there is");
    }
    let other = seen("Something went wrong", &error, End::Whole);
    assert_eq!(at(other, 8), Some(Doubt::Foreign));
    // An article under another headline says when it is of; what only looks like a date may be a
    // clock.
    assert_eq!(at(ShownPage { dated: Some(Origin::JsonLd), ..other }, 1), None);
    assert_eq!(at(ShownPage { dated: Some(Origin::Dom), ..other }, 1), Some(Doubt::Foreign));
    let before = Some(DoubtedPage { chars: chars(&error), looks: 2 });
    assert_eq!(
        judge_first(
            before,
            Some(TITLE),
            ShownPage { dated: Some(Origin::Dom), ..other },
            Look { number: 3, last: 8 }
        ),
        Verdict::Taken
    );
    assert_eq!(
        doubt(judge_first(before, Some(TITLE), other, Look { number: 3, last: 8 })),
        Some(Doubt::Foreign)
    );
    assert_eq!(judge_first(None, None, other, Look { number: 1, last: 8 }), Verdict::Taken);
}

#[test]
fn a_page_that_shows_its_headline_among_others_is_not_taken_for_the_next_edition_and_late_for_the_first()
 {
    let among = format!(
        "Ferry sails again. Neighbours of the old bridge tell what they think. {TITLE}. It rains. "
    )
    .repeat(20);
    let front = seen("The Daily Ferry", &among, End::Whole);
    // Looks that failed in between say nothing of it.
    let first = |page, looks: u32| {
        let before = (looks > 1).then_some(DoubtedPage { chars: chars(&among), looks: looks - 1 });
        doubt(judge_first(before, Some(TITLE), page, Look { number: looks + 3, last: 8 }))
    };
    let next = |page, look| {
        doubt(judge(&known(2_000, None), Some(TITLE), page, Look { number: look, last: 8 }))
    };
    assert_eq!(
        [first(front, 1), first(front, 2), first(front, 3)],
        [Some(Doubt::Foreign), Some(Doubt::Foreign), None]
    );
    assert_eq!([next(front, 1), next(front, 8)], [Some(Doubt::Foreign); 2]);
    let article = ShownPage { dated: Some(Origin::JsonLd), ..front };
    assert_eq!([first(article, 1), next(article, 1)], [None, None]);
    let untitled = ShownPage { title: None, ..front };
    assert_eq!([first(untitled, 1), next(untitled, 1)], [None, None]);
}

#[test]
fn a_first_page_without_an_end_is_taken_once_two_looks_in_a_row_showed_as_much() {
    let (text, mut before) = ("The council met again. ".repeat(80), None);
    let mut first = |part: usize, end| {
        let verdict = judge_first(
            before,
            Some(TITLE),
            seen(TITLE, &text[..text.len() * part / 100], end),
            Look { number: 2, last: 8 },
        );
        if let Verdict::Doubted(_, doubted) = verdict {
            before = Some(doubted);
        }
        doubt(verdict)
    };
    assert_eq!(
        [first(40, End::Open), first(70, End::Open), first(99, End::Open)],
        [Some(Doubt::BrokenOff); 3]
    );
    assert_eq!([first(100, End::Midst), first(100, End::Open)], [Some(Doubt::BrokenOff), None]);
}

#[test]
fn a_headline_is_found_in_every_script() {
    for (headline, text, shown) in [
        (
            "مجلس المدينة يعيد فتح الميناء",
            "قرر مجلس المدينة اليوم أن يعيد فتح الميناء قبل الصيف",
            true,
        ),
        ("مجلس المدينة يعيد فتح الميناء", "عذرا، حدث خطأ ما. حاول مرة أخرى لاحقا", false),
        ("市议会决定重新开放港口", "市议会今天决定在夏天之前重新开放港口", true),
        ("市议会决定重新开放港口", "对不起，出现错误，请稍后再试", false),
    ] {
        assert_eq!(is_shown(headline, &text::fold(text)), Some(shown), "{text}");
    }
    assert_eq!(is_shown("Harbour", ""), None);
}
