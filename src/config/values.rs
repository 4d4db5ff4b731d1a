//! The types of single settings: each is read from a string once and is right from then on.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use ipnet::IpNet;
use tracing_subscriber::filter::EnvFilter;
use url::{Host, Url};

use super::{collector::CollectorUrl, duration, setting::from_text, size::ByteSize};
use crate::base::{choices::no_choice, private::shown};

/// A time that may be without end.
pub(super) trait Span {
    /// The time, where it has an end.
    fn bounded(&self) -> Option<Duration>;
}

/// How old what a new source lists may be to be published at its first poll; what is older counts
/// as seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backlog {
    /// Everything that is listed.
    All,
    /// What is no older.
    Within(Duration),
}

impl Span for Backlog {
    fn bounded(&self) -> Option<Duration> {
        match self {
            Self::All => None,
            Self::Within(age) => Some(*age),
        }
    }
}

impl FromStr for Backlog {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        duration::parse(text).map(Self::Within).map_err(|error| format!("{error}, or \"all\""))
    }
}

/// How long Kafka keeps records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// They never expire.
    Forever,
    /// At least so long.
    For(Duration),
}

impl Retention {
    /// The value of a topic's `retention.ms`; -1 is for ever.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        match self {
            Self::Forever => -1,
            Self::For(time) => i64::try_from(time.as_millis()).unwrap_or(i64::MAX),
        }
    }
}

impl Span for Retention {
    fn bounded(&self) -> Option<Duration> {
        match self {
            Self::Forever => None,
            Self::For(time) => Some(*time),
        }
    }
}

impl FromStr for Retention {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "forever" {
            return Ok(Self::Forever);
        }
        duration::parse(text).map(Self::For).map_err(|error| format!("{error}, or \"forever\""))
    }
}

/// A host's name, without a port: in lower case, as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(String);

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Host::parse(text.trim_end_matches('.')) {
            Ok(Host::Domain(name)) => Ok(Self(name)),
            _ => Err(format!(
                "{text:?} is not a host's name such as \"status.example.org\", without a scheme and a port"
            )),
        }
    }
}

/// Where something is served: metrics, health and the status page; what hubs send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// It is not served at all.
    Off,
    /// There; port 0 picks a free one.
    On(SocketAddr),
}

impl Listen {
    /// The address, where there is one.
    #[must_use]
    pub fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Off => None,
            Self::On(address) => Some(address),
        }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse()
            .map(Self::On)
            .map_err(|_| format!("{text:?} is not an IP address and a port such as \"127.0.0.1:9606\" or \"[::]:9606\", nor \"off\""))
    }
}

/// An address at which others reach us: http or https, and a path to which more is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(Url);

impl PublicUrl {
    /// The address with its port; `None` where it is off.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("{text:?} is not a URL: {error}"))?;
        let plain = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        match url.scheme() {
            "http" | "https" if plain && text.len() <= 1000 => Ok(Self(url)),
            "http" | "https" => Err(format!(
                "{text:?} must have no query, fragment, user name or password, and at most 1000 characters"
            )),
            scheme => {
                Err(format!("{text:?} has the scheme {scheme}: hubs reach only http and https"))
            }
        }
    }
}

/// Which log lines are written, in the syntax of `tracing`'s `EnvFilter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl LogFilter {
    /// Which log lines are written: the flag says so, then `NASHRA_LOG`, then the config; where all of
    /// them leave it at the default, so does `RUST_LOG`, which other programs share.
    ///
    /// # Errors
    /// Where `NASHRA_LOG` is no filter.
    pub fn in_force(
        &self,
        flag: Option<&Self>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let given = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        if let Some(flag) = flag {
            return Ok(flag.clone());
        }
        if let Some(value) = given("NASHRA_LOG") {
            return value.parse().map_err(|error| format!("NASHRA_LOG: {error}"));
        }
        let shared = given("RUST_LOG").and_then(|value| value.parse().ok());
        Ok(shared.filter(|_| *self == Self::default()).unwrap_or_else(|| self.clone()))
    }

    /// Warnings and errors alone.
    #[must_use]
    pub fn warn() -> Self {
        Self("warn".to_owned())
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LogFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        // A bare word that is no level would be a target, with everything on: never what a typo
        // meant.
        let word = |part: &&str| part.chars().all(char::is_alphanumeric) && !part.is_empty();
        let typo = text
            .split(',')
            .map(str::trim)
            .filter(word)
            .find(|part| !LEVELS.contains(&part.to_lowercase().as_str()));
        if let Some(typo) = typo {
            return Err(format!(
                "{}; a target needs one too, as in \"info,nashra::fetch=debug\"",
                no_choice(typo, &LEVELS)
            ));
        }
        EnvFilter::builder()
            .parse(text)
            .map(|_| Self(text.to_owned()))
            .map_err(|error| format!("{text:?} is not a log filter such as \"info\" or \"info,nashra::fetch=debug\": {error}"))
    }
}

