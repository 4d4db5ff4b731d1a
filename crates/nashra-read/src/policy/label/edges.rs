//! Where a word begins and ends in scripts that do not say it by spaces, and behind particles that
//! are written with their word.

use unicode_normalization::char::is_combining_mark;

/// What must be before a word or phrase in a folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// The word begins; the space before it is part of what is looked for.
    Word,
    /// Anything.
    Open,
    /// Anything that does not belong to the first letter.
    Cluster,
    /// The word begins, or Arabic particles do.
    ArabicParticles {
        /// Whether the article must be among them.
        with_article: bool,
    },
    /// The word begins, or Hebrew particles do.
    HebrewParticles,
}

/// What must be behind a word or phrase in a folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// The word ends; the space behind it is part of what is looked for.
    Word,
    /// Anything.
    Open,
    /// Anything that does not belong to the last letter.
    Cluster,
    /// The word ends, or Korean particles follow.
    Particles,
}

/// Both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edges {
    pub(super) left: Left,
    pub(super) right: Right,
}

/// "and", "so", "in", "as", "to", one or two of them.
const ARABIC: [&str; 11] = ["و", "ف", "ب", "ك", "ل", "وب", "وك", "ول", "فب", "فك", "فل"];
/// The same with the article.
const ARABIC_ARTICLE: [&str; 12] =
    ["ال", "وال", "فال", "بال", "كال", "وبال", "وكال", "فبال", "فكال", "لل", "ولل", "فلل"];
/// What may stand before a Hebrew word, in this order: "and"; "that", "when"; "in", "as", "to",
/// "from"; the article.
const HEBREW: [&[&str]; 4] = [&["ו"], &["לכש", "כש", "מש", "ש"], &["ב", "כ", "ל", "מ"], &["ה"]];
/// What may follow a Korean noun in its word, up to three of them.
const KOREAN: [&str; 62] = [
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에",
    "와",
    "과",
    "도",
    "로",
    "으로",
    "만",
    "서",
    "들",
    "랑",
    "이랑",
    "이나",
    "에서",
    "에게",
    "한테",
    "께",
    "께서",
    "까지",
    "부터",
    "마다",
    "보다",
    "처럼",
    "같이",
    "만큼",
    "밖에",
    "조차",
    "마저",
    "라도",
    "이라도",
    "든지",
    "이든지",
    "며",
    "이며",
    "이고",
    "라고",
    "이라고",
    "라는",
    "이라는",
    "라며",
    "이라며",
    "라면",
    "이라면",
    "로서",
    "로써",
    "으로서",
    "으로써",
    "이다",
    "입니다",
    "였다",
    "이었다",
    "였던",
    "이었던",
    "이자",
    "인데",
    "이란",
];

impl Edges {
    /// Whether what was found from `start` to `end` of a folded text may stand there.
    pub(super) fn hold(self, text: &str, start: usize, end: usize) -> bool {
        let (before, after) = (text.get(..start).unwrap_or(""), text.get(end..).unwrap_or(""));
        let is_begun = match self.left {
            Left::Word | Left::Open => true,
            Left::Cluster => !before.chars().next_back().is_some_and(goes_with_next),
            Left::ArabicParticles { with_article } => {
                let particles = last_word(before);
                ARABIC_ARTICLE.contains(&particles)
                    || !with_article && (particles.is_empty() || ARABIC.contains(&particles))
            }
            Left::HebrewParticles => are_hebrew_particles(last_word(before)),
        };
        is_begun
            && match self.right {
                Right::Word | Right::Open => true,
                Right::Cluster => !after.chars().next().is_some_and(goes_with_last),
                Right::Particles => are_korean_particles(first_word(after), 3),
            }
    }
}

fn last_word(before: &str) -> &str {
    before.rsplit(' ').next().unwrap_or_default()
}

fn first_word(after: &str) -> &str {
    after.split(' ').next().unwrap_or_default()
}

/// A vowel of Thai and Lao that is written before its consonant.
fn goes_with_next(c: char) -> bool {
    matches!(c, '\u{e40}'..='\u{e44}' | '\u{ec0}'..='\u{ec4}')
}

/// Vowels and marks that are written behind their consonant, and small Kana.
fn goes_with_last(c: char) -> bool {
    matches!(c, '\u{e30}' | '\u{e32}' | '\u{e33}' | '\u{e45}' | '\u{eb0}' | '\u{eb2}' | '\u{eb3}')
        || matches!(c, 'ぁ' | 'ぃ' | 'ぅ' | 'ぇ' | 'ぉ' | 'っ' | 'ゃ' | 'ゅ' | 'ょ' | 'ゎ')
        || is_combining_mark(c)
}

fn are_hebrew_particles(mut word: &str) -> bool {
    for particles in HEBREW {
        word = particles.iter().find_map(|particle| word.strip_prefix(particle)).unwrap_or(word);
    }
    word.is_empty()
}

fn are_korean_particles(word: &str, most: u32) -> bool {
    word.is_empty()
        || most > 0
            && KOREAN
                .iter()
                .filter_map(|particle| word.strip_prefix(particle))
                .any(|rest| are_korean_particles(rest, most - 1))
}
