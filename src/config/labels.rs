//! Rules for labels: the `[[label]]` tables of the config and of the files that it names, read with
//! the same quality of errors as the config.
//!
//! What must stay true: a setting of a rule is in one table, [`LabelTable`], and the way from there
//! to a [`LabelRule`] names each setting.

use std::{path::Path, str::FromStr as _};

use toml::{Spanned, de::DeValue};

use super::{
    Config, ConfigError, ConfigErrors, Place, SettingEntry, read_text,
    reader::{self, Reader},
    setting::{Setting, from_text, settings},
    sources::label,
};
use crate::{
    model::label::LabelField,
    policy::label::{
        Country, LabelFields, LabelName, LabelRule, Labels, LanguageRange, StoryPart, Term,
    },
};

settings! {
    /// A file of rules.
    LabelFile {
        /// The `[[label]]` tables.
        label: LabelTables = LabelTables::default();
    }
}

settings! {
    /// One rule: the label `name` is given to an article of which all holds that the rule says.
    /// Several rules may have the same name: the label is given where one of them holds.
    LabelTable {
        /// The label as it stands in records: 1 to 100 characters.
        name: Option<LabelName> = None;
        /// Words and phrases of which one must be there.
        any: Vec<Term> = Vec::new();
        /// Words and phrases that all must be there.
        all: Vec<Term> = Vec::new();
        /// Words and phrases of which none may be there.
        none: Vec<Term> = Vec::new();
        /// The fields in which they are looked for; `["title", "text"]` unless given.
        r#in: Vec<LabelField> = vec![LabelField::Title, LabelField::Text];
        /// Languages, of which the article must have one: "pt" is Portuguese of all regions,
        /// "pt-BR" that of Brazil.
        language: Vec<LanguageRange> = Vec::new();
        /// Tags, of which the source must have one.
        tags: Vec<String> = Vec::new();
        /// Countries by their codes of ISO 3166, such as "EG", of which the site must be of one, as
        /// far as the end of its name tells.
        country: Vec<Country> = Vec::new();
        /// What the article must be to its story: "original" (the first of its story, or alone) or
        /// "copy".
        story: Option<StoryPart> = None;
        /// true: words of Arabic and Hebrew are found behind the particles that are written with
        /// them, too, such as و, ب, ل and ال.
        prefixes: bool = false;
    }
}

from_text! {
    LabelName, "a name in quotes", LabelName::from_str, |name| name.as_str().to_owned();
    Term, "a word or phrase in quotes", Term::from_str, |term| term.as_str().to_owned();
    LanguageRange, "a language in quotes", LanguageRange::from_str, |range| range.as_str().to_owned();
    Country, "a country in quotes", Country::from_str, |country| country.as_str().to_owned();
    LabelField, LabelField::NAMES, LabelField::from_str, ToString::to_string;
    StoryPart, StoryPart::NAMES, StoryPart::from_str, ToString::to_string;
}

/// What is said of each setting of a rule.
#[must_use]
pub fn settings() -> Vec<SettingEntry> {
    let mut entries = Vec::new();
    let section = SettingEntry { key: "label".to_owned(), ..SettingEntry::default() };
    LabelTable::default().describe(section, &mut entries);
    entries
}

/// The rules of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelTables(Vec<LabelRule>);

impl Setting for LabelTables {
    fn from_spanned(
        value: &Spanned<DeValue<'_>>,
        key: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        reader.tables(value, (key, &Self::expected()), LabelTable::into_rule).map(Self)
    }

    fn expected() -> String {
        "`[[label]]` tables".to_owned()
    }

    fn written(&self) -> Option<String> {
        self.0.is_empty().then(|| "[]".to_owned())
    }
}

/// Reads the rules of a config and of the files that it names, and prepares them.
///
/// # Errors
/// All that is wrong with them, each with its file and line.
pub fn load(config: &Config) -> Result<Labels, ConfigErrors> {
    read(&config.label, &config.labels)
}

/// Reads the rules of files.
///
/// # Errors
/// All that is wrong with them, each with its file and line.
pub fn load_files<P: AsRef<Path>>(files: &[P]) -> Result<Labels, ConfigErrors> {
    read(&LabelTables::default(), files)
}

fn read<P: AsRef<Path>>(tables: &LabelTables, files: &[P]) -> Result<Labels, ConfigErrors> {
    let (mut rules, mut errors) = (tables.0.clone(), Vec::new());
    let wrong = |name: &str, key: &str, message: String| {
        let (place, key) = (Place::whole(name), key.to_owned());
        ConfigError { place, key, message }
    };
    for file in files {
        let name = file.as_ref().display().to_string();
        match read_text(file.as_ref()) {
            Ok(text) => {
                let (of_file, _, found) = reader::parse_settings::<LabelFile>(&name, &text);
                errors.extend(found);
                rules.extend(of_file.label.0);
            }
            Err(message) => errors.push(wrong(&name, "", message)),
        }
    }
    ConfigErrors::check(errors)?;
    Labels::new(rules)
        .map_err(|error| ConfigErrors::one(wrong("all files", "label", error.to_string())))
}

