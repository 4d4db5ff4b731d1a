//! Where words are found and where not, script by script.

use super::*;

/// A term, texts in which it is found, and texts in which it is not.
type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

fn hold(prefixes: bool, cases: &[Case]) {
    for (term, with, without) in cases {
        let rule = LabelRule { prefixes, ..rule("x", &[term]) };
        let labels = Labels::new(vec![rule]).unwrap();
        for (texts, is_found) in [(with, true), (without, false)] {
            for words in *texts {
                assert_eq!(
                    !labels.give(&text(words)).is_empty(),
                    is_found,
                    "{term:?} in {words:?}"
                );
            }
        }
    }
}

#[test]
fn latin() {
    hold(
        false,
        &[
            (
                "Iran",
                &["Iran's army", "“IRAN”", "L'Iran et l’Irak", "anti-Iran"],
                &["Iranian", "tirant"],
            ),
            ("iran*", &["Iran", "Iranians"], &["tirans"]),
            ("*wasser", &["Hochwasser", "Wasser!"], &["Wassers"]),
            ("*wasser*", &["Hochwasserschutz"], &["Was ser"]),
            ("Straße", &["STRASSE", "Strasse", "straße"], &["Straßen", "Strase"]),
            ("Über", &["uber", "u\u{308}ber", "ÜBER"], &["ueber", "übermorgen"]),
            ("İstanbul", &["istanbul'da", "İSTANBUL", "ISTANBUL"], &["istanbullu"]),
            ("Diyarbakır", &["DİYARBAKIR", "diyarbakir", "Diyarbakır’ın"], &["Diyarbakırlı"]),
            (
                "water level",
                &["Water-level", "water,\n level"],
                &["water levels", "waterlevel", "water\n\nlevel"],
            ),
            ("AT&T", &["at&t", "AT & T"], &["ATT"]),
            ("G20", &["the Ｇ２０ meets", "g20-summit"], &["G2", "G200"]),
            ("œuvre", &["OEUVRE", "Œuvre"], &["ouvre"]),
        ],
    );
}

#[test]
fn cyrillic_and_greek() {
    hold(
        false,
        &[
            ("ёлка", &["Елка", "ЁЛКА"], &["ёлками"]),
            ("мой", &["Мой дом", "мои\u{306}"], &["мои дома"]),
            ("Киї*", &["Київ", "києві Київський"], &["Киев"]),
            ("Οδός", &["ΟΔΟΣ", "οδος", "η οδόσ"], &["οδού"]),
        ],
    );
}

#[test]
fn arabic_and_persian() {
    hold(
        false,
        &[
            ("مدينة", &["مدينه", "مَدِينَةٌ", "مـديـنة"], &["المدينة", "ومدينة", "مدينته"]),
            ("إيران", &["ايران", "أيران", "ایران"], &["إيراني"]),
            ("کتاب", &["كتاب", "کتاب‌ها"], &["کتابخانه"]),
            ("می‌رود", &["می رود", "می‌رود"], &["میرود"]),
            ("۲۰۲۴", &["2024", "٢٠٢٤"], &["20245"]),
        ],
    );
    hold(
        true,
        &[
            (
                "كتاب",
                &["كتاب", "والكتاب", "بكتاب", "للكتاب", "وبالكتاب"],
                &["كتابي", "مكتاب", "اكتاب"],
            ),
            (
                "البنك المركزي",
                &["للبنك المركزي", "والبنك المركزي", "البنك المركزى"],
                &["بنك المركزي", "البنك مركزي"],
            ),
            ("ال", &["ال"], &["البنك"]),
        ],
    );
}

#[test]
fn hebrew() {
    hold(false, &[("שלום", &["שָׁלוֹם", "שלום־עולם"], &["השלום"]), ("צה״ל", &["צה\"ל"], &["צהל"])]);
    hold(
        true,
        &[(
            "ממשלה",
            &["הממשלה", "לממשלה", "ושבממשלה", "ושמהממשלה"],
            &["ממשלתי", "גממשלה", "הוממשלה"],
        )],
    );
}

#[test]
fn indic() {
    hold(
        false,
        &[
            ("दिल्ली", &["नई दिल्ली में", "“दिल्ली”"], &["दिल्लीवाले", "दिली"]),
            ("क़ानून", &["क\u{93c}ानून"], &["कानून"]),
        ],
    );
}

#[test]
fn thai_without_spaces() {
    hold(
        false,
        &[
            ("กรุงเทพ", &["ที่กรุงเทพมหานคร"], &["กรุงเท"]),
            ("ไม้", &["ต้นไม้ใหญ่"], &["ไม่มี"]),
            ("กม", &["10กม."], &["เกม", "กมา"]),
        ],
    );
}

#[test]
fn chinese_and_japanese() {
    hold(
        false,
        &[
            ("北京", &["在北京举行", "「北京」"], &["北 京", "北\n京", "京北"]),
            ("iPhone", &["买iPhone手机", "ｉＰｈｏｎｅ"], &["iPhones"]),
            ("5月", &["２０２４年5月1日", "５月"], &["15月"]),
            ("パリ", &["パリで", "ﾊﾟﾘ五輪"], &["パリティ", "バリ島", "ハリ"]),
            ("パリ*", &["パリオリンピック"], &["コパリ"]),
            ("ロシア軍", &["ロシア軍が"], &["ロシアの軍"]),
            ("人々", &["多くの人々が"], &["人人"]),
            ("き", &["きた"], &["きょう"]),
        ],
    );
}

#[test]
fn korean_with_particles() {
    hold(
        false,
        &[
            (
                "서울",
                &["서울에서는", "서울은", "서울, 부산", "서울까지도", "서울"],
                &["서울시청", "강서울", "서울대"],
            ),
            ("한국", &["한국이라고", "한국의"], &["한국인", "남한국"]),
            ("KBS", &["KBS는", "kbs가"], &["KBSN"]),
            ("정상회담*", &["정상회담장에서"], &["남북정상회담"]),
            ("*정상회담", &["남북정상회담을"], &["정상회담장"]),
        ],
    );
}
