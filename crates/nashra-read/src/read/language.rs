//! Language, script and direction of a text: its own letters and small words first, the publisher's
//! claim as evidence.

mod rare;
mod words;

use whatlang::{Detector, Script};

use crate::model::record::Direction;

/// Bytes of the text that are looked at: more would cost time and change nothing.
const SAMPLE: usize = 4_000;

/// The language (BCP 47 primary subtag), script (ISO 15924) and direction of a text. The claim wins
/// where the text is written in a script of the claimed language and its small words are not those
/// of another one; else they decide, and where they cannot, a detector.
#[must_use]
pub fn detect(
    text: &str,
    claim: Option<&str>,
) -> (Option<String>, Option<String>, Option<Direction>) {
    let sample = &text[..text.floor_char_boundary(SAMPLE)];
    let claimed = claim.and_then(primary);
    if let Some((language, script, direction)) = rare::detect(sample) {
        return (Some(language.to_owned()), Some(script.to_owned()), Some(direction));
    }
    let Some(script) = whatlang::detect_script(sample) else {
        return (claimed, None, None);
    };
    // Texts of two or three lines may have more Han than Kana.
    let script =
        if script == Script::Mandarin && has_kana(sample) { Script::Hiragana } else { script };
    let language = match claimed {
        Some(claimed) if written_in(&claimed, script) => {
            words::other(sample, &claimed).map(str::to_owned).or(Some(claimed))
        }
        _ => of_script(script)
            .or_else(|| words::language(sample))
            .map(str::to_owned)
            .or_else(|| by_letters(sample)),
    };
    let japanese = script == Script::Mandarin && language.as_deref() == Some("ja");
    let script = if japanese { Script::Hiragana } else { script };
    let direction = if matches!(script, Script::Arabic | Script::Hebrew) {
        Direction::Rtl
    } else {
        Direction::Ltr
    };
    (language, Some(iso_15924(script).to_owned()), Some(direction))
}

fn by_letters(sample: &str) -> Option<String> {
    Detector::new()
        .detect(sample)
        .filter(whatlang::Info::is_reliable)
        .map(|info| two_letters(info.lang().code()).to_owned())
}

fn primary(claim: &str) -> Option<String> {
    let first = claim.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    let plausible =
        (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_lowercase());
    plausible.then(|| two_letters(&first).to_owned())
}

/// Whether a language is written in a script. Unknown languages are taken to be written in Latin.
fn written_in(language: &str, script: Script) -> bool {
    match script {
        Script::Arabic => {
            matches!(language, "ar" | "fa" | "ur" | "ps" | "ckb" | "ku" | "sd" | "ug" | "ks" | "dv")
        }
        Script::Hebrew => matches!(language, "he" | "yi" | "iw"),
        Script::Cyrillic => {
            matches!(
                language,
                "ru" | "uk"
                    | "bg"
                    | "sr"
                    | "mk"
                    | "be"
                    | "kk"
                    | "ky"
                    | "mn"
                    | "tg"
                    | "uz"
                    | "tt"
                    | "ba"
                    | "ce"
                    | "os"
            )
        }
        Script::Mandarin => matches!(language, "zh" | "ja" | "yue"),
        Script::Devanagari => matches!(language, "hi" | "mr" | "ne" | "sa" | "bho" | "mai" | "kok"),
        Script::Bengali => matches!(language, "bn" | "as" | "mni" | "bpy"),
        Script::Ethiopic => matches!(language, "am" | "ti" | "gez" | "tig"),
        Script::Myanmar => matches!(language, "my" | "shn" | "mnw" | "kar"),
        Script::Latin => !NEVER_LATIN.contains(&language),
        // The remaining scripts belong to one language each.
        _ => of_script(script) == Some(language),
    }
}

/// Languages that are hardly ever written in Latin letters.
const NEVER_LATIN: [&str; 38] = [
    "ar", "fa", "ur", "ps", "sd", "ug", "ckb", "dv", "he", "yi", "ru", "uk", "bg", "be", "mk",
    "zh", "ja", "ko", "el", "th", "lo", "km", "my", "hi", "mr", "ne", "bn", "as", "pa", "gu", "or",
    "ta", "te", "kn", "ml", "si", "ka", "hy",
];

/// The language of a script that is written in hardly any other.
fn of_script(script: Script) -> Option<&'static str> {
    Some(match script {
        Script::Armenian => "hy",
        Script::Georgian => "ka",
        Script::Greek => "el",
        Script::Gujarati => "gu",
        Script::Gurmukhi => "pa",
        Script::Hangul => "ko",
        Script::Hiragana | Script::Katakana => "ja",
        Script::Kannada => "kn",
        Script::Khmer => "km",
        Script::Malayalam => "ml",
        Script::Oriya => "or",
        Script::Sinhala => "si",
        Script::Tamil => "ta",
        Script::Telugu => "te",
        Script::Thai => "th",
        _ => return None,
    })
}

/// Whether a text in Han has the signs of Japanese: a tenth of it at least.
fn has_kana(text: &str) -> bool {
    let (mut kana, mut han) = (0_usize, 0_usize);
    for c in text.chars() {
        kana += usize::from(matches!(c, '\u{3041}'..='\u{309f}' | '\u{30a1}'..='\u{30fa}'));
        han += usize::from(matches!(c, '\u{3400}'..='\u{9fff}'));
    }
    kana * 10 > han
}

fn two_letters(code: &str) -> &str {
    const CODES: &str = include_str!("language/codes.txt");
    match code.len() {
        // CLDR takes Bokmål for what `no` means, and `no` for its name.
        2 if code == "nb" => "no",
        3 => CODES
            .lines()
            .find_map(|line| line.strip_prefix(code)?.strip_prefix(' '))
            .unwrap_or(code),
        _ => code,
    }
}