/// The `User-Agent` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAgent(String);

impl UserAgent {
    /// The header's value, with the version filled in.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for UserAgent {
    fn default() -> Self {
        Self(concat!("nashra/", env!("CARGO_PKG_VERSION")).to_owned())
    }
}

impl FromStr for UserAgent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let visible = text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if text.trim().is_empty() || !visible || text.len() > 500 {
            return Err("must be 1 to 500 visible ASCII characters, since it is sent as a header"
                .to_owned());
        }
        Ok(Self(text.trim().replace("{version}", env!("CARGO_PKG_VERSION"))))
    }
}

/// Where the operators of a site reach us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact(String);

impl Contact {
    /// An http or https URL, or a mail address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Contact {
    /// Whether it is at a name that is kept for examples and tests (RFC 2606), where nobody reads it.
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        let url = self.0.parse::<Url>().ok();
        let host =
            url.as_ref().and_then(Url::host_str).or_else(|| Some(self.0.rsplit_once('@')?.1));
        host.is_some_and(|host| {
            let labels: Vec<&str> = host.trim_end_matches('.').rsplit('.').take(2).collect();
            matches!(labels[..], ["example" | "invalid" | "test" | "localhost", ..])
                || matches!(labels[..], ["org" | "com" | "net", "example"])
        })
    }
}

impl FromStr for Contact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let graphic = text.len() <= 300 && text.chars().all(|c| c.is_ascii_graphic());
        let mail =
            text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
        let page = text.parse::<Url>().is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if graphic && (mail || page) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("{text:?} is neither an http or https URL nor a mail address"))
        }
    }
}

/// A list of sources: a file, or an address to fetch it from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceList {
    /// On this machine.
    File(PathBuf),
    /// An address that the list is fetched from.
    Url(Url),
}

impl SourceList {
    /// Resolves a relative path against `folder`.
    pub(super) fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(folder.join(path)),
            Self::Url(_) => self,
        }
    }

    /// The name that the places of its sources have. That of an address may hold a secret.
    #[must_use]
    pub fn place_name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Url(url) => url.as_str().to_owned(),
        }
    }
}

impl fmt::Display for SourceList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Url(url) => f.write_str(&shown(url.as_str())),
        }
    }
}

impl FromStr for SourceList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("a file's name cannot be empty".to_owned());
        }
        match text.split_once("://") {
            Some(("http" | "https", _)) => text
                .parse()
                .map(Self::Url)
                .map_err(|error| format!("{:?} is not a URL: {error}", shown(text))),
            Some(_) => Err(format!("{:?} is neither a file nor an http or https URL", shown(text))),
            None => Ok(Self::File(text.into())),
        }
    }
}

/// Reads a network in CIDR notation, or one address.
pub fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("{text:?} is not a network such as \"10.0.0.0/8\" or \"127.0.0.1\""))
}

fn path(text: &str) -> Result<PathBuf, &'static str> {
    if text.is_empty() { Err("a path cannot be empty") } else { Ok(text.into()) }
}

fn span(time: &impl Span, without_end: &str) -> String {
    time.bounded().map_or_else(|| without_end.to_owned(), duration::format)
}

from_text! {
    String, "a string", |text: &str| Ok::<_, String>(text.to_owned()), Clone::clone;
    PathBuf, "a path in quotes", path, |path| path.display().to_string();
    Duration, "a duration in quotes such as \"90s\", \"10m\" or \"1h30m\"", duration::parse, |time| duration::format(*time);
    ByteSize, "a size in quotes such as \"10MiB\"", ByteSize::from_str, ToString::to_string;
    IpNet, "a network in quotes such as \"10.0.0.0/8\"", network, ToString::to_string;
    Backlog, "a duration in quotes such as \"3d\", or \"all\"", Backlog::from_str, |backlog| span(backlog, "all");
    Retention, "a duration in quotes such as \"7d\", or \"forever\"", Retention::from_str, |retention| span(retention, "forever");
    HostName, "a host's name in quotes such as \"status.example.org\"", HostName::from_str, ToString::to_string;
    Listen, "an address in quotes such as \"127.0.0.1:9606\", or \"off\"", Listen::from_str, |listen| listen.address().map_or("off".to_owned(), |address| address.to_string());
    PublicUrl, "a URL in quotes such as \"https://news.example.org/hooks\"", PublicUrl::from_str, |url| url.0.to_string();
    CollectorUrl, "a URL in quotes such as \"http://127.0.0.1:4318\"", CollectorUrl::from_str, ToString::to_string;
    LogFilter, "a level in quotes such as \"info\"", LogFilter::from_str, |filter| filter.0.clone();
    UserAgent, "a string", UserAgent::from_str, |agent| agent.0.replace(env!("CARGO_PKG_VERSION"), "{version}");
    Contact, "a URL or a mail address in quotes", Contact::from_str, |contact| contact.0.clone();
    SourceList, "a file or a URL in quotes", SourceList::from_str, ToString::to_string;
}
