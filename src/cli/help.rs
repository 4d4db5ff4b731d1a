//! The whole command line with its examples, as help, man pages and completions show it.

use std::{fs, io, path::Path, process::ExitCode};

use clap::{Command, CommandFactory as _};

use super::{Cli, CommandFailure, EXIT_CODES, WORLD_FAILED};

/// Each command with what one would type.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("demo", &["nashra demo", "nashra demo --for 20s --sink kafka --brokers localhost:9092"]),
    (
        "run",
        &[
            "nashra run --sources feeds.txt --data-dir data",
            "nashra run --sources feeds.txt --sink kafka --brokers localhost:9092",
            "nashra run -c nashra.toml --log-level info,nashra::fetch=debug",
        ],
    ),
    ("config", &["nashra config > nashra.toml"]),
    ("check", &["nashra check -c nashra.toml", "nashra check -c nashra.toml --connect"]),
    (
        "try",
        &[
            "nashra try https://news.example/feed.xml",
            "nashra try page.html --url https://news.example/story --json",
        ],
    ),
    (
        "feed",
        &[
            "nashra feed feed.xml --url https://news.example/feed.xml",
            "nashra feed --manifest feeds.jsonl --stats",
        ],
    ),
    ("extract", &["nashra extract page.html", "nashra extract --manifest pages.jsonl --stats"]),
    ("listing", &["nashra listing front.html --url https://news.example/ --details"]),
    ("dedup", &["nashra dedup articles.jsonl --final"]),
    (
        "label",
        &[
            "nashra label articles.jsonl --rules labels.toml",
            "nashra label - --rules labels.toml --explain",
        ],
    ),
    ("sources discover", &["nashra sources discover https://news.example/"]),
    (
        "sources add",
        &[
            "nashra sources add https://news.example/",
            "nashra sources add https://news.example/feed.xml --id news --tag world -c nashra.toml",
        ],
    ),
    ("sources remove", &["nashra sources remove news -c nashra.toml"]),
    (
        "sources import",
        &[
            "nashra sources import reader.opml --dry-run",
            "nashra sources import reader.opml --toml",
        ],
    ),
    ("sources pause", &["nashra sources pause news -c nashra.toml"]),
    ("sources resume", &["nashra sources resume news -c nashra.toml"]),
    ("sources poll", &["nashra sources poll news -c nashra.toml"]),
    ("sources list", &["nashra sources list -c nashra.toml"]),
    ("sources export", &["nashra sources export --opml -c nashra.toml"]),
    (
        "deadletters list",
        &[
            "nashra deadletters list -c nashra.toml",
            "nashra deadletters list --reason page --since 2d",
        ],
    ),
    (
        "deadletters show",
        &["nashra deadletters show 01a2229a-6c0a-7430-adbc-0eb118e20ec6 --bytes page.html"],
    ),
    ("deadletters retry", &["nashra deadletters retry --reason refused --dry-run -c nashra.toml"]),
    ("state check", &["nashra state check --data-dir data"]),
    ("state export", &["nashra state export /backup/2026-11-28 -c nashra.toml"]),
    ("state restore", &["nashra state restore /backup/2026-11-28 -c nashra.toml"]),
    ("state repair", &["nashra state repair -c nashra.toml"]),
    ("state adopt", &["nashra state adopt -c nashra.toml"]),
    ("state confirm", &["nashra state confirm -c nashra.toml"]),
    ("explain", &["nashra explain https://news.example/story -c nashra.toml"]),
    ("reload", &["nashra reload -c nashra.toml --dry-run", "nashra reload -c nashra.toml"]),
    ("erase", &["nashra erase 01a2229a-6c0a-7430-adbc-0eb118e20ec6 -c nashra.toml"]),
    ("schema", &["nashra schema article"]),
    ("completions", &["nashra completions bash > /etc/bash_completion.d/nashra"]),
];

/// The command line with its examples.
#[must_use]
pub fn command() -> Command {
    let codes = EXIT_CODES.map(|(code, meaning)| format!("  {code}  {meaning}\n")).concat();
    let whole = Cli::command().after_help(format!("Exit codes:\n{codes}"));
    EXAMPLES.iter().fold(whole, |whole, (path, lines)| {
        let lines = lines.join("\n  ");
        let path: Vec<&str> = path.split(' ').collect();
        with_examples(whole, &path, &format!("Examples:\n  {lines}"))
    })
}

fn with_examples(command: Command, path: &[&str], words: &str) -> Command {
    match path.split_first() {
        None => command.after_help(words.to_owned()),
        Some((name, rest)) => {
            command.mut_subcommand(*name, |inner| with_examples(inner, rest, words))
        }
    }
}

/// Writes a man page of each command to a folder, which is made.
pub(super) fn man(dir: &Path) -> ExitCode {
    match write_man_pages(dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            CommandFailure::new(&format!("{}: {error}", dir.display()), WORLD_FAILED).tell()
        }
    }
}

fn write_man_pages(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    clap_mangen::generate_to(command(), dir)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    /// The commands that do something, by their paths.
    fn leaves(command: &Command, path: &str, into: &mut Vec<String>) {
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            let path = format!("{path} {}", inner.get_name());
            if inner.has_subcommands() {
                leaves(inner, &path, into);
            } else if !inner.is_hide_set() {
                into.push(path.trim().to_owned());
            }
        }
    }

    #[test]
    fn each_command_has_examples_and_each_example_is_understood() {
        let mut commands = Vec::new();
        leaves(&Cli::command(), "", &mut commands);
        for path in &commands {
            assert!(EXAMPLES.iter().any(|(known, _)| known == path), "no example of {path}");
        }
        for (path, lines) in EXAMPLES {
            for line in *lines {
                assert!(line.starts_with(&format!("nashra {path}")), "{line}");
                let (arguments, _) = line.split_once(" > ").unwrap_or((line, ""));
                let parsed = Cli::try_parse_from(arguments.split(' '));
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
        }
    }

    #[test]
    fn each_command_has_a_man_page_with_its_examples() {
        let dir = tempfile::tempdir().unwrap();
        write_man_pages(dir.path()).unwrap();
        for (path, lines) in EXAMPLES {
            let page = dir.path().join(format!("nashra-{}.1", path.replace(' ', "-")));
            let page = fs::read_to_string(&page).unwrap().replace('\\', "");
            assert!(page.contains(lines[0]), "{path}");
        }
        let whole = fs::read_to_string(dir.path().join("nashra.1")).unwrap();
        assert!(whole.contains("Exit codes"), "{whole}");
    }
}
