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

fn names(line: &str) -> Vec<String> {
    parse(line)
        .into_iter()
        .filter(|byline| byline.kind == Person)
        .map(|byline| byline.name)
        .collect()
}

#[test]
fn the_word_for_who_writes_is_no_place_in_any_language() {
    for line in [
        "מאת: דנה לוי",
        "Author: Ann Lee",
        "Autor: Jan Novák",
        "Auteur : Jean Dupont",
        "Συντάκτης: Νίκος Παπάς",
        "Szerző: Kiss Anna",
        "Yazar: Ayşe Kaya",
        "Kirjoittaja: Aino Virta",
        "Skribent: Bo Ek",
        "लेखक: राम शर्मा",
        "লেখক: রহিম উদ্দিন",
        "ผู้เขียน: สมชาย ใจดี",
        "Tác giả: Nguyễn An",
        "نویسنده: علی رضایی",
        "به قلم: علی رضایی",
        "By: Ann Lee",
        "Von: Max Muster",
        "Par : Jean Dupont",
        "作者：王小明",
        "記者：山田太郎",
        "글쓴이: 홍길동",
    ] {
        let found = parse(line);
        assert_eq!(found.len(), 1, "{line}");
        assert_eq!((found[0].kind, found[0].place.as_deref()), (Person, None), "{line}");
    }
}

#[test]
fn jobs_degrees_agencies_days_and_papers_are_no_names_and_no_places() {
    for line in [
        "By Ann Lee (Transport Correspondent)",
        "By Ann Lee, Transport Correspondent",
        "Ann Lee, Senior Staff Writer",
        "By Ann Lee Staff Writer",
        "By Ann Lee, MD, PhD",
        "By Ann Lee, M.D.",
        "Ann Lee PhD",
        "Ann Lee Monday, February 23, 2026",
        "Ann Lee, Monday",
        "By Ann Lee | Mar 8, 2026 7:42pm",
        "By Ann Lee for The Daily Harbour",
        "By Ann Lee, for Harbour Post",
        "By Ann Lee, Special to The Times",
        "Von Ann Lee für die Zeitung",
        "Ann Lee, Head of Research & Chief Economist",
        "EXCLUSIVE by Ann Lee, Political Editor",
        "Eine Analyse von Ann Lee",
        "Opinion by Ann Lee",
        "8 March 2026 | By Ann Lee",
        "By Ann Lee, Edited by Bo Ray, Photographs by Lena Ost",
        "Words: Ann Lee. Photos: Lena Ost",
        "Text: Ann Lee, Fotos: Lena Ost",
        "Reporting by Ann Lee; Editing by Bo Ray",
        "Texte : Ann Lee Photos : Lena Ost",
        "By Ann Lee Photos by Lena Ost",
        "Ann Lee – Political Editor",
    ] {
        let found = parse(line);
        let found: Vec<_> =
            found.iter().map(|found| (found.name.as_str(), found.place.as_deref())).collect();
        assert_eq!(found, [("Ann Lee", None)], "{line}");
    }
}

#[test]
fn agencies_beside_names_are_kept_apart() {
    for line in [
        "By JONAS FERRER and IDA BRANDT Associated Press",
        "JONAS FERRER AND IDA BRANDT, Associated Press",
        "JONAS FERRER, IDA BRANDT/AP",
    ] {
        assert_eq!(names(line), ["JONAS FERRER", "IDA BRANDT"], "{line}");
        assert!(parse(line).iter().any(|byline| byline.kind == Organisation), "{line}");
    }
}

#[test]
fn suffixes_belong_to_their_names() {
    assert_eq!(names("By Martin Hale Jr."), ["Martin Hale Jr."]);
    assert_eq!(names("By Martin Hale, Jr. and Ann Lee"), ["Martin Hale, Jr.", "Ann Lee"]);
    assert_eq!(
        names("By Walter Okafor Sr. and Amos Pell III"),
        ["Walter Okafor Sr.", "Amos Pell III"]
    );
    assert!(is_byline("By Martin Hale Jr."));
}

