//! What the operator decides: the config file, the flags that override it, and the lists of
//! sources.
//!
//! Everything is parsed into its type here, at the border, and nobody checks again. A wrong config
//! is refused as a whole: all errors at once, each with its file, line, key and what would be
//! right. No file is read but the one that was named; there is no search for one in the current
//! folder, so that what a command does never depends on where it was started.

pub mod duration;
pub mod labels;
pub mod routes;
pub mod sources;

mod checks;
mod choices;
mod collector;
mod error;
mod overrides;
mod reader;
mod reference;
mod setting;
mod settings;
mod share;
mod sinks;
mod size;
mod values;

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use self::{checks::Checks, reader::GivenSettings, setting::Setting};
pub use self::{
    choices::{LogFormat, PageMode, RobotsMode, StartAt},
    collector::CollectorUrl,
    duration::{DurationError, parse as parse_duration},
    error::{ConfigError, ConfigErrors, Place},
    overrides::Overrides,
    reference::{Example, SettingEntry, SettingForm},
    settings::{
        Admin, Config, DeadLetters, Fetch, Log, Outbox, Page, Poll, Queues, Record, Run, Store,
        Telemetry, Traces, WebSub,
    },
    share::Share,
    sinks::{
        Broker, Format, Formats, Kafka, KafkaFlags, Properties, Registry, RegistryUrl, Secret,
        Sink, SinkFlags, SinkKind, SubjectNaming, TopicName, TopicPrefix,
    },
    size::{ByteSize, SizeError},
    values::{
        Backlog, Contact, HostName, Listen, LogFilter, PublicUrl, Retention, SourceList, UserAgent,
        network,
    },
};
use crate::base::private;

/// Larger files are refused unread: nobody writes such a config or list by hand.
const LARGEST_FILE: u64 = 64 << 20;

/// Settings of which the first must not exceed the second.
const INTERVALS: [&str; 2] = ["poll.min_interval", "poll.max_interval"];
const RETRIES: [&str; 2] = ["page.retry_first", "page.retry_max"];
const CONNECTING: [&str; 2] = ["fetch.connect_timeout", "fetch.first_byte_timeout"];
const ANSWERING: [&str; 2] = ["fetch.first_byte_timeout", "fetch.timeout"];
const BODIES: [&str; 2] = ["fetch.max_body", "fetch.max_decoded"];
const TRACES: [&str; 2] = ["telemetry.traces.sample", "telemetry.traces.endpoint"];
const WEBSUB: [&str; 2] = ["websub.listen", "websub.public_url"];

impl Config {
    /// The settings of a file, overridden by flags. Without a file: defaults and flags.
    pub fn load(path: Option<&Path>, overrides: &Overrides) -> Result<Self, ConfigErrors> {
        let (config, errors) = Self::read_with_errors(path, overrides);
        ConfigErrors::check(errors).map(|()| config)
    }

    /// Loads a config as [`Config::load`] does, and returns what could be read even where something
    /// is wrong: for reporting errors in what the config names, never for running.
    #[must_use]
    pub fn read_with_errors(
        path: Option<&Path>,
        overrides: &Overrides,
    ) -> (Self, Vec<ConfigError>) {
        let (mut config, mut given, errors) = path.map_or_else(Default::default, read_file);
        overrides.apply(&mut config, &mut given);
        config.reconcile(&given);
        let mut checks = Checks { given: &given, errors };
        Setting::check(&config, "", &mut checks);
        config.check_together(&mut checks);
        let Checks { mut errors, .. } = checks;
        errors.sort();
        // From here on every address that is shown keeps to it; the first ones are those of errors
        // in lists.
        private::mask_parameters(config.fetch.secret_parameters.iter().map(String::as_str));
        (config, errors)
    }

    /// The names of the settings that have another value there.
    #[must_use]
    pub fn changed(&self, other: &Self) -> Vec<String> {
        let mut names = Vec::new();
        Setting::changed(self, other, "", &mut names);
        names
    }

