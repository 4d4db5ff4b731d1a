//! Reads TOML into typed settings and collects everything that is wrong on the way.
//!
//! Why not serde: it stops at the first error, and its errors do not know what was meant. A setting
//! that cannot be read takes its default, so that reading goes on to the next error; nobody may use
//! a config that came with errors.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    error::{ConfigError, LineIndex, Place},
    setting::Setting,
};
use crate::base::choices::similar;

/// Which settings were given, and where. The others have their defaults.
#[derive(Debug, Default)]
pub(super) struct GivenSettings(BTreeMap<String, Place>);

impl GivenSettings {
    pub(super) fn insert(&mut self, key: impl Into<String>, place: Place) {
        self.0.insert(key.into(), place);
    }

    pub(super) fn place(&self, key: &str) -> Option<&Place> {
        self.0.get(key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Where only one of two ordered settings was given, the other, a default, gives way to it.
    pub(super) fn reconcile<T: Ord + Copy>(&self, keys: [&str; 2], low: &mut T, high: &mut T) {
        match keys.map(|key| self.has(key)) {
            [true, false] => *high = (*high).max(*low),
            [false, true] => *low = (*low).min(*high),
            _ => {}
        }
    }
}

/// A file that is being read.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) text: LineIndex<'a>,
    given: GivenSettings,
    errors: Vec<ConfigError>,
    /// The file's folder: where relative paths start.
    pub(super) folder: &'a Path,
    /// Every setting that there is, for those who put one into the wrong section.
    keys: Vec<String>,
}

/// Reads a whole file: what could be read, where each setting stands, and all that is wrong.
pub(super) fn parse_settings<T: Setting + Default>(
    file: &str,
    text: &str,
) -> (T, GivenSettings, Vec<ConfigError>) {
    let mut reader = Reader {
        text: LineIndex::new(file, text),
        given: GivenSettings::default(),
        errors: Vec::new(),
        folder: Path::new(file).parent().unwrap_or(Path::new("")),
        keys: Vec::new(),
    };
    T::keys("", &mut reader.keys);
    let (table, syntax) = DeTable::parse_recoverable(text);
    for error in syntax {
        let offset = error.span().map_or(0, |span| span.start);
        let line = reader.text.line(offset);
        // One mistake may break the parser more than once on its line; the first says it best.
        if reader.errors.last().is_none_or(|last| last.place.line != line) {
            reader.wrong::<()>(offset, "", error.message().replace('\n', " "));
        }
    }
    let syntax = std::mem::take(&mut reader.errors);
    let whole = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    let settings = T::from_spanned(&whole, "", &mut reader).unwrap_or_default();
    let broken = broken_lines(text, &syntax);
    reader.errors.retain(|error| !broken.contains(&error.place.line));
    reader.errors.extend(syntax);
    (settings, reader.given, reader.errors)
}

/// The lines of which the parser cannot tell what was meant: those with errors of syntax, and what
/// follows a broken header up to the next one, since it went to another section.
fn broken_lines(text: &str, syntax: &[ConfigError]) -> BTreeSet<usize> {
    let mut broken: BTreeSet<usize> = syntax.iter().map(|error| error.place.line).collect();
    let mut lost = false;
    for (line, content) in (1..).zip(text.lines()) {
        if content.trim_start().starts_with('[') {
            lost = broken.contains(&line);
        } else if lost {
            broken.insert(line);
        }
    }
    broken
}

impl Reader<'_> {
    /// Notes an error; gives nothing, so that it can end a read.
    pub(super) fn wrong<T>(
        &mut self,
        offset: usize,
        key: &str,
        message: impl Into<String>,
    ) -> Option<T> {
        self.errors.push(ConfigError {
            place: self.text.place(offset),
            key: key.to_owned(),
            message: message.into(),
        });
        None
    }

    /// What an array of tables says; `whole` makes one of each table, or tells what is wrong with it as
    /// a whole.
    pub(super) fn tables<T: Setting, R, E: Into<String>>(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        (key, expected): (&str, &str),
        whole: impl Fn(T) -> Result<R, E>,
    ) -> Option<Vec<R>> {
        let Some(items) = value.get_ref().as_array() else {
            return self.wrong_type(value, key, expected);
        };
        let read = (0..).zip(items).filter_map(|(index, item)| {
            let (key, known) = (format!("{key}[{index}]"), self.errors.len());
            let table = T::from_spanned(item, &key, self)?;
            match whole(table) {
                // What is wrong with a setting was told; the rest would only follow from it.
                _ if self.errors.len() > known => None,
                Err(words) => self.wrong(item.span().start, &key, words),
                Ok(made) => Some(made),
            }
        });
        Some(read.collect())
    }

    /// Notes a value of another type.
    pub(super) fn wrong_type<T>(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        key: &str,
        expected: &str,
    ) -> Option<T> {
        let message = format!("expected {expected}, found {}", describe(value.get_ref()));
        self.wrong(value.span().start, key, message)
    }

    /// The table of a section whose settings are `valid`; every other key in it is an error.
    pub(super) fn section<'v, 'i>(
        &mut self,
        value: &'v Spanned<DeValue<'i>>,
        section: &str,
        valid: &[&'static str],
    ) -> Option<&'v DeTable<'i>> {
        let Some(table) = value.get_ref().as_table() else {
            return self.wrong_type(
                value,
                section,
                &format!("a section [{section}] or a table {{ … }}"),
            );
        };
        for name in table.keys() {
            if !valid.contains(&name.get_ref().as_ref()) {
                self.unknown(name, section, valid);
            }
        }
        Some(table)
    }

    /// One setting of a section, where it is given and right.
    pub(super) fn setting<T: Setting>(
        &mut self,
        table: &DeTable<'_>,
        section: &str,
        name: &str,
    ) -> Option<T> {
        let value = table.get(name)?;
        let key = join(section, name);
        self.given.insert(key.as_str(), self.text.place(value.span().start));
        T::from_spanned(value, &key, self)
    }

    fn unknown(
        &mut self,
        name: &Spanned<toml::de::DeString<'_>>,
        section: &str,
        valid: &[&'static str],
    ) {
        let word = name.get_ref().as_ref();
        let elsewhere = format!(".{}", word.to_lowercase().replace('-', "_"));
        let help = if let Some(meant) = similar(word, valid.iter().copied()) {
            format!("did you mean `{meant}`?")
        } else if let Some(key) = self.keys.iter().find(|key| key.ends_with(&elsewhere)) {
            format!("did you mean `{key}`? It belongs there")
        } else {
            format!("valid here: {}", valid.join(", "))
        };
        let key = join(section, word);
        self.wrong::<()>(name.span().start, &key, format!("unknown setting; {help}"));
    }
}

/// A dotted path.
pub(super) fn join(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if text.chars().count() > 60 => "a long string".to_owned(),
        DeValue::String(text) => format!("the string {text:?}"),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(value) => format!("{value}"),
        DeValue::Datetime(when) => format!("the date {when}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
