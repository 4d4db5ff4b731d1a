//! Addresses that may hold secrets, and the one form in which they are shown.
//!
//! Sources are configured with credentials: `user:password@`, `?token=…`. They belong in the
//! config, the store and the request. So what holds such an address is a [`Private`], which shows
//! it without them; whoever needs the address itself says so with [`Private::real`]. Servers repeat
//! a source's credentials in redirects and in the addresses of articles: [`Secrets::hide`] takes
//! them out there.
//!
//! What must stay true: nothing that leaves the process, nor its log, is made of a real address;
//! ids are, so that they do not depend on what counts as a secret. Names of parameters count for
//! the addresses of sources alone: `auth` in the address of a picture is part of it and no secret
//! of ours.

mod secrets;

use std::{
    borrow::Cow,
    fmt,
    sync::{PoisonError, RwLock},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Url, form_urlencoded};

pub use secrets::Secrets;

/// Replaces a secret where it is hidden.
const MASK: &str = "***";

/// Parameters whose values are secrets, unless the config names others. Case, `-`, `_` and `.` do
/// not count.
pub const PARAMETERS: [&str; 32] = [
    "access_key",
    "access_token",
    "api_key",
    "api_token",
    "auth",
    "auth_key",
    "auth_token",
    "authorization",
    "client_secret",
    "credential",
    "credentials",
    "jwt",
    "key",
    "pass",
    "passwd",
    "password",
    "private_key",
    "pwd",
    "refresh_token",
    "secret",
    "session",
    "session_id",
    "sid",
    "sig",
    "sign",
    "signature",
    "subscription_key",
    "token",
    "user_key",
    "x_amz_credential",
    "x_amz_security_token",
    "x_amz_signature",
];

/// The parameters that the config names, folded; `None` before a config is read. There is one list
/// for the process, as there is one log.
static NAMES: RwLock<Option<Box<[String]>>> = RwLock::new(None);

/// Makes the values of these parameters secrets, instead of those of [`PARAMETERS`].
pub fn mask_parameters<'a>(names: impl IntoIterator<Item = &'a str>) {
    let names = names.into_iter().map(fold).collect();
    *NAMES.write().unwrap_or_else(PoisonError::into_inner) = Some(names);
}

/// A parameter's name in the form in which names are compared.
fn fold(name: &str) -> String {
    decoded(name)
        .chars()
        .filter(|c| !matches!(c, '-' | '_' | '.'))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// A value with its percent signs and plus signs decoded, as a server reads it.
fn decoded(text: &str) -> String {
    // The parser takes all behind an equals sign as one value, up to an `&`.
    let pair = format!("={}", text.replace('&', "%26"));
    form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

fn is_masked(name: &str) -> bool {
    let name = fold(name);
    match &*NAMES.read().unwrap_or_else(PoisonError::into_inner) {
        Some(names) => names.contains(&name),
        None => PARAMETERS.iter().any(|parameter| fold(parameter) == name),
    }
}

/// An address, or what stands for one, that is shown without its secrets: by `Display`, `Debug` and
/// `Serialize`.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Private<T = Url>(T);

impl<T> Private<T> {
    /// The address itself: for the config, the store, ids and requests alone.
    pub fn real(&self) -> &T {
        &self.0
    }
}

impl<T: AsRef<str>> Private<T> {
    /// The secrets in the address.
    pub fn secrets(&self) -> Secrets {
        Secrets::in_address(self.0.as_ref())
    }
}

impl<T> From<T> for Private<T> {
    fn from(real: T) -> Self {
        Self(real)
    }
}

impl From<&str> for Private<String> {
    fn from(real: &str) -> Self {
        Self(real.to_owned())
    }
}

impl<T: AsRef<str>> fmt::Display for Private<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self.0.as_ref()))
    }
}

impl<T: AsRef<str>> fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", shown(self.0.as_ref()))
    }
}

impl<T: AsRef<str>> Serialize for Private<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&shown(self.0.as_ref()))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Private<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

/// Serialises the address itself, its secrets included: for rows of the store alone.
pub fn stored<T: Serialize, S: Serializer>(
    address: &Private<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    address.0.serialize(serializer)
}

