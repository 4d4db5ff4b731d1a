//! Language, script and direction of a text: its own letters and small words first, the publisher's
//! claim as evidence.

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
    let Some(script) = whatlang::detect_script(sample) else {
        return (claimed, None, None);
    };
    let language = match claimed {
        Some(claimed) if written_in(&claimed, script) => {
            words::other(sample, &claimed).map(str::to_owned).or(Some(claimed))
        }
        _ => words::language(sample).map(str::to_owned).or_else(|| by_letters(sample)),
    };
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
        Script::Hiragana | Script::Katakana => language == "ja",
        Script::Hangul => language == "ko",
        Script::Greek => language == "el",
        Script::Thai => language == "th",
        Script::Devanagari => matches!(language, "hi" | "mr" | "ne" | "sa" | "bho" | "mai" | "kok"),
        Script::Bengali => matches!(language, "bn" | "as"),
        Script::Latin => !matches!(
            language,
            "ar" | "fa"
                | "ur"
                | "he"
                | "ru"
                | "uk"
                | "bg"
                | "zh"
                | "ja"
                | "ko"
                | "el"
                | "th"
                | "hi"
                | "bn"
                | "ta"
                | "te"
                | "ka"
                | "hy"
                | "am"
        ),
        // The remaining scripts belong to one language each.
        _ => true,
    }
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
    fn a_claim_that_the_letters_allow_wins() {
        assert_eq!(detect("OK", Some("nl-BE")).0.as_deref(), Some("nl"));
    }
}
