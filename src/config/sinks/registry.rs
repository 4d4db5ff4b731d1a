//! The settings of the formats of records, and of the schema registry that some of them need.

use std::{fmt, str::FromStr};

use url::Url;

use super::{kafka::Kafka, secret::Secret};
use crate::{
    base::choices::choices,
    config::{
        checks::Checks,
        reference::Example,
        setting::{from_text, settings},
    },
};

choices! {
    /// How records are written.
    Format {
        /// JSON alone.
        Json = "json",
        /// Avro, with its schema in the registry.
        Avro = "avro",
        /// Protobuf, likewise.
        Protobuf = "protobuf",
        /// JSON, with its JSON Schema in the registry.
        JsonSchema = "json_schema",
    }
}

choices! {
    /// What the name of a schema's subject is made of.
    SubjectNaming {
        /// The topic and `-value`.
        Topic = "topic",
        /// The record's whole name.
        Record = "record",
        /// The topic, `-` and the record's whole name.
        TopicRecord = "topic_record",
    }
}

settings! {
    /// How the records of each topic are written: `json`, `avro`, `protobuf` or `json_schema`. All but
    /// `json` are in the wire format of schema registries, and need `kafka.registry.url`. The page
    /// `docs/formats.md` has more.
    pub Formats {
        /// Of `articles`, and of `latest`.
        articles: Format = Format::Json;
        /// Of `stories`.
        stories: Format = Format::Json;
        /// Of `deadletters`.
        deadletters: Format = Format::Json;
    }
}

settings! {
    /// The schema registry (Confluent's HTTP interface, which others have as well). It is asked when
    /// nashra connects; from then on it is not needed.
    pub Registry {
        /// Its address: http or https.
        url: Option<RegistryUrl> = None => Example::Shown("\"http://localhost:8081\"");
        /// What the name of a schema's subject is made of: `topic` (`nashra.articles-value`), `record`
        /// (`nashra.v1.Article`) or `topic_record` (`nashra.articles-nashra.v1.Article`).
        subject: SubjectNaming = SubjectNaming::Topic;
        /// true: nashra registers its schemas where they are missing. false: they must be there.
        register: bool = true;
        /// The user name, if the registry wants one; with `password`.
        username: Option<String> = None => Example::Shown("\"nashra\"");
        /// The password: a string or, better, `{ env = "REGISTRY_PASSWORD" }` or
        /// `{ file = "/run/secrets/registry" }`.
        password: Option<Secret> = None => Example::Shown("\"sesame\"");
        /// A bearer token in place of user name and password, given as the password is.
        token: Option<Secret> = None => Example::Shown("\"sesame\"");
        /// Certificates (PEM) of authorities to believe beside those of the system, given likewise:
        /// `{ file = "/etc/ssl/registry-ca.pem" }`.
        ca: Option<Secret> = None => Example::Shown("\"-----BEGIN CERTIFICATE-----…\"");
    }
}

/// Checks that a registry is named where one is needed, and one way to sign in at most.
pub(super) fn check_together(kafka: &Kafka, checks: &mut Checks<'_>) {
    let Kafka { formats, registry, .. } = kafka;
    let Formats { articles, stories, deadletters } = *formats;
    let all = [
        ("kafka.formats.articles", articles),
        ("kafka.formats.stories", stories),
        ("kafka.formats.deadletters", deadletters),
    ];
    for (key, format) in all {
        if format != Format::Json && registry.url.is_none() {
            checks.note(
                &[key],
                Err(format!("\"{format}\" needs a schema registry: set kafka.registry.url")),
            );
        }
    }
    let keys = ["kafka.registry.username", "kafka.registry.password"];
    if registry.username.is_some() != registry.password.is_some() {
        checks.note(&keys, Err("username and password go together".to_owned()));
    }
    if registry.token.is_some() && registry.username.is_some() {
        let message = "token is in place of username and password: set one of them";
        checks.note(&["kafka.registry.token"], Err(message.to_owned()));
    }
}

/// The address of a registry: http or https, without a user name or a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryUrl(Url);

impl RegistryUrl {
    /// The address of something in the registry; each part of the path is encoded.
    #[must_use]
    pub fn join(&self, path: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }
}

impl fmt::Display for RegistryUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for RegistryUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("{text:?} is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            let scheme = url.scheme();
            return Err(format!("has the scheme {scheme}: http and https are understood"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must have no user name and no password: set kafka.registry.username and \
                        kafka.registry.password"
                .to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must end with a path, without ? and #".to_owned());
        }
        Ok(Self(url))
    }
}

from_text! {
    Format, Format::NAMES, Format::from_str, ToString::to_string;
    SubjectNaming, SubjectNaming::NAMES, SubjectNaming::from_str, ToString::to_string;
    RegistryUrl, "a URL in quotes such as \"http://localhost:8081\"", RegistryUrl::from_str, ToString::to_string;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_may_have_a_path_and_names_of_subjects_are_encoded() {
        let url: RegistryUrl = "https://registry.example/apis/ccompat/v7/".parse().unwrap();
        let found = url.join(&["subjects", "a/b c", "versions"]).to_string();
        assert_eq!(found, "https://registry.example/apis/ccompat/v7/subjects/a%2Fb%20c/versions");
        for wrong in ["registry:8081", "ftp://registry", "http://me:secret@registry", "http://r/?a"]
        {
            assert!(wrong.parse::<RegistryUrl>().is_err(), "{wrong}");
        }
    }
}
