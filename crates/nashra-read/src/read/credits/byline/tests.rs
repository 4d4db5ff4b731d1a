use super::*;

#[track_caller]
fn reads(line: &str, names: &[(&str, BylineKind, Option<&str>)]) {
    let found = parse(line);
    let found: Vec<_> = found
        .iter()
        .map(|found| (found.name.as_str(), found.kind, found.place.as_deref()))
        .collect();
    assert_eq!(found, names, "{line}");
}

use crate::model::record::BylineKind::{Organisation, Person};

#[test]
fn a_place_is_told_from_the_name() {
    reads("سعيد عبد الرازق (أنقرة)", &[("سعيد عبد الرازق", Person, Some("أنقرة"))]);
    reads("«الشرق الأوسط» (لندن)", &[("«الشرق الأوسط»", Organisation, Some("لندن"))]);
    reads("لندن: «الشرق الأوسط»", &[("«الشرق الأوسط»", Organisation, Some("لندن"))]);
    reads("By Ann Lee in Kyiv", &[("Ann Lee", Person, Some("Kyiv"))]);
    reads("Von Max Muster, Berlin", &[("Max Muster", Person, Some("Berlin"))]);
    reads("AFP, MANILA", &[("AFP", Organisation, Some("MANILA"))]);
}

#[test]
fn labels_go_and_lists_are_taken_apart() {
    reads("By Ann Lee and Bob Ray", &[("Ann Lee", Person, None), ("Bob Ray", Person, None)]);
    reads("Von Jana Wolf", &[("Jana Wolf", Person, None)]);
    reads(
        "Par Jean Dupont et Marie Curie",
        &[("Jean Dupont", Person, None), ("Marie Curie", Person, None)],
    );
    reads("Автор: Иван Петров", &[("Иван Петров", Person, None)]);
    reads("文/王小明", &[("王小明", Person, None)]);
    reads("홍길동 기자", &[("홍길동", Person, None)]);
    reads(
        "Reuters, Thorsten Kramer",
        &[("Reuters", Organisation, None), ("Thorsten Kramer", Person, None)],
    );
    reads("بقلم: أحمد علي", &[("أحمد علي", Person, None)]);
}

#[test]
fn newsrooms_and_agencies_are_organisations() {
    for line in ["Guardian staff", "Redacción", "AFP", "Редакция сайта", "وكالات", "編集部", "NTV"]
    {
        assert_eq!(parse(line)[0].kind, Organisation, "{line}");
    }
}

#[test]
fn a_sentence_is_no_byline() {
    for line in [
        "By the end of the day",
        "Von nun an ist alles anders.",
        "Ann Lee",
        "",
        "من المقرر أن يصل الوفد غداً",
    ] {
        assert!(!is_byline(line), "{line}");
    }
    assert!(is_byline("By Ann Lee"));
    assert!(is_byline("سعيد عبد الرازق (أنقرة)"));
}
