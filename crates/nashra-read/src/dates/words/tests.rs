use super::*;

fn gregorian(number: u8) -> Month {
    Month { calendar: Calendar::Gregorian, number }
}

#[test]
fn every_line_of_the_table_has_its_months_or_days() {
    for line in include_str!("../words.txt").lines().filter(|line| !line.starts_with('#')) {
        let (kind, items) = line.split_once(' ').unwrap().1.split_once(' ').unwrap();
        assert_eq!(items.split("; ").count(), if kind == "days" { 7 } else { 12 }, "{line}");
        assert!(
            items
                .split("; ")
                .flat_map(|part| part.split(','))
                .all(|name| !fold(name).is_empty() && name.chars().count() <= MAX_NAME),
            "{line}"
        );
    }
}

#[test]
fn months_are_known_in_many_languages_and_forms() {
    let june = [
        "June",
        "JUN.",
        "يونيو",
        "حزيران",
        "جوان",
        "juin",
        "Juni",
        "junio",
        "giugno",
        "junho",
        "июня",
        "июнь",
        "червня",
        "czerwca",
        "června",
        "Haziran",
        "HAZİRAN",
        "ژوئن",
        "ביוני",
        "יוני",
        "जून",
        "জুন",
        "Mei",
        "มิถุนายน",
        "มิ.ย.",
        "Ιουνίου",
        "ΙΟΥΝΊΟΥ",
        "juni",
        "kesäkuuta",
        "június",
        "iunie",
        "tháng sáu",
        "六月",
    ];
    for word in june {
        assert_eq!(month(word), Some(gregorian(if word == "Mei" { 5 } else { 6 })), "{word}");
    }
    assert_eq!(month("août"), Some(gregorian(8)));
    assert_eq!(month("AGUSTUS"), Some(gregorian(8)));
    assert_eq!(month("kawa"), None);
}

#[test]
fn persian_and_islamic_months_are_told_apart() {
    assert_eq!(month("آذر"), Some(Month { calendar: Calendar::Jalali, number: 9 }));
    assert_eq!(month("آذار"), Some(gregorian(3)));
    assert_eq!(month("رمضان"), Some(Month { calendar: Calendar::Hijri, number: 9 }));
}

#[test]
fn a_name_is_found_at_the_start_of_a_text_and_ends_with_its_word() {
    assert_eq!(month_at("كانون الثاني 2024").map(|month| month.0), Some(gregorian(1)));
    assert_eq!(month_at("Nov. 2023"), Some((gregorian(11), 4)));
    assert_eq!(month_at("Nov-2023"), Some((gregorian(11), 3)));
    assert_eq!(month_at("Mayor of London"), None);
    assert_eq!(month_at("พฤศจิกายนที่ผ่านมา").map(|month| month.0), Some(gregorian(11)));
    assert_eq!(month_at("十一月二日").map(|month| month.0), Some(gregorian(11)));
    assert_eq!(weekday_at("segunda-feira, 3"), Some((Weekday::Mon, 13)));
    assert_eq!(weekday_at("Tues 3 June"), Some((Weekday::Tue, 4)));
}

#[test]
fn digits_of_all_scripts_are_decimal_digits() {
    assert_eq!(ascii_digits("۱۴۰۳/٠٢/१२ ２"), "1403/02/12 2");
    assert_eq!(digit('²'), None);
    assert_eq!(digit('五'), None);
}
