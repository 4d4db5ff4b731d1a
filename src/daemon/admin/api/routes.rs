//! What a route of the API is: what it is called, what it takes and what it gives. Requests are told
//! apart by the table of all routes, and the `OpenAPI` document is made of it.
//!
//! What must stay true: a path is what it says, without `..`, escapes or empty parts.

mod table;

use schemars::{JsonSchema, Schema, SchemaGenerator};

pub(super) use table::ROUTES;

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Document,
    State,
    Sources,
    Source,
    AddSources,
    ChangeSource,
    RemoveSource,
    Pause,
    Resume,
    Poll,
    Articles,
    Article,
    Explain,
    Letters,
    Letter,
    RetryLetters,
    RetryLetter,
    Reload,
}

/// A parameter of a query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) form: Form,
    pub(super) required: bool,
}

/// What a parameter may say.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Text,
    /// What has more than white space.
    Words,
    /// What a regular expression says, and a function that knows the same.
    Like(&'static str, fn(&str) -> bool),
    /// RFC 3339.
    Time,
    Uuid,
    Flag,
    Number {
        least: usize,
        most: usize,
    },
    Choice(fn() -> Vec<&'static str>),
}

/// The schema of a type.
pub(super) type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// One method of one path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    pub(super) method: &'static str,
    /// With `{id}` where an id stands.
    pub(super) path: &'static str,
    pub(super) operation: Operation,
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) parameters: &'static [Parameter],
    pub(super) body: Option<MakeSchema>,
    pub(super) answer: MakeSchema,
}

const fn parameter(name: &'static str, about: &'static str, form: Form) -> Parameter {
    Parameter { name, about, form, required: false }
}

const DRY_RUN: Parameter = parameter(
    "dry_run",
    "Whether nothing is changed, and only what would be done is told.",
    Form::Flag,
);
const ALLOW_EMPTY: Parameter = parameter(
    "allow_empty",
    "Whether the sources of a list go that gives none any more; such a reload is refused otherwise.",
    Form::Flag,
);
const LIMIT: Parameter = parameter(
    "limit",
    "How many a page has at most; 100 unless given.",
    Form::Number { least: 1, most: 1000 },
);

/// Where a list goes on.
const fn cursor(form: Form) -> Parameter {
    parameter("cursor", "`next` of the page before, as it was given there.", form)
}

/// The orders of sources.
pub(super) const ORDERS: [&str; 3] = ["id", "name", "state"];

fn states() -> Vec<&'static str> {
    crate::model::source::State::ALL.iter().map(|state| state.as_str()).collect()
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const fn get(
    path: &'static str,
    operation: Operation,
    names: (&'static str, &'static str),
    parameters: &'static [Parameter],
    answer: MakeSchema,
) -> Route {
    let (name, summary) = names;
    Route { method: "GET", path, operation, name, summary, parameters, body: None, answer }
}

const fn write(
    method: &'static str,
    path: &'static str,
    operation: Operation,
    names: (&'static str, &'static str),
    (body, answer): (Option<MakeSchema>, MakeSchema),
) -> Route {
    let (name, summary) = names;
    Route { method, path, operation, name, summary, parameters: &[DRY_RUN], body, answer }
}

impl Route {
    /// Whether it changes something.
    pub(super) fn is_write(&self) -> bool {
        self.method != "GET"
    }

    /// The id in a path of this route, empty where it has none; `None` where it is another route's.
    pub(super) fn matches<'a>(&self, path: &'a str) -> Option<&'a str> {
        let (mut template, mut parts, mut id) = (self.path.split('/'), path.split('/'), "");
        loop {
            match (template.next(), parts.next()) {
                (None, None) => return Some(id),
                (Some("{id}"), Some(part)) if is_id(part) => id = part,
                (Some(expected), Some(part)) if expected == part && expected != "{id}" => {}
                _ => return None,
            }
        }
    }
}

/// Whether a part of a path can be an id of a source or an article.
fn is_id(part: &str) -> bool {
    let legal = part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    legal && (1..=64).contains(&part.len()) && part != "." && part != ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_route_and_tricks_are_none() {
        fn found(path: &str) -> Option<&str> {
            ROUTES.iter().find_map(|route| route.matches(path))
        }
        assert_eq!(found("/api/v1/sources/a.b-c_1/pause"), Some("a.b-c_1"));
        assert_eq!(found("/api/v1/state"), Some(""));
        for path in [
            "/api/v1/sources/",
            "/api/v1/sources//",
            "/api/v1/sources/../state",
            "/api/v1/sources/..",
            "/api/v1/sources/.",
            "/api/v1/sources/%2e%2e",
            "/api/v1/sources/a%00",
            "/api/v1/sources/a/pause/",
            "//api/v1/state",
            "/api/v1//state",
            "/api/v1/State",
            "/api/v1/sources/{id}",
        ] {
            assert_eq!(found(path), None, "{path}");
        }
    }
}
