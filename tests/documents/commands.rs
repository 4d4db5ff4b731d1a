//! `docs/commands.md` is made of the command line's own help, and the commands that documents name
//! are there.

use std::{collections::BTreeSet, fmt::Write as _, fs};

use clap::{Arg, Args as _, Command, builder::Str, error::ErrorKind};
use nashra::{cli, config::Overrides};

use crate::{code_spans, documents, prose, written::hold};

const HEAD: &str = r"# Commands

Every command and option, generated from the command line's own help, which `--help` prints. Data goes to standard output,
words to standard error. Commands about sources, articles and the store ask the daemon where one runs with the same `data_dir`, and open the
store themselves where none does.
";

const SETTINGS: &str = r"
## Options that are settings

Commands that need a config take some of these. Each goes before the same setting of the file; [configuration](configuration.md) explains them.

";

fn settings() -> BTreeSet<String> {
    let flags = Overrides::augment_args(Command::new("nashra"));
    let mut names: BTreeSet<String> = flags.get_arguments().map(name).collect();
    // It is no setting: it ends the run.
    names.remove("--for");
    names
}

fn name(arg: &Arg) -> String {
    match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => arg.get_id().to_string(),
    }
}

fn sentence(text: Option<&clap::builder::StyledStr>) -> String {
    let text = text.map(ToString::to_string).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// A row of a table of options.
fn row(arg: &Arg) -> String {
    let values = arg.get_value_names().filter(|_| arg.get_action().takes_values());
    let values: Vec<&str> = values.unwrap_or_default().iter().map(Str::as_str).collect();
    let value = if values.is_empty() { String::new() } else { format!(" {}", values.join(" ")) };
    let short = match (arg.get_short(), arg.get_long()) {
        (Some(short), Some(_)) => format!("-{short}, "),
        _ => String::new(),
    };
    let what = if arg.is_positional() {
        value.trim().to_owned()
    } else {
        format!("{short}{}{value}", name(arg))
    };
    let mut says = sentence(arg.get_long_help().or(arg.get_help()));
    if !says.ends_with(['.', ']']) {
        says.push('.');
    }
    let choices: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|choice| !choice.is_hide_set() && arg.get_action().takes_values())
        .map(|choice| format!("`{}`", choice.get_name()))
        .collect();
    if !choices.is_empty() {
        write!(says, " One of {}.", choices.join(", ")).unwrap();
    }
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if !defaults.is_empty() && arg.get_action().takes_values() {
        write!(says, " Default: `{}`.", defaults.join(" ")).unwrap();
    }
    format!("| `{}` | {says} |\n", what.replace('|', "\\|"))
}

fn shown(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str()))
}

fn describe(path: &str, command: &Command, settings: &BTreeSet<String>, out: &mut String) {
    let path = format!("{path} {}", command.get_name());
    let about = sentence(command.get_long_about().or(command.get_about()));
    write!(out, "\n## `{path}`\n\n{about}\n").unwrap();
    let (taken, own): (Vec<&Arg>, Vec<&Arg>) =
        shown(command).partition(|arg| settings.contains(&name(arg)));
    if !own.is_empty() {
        out.push_str("\n| option | what it does |\n|---|---|\n");
        out.extend(own.into_iter().map(row));
    }
    if !taken.is_empty() {
        let names: Vec<String> = taken.iter().map(|arg| format!("`{}`", name(arg))).collect();
        write!(out, "\nSettings: {}.\n", names.join(", ")).unwrap();
    }
    for inner in
        command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
    {
        describe(&path, inner, settings, out);
    }
}

/// `docs/commands.md`.
fn document() -> String {
    let mut out = HEAD.to_owned();
    out.push_str("\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
    for (code, meaning) in cli::EXIT_CODES {
        writeln!(out, "| `{code}` | {meaning} |").unwrap();
    }
    let settings = settings();
    let mut command = cli::command();
    command.build();
    for inner in
        command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
    {
        describe("nashra", inner, &settings, &mut out);
    }
    out.push_str(SETTINGS);
    out.push_str("| option | what it does |\n|---|---|\n");
    let flags = Overrides::augment_args(Command::new("nashra"));
    out.extend(flags.get_arguments().filter(|arg| settings.contains(&name(arg))).map(row));
    out
}

#[test]
fn the_document_of_the_commands_is_made_of_their_help() {
    hold("docs/commands.md", &document(), "commands");
}

/// The command lines of `nashra` in a document: lines of blocks, and code spans.
fn command_lines(text: &str) -> Vec<(usize, String)> {
    let spans = prose(text)
        .into_iter()
        .flat_map(|(at, line)| code_spans(line).map(move |span| (at, span.to_owned())));
    let paragraphs: BTreeSet<usize> = prose(text)
        .into_iter()
        .filter(|(_, line)| !line.starts_with("    "))
        .map(|(at, _)| at)
        .collect();
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim().to_owned()));
    let blocks = lines.filter(|(at, _)| !paragraphs.contains(at));
    spans.chain(blocks).filter(|(_, line)| line.starts_with("nashra ")).collect()
}

#[test]
fn every_command_that_a_document_names_is_one() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    // The changelog names what was there at its time.
    for document in documents().into_iter().filter(|document| !document.ends_with("CHANGELOG.md")) {
        for (at, line) in command_lines(&fs::read_to_string(&document).unwrap()) {
            let line = line.split(" #").next().unwrap().split(['|', '>', ';', '&']).next().unwrap();
            let words = line.split_whitespace().take_while(|word| *word != "…");
            let outcome = cli::command().try_get_matches_from(words);
            seen += 1;
            // Values may be examples that are cut, and a command may be named alone.
            let kind = outcome.map_err(|error| error.kind());
            if matches!(kind, Err(ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand)) {
                wrong.push(format!("{}:{at}: {line}", document.display()));
            }
        }
    }
    assert!(seen > 50, "{seen}");
    assert!(wrong.is_empty(), "no such commands\n{}", wrong.join("\n"));
}