impl LabelTable {
    /// The rule, or what is wrong with it as a whole.
    fn into_rule(self) -> Result<LabelRule, &'static str> {
        let name = self.name.ok_or("this rule has no name, which is the label")?;
        if self.r#in.is_empty() {
            return Err("this rule looks nowhere: name a field in `in`, or leave it out");
        }
        let rule = LabelRule {
            any: self.any,
            all: self.all,
            none: self.none,
            fields: LabelFields::of(&self.r#in),
            languages: self.language,
            tags: self.tags.iter().filter_map(|tag| label(tag)).collect(),
            countries: self.country,
            story: self.story,
            prefixes: self.prefixes,
            ..LabelRule::new(name)
        };
        if rule.is_empty() {
            return Err("this rule asks for nothing: it would give its label to every article");
        }
        Ok(rule)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{config::Overrides, policy::label::LabelInput};

    fn loaded(config: &str, file: &str) -> Result<Labels, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("nashra.toml");
        fs::write(&path, config).unwrap();
        fs::write(dir.path().join("labels.toml"), file).unwrap();
        let (config, errors) = Config::read_with_errors(Some(&path), &Overrides::default());
        ConfigErrors::check(errors)
            .and_then(|()| load(&config))
            .map_err(|errors| errors.to_string().replace(&format!("{}/", dir.path().display()), ""))
    }

    #[test]
    fn rules_stand_in_the_config_and_in_files_beside_it() {
        let config = "labels = [\"labels.toml\"]\n[[label]]\nname = \"harbour\"\nany = [\"ship*\", \"harbour\"]\nnone = [\"spaceship\"]\n\
            in = [\"title\"]\n[[label]]\nname = \"wire\"\ntags = [\"wire\"]\nlanguage = [\"en\"]\ncountry = [\"gb\"]\nstory = \"copy\"\n";
        let file = "[[label]]\nname = \"بنوك\"\nall = [\"البنك المركزي\"]\nprefixes = true\n";
        let labels = loaded(config, file).unwrap();
        assert_eq!((labels.len(), labels.terms()), (3, 4));
        let article = LabelInput {
            title: Some("Shipping news"),
            text: Some("قال للبنك المركزي"),
            ..LabelInput::default()
        };
        let given: Vec<String> =
            labels.give(&article).into_iter().map(|label| label.name).collect();
        assert_eq!(given, ["harbour", "بنوك"]);
        assert!(loaded("", "wrong").unwrap().is_empty(), "nobody names the file");
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_place() {
        let config = "labels = [\"labels.toml\"]\n[[label]]\nnam = \"a\"\nany = [\"x\"]\n[[label]]\nany = [\"x\"]\n[[label]]\nname = \"a\"\n\
            [[label]]\nname = \"a\"\nany = [\"x\"]\nin = []\n";
        let errors = loaded(config, "wrong").unwrap_err();
        assert_eq!(
            errors.lines().collect::<Vec<_>>(),
            [
                "nashra.toml:3:1: label[0].nam: unknown setting; did you mean `name`?",
                "nashra.toml:5:1: label[1]: this rule has no name, which is the label",
                "nashra.toml:7:1: label[2]: this rule asks for nothing: it would give its label to every article",
                "nashra.toml:9:1: label[3]: this rule looks nowhere: name a field in `in`, or leave it out",
            ]
        );
        let file = "[[label]]\nname = \"b\"\nany = [\"x\", \"?\"]\nlanguage = \"en\"\ncountry = [\"UK\"]\n\n[[label]]\nname = \"c\"\nany = [\"x\"]\nin = [\"titel\"]\nstory = \"copies\"\n";
        let errors = loaded("labels = [\"labels.toml\", \"none.toml\"]", file).unwrap_err();
        assert_eq!(
            errors.lines().collect::<Vec<_>>(),
            [
                "labels.toml:3:13: label[0].any[1]: \"?\" has no letter and no digit",
                "labels.toml:4:12: label[0].language: expected a list in square brackets, found the string \"en\"",
                "labels.toml:5:12: label[0].country[0]: \"UK\" is no code of ISO 3166; did you mean \"GB\"?",
                "labels.toml:10:7: label[1].in[0]: \"titel\" is not one of \"title\", \"text\", \"section\", \"keywords\"; did you mean \"title\"?",
                "labels.toml:11:9: label[1].story: \"copies\" is not one of \"original\", \"copy\"",
                "none.toml: cannot be read: No such file or directory (os error 2)",
            ]
        );
    }
}
