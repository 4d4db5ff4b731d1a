//! Settings with a few named values: how they are written and read, and what a misspelt one was
//! meant to be.

/// Declares an enum whose variants have a name each in a config.
#[macro_export]
macro_rules! choices {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $choice:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $choice,)+
        }

        impl $name {
            /// All values, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$choice),+];

            /// Their names as a sentence lists them: `"a", "b" or "c"`.
            pub const NAMES: &'static str = $crate::alternatives!($($text),+);

            /// Their names as the help of a flag shows them: `a|b|c`.
            pub const FLAG_VALUES: &'static str = {
                let with_last_bar = concat!($($text, "|"),+);
                with_last_bar.split_at(with_last_bar.len() - 1).0
            };

            /// The name of the value in a config.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$choice => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$choice),)+
                    _ => Err($crate::base::choices::no_choice(text, &[$($text),+])),
                }
            }
        }
    };
}

/// Joins texts as a sentence lists them: `"a", "b" or "c"`.
#[macro_export]
macro_rules! alternatives {
    ($only:literal) => {
        concat!("\"", $only, "\"")
    };
    ($first:literal, $last:literal) => {
        concat!("\"", $first, "\" or \"", $last, "\"")
    };
    ($first:literal, $($more:literal),+) => {
        concat!("\"", $first, "\", ", $crate::alternatives!($($more),+))
    };
}

pub use {crate::alternatives, crate::choices};

/// The error for a value that does not exist: it lists the valid ones and suggests a similar one.
#[must_use]
pub fn no_choice(text: &str, valid: &[&str]) -> String {
    let list = valid.iter().map(|choice| format!("{choice:?}")).collect::<Vec<_>>().join(", ");
    match similar(text, valid.iter().copied()) {
        Some(meant) => format!("{text:?} is not one of {list}; did you mean {meant:?}?"),
        None => format!("{text:?} is not one of {list}"),
    }
}

/// The candidate that is most similar to `word`, where at most a third of its characters differ, or
/// one.
pub fn similar<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_lowercase().replace('-', "_");
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}
