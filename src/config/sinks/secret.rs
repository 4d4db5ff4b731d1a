//! Texts that are best left out of the config: they come from the environment or from a file.

use std::{fmt, fs};

use toml::{Spanned, de::DeValue};

use crate::config::{
    reader::Reader,
    reference::{SettingEntry, SettingForm},
    setting::Setting,
};

pub(super) const FORMS: &str = "a string, { env = \"NAME\" } or { file = \"PATH\" }";

/// A password, a token, or what else is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Setting for Secret {
    fn from_spanned(
        value: &Spanned<DeValue<'_>>,
        key: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        text(value, key, reader).map(Self)
    }

    fn expected() -> String {
        FORMS.to_owned()
    }

    fn written(&self) -> Option<String> {
        None
    }

    fn describe(&self, entry: SettingEntry, into: &mut Vec<SettingEntry>) {
        let form = SettingForm::Value { expected: Self::expected(), default: None };
        into.push(SettingEntry { form, ..entry });
    }
}

/// The text that a value gives or names; paths begin at the config's folder.
pub(super) fn text(
    value: &Spanned<DeValue<'_>>,
    key: &str,
    reader: &mut Reader<'_>,
) -> Option<String> {
    let table = match value.get_ref() {
        DeValue::String(text) => return Some(text.to_string()),
        DeValue::Table(table) => table,
        _ => return reader.wrong_type(value, key, FORMS),
    };
    let at = value.span().start;
    let mut entries =
        table.iter().map(|(name, value)| (name.get_ref().as_ref(), value.get_ref().as_str()));
    match (entries.next(), entries.next()) {
        (Some(("env", Some(name))), None) => match std::env::var(name) {
            Ok(secret) => Some(secret),
            Err(_) => reader.wrong(
                at,
                key,
                format!("the environment has no variable {name} with a text in it"),
            ),
        },
        (Some(("file", Some(path))), None) => match fs::read_to_string(reader.folder.join(path)) {
            Ok(secret) => Some(secret.trim_end_matches(['\r', '\n']).to_owned()),
            Err(error) => reader.wrong(at, key, format!("reading the file {path:?}: {error}")),
        },
        _ => reader.wrong_type(value, key, FORMS),
    }
}
