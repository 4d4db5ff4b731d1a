//! `nashra sources add`, `remove` and `import`.

use std::{
    collections::HashMap,
    fmt::{self, Display},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use url::Url;

use super::{super::flags::SourceFlags, discover::words};
use crate::{
    base::{
        clock::{Clock as _, SystemClock},
        private::shown,
    },
    cli::{
        CommandFailure, USAGE, WORLD_FAILED, WRONG_INPUT, kind_parser, print, run_with_config,
        state,
    },
    config::{
        Config, ConfigError, Place,
        sources::{self, Location, ParsedList, Source, SourceId, Sources, export},
    },
    daemon::{
        self,
        admin::requests::{Answer, Request},
    },
    model::source::SourceKind,
    stages::{
        discover,
        schedule::change::{ChangeCommand, ChangeReport, Neighbour, Neighbours},
    },
};

/// What a source that was added shows as its place.
const ORIGIN: &str = "nashra sources add";

#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// Addresses: http or https.
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    /// What they are. Each is looked at unless it is given.
    #[arg(long, value_parser = kind_parser(SourceKind::is_polled))]
    kind: Option<SourceKind>,
    /// For people; of one source.
    #[arg(long)]
    name: Option<String>,
    /// Its id, instead of one that is made from the address; of one source.
    #[arg(long)]
    id: Option<SourceId>,
    /// A free word; may be given several times.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// The difference in words alone.
    #[arg(long)]
    dry_run: bool,
    /// What became of it as a JSON object on standard output, instead of words.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: SourceFlags,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Remove {
    /// Ids or addresses of sources that were added.
    #[arg(required = true, value_name = "ID|URL")]
    names: Vec<String>,
    /// The difference in words alone.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    flags: SourceFlags,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    /// The list to import: OPML, TOML, or one address a line.
    file: PathBuf,
    /// The difference in words alone.
    #[arg(long)]
    dry_run: bool,
    /// Adds nothing, and writes the new ones as a TOML list to standard output instead.
    #[arg(long, conflicts_with = "dry_run")]
    toml: bool,
    #[command(flatten)]
    flags: SourceFlags,
}

impl Add {
    pub(super) fn run(&self) -> ExitCode {
        run_with_config(&self.flags.overrides(), async |config| {
            if self.urls.len() > 1 && (self.id.is_some() || self.name.is_some()) {
                return Err(CommandFailure::new(
                    "--id and --name are of one source: give one address",
                    USAGE,
                ));
            }
            let mut list = ParsedList::default();
            for url in &self.urls {
                match self.declared(url, config).await {
                    Ok(source) => list.sources.push(source),
                    Err(error) => list.errors.push(error),
                }
            }
            let difference = change(list, self.dry_run, config).await?;
            let is_done = difference.fresh.len() == self.urls.len();
            if self.json {
                print(&format!("{}\n", serde_json::json!(difference.report)));
            } else {
                say!("{difference}");
            }
            if is_done { Ok(String::new()) } else { Err(CommandFailure::new("", WRONG_INPUT)) }
        })
    }

    async fn declared(&self, url: &str, config: &Config) -> Result<Source, ConfigError> {
        let source = sources::of_address(url, Place::whole(ORIGIN))?;
        let kind = match (self.kind, source.at.url()) {
            (Some(kind), _) => kind,
            (None, Some(url)) => kind(url, config).await.map_err(|message| ConfigError {
                place: Place::whole(ORIGIN),
                key: String::new(),
                message: format!(
                    "{}: {message}; --kind says what it is without a look",
                    shown(url.as_str())
                ),
            })?,
            (None, None) => source.kind,
        };
        Ok(Source {
            id: self.id.clone().unwrap_or_else(|| source.id.clone()),
            name: self.name.as_deref().and_then(sources::label),
            kind,
            // What the look at it may reach, its polls may reach, too.
            allow_addresses: self.flags.allow_address.clone().unwrap_or_default().into(),
            tags: self.tags.iter().filter_map(|tag| sources::label(tag)).collect(),
            ..source
        })
    }
}

/// What is at an address: a feed or a sitemap, or a page, and then the site's sources are shown.
async fn kind(url: &Url, config: &Config) -> Result<SourceKind, String> {
    let (fetcher, _) = daemon::fetcher(config).map_err(|error| error.to_string())?;
    let offers = discover::discover(&*fetcher, url.clone(), config.fetch.max_decoded.as_usize())
        .await
        .map_err(|error| error.to_string())?;
    if let Some(itself) = offers.iter().find(|offer| offer.is_itself()) {
        return Ok(itself.kind);
    }
    say!("{} has:", shown(url.as_str()));
    say!("{}", offers.iter().map(words).collect::<Vec<_>>().concat());
    if let Some(best) = discover::best(&offers, SystemClock.now()) {
        say!("of these the {} {} will be read", best.kind, best.url);
    }
    Ok(SourceKind::Site)
}

