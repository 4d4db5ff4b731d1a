//! Every route of the API: what it is called, what it takes and what it gives. Requests are told
//! apart by this list, and the `OpenAPI` document is made of it.
//!
//! What must stay true: a path is what it says, without `..`, escapes or empty parts.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{
    body::{AddOrder, Declaration, Nothing, PauseWords},
    views::{ArticlePage, SourcePage, SourceView, StateView},
};
use crate::{
    daemon::{
        explain::{ExplainedArticle, Explanation},
        reload::Reloaded,
    },
    stages::schedule::change::ChangeReport,
};

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
    Flag,
    Number { least: usize, most: usize },
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

const fn text(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about, form: Form::Text, required: false }
}

const DRY_RUN: Parameter = Parameter {
    name: "dry_run",
    about: "Whether nothing is changed, and only what would be done is told.",
    form: Form::Flag,
    required: false,
};
const ALLOW_EMPTY: Parameter = Parameter {
    name: "allow_empty",
    about: "Whether the sources of a list go that gives none any more; such a reload is refused otherwise.",
    form: Form::Flag,
    required: false,
};
const LIMIT: Parameter = Parameter {
    name: "limit",
    about: "How many a page has at most; 100 unless given.",
    form: Form::Number { least: 1, most: 1000 },
    required: false,
};
const CURSOR: Parameter = text("cursor", "`next` of the page before, as it was given there.");

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

const SOURCES: &str = "/api/v1/sources";
const SOURCE: &str = "/api/v1/sources/{id}";
const REPORT: MakeSchema = schema::<ChangeReport>;

/// All routes.
pub(super) const ROUTES: &[Route] = &[
    get(
        "/api/v1/openapi.json",
        Operation::Document,
        ("getDocument", "This document"),
        &[],
        |_| schemars::json_schema!({ "type": "object" }),
    ),
    get(
        "/api/v1/state",
        Operation::State,
        ("getState", "Whether all is in order, and what waits"),
        &[],
        schema::<StateView>,
    ),
    get(
        SOURCES,
        Operation::Sources,
        ("listSources", "The sources that are polled"),
        &[
            text("q", "Only those that have this in their name, address, id or a tag."),
            Parameter {
                name: "state",
                about: "Only those in this state.",
                form: Form::Choice(states),
                required: false,
            },
            Parameter {
                name: "order",
                about: "By what they are ordered; `id` unless given.",
                form: Form::Choice(|| ORDERS.to_vec()),
                required: false,
            },
            LIMIT,
            CURSOR,
        ],
        schema::<SourcePage>,
    ),
    get(
        SOURCE,
        Operation::Source,
        ("getSource", "One source that is polled"),
        &[],
        schema::<SourceView>,
    ),
    write(
        "POST",
        SOURCES,
        Operation::AddSources,
        ("addSources", "Polls further sources"),
        (Some(schema::<AddOrder>), REPORT),
    ),
    write(
        "PATCH",
        SOURCE,
        Operation::ChangeSource,
        ("changeSource", "Changes settings of a source that was added; `null` takes one away"),
        (Some(schema::<Declaration>), REPORT),
    ),
    write(
        "DELETE",
        SOURCE,
        Operation::RemoveSource,
        ("removeSource", "Polls a source no more that was added"),
        (None, REPORT),
    ),
    write(
        "POST",
        "/api/v1/sources/{id}/pause",
        Operation::Pause,
        ("pauseSource", "Pauses a source or a topic"),
        (Some(schema::<PauseWords>), REPORT),
    ),
    write(
        "POST",
        "/api/v1/sources/{id}/resume",
        Operation::Resume,
        ("resumeSource", "Ends a pause"),
        (Some(schema::<Nothing>), REPORT),
    ),
    write(
        "POST",
        "/api/v1/sources/{id}/poll",
        Operation::Poll,
        ("pollSource", "Polls a source at once, as soon as its host may be asked"),
        (Some(schema::<Nothing>), REPORT),
    ),
    get(
        "/api/v1/articles",
        Operation::Articles,
        ("listArticles", "The latest articles, the latest first; or the one at an address"),
        &[text("address", "Only the article with this address."), LIMIT, CURSOR],
        schema::<ArticlePage>,
    ),
    get(
        "/api/v1/articles/{id}",
        Operation::Article,
        ("getArticle", "One article"),
        &[],
        schema::<ExplainedArticle>,
    ),
    get(
        "/api/v1/explain",
        Operation::Explain,
        (
            "explain",
            "What is known of a source, a topic or an article, as `nashra explain` tells it",
        ),
        &[Parameter {
            name: "of",
            about: "An id of a source or an article, or an address of either.",
            form: Form::Text,
            required: true,
        }],
        schema::<Explanation>,
    ),
    Route {
        parameters: &[DRY_RUN, ALLOW_EMPTY],
        ..write(
            "POST",
            "/api/v1/reload",
            Operation::Reload,
            ("reload", "Reads config and lists of sources again"),
            (Some(schema::<Nothing>), schema::<Reloaded>),
        )
    },
];

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
