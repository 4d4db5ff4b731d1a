use super::*;

fn at(text: &str) -> Option<String> {
    parse(text, None).map(|moment| moment.time.to_utc().format("%Y-%m-%d %H:%M:%S").to_string())
}

fn all(expected: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(at(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_mail_and_feeds_write_is_read_with_its_faults() {
    all(
        "2026-11-20 07:30:15",
        &[
            "Fri, 20 Nov 2026 07:30:15 GMT",
            "Tue, 20 Nov 2026 07:30:15 +0000",
            "20 Nov 2026 10:30:15 +03:00",
            "Friday, 20 November 2026 02:30:15 EST",
            "Fri,20 Nov 26 07:30:15 Z",
            "Fri 20-Nov-2026 07:30:15 GMT+0000 (Coordinated Universal Time)",
            "Fri Nov 20 07:30:15 2026",
            "Fri Nov 20 07:30:15 +0000 2026",
            "Nov. 20th, 2026, 7:30:15 a.m.",
            "Fri, 20 Nov 2026 09:30:15 Africa/Cairo",
            "  Fri, 20 Nov 2026 07:30:15 XYZ\\n",
        ],
    );
}

#[test]
fn iso_8601_is_read_whole_and_in_part() {
    all(
        "2026-11-20 07:30:00",
        &[
            "2026-11-20T07:30Z",
            "2026-11-20t07:30:00z",
            "2026-11-20 10:30:00,25 +0300",
            "20261120T073000Z",
            "2026-11-20T02:30-05:00Z",
            "2026.11.20 07:30",
            "20261120073000",
        ],
    );
    all(
        "2026-11-20 00:00:00",
        &[
            "2026-11-20",
            "20261120",
            "26-11-20",
            "261120",
            "26324",
            "2026-324",
            "2026-11-19T24:00:00Z",
        ],
    );
    all("2026-11-01 00:00:00", &["2026-11", "-26-11", "-2611"]);
    all("2026-11-20 07:30:15", &["1795159815", "1795159815000", "1795159815.5"]);
}

#[test]
fn dates_are_read_in_many_languages_calendars_and_digits() {
    all(
        "2026-11-20 15:30:00",
        &[
            "الجمعة، ٢٠ نوفمبر ٢٠٢٦ ٠٣:٣٠ م",
            "20 نوفمبر 2026 15:30 بتوقيت غرينتش",
            "20 de noviembre de 2026, 3:30 p. m.",
            "pet, 20 nov 2026 15:30",
            "20. marraskuuta 2026 klo 15.30",
            "2026. gada 20. nov. 15:30",
            "2026年11月20日 晚上3:30",
            "20 تشرين الثاني 2026م 15:30",
            "20 نونبر 2026 الساعة 15:30",
            "۲۹ آبان ۱۴۰۵ ۱۵:۳۰",
            "1405/08/29 15:30",
            "vendredi 20 novembre 2026 15h30",
            "пт, 20 нояб. 2026 г. в 15:30",
            "2026年11月20日 下午3:30",
            "2026年11月20日 15時30分",
            "2026년 11월 20일 오후 3:30",
            "20 พฤศจิกายน 2569 15:30 น.",
            "Thứ Sáu, 20 Tháng 11 2026 15:30",
            "20 בנובמבר 2026 15:30",
            "२० नवंबर २०२६ 15:30",
        ],
    );
    all(
        "2026-03-20 00:00:00",
        &[
            "mar 20 mars 2026",
            "ven 20 mar 2026",
            "Fr, 20 März 2026",
            "٢٠ مارس ٢٠٢٦",
            "الجمعة, 20 مارس 2026",
        ],
    );
    all(
        "2026-05-04 00:00:00",
        &["4 مايو 2026", "4 ماي 2026م", "\u{200f}04\u{200f}/05\u{200f}/2026", "4 май 2026 г."],
    );
    all(
        "2026-05-04 12:05:00",
        &["04/05/2026 12:05 م", "4 de mayo de 2026 12.05", "2026. 5. 4. PM 12:05"],
    );
}

#[test]
fn numbers_either_way_round_are_settled_by_what_is_known() {
    all(
        "2026-11-20 00:00:00",
        &["20/11/2026", "11/20/2026", "20.11.2026", "20-11-2026", "20.11.26"],
    );
    all("2026-11-05 00:00:00", &["Thu, 05/11/2026", "Thu, 11/05/2026", "05.11.2026"]);
    let time = |order| parse("05/11/2026", order).unwrap();
    assert_eq!(time(Some(Order::DayFirst)).time.to_rfc3339(), "2026-11-05T00:00:00+00:00");
    assert_eq!(time(Some(Order::MonthFirst)).time.to_rfc3339(), "2026-05-11T00:00:00+00:00");
    assert!(time(None).assumed.order && !time(Some(Order::DayFirst)).assumed.order);
    assert_eq!(order("23/01/2024 03:04"), Some(Order::DayFirst));
    assert_eq!(order("01/23/2024 03:04"), Some(Order::MonthFirst));
    assert_eq!(order("01/02/2024"), None);
    assert_eq!(order("23.01.2024"), None);
}

#[test]
fn what_means_nothing_is_no_moment() {
    for text in [
        "",
        "yesterday",
        "Chapter 2 May 2024",
        "Th 3, 2 thg 1 2024",
        "2 May, whatever, 2024",
        "0000-00-00 00:00:00",
        "2024-13-02T03:04:05Z",
        "2023-02-29",
        "Tue, 02 Jan 2024 25:61:05 GMT",
        "Sun, 16 zzz 2012 11:47:32 GMT",
        "Sun, 16 Dec 2012 11:47:32 +zz:00",
        "2013-01-28T11:30:00-06:00Textra",
        "2013-01-27-01",
        "9999-12-31T23:59:59-99:99",
        "1 محرم 1445",
        "1350-00-2",
        "令和4294967295年1月1日",
        "12345678901234567890",
        &"1".repeat(1_000),
    ] {
        assert_eq!(parse(text, None), None, "{text}");
    }
}

#[test]
fn what_was_assumed_is_said() {
    let note = |text: &str| parse(text, None).unwrap().note();
    assert_eq!(note("2026-11-20T07:30:00Z"), None);
    assert_eq!(note("2026-11-20T07:30:00"), Some("without a zone, taken as UTC"));
    assert_eq!(note("2026-11-20"), Some("a day without a time, taken as midnight UTC"));
    assert_eq!(note("2026-11"), Some("without a day, taken as the first"));
    assert_eq!(note("Thu, 01 Jan 0100 00:00:01 +0100"), Some("an implausible year"));
    assert_eq!(note("3/4/2026 10:00 GMT"), Some("day and month could be the other way round"));
}

#[test]
fn a_single_token_without_a_meaning_is_left_out_beside_a_whole_date_and_a_time() {
    all(
        "2026-11-20 07:30:15",
        &[
            "026, 20 Nov 2026 07:30:15 +0000",
            "Published: Fri, 20 Nov 2026 07:30:15 GMT",
            "posted 20 Nov 2026 07:30:15",
            "Fri, 20 Nov 2026 07:30:15 GMT again",
            "Fri, 20 Nov 2026 07:30:15 0000",
        ],
    );
    for text in [
        "posted 20 Nov 2026",
        "posted again 20 Nov 2026 07:30:15",
        "20 Nov 07:30:15 again",
        "20 Nov 2026 07:30:15 +again",
    ] {
        assert_eq!(parse(text, None), None, "{text}");
    }
}

#[test]
fn zones_are_read_in_words_and_in_brackets() {
    all(
        "2026-11-20 07:30:15",
        &[
            "20 Nov 2026 02:30:15 Eastern Standard Time",
            "20 Nov 2026 08:30:15 (CET)",
            "2026-11-20T08:30:15[Europe/Paris]",
            "20 ноября 2026 10:30:15 по московскому времени",
            "20 نوفمبر 2026 10:30:15 بتوقيت مكة المكرمة",
        ],
    );
}

#[test]
fn values_of_time_are_read_as_programs_print_them() {
    all(
        "2026-11-20 07:30:15",
        &[
            "/Date(1795159815000)/",
            "/Date(1795159815000+0100)/",
            "2026-11-20 07:30:15.5 +0000 UTC m=+0.012345678",
            "1795159815000000",
        ],
    );
    for text in ["/Date(x)/", "/Date()/", "Date(", "/Date(1", "Date(é+é)"] {
        assert_eq!(parse(text, None), None, "{text}");
    }
}

#[test]
fn years_tell_of_which_calendar_they_are() {
    // Those of the Islamic one are not read, since 1999.
    for text in ["1420-01-15", "1424-11-07 11:32", "15/01/1422", "1447-05-07"] {
        assert_eq!(parse(text, None), None, "{text}");
    }
    all("2026-01-27 11:32:00", &["1404-11-07 11:32", "1404-11-07T11:32:00Z", "07.11.1404 11:32"]);
    all(
        "2026-03-14 10:00:00",
        &["2569-03-14T10:00:00Z", "115/03/14 10:00", "民國115年3月14日 10:00"],
    );
    assert_eq!(parse("1447-09-25 10:00", None), None);
}

#[test]
fn names_that_are_cut_short_are_those_of_the_language() {
    let month = |language: Option<&str>, text: &str| {
        let own = language.and_then(crate::dates::words::own_months);
        parse_in(own, text, None).map(|moment| moment.time.format("%m").to_string())
    };
    assert_eq!(month(None, "14 жов 2026").as_deref(), Some("10"));
    assert_eq!(month(None, "14 Lok 2026").as_deref(), Some("10"));
    assert_eq!(month(None, "14 lis 2026").as_deref(), Some("11"));
    assert_eq!(month(Some("hr-HR"), "14 lis 2026").as_deref(), Some("10"));
    assert_eq!(month(Some("fi"), "14 Mar 2026 klo 10").as_deref(), None);
    assert_eq!(month(Some("fi"), "Ma 14 Mar 2026").as_deref(), Some("11"));
}