fn iso_15924(script: Script) -> &'static str {
    match script {
        Script::Arabic => "Arab",
        Script::Armenian => "Armn",
        Script::Bengali => "Beng",
        Script::Cyrillic => "Cyrl",
        Script::Devanagari => "Deva",
        Script::Ethiopic => "Ethi",
        Script::Georgian => "Geor",
        Script::Greek => "Grek",
        Script::Gujarati => "Gujr",
        Script::Gurmukhi => "Guru",
        Script::Hangul => "Kore",
        Script::Hebrew => "Hebr",
        Script::Hiragana | Script::Katakana => "Jpan",
        Script::Kannada => "Knda",
        Script::Khmer => "Khmr",
        Script::Malayalam => "Mlym",
        Script::Mandarin => "Hani",
        Script::Myanmar => "Mymr",
        Script::Oriya => "Orya",
        Script::Sinhala => "Sinh",
        Script::Tamil => "Taml",
        Script::Telugu => "Telu",
        Script::Thai => "Thai",
        Script::Latin => "Latn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_that_the_letters_contradict_is_not_believed() {
        let text = "أعلنت وزارة الصحة اليوم عن افتتاح مركز طبي جديد في المدينة الساحلية بحضور عدد من المسؤولين";
        let (language, script, direction) = detect(text, Some("en-US"));
        assert_eq!(
            (language.as_deref(), script.as_deref(), direction),
            (Some("ar"), Some("Arab"), Some(Direction::Rtl))
        );
    }

    #[test]
    fn a_claim_that_the_small_words_contradict_is_not_believed() {
        let text = "Die Kinder und ihre Eltern sind mit dem Zug in die Stadt gefahren, weil das Schiff nicht mehr nach der Insel fährt.";
        assert_eq!(detect(text, Some("en-US")).0.as_deref(), Some("de"));
        assert_eq!(detect(text, Some("de-CH")).0.as_deref(), Some("de"));
        assert_eq!(detect(text, None).0.as_deref(), Some("de"));
    }

    #[test]
    fn a_script_that_belongs_to_one_language_contradicts_all_other_claims() {
        for (text, language, script) in [
            ("நகர சபை செவ்வாய்க்கிழமை மாலை வாக்களித்தது", "ta", "Taml"),
            ("నగర మండలి మంగళవారం సాయంత్రం ఓటు వేసింది", "te", "Telu"),
            ("ನಗರ ಸಭೆ ಮಂಗಳವಾರ ಸಂಜೆ ಮತ ಹಾಕಿತು", "kn", "Knda"),
            ("നഗരസഭ ചൊവ്വാഴ്ച വൈകുന്നേരം വോട്ട് ചെയ്തു", "ml", "Mlym"),
            ("શહેર સમિતિએ મંગળવારે સાંજે મત આપ્યો", "gu", "Gujr"),
            ("ਸ਼ਹਿਰ ਦੀ ਕੌਂਸਲ ਨੇ ਮੰਗਲਵਾਰ ਸ਼ਾਮ ਵੋਟ ਪਾਈ", "pa", "Guru"),
            ("නගර සභාව අඟහරුවාදා සවස ඡන්දය දුන්නේය", "si", "Sinh"),
            ("ក្រុមប្រឹក្សាក្រុងបានបោះឆ្នោតនៅល្ងាចថ្ងៃអង្គារ", "km", "Khmr"),
            ("Քաղաքային խորհուրդը քվեարկեց երեքշաբթի երեկոյան", "hy", "Armn"),
            ("საკრებულომ სამშაბათს საღამოს კენჭი უყარა", "ka", "Geor"),
            ("ສະພາເມືອງໄດ້ລົງຄະແນນສຽງໃນຕອນແລງວັນອັງຄານ", "lo", "Laoo"),
            ("ސިޓީ ކައުންސިލުން އަންގާރަ ދުވަހު ވޯޓު ދިން", "dv", "Thaa"),
            ("གྲོང་ཁྱེར་ལྷན་ཚོགས་ཀྱིས་འོས་འཕངས་སོང་།", "bo", "Tibt"),
            ("নগর পরিষদ মঙ্গলবার সন্ধ্যায় ভোট দিয়েছে এবং নতুন ট্রাম লাইন অনুমোদন করেছে", "bn", "Beng"),
        ] {
            let (found, of, _) = detect(text, Some("en"));
            assert_eq!((found.as_deref(), of.as_deref()), (Some(language), Some(script)), "{text}");
        }
        // An Indian language may be claimed by another one's name as well.
        assert_eq!(detect("நகர சபை செவ்வாய்க்கிழமை மாலை", Some("hi")).0.as_deref(), Some("ta"));
        assert_eq!(detect("অসমৰ নগৰ পৰিষদ", Some("as")).0.as_deref(), Some("as"));
    }

    #[test]
    fn the_script_of_japanese_is_its_own_however_much_of_it_is_han() {
        let text = "市議会は火曜日の夜、東線を四停留所延長することを可決し、港区の住民を二分してきた論争に終止符を打った。";
        for claim in [Some("ja"), Some("en"), Some("zh"), None] {
            let (language, script, _) = detect(text, claim);
            assert_eq!((language.as_deref(), script.as_deref()), (Some("ja"), Some("Jpan")));
        }
        assert_eq!(detect("東京都議会議員選挙", Some("ja")).1.as_deref(), Some("Jpan"));
        assert_eq!(detect("市议会周二晚投票通过了方案", Some("zh")).1.as_deref(), Some("Hani"));
    }

    #[test]
    fn a_claim_that_the_letters_allow_wins() {
        assert_eq!(detect("OK", Some("nl-BE")).0.as_deref(), Some("nl"));
    }
}
