//! The settings that have a few named values.

use std::str::FromStr as _;

use super::setting::from_text;
use crate::{base::choices::choices, model::source::SourceKind};

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
    /// How log lines look.
    LogFormat {
        /// Text on a terminal, JSON elsewhere.
        Auto = "auto",
        /// Lines that people read.
        Text = "text",
        /// One JSON object a line, for machines.
        Json = "json",
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

from_text! {
    PageMode, PageMode::NAMES, PageMode::from_str, ToString::to_string;
    LogFormat, LogFormat::NAMES, LogFormat::from_str, ToString::to_string;
    SourceKind, SourceKind::NAMES, SourceKind::from_str, ToString::to_string;
    RobotsMode, RobotsMode::NAMES, RobotsMode::from_str, ToString::to_string;
    StartAt, StartAt::NAMES, StartAt::from_str, ToString::to_string;
}
