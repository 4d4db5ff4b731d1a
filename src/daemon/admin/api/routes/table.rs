//! Every route of the API.

use super::{
    ALLOW_EMPTY, DRY_RUN, Form, LIMIT, MakeSchema, ORDERS, Operation, Parameter, Route, cursor,
    get, parameter, schema, states, write,
};
use crate::{
    daemon::{
        admin::api::{
            body::{AddOrder, Nothing, PauseWords, RetryOrder},
            declaration::Declaration,
            lists::{CURSOR_OF_SOURCES, SourceCursor},
            views::{ArticlePage, SourcePage, SourceView, StateView},
        },
        explain::{ArticleHistory, Explanation},
        letters::{LetterList, RetrySummary, ShownLetter},
        reload::Reloaded,
    },
    stages::schedule::change::ChangeReport,
};

const SOURCES: &str = "/api/v1/sources";
const SOURCE: &str = "/api/v1/sources/{id}";
const LETTERS: &str = "/api/v1/deadletters";
const REPORT: MakeSchema = schema::<ChangeReport>;

/// All routes.
pub(in crate::daemon::admin::api) const ROUTES: &[Route] = &[
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
            parameter(
                "q",
                "Only those that have this in their name, address, id or a tag.",
                Form::Text,
            ),
            parameter("state", "Only those in this state.", Form::Choice(states)),
            parameter(
                "order",
                "By what they are ordered; `id` unless given.",
                Form::Choice(|| ORDERS.to_vec()),
            ),
            LIMIT,
            cursor(Form::Like(CURSOR_OF_SOURCES, |text| SourceCursor::read(text).is_some())),
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
        &[
            parameter("address", "Only the article with this address.", Form::Text),
            LIMIT,
            cursor(Form::Uuid),
        ],
        schema::<ArticlePage>,
    ),
    get(
        "/api/v1/articles/{id}",
        Operation::Article,
        ("getArticle", "One article, with its last editions as they were published"),
        &[],
        schema::<ArticleHistory>,
    ),
    get(
        "/api/v1/explain",
        Operation::Explain,
        (
            "explain",
            "What is known of a source, a topic or an article, as `nashra explain` tells it",
        ),
        &[Parameter {
            required: true,
            ..parameter(
                "of",
                "An id of a source or an article, or an address of either.",
                Form::Words,
            )
        }],
        schema::<Explanation>,
    ),
    get(
        LETTERS,
        Operation::Letters,
        (
            "listDeadLetters",
            "What could not be published, the latest first, and how many by reason",
        ),
        &[
            parameter("reason", "Only those that failed in this way.", Form::Text),
            parameter("source", "Only those of the source with this id.", Form::Text),
            parameter("host", "Only those with an address at this host.", Form::Text),
            parameter("since", "Only those that were tried last then or later.", Form::Time),
            parameter("until", "Only those that were tried last before then.", Form::Time),
            parameter(
                "q",
                "Only those that have this in their address, headline, source or error.",
                Form::Text,
            ),
            LIMIT,
            cursor(Form::Uuid),
        ],
        schema::<LetterList>,
    ),
    get(
        "/api/v1/deadletters/{id}",
        Operation::Letter,
        ("getDeadLetter", "One dead letter with its bytes in base64"),
        &[parameter(
            "whole",
            "Whether all of its bytes are told, and not only the first 256 KiB.",
            Form::Flag,
        )],
        schema::<ShownLetter>,
    ),
    write(
        "POST",
        "/api/v1/deadletters/{id}/retry",
        Operation::RetryLetter,
        ("retryDeadLetter", "Tries a dead letter again"),
        (Some(schema::<Nothing>), schema::<RetrySummary>),
    ),
    write(
        "POST",
        "/api/v1/deadletters/retry",
        Operation::RetryLetters,
        ("retryDeadLetters", "Tries these dead letters again, or all that a filter includes"),
        (Some(schema::<RetryOrder>), schema::<RetrySummary>),
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
