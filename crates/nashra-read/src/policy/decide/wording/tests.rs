//! Which changes of a page are changes of its wording.

use super::*;
use crate::model::record::Related;

const BODY: [&str; 3] = [
    "The minister said on Monday that 12 bridges would be closed until 5 May.",
    "Engineers had found cracks in two of them, he told reporters in Sanaa.",
    "Repairs would cost 1.5 million euros, or 3% of the budget.",
];

fn of(title: &str, lines: &[&str]) -> u64 {
    let content = Content {
        title: Some(title.to_owned()),
        text: Some(lines.join("\n\n")),
        ..Content::default()
    };
    wording(&content)
}

/// The body with a line at the beginning, in the middle or at the end.
fn with(line: &str, place: usize) -> u64 {
    let mut lines = BODY.to_vec();
    lines.insert(place, line);
    of("Bridges closed", &lines)
}

#[test]
fn lines_that_count_are_not_part_of_the_wording_in_any_language() {
    let plain = of("Bridges closed", &BODY);
    for line in [
        "3 comments",
        "1,234 views",
        "shared 56 times",
        "Shared by 56 people",
        "Leave a comment (3)",
        "5 min read",
        "1.2k likes",
        "12 Kommentare",
        "3 commentaires",
        "1 234 vues",
        "Lecture : 4 min",
        "15 comentarios",
        "27 комментариев",
        "Просмотров: 1024",
        "عدد المشاهدات 1500 مشاهدة",
        "٣ تعليقات",
        "阅读 1.2万",
        "12条评论",
        "コメント12件",
        "조회수 1,234",
        "1.204 yorum",
    ] {
        for place in [0, 1, 3] {
            assert_eq!(with(line, place), plain, "{line} at {place}");
        }
    }
}

#[test]
fn lines_that_say_when_the_page_was_updated_are_not_part_of_the_wording() {
    let plain = of("Bridges closed", &BODY);
    for line in [
        "Updated at 12:30",
        "Last updated: 3 hours ago",
        "Last updated on 12 March 2026 at 14:30 GMT",
        "Updated 12:30 GMT, 5 May 2026 by Jane Doe",
        "Aktualisiert am 12.03.2026 um 14:30 Uhr",
        "Stand: 12.03.2026 14:30 Uhr",
        "Mis à jour le 12 mars 2026 à 14h30",
        "Actualizado a las 12:30",
        "Обновлено 12 марта 2026 в 14:30",
        "آخر تحديث: 12:30",
        "آخر تحديث: 12 مارس 2026 14:30",
        "更新时间：2026-03-12 12:30",
        "최종수정 2026.03.12 14:30",
        "Güncelleme: 12.03.2026 14:30",
        "12 March 2026, 14:30",
        "14:30",
    ] {
        for place in [0, 1, 3] {
            assert_eq!(with(line, place), plain, "{line} at {place}");
        }
    }
}

#[test]
fn an_unknown_language_is_told_by_the_form_of_lines_at_the_ends_of_the_text() {
    let body = [BODY, BODY].concat();
    for line in ["Zaktualigis 2026-03-12 14:30", "Sasisho 12.03.2026 14:30"] {
        let with = |place: usize| {
            let mut lines = body.clone();
            lines.insert(place, line);
            of("Bridges closed", &lines)
        };
        assert_eq!([with(0), with(6)], [of("Bridges closed", &body); 2], "{line}");
        assert_ne!(with(3), of("Bridges closed", &body), "{line}");
    }
}

#[test]
fn buttons_advertisements_and_links_to_other_articles_are_not_part_of_the_wording() {
    let plain = of("Bridges closed", &BODY);
    for line in [
        "Share on Facebook",
        "Advertisement",
        "إعلان",
        "广告",
        "Related: Ferry prices rise by a third",
        "Read also: Who pays for the ferries?",
        "اقرأ أيضا: أسعار العبارات",
        "相关阅读：渡轮票价上涨",
    ] {
        assert_eq!(with(line, 1), plain, "{line}");
    }
    let content = |related: &str| Content {
        title: Some("Bridges closed".into()),
        text: Some([BODY[0], BODY[1], BODY[2], related].join("\n\n")),
        related: vec![Related { title: Some(related.to_owned()), ..Related::default() }],
        ..Content::default()
    };
    assert_eq!(wording(&content("Ferries are full")), wording(&content("A port in the fog")));
}

#[test]
fn signs_spaces_case_and_breaks_of_paragraphs_are_not_part_of_the_wording() {
    for (before, after) in [
        ("\"Now,\" he said - and left", "“Now”, he said — and left"),
        ("He came at 10-15 o'clock.", "He came at 10–15 o’clock"),
        ("The Minister said", "The minister  said!"),
        ("e-mail", "email"),
        ("الـمـيناء مفتوح", "الميناء مفتوح"),
        ("One. Two.", "One.\n\nTwo."),
    ] {
        assert_eq!(of(before, &[before]), of(after, &[after]), "{before} / {after}");
    }
}

#[test]
fn another_word_or_number_in_a_sentence_and_another_headline_are_another_wording() {
    let plain = of("Bridges closed", &BODY);
    for (from, to) in [
        ("12 bridges", "13 bridges"),
        ("1.5 million", "15 million"),
        ("1.5 million", "1.6 million"),
        ("3% of", "3 of"),
        ("5 May", "6 May"),
        ("two of them", "three of them"),
        ("Sanaa", "Aden"),
    ] {
        let lines = BODY.map(|line| line.replace(from, to));
        assert_ne!(of("Bridges closed", &lines.each_ref().map(String::as_str)), plain, "{to}");
    }
    assert_ne!(of("Bridges open", &BODY), plain);
    assert_ne!(of("12 dead", &BODY), of("15 dead", &BODY));
    assert_ne!(of("Cold", &["It was -5 degrees"]), of("Cold", &["It was 5 degrees"]));
    assert_ne!(of("", &["12 15"]), of("", &["1215"]));
}

#[test]
fn short_lines_of_news_are_part_of_the_wording() {
    for (before, after) in [
        ("Dead: 12", "Dead: 15"),
        ("Real Madrid 2 - 1 Barcelona", "Real Madrid 2 - 2 Barcelona"),
        ("5 killed in attack", "7 killed in attack"),
        ("Shares up 3%", "Shares up 4%"),
        ("Kick-off: 20:45", "Kick-off: 21:00"),
        ("عدد القتلى 12", "عدد القتلى 15"),
        ("死亡人数12人", "死亡人数15人"),
        ("Turnout: 54.3", "Turnout: 55.1"),
    ] {
        for place in [0, 1, 3] {
            assert_ne!(with(before, place), with(after, place), "{before} at {place}");
        }
    }
}

#[test]
fn a_text_of_one_line_is_never_nothing() {
    assert_ne!(of("", &["3 comments"]), of("", &["4 comments"]));
}

#[test]
fn bad_input_takes_bounded_work() {
    let long = "9 ".repeat(500_000);
    let many = "3 comments\n".repeat(20_000);
    assert_ne!(of("", &[&long]), of("", &[&many]));
    assert_eq!(of("", &[""]), of("", &[]));
}