/// An address as it is shown: without user name and password, and with the values of masked
/// parameters replaced.
#[must_use]
pub fn shown(address: &str) -> Cow<'_, str> {
    let (start, rest) = around_user(address);
    let user_less = if start.len() + rest.len() == address.len() {
        Cow::Borrowed(address)
    } else {
        Cow::Owned(start.to_owned() + rest)
    };
    match masked(&user_less, |name, _| is_masked(name)) {
        Cow::Owned(masked) => Cow::Owned(masked),
        Cow::Borrowed(_) => user_less,
    }
}

/// The parts of an address before and after user name and password.
fn around_user(address: &str) -> (&str, &str) {
    let (start, named) = match address.find("://") {
        Some(at) => (at + 3, true),
        None => (0, false),
    };
    let end = address[start..].find(['/', '?', '#', '\\']).map_or(address.len(), |end| start + end);
    match address[start..end].rfind('@') {
        // Without a scheme it may be a mail address, which has no password.
        Some(at) if named || address[..at].contains(':') => {
            (&address[..start], &address[start + at + 1..])
        }
        _ => (address, ""),
    }
}

/// An address with the values of some parameters replaced: those of the query, of the path
/// (`;jsessionid=`) and of the fragment.
fn masked(address: &str, mut is_secret: impl FnMut(&str, &str) -> bool) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for (start, end) in parameters(address) {
        let parameter = &address[start..end];
        let Some(equals) = parameter.find('=').filter(|at| *at + 1 < parameter.len()) else {
            continue;
        };
        if start >= copied && is_secret(&parameter[..equals], &parameter[equals + 1..]) {
            out.push_str(&address[copied..=start + equals]);
            out.push_str(MASK);
            copied = end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(address);
    }
    out.push_str(&address[copied..]);
    Cow::Owned(out)
}

/// The ranges of parameters, in bytes. One that follows a `;` in the query reaches up to the next
/// `&`, since it may hold further ones.
fn parameters(address: &str) -> impl Iterator<Item = (usize, usize)> {
    let query = address.find(['?', '#']).unwrap_or(address.len());
    let delimiters = address.bytes().enumerate().filter_map(move |(at, byte)| match byte {
        b';' => Some(at + 1),
        b'?' | b'#' | b'&' if at >= query => Some(at + 1),
        _ => None,
    });
    delimiters.map(move |start| {
        let in_path = start <= query;
        let ends: &[char] = if in_path { &[';', '/', '?', '#'] } else { &['&', '#'] };
        (start, address[start..].find(ends).map_or(address.len(), |end| start + end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_user_name_password_and_the_values_of_masked_parameters() {
        for (address, expected) in [
            ("https://user:pw@a.example/feed", "https://a.example/feed"),
            ("https://TOKEN@a.example", "https://a.example"),
            ("https://u:p@ss@a.example/x@y", "https://a.example/x@y"),
            (
                "https://a.example/feed?id=1&token=abc&x=2",
                "https://a.example/feed?id=1&token=***&x=2",
            ),
            ("https://a.example/feed?API-Key=a=b", "https://a.example/feed?API-Key=***"),
            ("https://a.example/feed?%74oken=abc", "https://a.example/feed?%74oken=***"),
            ("https://a.example/feed?a=1;token=x;y", "https://a.example/feed?a=1;token=***"),
            ("https://a.example/feed?token=a?b&c=d", "https://a.example/feed?token=***&c=d"),
            ("https://a.example/x;session_id=AB/y?z=1", "https://a.example/x;session_id=***/y?z=1"),
            ("https://a.example/#access_token=abc", "https://a.example/#access_token=***"),
            ("https://a.example/?token=", "https://a.example/?token="),
            ("a:b@a.example/feed?pwd=x", "a.example/feed?pwd=***"),
            ("bot@example.org", "bot@example.org"),
            ("file:pages/a.html", "file:pages/a.html"),
            ("https://a.example/token=x?monkey=1", "https://a.example/token=x?monkey=1"),
        ] {
            assert_eq!(shown(address), expected);
            assert_eq!(shown(expected), expected);
            let private = Private::from(address.to_owned());
            assert_eq!(
                (private.to_string(), private.real().as_str()),
                (expected.to_owned(), address)
            );
            assert_eq!(serde_json::json!(private), expected);
        }
    }
}
