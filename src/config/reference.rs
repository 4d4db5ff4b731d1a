//! What is said of each setting: the words, the type, the default and the range, all from its one
//! declaration. `config/nashra.toml` and `docs/configuration.md` are made of it.

mod example;

use super::{Config, setting::Setting as _};

/// One setting, or a section of them.
#[derive(Debug, Clone, Default)]
pub struct SettingEntry {
    /// Its dotted path; empty for the whole file.
    pub key: String,
    /// What it does: Markdown as it stands in the code.
    pub about: &'static str,
    /// Whether it has a value.
    pub form: SettingForm,
    /// Completes "must be …", where not every value of its type is good.
    pub range: Option<String>,
    /// What the example config shows, where that is something else than the default.
    pub example: Option<Example>,
    /// Whether a running daemon takes it over when it reads its config again.
    pub hot: bool,
}

/// What a setting is.
#[derive(Debug, Clone, Default)]
pub enum SettingForm {
    /// Others are in it.
    #[default]
    Section,
    /// It has a value.
    Value {
        /// Completes "expected …".
        expected: String,
        /// Its default in TOML; nothing where it has none.
        default: Option<String>,
    },
}

/// A value in TOML that the example config shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Example {
    /// As a comment.
    Shown(&'static str),
    /// In force: a config needs it.
    Set(&'static str),
}

impl SettingEntry {
    /// Its words as paragraphs of one line each; lines of a fenced example begin with four spaces.
    #[must_use]
    pub fn paragraphs(&self) -> Vec<String> {
        let mut paragraphs: Vec<String> = Vec::new();
        let (mut goes_on, mut is_example) = (false, false);
        for line in self.about.lines() {
            let line = line.strip_prefix(' ').unwrap_or(line);
            if line.starts_with("```") {
                (goes_on, is_example) = (false, !is_example);
                continue;
            }
            match paragraphs.last_mut() {
                _ if is_example => paragraphs.push(format!("    {line}")),
                Some(last) if goes_on && !line.is_empty() => {
                    last.push(' ');
                    last.push_str(line);
                }
                _ if !line.is_empty() => paragraphs.push(line.to_owned()),
                _ => {}
            }
            goes_on = !is_example && !line.is_empty();
        }
        paragraphs
    }
}

impl Config {
    /// All settings with their defaults, sections before what is in them.
    #[must_use]
    pub fn settings() -> Vec<SettingEntry> {
        let mut entries = Vec::new();
        Self::default().describe(SettingEntry::default(), &mut entries);
        entries
    }

    /// A config file that has every setting with its default and what it does.
    #[must_use]
    pub fn example() -> String {
        example::file(&Self::settings())
    }
}
