//! What the stages work with, made of the config and the store.

use std::sync::Arc;

use super::{
    DaemonError,
    live::{Fetcher, LiveSettings, fetcher_numbered_by},
};
use crate::{
    base::clock::{Clock as _, SystemClock},
    config::{Config, sources::Sources},
    fetch::Fetch as _,
    pipeline,
    stages::{
        commit, input,
        pages::{self, source_settings},
        poll,
        publish::sink::Sink,
        websub,
    },
    store::{EditionBounds, LetterStore, Store},
    telemetry::{
        traces::{
            Tracer,
            export::{self, Export, ExportSettings},
        },
        unreadable::UnreadablePages,
    },
};

/// How many editions of articles are kept.
pub(super) fn edition_bounds(config: &Config) -> EditionBounds {
    EditionBounds {
        per_article: u32::try_from(config.editions.per_article).unwrap_or(u32::MAX),
        max_bytes: config.editions.max_bytes.bytes(),
    }
}

/// How stories are found.
fn story_rules(config: &Config) -> commit::StoryRules {
    commit::StoryRules {
        compare_for: config.stories.compare_for,
        exact_for: config.stories.exact_for,
        memory: config.stories.memory.as_usize(),
    }
}

/// What all stages work with.
pub(super) fn parts(
    (config, live): (&Config, &LiveSettings),
    sources: Sources,
    store: Store,
    letters: LetterStore,
    sink: Box<dyn Sink>,
) -> Result<pipeline::Parts<Fetcher, SystemClock>, DaemonError> {
    let (fetcher, clock) = fetcher_numbered_by(config, store.sequence())?;
    let live = live.clone();
    Ok(pipeline::Parts {
        poll: poll::PollContext {
            fetcher: Arc::clone(&fetcher),
            store: store.polls(),
            rules: live.rules,
            concurrency: config.poll.concurrency,
            traces: Tracer::default(),
            trace: None,
            clock: Arc::clone(&clock),
        },
        websub: None,
        input: input::Parts {
            store: store.topics(),
            topics: sources.topics.clone(),
            kafka: config.kafka.clone(),
            rules: input::Rules {
                pages: config.page.mode,
                robots: config.fetch.robots,
                waiting: config.queues.topic,
                max_bytes: config.fetch.max_decoded.as_usize(),
            },
            memory: fetcher.memory(),
            clock: Arc::clone(&clock),
        },
        page: pages::PageContext {
            fetcher,
            queue: store.entries(),
            settings: live.reading,
            rules: source_settings::SourcePageSettings::new(&sources, store.added(), clock.now()),
            unreadable: UnreadablePages::default(),
            traces: Tracer::default(),
            clock: Arc::clone(&clock),
        },
        commit: commit::Parts {
            articles: store.articles(),
            outbox: store.outbox(),
            story_store: store.stories(),
            stories: story_rules(config),
            letters,
            editions: store.editions(edition_bounds(config)),
            revisits: live.revisits,
            differences: live.differences,
            labels: live.labels,
            routes: Arc::new(config.route.routes()),
            traces: Tracer::default(),
            clock,
        },
        sources,
        sink,
        store,
        poll_now: config.poll.now,
        polls_per_source_day: config.poll.polls_per_source_day(),
    })
}

/// The listener to which hubs push what is new, if the config wants it.
pub(super) async fn websub(
    config: &Config,
    live: &LiveSettings,
) -> Result<Option<websub::WebsubSetup>, DaemonError> {
    let (Some(address), Some(public_url)) =
        (config.websub.listen.address(), &config.websub.public_url)
    else {
        return Ok(None);
    };
    let listener = super::listen(address).await?;
    if let Ok(local) = listener.local_addr() {
        tracing::info!(url = format!("http://{local}/"), public_url = %public_url.url(), "hubs are heard");
    }
    let (lease, max_body) = (live.lease.clone(), live.max_body.clone());
    let public_url = public_url.url().clone();
    Ok(Some(websub::WebsubSetup { listener, public_url, lease, max_body }))
}

/// Starts sending traces, where the config wants it.
pub(super) fn start_traces(
    config: &Config,
    live: &LiveSettings,
    store: &Store,
) -> Result<(Tracer, Option<Export>), DaemonError> {
    let Some(endpoint) = &config.telemetry.traces.endpoint else {
        return Ok((Tracer::default(), None));
    };
    let settings = ExportSettings {
        endpoint: endpoint.url().clone(),
        share: live.traced_share.clone(),
        store: store.id(),
    };
    match export::start(settings) {
        Ok((tracer, export)) => Ok((tracer, Some(export))),
        Err(error) => Err(DaemonError::Client(error.to_string())),
    }
}