    /// This config with those settings of another that a running daemon takes over when it reads its
    /// config again; all others are used from the next start on.
    #[must_use]
    pub fn taking_hot(&self, other: &Self) -> Self {
        let mut taken = self.clone();
        Setting::take_hot(&mut taken, other, false);
        taken
    }

    /// Says so where a config file gives no contact. The commands that run or check a daemon's
    /// config ask for it; without a file there is nobody to ask.
    #[must_use]
    pub fn lacks_contact(&self, path: Option<&Path>) -> Option<ConfigError> {
        let path = path.filter(|_| self.fetch.contact.is_none())?;
        let message = "names nobody: give a URL or a mail address, so that a site which has trouble with your requests can tell you \
            instead of blocking you";
        let place = Place::whole(&path.display().to_string());
        Some(ConfigError { place, key: "fetch.contact".to_owned(), message: message.to_owned() })
    }

    /// The path of the control socket, through which commands reach a running daemon.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.data_dir.join("control.sock")
    }

    /// Lets a default give way to the setting that was given beside it.
    fn reconcile(&mut self, given: &GivenSettings) {
        let (poll, page, fetch) = (&mut self.poll, &mut self.page, &mut self.fetch);
        given.reconcile(INTERVALS, &mut poll.min_interval, &mut poll.max_interval);
        given.reconcile(RETRIES, &mut page.retry_first, &mut page.retry_max);
        given.reconcile(CONNECTING, &mut fetch.connect_timeout, &mut fetch.first_byte_timeout);
        given.reconcile(ANSWERING, &mut fetch.first_byte_timeout, &mut fetch.timeout);
        given.reconcile(BODIES, &mut fetch.max_body, &mut fetch.max_decoded);
        sinks::reconcile(self, given);
    }

    /// Checks the settings of which the first must not exceed the second.
    fn check_together(&self, checks: &mut Checks<'_>) {
        let (poll, page, fetch) = (&self.poll, &self.page, &self.fetch);
        let time = duration::format;
        let size = |size: ByteSize| size.to_string();
        checks.ordered(INTERVALS, [poll.min_interval, poll.max_interval], time);
        checks.ordered(RETRIES, [page.retry_first, page.retry_max], time);
        checks.ordered(CONNECTING, [fetch.connect_timeout, fetch.first_byte_timeout], time);
        checks.ordered(ANSWERING, [fetch.first_byte_timeout, fetch.timeout], time);
        checks.ordered(BODIES, [fetch.max_body, fetch.max_decoded], size);
        let one = (self.websub.listen == Listen::Off) != self.websub.public_url.is_none();
        // One that is wrong was told of already.
        if one && !WEBSUB.iter().all(|key| checks.given.has(key)) {
            checks.note(
                &WEBSUB,
                Err("both websub.listen and websub.public_url must be given, or none of them"
                    .to_owned()),
            );
        }
        let traces = &self.telemetry.traces;
        if traces.sample > Share::default()
            && traces.endpoint.is_none()
            && !checks.given.has(TRACES[1])
        {
            checks.note(
                &TRACES,
                Err("telemetry.traces.endpoint must be given where sample is not 0".to_owned()),
            );
        }
        sinks::check_together(self, checks);
    }
}

fn read_file(path: &Path) -> (Config, GivenSettings, Vec<ConfigError>) {
    let name = path.display().to_string();
    match read_text(path) {
        Ok(text) => {
            let (mut config, given, errors) = reader::parse_settings::<Config>(&name, &text);
            let folder = path.parent().unwrap_or(Path::new(""));
            config.sources =
                config.sources.into_iter().map(|list| list.relative_to(folder)).collect();
            config.labels = config.labels.iter().map(|file| folder.join(file)).collect();
            (config, given, errors)
        }
        Err(message) => {
            let error = ConfigError { place: Place::whole(&name), key: String::new(), message };
            (Config::default(), GivenSettings::default(), vec![error])
        }
    }
}

fn read_text(path: &Path) -> Result<String, String> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|byte| *byte == b'\n').count();
        format!("line {line} is not UTF-8: save the file as UTF-8")
    })
}

/// Reads a file that must not be larger than [`LARGEST_FILE`].
fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(format!("is larger than {}", ByteSize::new(LARGEST_FILE)));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
