//! Rules that are applied.

mod scripts;

use super::*;
use crate::{
    model::{label::LabelField, story::Role},
    text::folding,
};

fn rule(name: &str, any: &[&str]) -> LabelRule {
    LabelRule { any: terms(any), ..LabelRule::new(name.parse().unwrap()) }
}

fn terms(words: &[&str]) -> Vec<Term> {
    words.iter().map(|word| word.parse().unwrap()).collect()
}

fn given(rules: &[LabelRule], article: LabelInput<'_>) -> Vec<String> {
    let labels = Labels::new(rules.to_vec()).unwrap();
    labels.give(&article).into_iter().map(|label| label.name).collect()
}

fn text(text: &str) -> LabelInput<'_> {
    LabelInput { text: Some(text), ..LabelInput::default() }
}

#[test]
fn any_all_and_none_are_held_together() {
    let rule = LabelRule {
        any: terms(&["flood", "floods"]),
        all: terms(&["river", "water level"]),
        none: terms(&["flood of offers"]),
        ..LabelRule::new("floods".parse().unwrap())
    };
    for (words, holds) in [
        ("The river rose, the water level too: floods", true),
        ("Flood! The river… the water: level", true),
        ("The river, the water\n level, a flood", true),
        ("The river, the water\n\nlevel, a flood", false),
        ("The river and the water level", false),
        ("The flood of the river", false),
        ("A flood of offers: the river, the water level", false),
        ("A flooded river, a water level", false),
    ] {
        assert_eq!(
            given(std::slice::from_ref(&rule), text(words)).len(),
            usize::from(holds),
            "{words}"
        );
    }
}

#[test]
fn words_count_in_the_fields_that_the_rule_names() {
    let fields = |fields: &[LabelField]| LabelRule {
        fields: LabelFields::of(fields),
        ..rule("x", &["harbour"])
    };
    let keywords = ["sea".to_owned(), "the harbour".to_owned()];
    let article = LabelInput { keywords: &keywords, ..text("A ship") };
    assert!(given(&[rule("x", &["harbour"])], article).is_empty());
    assert!(given(&[fields(&[LabelField::Title, LabelField::Section])], article).is_empty());
    assert_eq!(given(&[fields(&[LabelField::Keywords])], article), ["x"]);
    let across =
        LabelRule { fields: LabelFields::of(&[LabelField::Keywords]), ..rule("x", &["sea the"]) };
    assert!(given(&[across], article).is_empty());
}

#[test]
fn conditions_hold_beside_words_and_alone() {
    let bare = || LabelRule::new("x".parse().unwrap());
    let tags = ["wire".to_owned()];
    let article = LabelInput {
        language: Some("pt-BR"),
        tags: &tags,
        url: Some("https://noticias.com.br/a"),
        source_url: Some("https://feeds.example.de/"),
        role: Some(Role::Excerpt),
        ..text("Um porto")
    };
    for (rule, holds) in [
        (LabelRule { languages: vec!["pt".parse().unwrap()], ..bare() }, true),
        (
            LabelRule {
                languages: vec!["en".parse().unwrap(), "PT-br".parse().unwrap()],
                ..bare()
            },
            true,
        ),
        (LabelRule { languages: vec!["pt-PT".parse().unwrap()], ..bare() }, false),
        (LabelRule { tags: vec!["wire".to_owned(), "x".to_owned()], ..bare() }, true),
        (LabelRule { tags: vec!["wir".to_owned()], ..bare() }, false),
        (LabelRule { countries: vec!["br".parse().unwrap()], ..bare() }, true),
        (LabelRule { countries: vec!["DE".parse().unwrap()], ..bare() }, false),
        (LabelRule { story: Some(StoryPart::Copy), ..bare() }, true),
        (LabelRule { story: Some(StoryPart::Original), ..bare() }, false),
        (LabelRule { none: terms(&["navio"]), ..bare() }, true),
        (LabelRule { none: terms(&["porto"]), ..bare() }, false),
        (LabelRule { any: terms(&["porto"]), tags: vec!["no".to_owned()], ..bare() }, false),
    ] {
        let words = format!("{rule:?}");
        assert_eq!(given(&[rule], article).len(), usize::from(holds), "{words}");
    }
    let without = LabelInput { url: None, role: None, language: None, ..article };
    let german = LabelRule { countries: vec!["DE".parse().unwrap()], ..bare() };
    assert_eq!(given(&[german], without), ["x"], "the country of its source");
    let original = LabelRule { story: Some(StoryPart::Original), ..bare() };
    assert!(given(&[original], without).is_empty(), "that is not known");
}

#[test]
fn labels_are_sorted_and_each_is_given_once() {
    let rules =
        [rule("b", &["ship"]), rule("a", &["sea"]), rule("b", &["sea"]), rule("c", &["port"])];
    assert_eq!(given(&rules, text("a ship at sea")), ["a", "b"]);
    let many: Vec<LabelRule> =
        (0..300).map(|number| rule(&format!("{number:03}"), &["sea"])).collect();
    let given = given(&many, text("sea"));
    assert_eq!((given.len(), given[199].as_str()), (MAX_LABELS, "199"));
}

