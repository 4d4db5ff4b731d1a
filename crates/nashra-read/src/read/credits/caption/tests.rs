use super::*;

/// Caption, credit, agency, archive, taken.
/// Caption, credit, agency, whether it is from the archive, and when it was taken.
type Expected<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, bool, Option<&'a str>);

#[track_caller]
fn tells(line: &str, told: Expected<'_>) {
    let image = parse(line);
    let found = (
        image.caption.as_deref(),
        image.credit.as_deref(),
        image.agency.as_deref(),
        image.archive,
        image.taken.as_deref(),
    );
    assert_eq!(found, told, "{line}");
}

#[test]
fn a_credit_in_a_bracket_at_the_end_leaves_the_caption() {
    tells(
        "رؤساء خمس دول في قمة «الأمن» (أ.ب)",
        (Some("رؤساء خمس دول في قمة «الأمن»"), Some("أ.ب"), Some("AP"), false, None),
    );
    tells(
        "قوات تُنزل العَلم (رويترز-أرشيفية)",
        (Some("قوات تُنزل العَلم"), Some("رويترز-أرشيفية"), Some("Reuters"), true, None),
    );
    tells(
        "الرئيس مصافحاً ضيفه (الرئاسة التركية)",
        (Some("الرئيس مصافحاً ضيفه"), Some("الرئاسة التركية"), None, false, None),
    );
    tells(
        "会見する首相（写真：共同）",
        (Some("会見する首相"), Some("共同"), Some("Kyodo"), false, None),
    );
    tells(
        "会見する首相＝2025年6月3日（ロイター）",
        (
            Some("会見する首相＝2025年6月3日"),
            Some("ロイター"),
            Some("Reuters"),
            false,
            Some("2025-06-03"),
        ),
    );
    tells(
        "총리가 말하고 있다. [사진=연합뉴스]",
        (Some("총리가 말하고 있다."), Some("연합뉴스"), Some("Yonhap"), false, None),
    );
    tells(
        "Ministers meet in Paris. (AP Photo/Ann Lee)",
        (Some("Ministers meet in Paris."), Some("AP Photo/Ann Lee"), Some("AP"), false, None),
    );
    tells(
        "總統出席典禮。（圖／中央社）",
        (Some("總統出席典禮。"), Some("中央社"), Some("CNA"), false, None),
    );
}

#[test]
fn a_credit_behind_a_label_or_a_stroke_leaves_the_caption() {
    tells(
        "Der Kanzler in Rom. Foto: dpa/Max Muster",
        (Some("Der Kanzler in Rom."), Some("dpa/Max Muster"), Some("dpa"), false, None),
    );
    tells(
        "Le président à Lyon © AFP",
        (Some("Le président à Lyon"), Some("AFP"), Some("AFP"), false, None),
    );
    tells("Порт уночі, колаж: Анна Лі", (Some("Порт уночі,"), Some("Анна Лі"), None, false, None));
    tells(
        "El rey, en Sevilla | EFE",
        (Some("El rey, en Sevilla"), Some("EFE"), Some("EFE"), false, None),
    );
    tells(
        "A street in Leeds. Photograph: Ann Lee/PA",
        (Some("A street in Leeds."), Some("Ann Lee/PA"), Some("PA Media"), false, None),
    );
    tells(
        "Пожар в порту. Фото: РИА Новости",
        (Some("Пожар в порту."), Some("РИА Новости"), Some("RIA Novosti"), false, None),
    );
    tells("图源：新华社", (None, Some("新华社"), Some("Xinhua"), false, None));
    tells("Photo: Ann Lee/AFP", (None, Some("Ann Lee/AFP"), Some("AFP"), false, None));
    tells("Bloomberg/Ann Lee", (None, Some("Bloomberg/Ann Lee"), Some("Bloomberg"), false, None));
    tells(
        "picture alliance/dpa | Jan Muster",
        (None, Some("picture alliance/dpa | Jan Muster"), Some("dpa"), false, None),
    );
    tells("© Getty", (None, Some("Getty"), Some("Getty Images"), false, None));
}

#[test]
fn the_archive_is_told_by_the_credit_or_by_the_caption() {
    tells(
        "أرشيفية لجنود روس (أ.ب)",
        (Some("أرشيفية لجنود روس"), Some("أ.ب"), Some("AP"), true, None),
    );
    tells(
        "FILE - A tanker off Crete, June 3, 2025.",
        (Some("FILE - A tanker off Crete, June 3, 2025."), None, None, true, Some("2025-06-03")),
    );
    tells("Das Rathaus (Archivbild)", (Some("Das Rathaus"), None, None, true, None));
    tells(
        "Imagen de archivo del puerto. EFE",
        (Some("Imagen de archivo del puerto."), Some("EFE"), Some("EFE"), true, None),
    );
    tells(
        "The National Archives in London",
        (Some("The National Archives in London"), None, None, false, None),
    );
}

#[test]
fn a_bracket_that_is_no_credit_stays() {
    for line in
        ["Ann Lee (left)", "Der Minister (CDU)", "John Smith (72)", "The film (2021)", "Olaf (l.)"]
    {
        tells(line, (Some(line), None, None, false, None));
    }
}

#[test]
fn running_text_has_no_sign_of_a_credit() {
    for line in [
        "The company said: we will pay.",
        "He told Reuters that the deal (worth $3bn) was off.",
        "Die Quelle des Flusses liegt in Tirol.",
        "",
    ] {
        assert_eq!(credit_sign(line), None, "{line}");
    }
    assert!(is_credit("Foto: dpa"));
    assert!(!is_credit("Ein Haus. Foto: dpa"));
}
