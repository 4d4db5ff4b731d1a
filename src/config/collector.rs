//! The address of a collector for OpenTelemetry.

use std::{fmt, str::FromStr};

use url::Url;

/// The path of traces, where an address names none (OTLP 1, "OTLP/HTTP Request").
const PATH: &str = "/v1/traces";

/// Where a collector takes traces: http or https, without a user name or a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectorUrl(Url);

impl CollectorUrl {
    /// The address with its path.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for CollectorUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for CollectorUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut url =
            Url::parse(text).map_err(|error| format!("{text:?} is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            let scheme = url.scheme();
            return Err(format!("has the scheme {scheme}: http and https are understood"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "must have no user name and no password: a collector beside nashra can add them"
                    .to_owned(),
            );
        }
        if url.path() == "/" {
            url.set_path(PATH);
        }
        Ok(Self(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_gets_that_of_traces() {
        let read = |text: &str| text.parse::<CollectorUrl>().map(|url| url.to_string());
        assert_eq!(read("http://127.0.0.1:4318").unwrap(), "http://127.0.0.1:4318/v1/traces");
        assert_eq!(read("https://otel.example/in").unwrap(), "https://otel.example/in");
        for wrong in ["otel", "ftp://otel.example", "http://me:secret@otel.example"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