#[test]
fn two_writers_are_joined_by_any_languages_and() {
    for and in [
        "and", "&", "und", "et", "y", "e", "og", "och", "en", "i", "oraz", "és", "și", "și", "ja",
        "ve", "dan", "và", "ir",
    ] {
        assert_eq!(names(&format!("Ann Lee {and} Bo Ray")), ["Ann Lee", "Bo Ray"], "{and}");
    }
    assert_eq!(names("بقلم: سامي الحداد و أحمد علي"), ["سامي الحداد", "أحمد علي"]);
}

#[test]
fn a_name_and_where_it_is_may_stand_beside_a_dash() {
    reads("بقلم: سامي الحداد - الميناء", &[("سامي الحداد", Person, Some("الميناء"))]);
    reads("Ann Lee – Kyiv", &[("Ann Lee", Person, Some("Kyiv"))]);
}

#[test]
fn reporters_of_east_asia_are_known_by_their_word_on_either_side() {
    for (line, wanted) in [
        ("홍길동 기자", "홍길동"),
        ("글 홍길동 기자", "홍길동"),
        ("記者 山田太郎", "山田太郎"),
        ("本报记者 王小明", "王小明"),
        ("记者：王小明 编辑：李芳", "王小明"),
        ("来源：海港日报　作者：王小明", "王小明"),
        ("2026-03-10 19:42:11　来源：海港日报　作者：王小明", "王小明"),
        ("文／王小明", "王小明"),
        ("【記者王小明／台北報導】", "王小明"),
    ] {
        assert_eq!(names(line), [wanted], "{line}");
    }
    assert!(names("责任编辑：张伟").is_empty() && is_of_others("责任编辑：张伟"));
}

#[test]
fn writers_within_the_first_and_last_lines_of_a_text_are_read() {
    let names = |found: Vec<Byline>| found.into_iter().map(|it| it.name).collect::<Vec<_>>();
    assert_eq!(names(of_lead("(항구=항구통신) 홍길동 기자 = 시의회는 화요일")), ["홍길동"]);
    assert_eq!(names(of_lead("홍길동 기자 = 시의회는 화요일 저녁")), ["홍길동"]);
    assert_eq!(
        names(of_lead("[서울=뉴시스] 홍길동 기자·김영희 기자 = 정부는")),
        ["홍길동", "김영희"]
    );
    assert!(of_lead("x = y 기자").is_empty() && of_lead("시의회는 화요일 = 저녁").is_empty());
    assert_eq!(names(of_end("市场将迁往大厅。（记者 王小明 编辑 李芳）")), ["王小明"]);
    assert_eq!(names(of_end("（记者王小明、陈立）")), ["王小明", "陈立"]);
    assert!(of_end("市场将迁往大厅（第九码头）").is_empty());
}

#[test]
fn what_links_and_jobs_say_before_a_name_is_no_part_of_it() {
    for line in [
        "Alles von Jana Wolf",
        "Autorenseite von Jana Wolf",
        "Pressemitteilung von Jana Wolf",
        "Über Jana Wolf",
        "HAFEN-Online-Experte Jana Wolf",
        "All posts by Jana Wolf",
        "contributions from Jana Wolf",
        "About Jana Wolf",
        "Senior Reporter Jana Wolf",
        "Tous les articles de Jana Wolf",
        "Ver todos los artículos de Jana Wolf",
        "Wszystkie artykuły autora Jana Wolf",
        "Jana Wolf Content Marketing Coordinator",
    ] {
        assert_eq!(names(line), ["Jana Wolf"], "{line}");
    }
    // What follows in small letters is no name.
    assert!(!is_byline("More from the harbour") && !is_byline("Mehr von Jana Wolf"));
}

#[test]
fn sections_of_sites_and_labels_of_links_are_no_writers() {
    for line in [
        "Alles von",
        "Über",
        "Autorenseite von",
        "Weitere Informationen",
        "Gesponserte Inhalte",
        "Nachrichten",
        "País",
        "Pressemitteilung von",
        "contributions from",
        "Contenido patrocinado",
        "Actualités",
        "Wiadomości",
        "Новости",
        "أخبار",
        "ニュース",
        "국제",
        "Servicemenü",
        "Marketing Director",
    ] {
        assert!(parse(line).is_empty(), "{line}");
    }
    // Beside other words they are parts of names.
    reads("Hafen Nachrichten", &[("Hafen Nachrichten", Person, None)]);
    reads("Maria País", &[("Maria País", Person, None)]);
}
