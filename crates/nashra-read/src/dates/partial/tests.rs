use super::*;

fn iso(text: &str) -> Option<String> {
    find_last(text).map(|found| found.iso)
}

#[test]
fn full_dates_are_found_in_many_languages_digits_and_orders() {
    for text in [
        "جنود يشاركون في تدريبات 11 نوفمبر 2023",
        "في ١١ تشرين الثاني/نوفمبر ٢٠٢٣",
        "١١ من نوفمبر عام ٢٠٢٣",
        "Soldiers near Kyiv, Saturday, Nov. 11, 2023.",
        "Taken on the 11th of November, 2023, in Kyiv",
        "Le 11 novembre 2023 à Kiev",
        "am 11. November 2023 in Kiew",
        "el 11 de noviembre de 2023",
        "11 de novembro de 2023",
        "11 ноября 2023 г.",
        "11 листопада 2023 року",
        "11 Kasım 2023",
        "۱۱ نوامبر ۲۰۲۳",
        "۲۰ آبان ۱۴۰۲",
        "11 नवंबर 2023",
        "११ नवंबर २०२३",
        "2023年11月11日、キーウで",
        "令和5年11月11日",
        "2023년 11월 11일",
        "2023. november 11.",
        "11 พฤศจิกายน 2566",
        "ngày 11 tháng 11 năm 2023",
        "11/11/2023",
        "11.11.2023",
        "11. 11. 2023",
        "2023-11-11",
        "2023/11/11",
        "11-Nov-2023",
    ] {
        assert_eq!(iso(text).as_deref(), Some("2023-11-11"), "{text}");
    }
}

#[test]
fn numbers_of_the_persian_calendar_are_read_among_its_letters_and_digits() {
    assert_eq!(iso("تاریخ انتشار: ۱۴۰۴/۱۲/۱۷ ۰۶:۳۰").as_deref(), Some("2026-03-08"));
    assert_eq!(iso("انتشار 1404-12-17").as_deref(), Some("2026-03-08"));
    // The Islamic one counts other months.
    assert_eq!(iso("١٤٤٧/٠٩/١٩"), None);
    assert_eq!(iso("The year 1404/12/17 of the chronicle"), None);
}

#[test]
fn partial_dates_have_a_year_and_a_month() {
    for text in [
        "في قمّة لاهاي يونيو 2025",
        "June 2025",
        "im Juni 2025",
        "2025年6月",
        "2025-06",
        "06/2025",
        "tháng 6 năm 2025",
        "June 10-12, 2025",
        "10-12 June 2025",
    ] {
        assert_eq!(iso(text).as_deref(), Some("2025-06"), "{text}");
    }
}

#[test]
fn what_is_no_date_or_could_be_two_is_left_out() {
    for text in [
        "",
        "the class of 2025",
        "11 November",
        "3/4/2025 in Boston",
        "the 2011/12 season",
        "1446/05/12",
        "12 رمضان 1446",
        "خرداد 1404",
        " 1.2.3.2025",
        "ratio 3.2025",
        "May 12 people die",
        "10 out of 2025",
    ] {
        assert_eq!(iso(text), None, "{text}");
    }
    assert_eq!(iso("le 3/4/2025 à Genève").as_deref(), Some("2025-04-03"));
}

#[test]
fn the_range_is_the_date_alone() {
    let text = "الرئيس في واشنطن 24 فبراير 2025";
    assert_eq!(&text[find_last(text).unwrap().range], "24 فبراير 2025");
    assert_eq!(find_all("5 May 2020 and 6 June 2021").len(), 2);
}

#[test]
fn a_year_of_two_digits_counts_behind_points_where_dates_end_with_it() {
    assert_eq!(iso("Do 25.04.24 | 14:07 Uhr").as_deref(), Some("2024-04-25"));
    assert_eq!(iso("24.04.25 입력"), None);
    assert_eq!(iso("Version 10.0.12"), None);
}
