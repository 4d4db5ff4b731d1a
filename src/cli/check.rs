//! `nashra check`: every error of the config and of the sources that it names, with file and line.
//!
//! It reads files only: lists that are fetched from URLs are named and not checked, so that a check
//! gives the same answer without a network. With `--connect` it then tries brokers and sources.

mod connect;
mod sample;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use super::{CommandFailure, WORLD_FAILED, WRONG_INPUT, lines::LinesError, run};
use crate::{
    config::{
        Config, Overrides, SourceList, labels,
        sources::{self, Location},
    },
    telemetry::Stderr,
};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Also asks the brokers, for the topics, and the first sources; nothing is published or kept
    #[arg(long)]
    connect: bool,
    /// Also says to which topics the records of this file would go, as JSON lines; `-` is standard
    /// input
    #[arg(long, value_name = "FILE", conflicts_with = "connect")]
    sample: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
}

/// Checks, prints errors and warnings on stderr and a summary on stdout.
pub(super) fn run(options: &Options) -> ExitCode {
    let (path, overrides) = (options.overrides.config.as_deref(), &options.overrides);
    let outcome = match check(path, overrides, &mut io::stdout().lock(), &mut Stderr) {
        Ok(true) if options.connect => return connect(path, overrides),
        Ok(true) if let Some(sample) = &options.sample => {
            return tell_sample((path, overrides), sample);
        }
        outcome => outcome.map(|good| if good { 0 } else { WRONG_INPUT }),
    };
    exit(outcome)
}

fn connect(path: Option<&Path>, overrides: &Overrides) -> ExitCode {
    let config = match Config::load(path, overrides) {
        Ok(config) => config,
        Err(errors) => return CommandFailure::new(&errors, WRONG_INPUT).tell(),
    };
    let outcome = run::runtime().and_then(|runtime| {
        runtime.block_on(connect::connect(&config, &mut io::stdout(), &mut Stderr))
    });
    exit(outcome.map(|good| if good { 0 } else { WORLD_FAILED }))
}

fn tell_sample((path, overrides): (Option<&Path>, &Overrides), sample: &Path) -> ExitCode {
    let loaded =
        Config::load(path, overrides).and_then(|config| Ok((labels::load(&config)?, config)));
    let (labels, config) = match loaded {
        Ok(loaded) => loaded,
        Err(errors) => return CommandFailure::new(&errors, WRONG_INPUT).tell(),
    };
    let told = sample::tell((&config, &labels), sample, &mut io::stdout().lock());
    told.map_or_else(|error: LinesError| ExitCode::from(error.tell()), |()| ExitCode::SUCCESS)
}

fn exit(outcome: io::Result<u8>) -> ExitCode {
    match outcome {
        Ok(code) => ExitCode::from(code),
        // Whoever read it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => CommandFailure::new(&error, WORLD_FAILED).tell(),
    }
}

/// Whether all is well.
fn check(
    path: Option<&Path>,
    overrides: &Overrides,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<bool> {
    let (config, mut errors) = Config::read_with_errors(path, overrides);
    errors.extend(config.lacks_contact(path));
    let mut elsewhere = 0;
    let files = config.sources.iter().filter_map(|list| match list {
        SourceList::File(path) => Some(path),
        SourceList::Url(_) => {
            elsewhere += 1;
            None
        }
    });
    let list = sources::merge(files.map(|path| sources::read_list(path)));
    errors.extend(list.errors);
    let rules = match labels::load(&config) {
        Ok(labels) => labels.len(),
        Err(wrong) => {
            errors.extend(wrong.errors().iter().cloned());
            0
        }
    };
    for error in &errors {
        writeln!(err, "{error}")?;
    }
    for warning in &list.warnings {
        writeln!(err, "warning: {warning}")?;
    }
    for source in &list.sources {
        // It may be written later: no error.
        if let Location::File { path, .. } = &source.at
            && !path.is_file()
        {
            writeln!(
                err,
                "warning: {}: {} is not there, or no regular file",
                source.place,
                path.display()
            )?;
        }
    }
    warn_of_config(&config, err)?;
    if errors.is_empty() {
        let sources = count(list.sources.len() + list.topics.len(), "source");
        let rules = match rules {
            0 => String::new(),
            rules => format!(", {} for labels", count(rules, "rule")),
        };
        writeln!(out, "the config is good: {sources}{rules}")?;
    } else {
        writeln!(out, "{} in the config and its sources", count(errors.len(), "error"))?;
    }
    if elsewhere > 0 {
        writeln!(out, "not checked, since they are fetched: {}", count(elsewhere, "list"))?;
    }
    Ok(errors.is_empty())
}

/// Warns of what is missing in the config itself.
fn warn_of_config(config: &Config, err: &mut impl Write) -> io::Result<()> {
    if let Some(contact) = config.fetch.contact.as_ref().filter(|contact| contact.is_placeholder())
    {
        writeln!(
            err,
            "warning: fetch.contact is {}, which is nobody's: give an address where the owner of a site reaches you",
            contact.as_str()
        )?;
    }
    if config.sources.is_empty() {
        writeln!(
            err,
            "warning: no lists of sources: name some with `sources = [\"sources.toml\"]` or --sources"
        )?;
    }
    Ok(())
}

fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(config: &str, sources: &str) -> (bool, String, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nashra.toml");
        std::fs::write(&file, config).unwrap();
        std::fs::write(folder.path().join("sources.txt"), sources).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let good = check(Some(&file), &Overrides::default(), &mut out, &mut err).unwrap();
        let text = |bytes| {
            String::from_utf8(bytes).unwrap().replace(&format!("{}/", folder.path().display()), "")
        };
        (good, text(out), text(err))
    }

    #[test]
    fn a_good_config_says_so() {
        let config = "sources = [\"sources.txt\", \"https://example.org/list.opml\"]\n[fetch]\ncontact = \"bot@news.cat\"";
        let out = "the config is good: 1 source\nnot checked, since they are fetched: 1 list\n";
        assert_eq!(checked(config, "https://example.org/"), (true, out.to_owned(), String::new()));
    }

    #[test]
    fn the_contact_of_an_example_is_warned_of() {
        let config =
            "sources = [\"sources.txt\"]\n[fetch]\ncontact = \"https://www.example.org/our-bot\"";
        let (good, _, err) = checked(config, "https://example.org/");
        assert!(
            good && err.starts_with("warning: fetch.contact is https://www.example.org/our-bot,"),
            "{err}"
        );
    }

    #[test]
    fn errors_of_config_and_sources_are_told_together() {
        let (good, out, err) = checked("sources = [\"sources.txt\"]\npol = 1\n", "here\n");
        assert!(!good);
        assert_eq!(out, "3 errors in the config and its sources\n");
        let expected = "nashra.toml:2:1: pol: unknown setting; did you mean `poll`?\n\
            nashra.toml: fetch.contact: names nobody: give a URL or a mail address, so that a site which has trouble with your \
            requests can tell you instead of blocking you\n\
            sources.txt:1:1: \"here\" is not a URL: it must begin with https:// or http://\n";
        assert_eq!(err, expected);
    }
}
