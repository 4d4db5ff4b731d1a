//! What a rule says: words, where they are looked for, and what else must hold.

use std::str::FromStr;

use super::{matches::LabelInput, term::Term};
use crate::{
    base::choices::choices,
    model::{label::LabelField, story::Role},
};

/// The most characters of a label.
const MAX_NAME: usize = 100;

choices! {
    /// What an article is to its story.
    StoryPart {
        /// The first that was published of its story, or the only one.
        Original = "original",
        /// Its text is another article's, or a part of one.
        Copy = "copy",
    }
}

/// Fields in which words are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LabelFields(u8);

impl LabelFields {
    /// These fields.
    #[must_use]
    pub fn of(fields: &[LabelField]) -> Self {
        Self(fields.iter().fold(0, |bits, field| bits | 1 << *field as u8))
    }

    /// Whether a field is among them.
    #[must_use]
    pub fn has(self, field: LabelField) -> bool {
        self.0 & 1 << field as u8 != 0
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The name of a label: 1 to 100 characters, with no white space at its ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelName(Box<str>);

impl LabelName {
    /// As it stands in records.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LabelName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let length = text.chars().count();
        if length > MAX_NAME {
            return Err(format!("the name of a label has {length} characters: at most {MAX_NAME}"));
        }
        if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
            return Err(format!(
                "{text:?} is no name of a label: 1 to {MAX_NAME} characters, without white space at the ends and without control characters"
            ));
        }
        Ok(Self(text.into()))
    }
}

/// A language with all its regions and scripts (`pt`), or one of them (`pt-BR`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageRange(Box<str>);

impl LanguageRange {
    /// As it was written, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a language is in it, or is the same (RFC 4647, basic filtering).
    fn has(&self, language: &str) -> bool {
        let (range, length) = (&*self.0, self.0.len());
        language.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(range))
            && matches!(language.as_bytes().get(length), None | Some(b'-'))
    }
}

impl FromStr for LanguageRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_part = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let is_good = text.split('-').all(is_part)
            && text.split('-').next().is_some_and(|first| {
                (2..=3).contains(&first.len())
                    && first.bytes().all(|byte| byte.is_ascii_alphabetic())
            });
        is_good
            .then(|| Self(text.to_ascii_lowercase().into()))
            .ok_or_else(|| format!("{text:?} is no language such as \"en\" or \"pt-BR\""))
    }
}

/// A country, by its code of ISO 3166.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country([u8; 2]);

impl Country {
    /// The two letters, in upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Country {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let upper = text.to_ascii_uppercase();
        match upper.as_bytes() {
            b"UK" => Err("\"UK\" is no code of ISO 3166; did you mean \"GB\"?".to_owned()),
            [one, other] if one.is_ascii_uppercase() && other.is_ascii_uppercase() => {
                Ok(Self([*one, *other]))
            }
            _ => Err(format!(
                "{text:?} is no country: two letters of ISO 3166 such as \"EG\" or \"DE\""
            )),
        }
    }
}

/// The languages, tags of sources and countries of sites of which an article must have one each,
/// where there are some.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Scope<'a> {
    pub(in crate::policy) languages: &'a [LanguageRange],
    pub(in crate::policy) tags: &'a [String],
    pub(in crate::policy) countries: &'a [Country],
}

impl Scope<'_> {
    /// Whether an article is in it. Its country is only asked for where that matters.
    pub(in crate::policy) fn holds(
        self,
        language: Option<&str>,
        tags: &[String],
        country: impl FnOnce() -> Option<Country>,
    ) -> bool {
        let is_language =
            |range: &LanguageRange| language.is_some_and(|language| range.has(language));
        (self.languages.is_empty() || self.languages.iter().any(is_language))
            && (self.tags.is_empty() || self.tags.iter().any(|tag| tags.contains(tag)))
            && (self.countries.is_empty()
                || country().is_some_and(|country| self.countries.contains(&country)))
    }
}

/// A rule for a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelRule {
    /// The label that it gives.
    pub name: LabelName,
    /// Words and phrases of which one must be there, where there are some.
    pub any: Vec<Term>,
    /// Words and phrases that all must be there.
    pub all: Vec<Term>,
    /// Words and phrases of which none may be there.
    pub none: Vec<Term>,
    /// Where they are looked for.
    pub fields: LabelFields,
    /// Languages of which the article must have one, where there are some.
    pub languages: Vec<LanguageRange>,
    /// Tags of which the source must have one, where there are some.
    pub tags: Vec<String>,
    /// Countries of which the site must be of one, where there are some.
    pub countries: Vec<Country>,
    /// What the article must be to its story.
    pub story: Option<StoryPart>,
    /// Whether words of Arabic and Hebrew are also found behind the particles that are written with
    /// them.
    pub prefixes: bool,
}

impl LabelRule {
    /// A rule that gives a label to every article, to be narrowed.
    #[must_use]
    pub fn new(name: LabelName) -> Self {
        Self {
            name,
            any: Vec::new(),
            all: Vec::new(),
            none: Vec::new(),
            fields: LabelFields::of(&[LabelField::Title, LabelField::Text]),
            languages: Vec::new(),
            tags: Vec::new(),
            countries: Vec::new(),
            story: None,
            prefixes: false,
        }
    }

    /// Whether it says nothing that must hold.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.term_count() == 0
            && self.languages.is_empty()
            && self.tags.is_empty()
            && self.countries.is_empty()
            && self.story.is_none()
    }

    pub(super) fn term_count(&self) -> usize {
        self.any.len() + self.all.len() + self.none.len()
    }

    /// Whether all holds that is not about words.
    pub(super) fn holds(
        &self,
        article: &LabelInput<'_>,
        country: impl FnOnce() -> Option<Country>,
    ) -> bool {
        let scope =
            Scope { languages: &self.languages, tags: &self.tags, countries: &self.countries };
        scope.holds(article.language, article.tags, country)
            && self.story.is_none_or(|part| match (part, article.role) {
                (StoryPart::Original, role) => role == Some(Role::Original),
                (StoryPart::Copy, role) => matches!(role, Some(Role::Copy | Role::Excerpt)),
            })
    }
}
