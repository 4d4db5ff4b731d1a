use std::collections::HashMap;

use super::*;

#[test]
fn the_table_is_whole_and_gives_each_name_to_one_agency() {
    assert!(TABLE.finder.is_some());
    let mut owners: HashMap<&str, &str> = HashMap::new();
    for line in include_str!("agencies.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        assert_eq!(fields.len(), 4, "{line}");
        for name in fields[1..]
            .iter()
            .flat_map(|field| field.split(';'))
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            assert_eq!(owners.insert(name, fields[0]), None, "{name}");
        }
    }
    assert!(
        TABLE
            .names
            .iter()
            .filter(|name| !name.pictures)
            .map(|name| name.agency)
            .collect::<std::collections::HashSet<_>>()
            .len()
            >= 60
    );
}

#[test]
fn a_credit_names_its_agency_in_many_scripts() {
    for (credit, agency) in [
        ("أ.ب", "AP"),
        ("رويترز-أرشيفية", "Reuters"),
        ("أ.ف.ب", "AFP"),
        ("د.ب.أ", "dpa"),
        ("Foto: dpa/Max Muster", "dpa"),
        ("Getty Images/AFP", "AFP"),
        ("JIM WATSON/AFP via Getty Images", "AFP"),
        ("Photograph: Evan Vucci/AP", "AP"),
        ("AP Photo/Evan Vucci", "AP"),
        ("picture alliance / ASSOCIATED PRESS | Alex Brandon", "AP"),
        ("picture alliance/dpa | Jan Woitas", "dpa"),
        ("Getty Images", "Getty Images"),
        ("Фото: РИА Новости", "RIA Novosti"),
        ("路透社", "Reuters"),
        ("ロイター=共同", "Reuters"),
        ("共同", "Kyodo"),
        ("写真：時事", "Jiji"),
        ("연합뉴스", "Yonhap"),
        ("AA", "Anadolu"),
        ("الأناضول", "Anadolu"),
        ("واس", "SPA"),
        ("KEYSTONE/Peter Klaunzer", "Keystone-SDA"),
        ("PA", "PA Media"),
        ("EPA-EFE/JOHN DOE", "EFE"),
        ("新华社", "Xinhua"),
        ("Photo TASS", "TASS"),
        ("Foto: ČTK", "ČTK"),
    ] {
        assert_eq!(in_credit(credit), Some(agency), "{credit}");
    }
    for credit in [
        "الرئاسة التركية",
        "Ana Lopez",
        "ANA LÓPEZ",
        "Petra Meier",
        "NASA",
        "Mapfre",
        "",
        "Vatican Media",
    ] {
        assert_eq!(in_credit(credit), None, "{credit}");
    }
}

#[test]
fn running_text_credits_agencies_in_its_ways() {
    for (text, agency) in [
        ("حماية أعضائه، كما نقلت «وكالة الصحافة الفرنسية».", "AFP"),
        ("وفق ما نقلته وكالة «رويترز» للأنباء.", "Reuters"),
        ("قال مسؤول لرويترز إن", "Reuters"),
        ("KYIV (Reuters) - Russia said", "Reuters"),
        ("The minister told Reuters on Monday", "Reuters"),
        ("PARIS, Nov 3 (AFP) — The", "AFP"),
        ("sagte der dpa am Montag", "dpa"),
        ("der Deutschen Presse-Agentur zufolge", "dpa"),
        ("a expliqué le maire à l'AFP.", "AFP"),
        ("сообщает РИА Новости со ссылкой", "RIA Novosti"),
        ("передает агентство Рейтер", "Reuters"),
        ("新华社北京2月10日电", "Xinhua"),
        ("【ソウル共同】韓国", "Kyodo"),
        ("(서울=연합뉴스) 홍길동 기자 =", "Yonhap"),
        ("officials told the news agency ANI on", "ANI"),
        ("It was a long day. (AP)", "AP"),
        ("ANKARA (AA) - Turkey", "Anadolu"),
    ] {
        assert_eq!(credited_in(text), [agency], "{text}");
    }
}

#[test]
fn words_and_companies_are_no_agencies() {
    for text in [
        "Shares of Thomson Reuters rose in Toronto",
        "Middle East and North Africa (MENA) countries",
        "The APA said in a statement",
        "a map of the area",
        "Bloomberg, the former mayor, said",
        "the Environmental Protection Agency (EPA) said",
        "خبر وفا به عهد",
        "Antara lain",
    ] {
        assert_eq!(credited_in(text), [""; 0], "{text}");
    }
}
