//! The settings that have a few named values.

use std::{fmt, str::FromStr};

use super::{error::similar, setting::from_text};

/// A setting with a few named values.
macro_rules! choices {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $choice:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $choice,)+
        }

        impl $name {
            /// As it is written in a config.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$choice => $text,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$choice),)+
                    _ => Err(no_choice(text, &[$($text),+])),
                }
            }
        }
    };
}

choices! {
    /// What is done with the pages behind entries.
    PageMode {
        /// Pages are fetched and extracted.
        On = "on",
        /// Articles are made of what the feeds say.
        Feed = "feed",
        /// Entries are recorded, nothing is published.
        Off = "off",
    }
}

choices! {
    /// Where records go.
    SinkKind {
        /// One JSON line a record, at least once.
        Stdout = "stdout",
        /// One JSON line a record, at least once.
        File = "file",
        /// Kafka, exactly once.
        Kafka = "kafka",
    }
}

choices! {
    /// How log lines look.
    LogFormat {
        /// Text on a terminal, JSON elsewhere.
        Auto = "auto",
        /// For people.
        Text = "text",
        /// For machines.
        Json = "json",
    }
}

choices! {
    /// What a source is.
    SourceKind {
        /// RSS, Atom, RDF or JSON Feed.
        Feed = "feed",
        /// An HTML page with links to articles.
        Listing = "listing",
        /// A news sitemap, another sitemap, or an index of them.
        Sitemap = "sitemap",
        /// A home page: which of its site's feeds and sitemaps is read is found by itself.
        Site = "site",
        /// One page, as HTML or as text, whose article changes or gives way to another.
        Page = "page",
        /// A Kafka topic through which other services hand over addresses, pages and texts.
        Kafka = "kafka",
    }
}

choices! {
    /// What is made of a site's robots.txt.
    RobotsMode {
        /// What it forbids is not fetched.
        Obey = "obey",
        /// It is not asked for: for those who own the site, or may do what it forbids.
        Ignore = "ignore",
    }
}

choices! {
    /// Where a topic that was never read begins.
    StartAt {
        /// At its oldest message.
        Beginning = "beginning",
        /// After its newest message.
        End = "end",
    }
}

/// Says which values there are, and which one was probably meant.
pub(super) fn no_choice(text: &str, valid: &[&str]) -> String {
    let list = valid.iter().map(|choice| format!("{choice:?}")).collect::<Vec<_>>().join(", ");
    match similar(text, valid.iter().copied()) {
        Some(meant) => format!("{text:?} is not one of {list}; did you mean {meant:?}?"),
        None => format!("{text:?} is not one of {list}"),
    }
}

from_text! {
    PageMode, "\"on\", \"feed\" or \"off\"", PageMode::from_str;
    SinkKind, "\"stdout\", \"file\" or \"kafka\"", SinkKind::from_str;
    LogFormat, "\"auto\", \"text\" or \"json\"", LogFormat::from_str;
    SourceKind, "\"feed\", \"listing\", \"sitemap\", \"site\", \"page\" or \"kafka\"", SourceKind::from_str;
    RobotsMode, "\"obey\" or \"ignore\"", RobotsMode::from_str;
    StartAt, "\"beginning\" or \"end\"", StartAt::from_str;
}
