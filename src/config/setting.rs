//! What a setting is: how it is read, checked and named.
//!
//! One [`settings!`] declaration makes a section's struct, its defaults, its reader, its range
//! checks and the list of its names, so that these cannot drift apart.

use toml::{Spanned, de::DeValue};

use super::{
    checks::Checks,
    error::Place,
    reader::Reader,
    reference::{SettingEntry, SettingForm},
};

/// A value of a setting, or a section of settings.
pub(super) trait Setting: Sized + PartialEq + Clone {
    /// Reads it; what is wrong goes to the reader, and then there is no value.
    fn from_spanned(
        value: &Spanned<DeValue<'_>>,
        key: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Self>;

    /// Completes "expected …".
    fn expected() -> String;

    /// The value as a config says it; nothing where there is none.
    fn written(&self) -> Option<String>;

    /// Describes it and those in it, as the documents tell them; this value is the default.
    fn describe(&self, entry: SettingEntry, into: &mut Vec<SettingEntry>) {
        let form = SettingForm::Value { expected: Self::expected(), default: self.written() };
        into.push(SettingEntry { form, ..entry });
    }

    /// Checks ranges, after flags have had their say.
    fn check(&self, _key: &str, _checks: &mut Checks<'_>) {}

    /// Names this setting and those in it.
    fn keys(key: &str, into: &mut Vec<String>) {
        into.push(key.to_owned());
    }

    /// Takes over the value from there, where a reload does so; a section asks each of those in it.
    fn take_hot(&mut self, other: &Self, is_hot: bool) {
        if is_hot {
            self.clone_from(other);
        }
    }

    /// Names those in it that have another value there.
    fn changed(&self, other: &Self, key: &str, into: &mut Vec<String>) {
        if self != other {
            into.push(key.to_owned());
        }
    }
}

/// A value without parts.
pub(super) trait Scalar: Sized + PartialEq + Clone {
    /// Completes "expected …".
    const EXPECTED: &'static str;

    /// Reads it from a value without a place; the caller adds the place to an error.
    fn from_toml(value: &DeValue<'_>) -> Result<Self, ScalarError>;

    /// Writes it as it is read.
    fn to_toml(&self) -> String;
}

/// Why a scalar could not be read.
pub(super) enum ScalarError {
    /// Not even the right type.
    Type,
    /// The right type, but not a value that can be; the whole message.
    Value(String),
}

impl<T: Scalar> Setting for T {
    fn from_spanned(
        value: &Spanned<DeValue<'_>>,
        key: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        match T::from_toml(value.get_ref()) {
            Ok(read) => Some(read),
            Err(ScalarError::Type) => reader.wrong_type(value, key, T::EXPECTED),
            Err(ScalarError::Value(message)) => reader.wrong(value.span().start, key, message),
        }
    }

    fn expected() -> String {
        T::EXPECTED.to_owned()
    }

    fn written(&self) -> Option<String> {
        Some(self.to_toml())
    }
}

impl<T: Setting> Setting for Vec<T> {
    fn from_spanned(
        value: &Spanned<DeValue<'_>>,
        key: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        let Some(items) = value.get_ref().as_array() else {
            return reader.wrong_type(value, key, "a list in square brackets");
        };
        let mut list = Self::new();
        for (index, item) in items.into_iter().enumerate() {
            list.extend(T::from_spanned(item, &format!("{key}[{index}]"), reader));
        }
        // With nothing left of it, a list that was not empty would look like one that was.
        (items.is_empty() || !list.is_empty()).then_some(list)
    }

    fn expected() -> String {
        format!("a list in square brackets; each of it: {}", T::expected())
    }

    fn written(&self) -> Option<String> {
        let items: Vec<String> = self.iter().filter_map(Setting::written).collect();
        Some(format!("[{}]", items.join(", ")))
    }
}

impl<T: Setting> Setting for Option<T> {
    fn from_spanned(
        value: &Spanned<DeValue<'_>>,
        key: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        T::from_spanned(value, key, reader).map(Some)
    }

    fn expected() -> String {
        T::expected()
    }

    fn written(&self) -> Option<String> {
        self.as_ref().and_then(Setting::written)
    }
}

/// A value that remembers where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed<T> {
    pub(super) place: Place,
    pub(super) value: T,
}

impl<T: Setting> Setting for Placed<T> {
    fn from_spanned(
        value: &Spanned<DeValue<'_>>,
        key: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        let place = reader.text.place(value.span().start);
        T::from_spanned(value, key, reader).map(|value| Self { place, value })
    }

    fn expected() -> String {
        T::expected()
    }

    fn written(&self) -> Option<String> {
        self.value.written()
    }
}

impl Scalar for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_toml(value: &DeValue<'_>) -> Result<Self, ScalarError> {
        value.as_bool().ok_or(ScalarError::Type)
    }

    fn to_toml(&self) -> String {
        self.to_string()
    }
}

impl Scalar for i64 {
    const EXPECTED: &'static str = "a whole number";

    fn from_toml(value: &DeValue<'_>) -> Result<Self, ScalarError> {
        let number = value.as_integer().ok_or(ScalarError::Type)?;
        Self::from_str_radix(number.as_str(), number.radix())
            .map_err(|_| ScalarError::Value(format!("the number {number} is too large")))
    }