impl Import {
    pub(super) fn run(&self) -> ExitCode {
        run_with_config(&self.flags.overrides(), async |config| {
            let list = sources::read_list(&self.file);
            let difference = change(list, self.dry_run || self.toml, config).await?;
            say!("{difference}");
            if difference.fresh.is_empty() && difference.report.known.is_empty() {
                return Err(CommandFailure::new(
                    "the list holds no source that can be added",
                    WRONG_INPUT,
                ));
            }
            Ok(if self.toml {
                export::to_toml(&Sources { polled: difference.fresh, topics: Vec::new() })
            } else {
                String::new()
            })
        })
    }
}

impl Remove {
    pub(super) fn run(&self) -> ExitCode {
        run_with_config(&self.flags.overrides(), async |config| {
            let report =
                apply_change(ChangeCommand::Remove(self.names.clone()), self.dry_run, config)
                    .await?;
            report.done.iter().for_each(|id| say!("- {id}"));
            report.wrong.iter().for_each(|reason| say!("  {reason}"));
            say!("removed: {}, left: {}", report.done.len(), report.wrong.len());
            if report.wrong.is_empty() {
                Ok(String::new())
            } else {
                Err(CommandFailure::new("", WRONG_INPUT))
            }
        })
    }
}

/// What became of the sources that were to be added.
#[derive(Debug)]
struct Difference {
    fresh: Vec<Source>,
    report: ChangeReport,
}

impl Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fresh, report: ChangeReport { known, wrong, same_site, .. } } = self;
        for source in fresh {
            let name = source.name.as_deref().unwrap_or_default();
            writeln!(f, "{}", format!("+ {} {} {name}", source.kind, source.at).trim_end())?;
        }
        for line in known.iter().chain(wrong) {
            writeln!(f, "  {line}")?;
        }
        let Neighbours { sources, total } = same_site;
        if *total > 0 {
            writeln!(f, "of the same sites are polled already: {total}")?;
        }
        for Neighbour { id, url, kind, state } in sources {
            writeln!(f, "  {kind} {url} (id {id}, {})", state.as_str())?;
        }
        if *total > sources.len() {
            writeln!(f, "  and {} more", total - sources.len())?;
        }
        let (new, known, wrong) = (fresh.len(), known.len(), wrong.len());
        writeln!(f, "new: {new}, there already: {known}, left out: {wrong}")
    }
}

/// Adds what a list holds and can be added.
async fn change(
    list: ParsedList,
    dry_run: bool,
    config: &Config,
) -> Result<Difference, CommandFailure> {
    let now = SystemClock.now();
    let (wanted, files): (Vec<Source>, Vec<Source>) =
        list.sources.into_iter().partition(|source| matches!(source.at, Location::Url(_)));
    let rows = wanted.iter().map(|source| source.to_added(now)).collect();
    let mut report = apply_change(ChangeCommand::Add(rows), dry_run, config).await?;
    let mut by_id: HashMap<String, Source> =
        wanted.into_iter().rev().map(|source| (source.id.to_string(), source)).collect();
    let fresh: Vec<Source> = report.done.iter().filter_map(|id| by_id.remove(id)).collect();
    let of_lists =
        |place: &Place| format!("{place}: files and topics are named by lists of the config alone");
    let foreign = files
        .iter()
        .map(|file| of_lists(&file.place))
        .chain(list.topics.iter().map(|topic| of_lists(&topic.place)));
    let own = list
        .errors
        .iter()
        .map(ToString::to_string)
        .chain(list.warnings.iter().map(ToString::to_string));
    report.wrong = own.chain(foreign).chain(report.wrong).collect();
    Ok(Difference { fresh, report })
}

pub(super) async fn apply_change(
    wanted: ChangeCommand,
    dry_run: bool,
    config: &Config,
) -> Result<ChangeReport, CommandFailure> {
    match state::perform(Request::Change { wanted, dry_run }, config).await? {
        Answer::Changed(report) => Ok(report),
        _ => Err(CommandFailure::new("the daemon answered something else", WORLD_FAILED)),
    }
}