#[test]
fn places_are_characters_of_the_field() {
    let keywords = ["رياضة".to_owned(), "الـمِيناء".to_owned()];
    let article = LabelInput {
        title: Some("«É\u{301}tats-Unis» et Iran"),
        keywords: &keywords,
        ..text("In Iran. Iran again: ETATS \n UNIS")
    };
    let labels = Labels::new(vec![
        LabelRule {
            all: terms(&["états unis", "Iran"]),
            none: terms(&["mer"]),
            ..rule("us", &["unis*"])
        },
        LabelRule {
            fields: LabelFields::of(&[LabelField::Keywords]),
            prefixes: true,
            ..rule("port", &["ميناء"])
        },
    ])
    .unwrap();
    let given = labels.give(&article);
    let told: Vec<String> =
        given.iter().flat_map(|label| &label.places).map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "keywords[1] 3–9 “ميناء”",
            "title 1–12 “états unis”",
            "title 8–12 “unis*”",
            "title 17–21 “Iran”"
        ]
    );
}

#[test]
fn what_is_no_word_is_refused_in_words() {
    for (term, says) in [
        ("", "has no letter"),
        ("++", "has no letter"),
        ("*", "has no letter"),
        ("a*", "2 letters at least"),
        ("fl*od", "a * can stand"),
        (&"a".repeat(1 << 20), "1048576 characters: at most 200"),
    ] {
        let error = term.parse::<Term>().unwrap_err();
        assert!(error.contains(says) && error.len() < 400, "{error}");
    }
    assert!("UK".parse::<Country>().unwrap_err().contains("GB"));
    assert!("Germany".parse::<Country>().is_err() && "e n".parse::<LanguageRange>().is_err());
    assert!(" x".parse::<LabelName>().is_err() && "é".repeat(101).parse::<LabelName>().is_err());
}

#[test]
fn too_many_rules_or_words_are_refused_and_many_are_not() {
    let many = |rules: usize, words: usize| {
        let words: Vec<String> = (0..words).map(|word| format!("w{word}")).collect();
        let words = terms(&words.iter().map(String::as_str).collect::<Vec<_>>());
        (0..rules).map(|_| LabelRule { any: words.clone(), ..rule("x", &[]) }).collect::<Vec<_>>()
    };
    let rules = Labels::new(many(MAX_RULES + 1, 0)).unwrap_err();
    assert_eq!(rules, LabelsError::Rules(MAX_RULES + 1));
    let words = Labels::new(many(11, MAX_TERMS / 10)).unwrap_err();
    assert!(matches!(words, LabelsError::Terms(_)));
    let labels = Labels::new(many(1_000, 20)).unwrap();
    assert_eq!((labels.len(), labels.terms()), (1_000, 20_000));
    assert_eq!(labels.give(&text("w7 w7 w8")).len(), 1);
}

/// What a word finds by comparing it with each place of a folded text, or, where it is a whole word
/// by its spaces alone, with each word.
fn naive(term: &Term, prefixes: bool, text: &str) -> bool {
    let folded = folding::fold(text);
    let Needle { text: needle, edges } = term.needle(prefixes);
    if needle.starts_with(' ') && needle.ends_with(' ') {
        let (all, words): (Vec<&str>, Vec<&str>) =
            (folded.split(' ').collect(), needle.trim().split(' ').collect());
        return all.windows(words.len()).any(|window| window == words);
    }
    (0..folded.len()).any(|at| {
        folded.get(at..).is_some_and(|rest| rest.starts_with(&needle))
            && edges.hold(&folded, at, at + needle.len())
    })
}

/// Pieces of words of many scripts, and what stands between words.
const PIECES: &str = "flood|Floods|the|e|é|'s| |-|\n\n|ο|ς|Σ|я|й|و|ال|بنك|\u{200c}|ה|ש|בית|में|ฟ้า|เ|า|北|京|パ|リ|ー|서울|에서|은|7|*|\u{301}|İ|ı|ß";

#[test]
fn all_words_at_once_find_what_each_alone_finds() {
    let pieces: Vec<&str> = PIECES.split('|').collect();
    let mut state = 7_u64;
    let mut next = |bound: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 40).unwrap() % bound
    };
    for round in 0..400 {
        let mut some =
            |most: usize| (0..=next(most)).map(|_| pieces[next(pieces.len())]).collect::<String>();
        let article = some(40);
        let words: Vec<Term> = (0..40).filter_map(|_| some(3).parse().ok()).collect();
        let rules: Vec<LabelRule> = (0..)
            .zip(&words)
            .map(|(index, word)| LabelRule {
                any: vec![word.clone()],
                prefixes: index % 2 == 0,
                ..rule(&format!("{index:02}"), &[])
            })
            .collect();
        let expected: Vec<String> = rules
            .iter()
            .filter(|rule| naive(&rule.any[0], rule.prefixes, &article))
            .map(|rule| rule.name.as_str().to_owned())
            .collect();
        let labels = Labels::new(rules).unwrap();
        let found = labels.give(&text(&article));
        let names: Vec<&str> = found.iter().map(|label| label.name.as_str()).collect();
        assert_eq!(names, expected, "round {round}: {article:?}");
        let length = u32::try_from(article.chars().count()).unwrap();
        for place in found.iter().flat_map(|label| &label.places) {
            assert!(place.start < place.end && place.end <= length, "{article:?}: {place:?}");
        }
    }
}