    fn to_toml(&self) -> String {
        self.to_string()
    }
}

/// Whole numbers: read as the widest, then made to fit.
macro_rules! numbers {
    ($($type:ty),+) => {$(
        impl Scalar for $type {
            const EXPECTED: &'static str = i64::EXPECTED;

            fn from_toml(value: &DeValue<'_>) -> Result<Self, ScalarError> {
                let number = i64::from_toml(value)?;
                Self::try_from(number)
                    .map_err(|_| ScalarError::Value(format!("{number} is out of range: {} to {}", Self::MIN, Self::MAX)))
            }

            fn to_toml(&self) -> String {
                self.to_string()
            }
        }
    )+};
}
numbers!(usize, u32, i32);

/// Values that are written as strings: a type, what completes "expected …", how to read it, and how
/// to write it.
macro_rules! from_text {
    ($($type:ty, $expected:expr, $parse:expr, $show:expr;)+) => {$(
        impl $crate::config::setting::Scalar for $type {
            const EXPECTED: &'static str = $expected;

            fn from_toml(value: &toml::de::DeValue<'_>) -> Result<Self, $crate::config::setting::ScalarError> {
                let text = value.as_str().ok_or($crate::config::setting::ScalarError::Type)?;
                $parse(text).map_err(|error| $crate::config::setting::ScalarError::Value(error.to_string()))
            }

            fn to_toml(&self) -> String {
                let show: fn(&Self) -> String = $show;
                toml::Value::String(show(self)).to_string()
            }
        }
    )+};
}
pub(super) use from_text;

/// The name of a setting as a config has it: one that is a word of Rust is written `r#in` in the
/// code.
pub(super) const fn written_name(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// The documentation among the attributes of a setting, line by line.
macro_rules! documentation {
    () => { "" };
    (#[doc = $line:literal] $($rest:tt)*) => {
        concat!($line, "\n", $crate::config::setting::documentation!($($rest)*))
    };
    (#[$other:meta] $($rest:tt)*) => { $crate::config::setting::documentation!($($rest)*) };
}
pub(super) use documentation;

/// Declares a section: each setting's documentation, whether a reload takes it over (`@hot`), name,
/// type, default and range check, and what the example config shows where that is something else than
/// the default.
macro_rules! settings {
    ($(#[$($about:tt)*])* $vis:vis $section:ident {
        $($(#[$($doc:tt)*])* $(@$hot:ident)? $name:ident: $type:ty = $default:expr $(, $check:expr)? $(=> $example:expr)?;)+
    }) => {
        $(#[$($about)*])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        $vis struct $section {
            $($(#[$($doc)*])* $vis $name: $type,)+
        }

        impl Default for $section {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl $crate::config::setting::Setting for $section {
            fn from_spanned(
                value: &toml::Spanned<toml::de::DeValue<'_>>,
                key: &str,
                reader: &mut $crate::config::reader::Reader<'_>,
            ) -> Option<Self> {
                let table = reader.section(value, key, &[$($crate::config::setting::written_name(stringify!($name))),+])?;
                let default = Self::default();
                Some(Self {
                    $($name: reader.setting(table, key, $crate::config::setting::written_name(stringify!($name))).unwrap_or(default.$name),)+
                })
            }

            fn expected() -> String {
                "a section".to_owned()
            }

            fn written(&self) -> Option<String> {
                None
            }

            fn describe(
                &self,
                entry: $crate::config::reference::SettingEntry,
                into: &mut Vec<$crate::config::reference::SettingEntry>,
            ) {
                let key = entry.key.clone();
                into.push($crate::config::reference::SettingEntry {
                    about: $crate::config::setting::documentation!($(#[$($about)*])*),
                    form: $crate::config::reference::SettingForm::Section,
                    ..entry
                });
                $($crate::config::setting::Setting::describe(
                    &self.$name,
                    $crate::config::reference::SettingEntry {
                        key: $crate::config::reader::join(&key, $crate::config::setting::written_name(stringify!($name))),
                        about: $crate::config::setting::documentation!($(#[$($doc)*])*),
                        $(range: Some($check.words),)?
                        $(example: Some($example),)?
                        $(hot: stringify!($hot) == "hot",)?
                        ..Default::default()
                    },
                    into,
                );)+
            }

            fn check(&self, key: &str, checks: &mut $crate::config::checks::Checks<'_>) {
                $(
                    let name = $crate::config::reader::join(key, $crate::config::setting::written_name(stringify!($name)));
                    $crate::config::setting::Setting::check(&self.$name, &name, checks);
                    $(checks.note(&[name.as_str()], ($check.check)(&self.$name));)?
                )+
            }

            fn keys(key: &str, into: &mut Vec<String>) {
                $(<$type as $crate::config::setting::Setting>::keys(
                    &$crate::config::reader::join(key, $crate::config::setting::written_name(stringify!($name))),
                    into,
                );)+
            }

            fn take_hot(&mut self, other: &Self, _is_hot: bool) {
                $(
                    let is_hot = [$(stringify!($hot))?].contains(&"hot");
                    $crate::config::setting::Setting::take_hot(
                        &mut self.$name,
                        &other.$name,
                        is_hot,
                    );
                )+
            }

            fn changed(&self, other: &Self, key: &str, into: &mut Vec<String>) {
                $($crate::config::setting::Setting::changed(
                    &self.$name,
                    &other.$name,
                    &$crate::config::reader::join(key, $crate::config::setting::written_name(stringify!($name))),
                    into,
                );)+
            }
        }
    };
}
pub(super) use settings;
