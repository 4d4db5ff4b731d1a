//! `config/nashra.toml` and `docs/configuration.md` are made of what the code says of each setting.

use std::{collections::HashMap, fmt::Write as _};

use nashra::config::{
    Config, Example, Overrides, SettingEntry, SettingForm, labels, routes, sources,
};

use crate::written::hold;

const HEAD: &str = r#"# Configuration

Every setting, generated from the code. `nashra config > nashra.toml` writes a file that has all of them as comments, each with
its default; `config/nashra.toml` is that file. No file is read but the one that `-c` names, and without one the defaults hold.

- **All errors at once.** `nashra check -c nashra.toml` tells everything that is wrong with a config and its lists of sources, with file,
  line and column. An unknown key is an error; nothing runs with half a config.
- **Flags go before the file.** Where a setting has a flag, the flag is named below.
- **Durations** are numbers with a unit: `"250ms"`, `"90s"`, `"10m"`, `"1h30m"`, `"3d"`, `"1w"`. **Sizes** are `"512KiB"`, `"10MiB"`,
  `"2GiB"` (powers of 1024) or `"1GB"` (of 1000). Both stand in quotes; a number without a unit is refused.
- **Secrets** of Kafka can come from the environment or from a file ([`kafka.properties`](#kafkaproperties)).
- **While it runs.** `nashra reload`, SIGHUP and [`run.watch`](#runwatch) have the file read again. What is marked *at once* is taken over
  then; all other settings are used from the next start on, and named until then ([operating](operating.md)).
"#;

const SOURCES: &str = r"
## Sources in TOML

A list in TOML (`config/sources.toml` is an example) has a `[[source]]` table for each source; [sources](sources.md) has the other forms
of lists. A list that is read again is taken over at once, but for sources of the kind `kafka`, which are used from the next start on.
";

const LABELS: &str = r"
## Rules for labels

The config and the files that [`labels`](#labels) names have a `[[label]]` table for each rule; [labels](labels.md) explains them. They are
taken over at once.
";

const ROUTES: &str = r"
## Routes

The config has a `[[route]]` table for each route; [routes](routes.md) explains them. They are used from the next start on.
";

/// What is said of a setting below its words.
fn properties(entry: &SettingEntry, flags: &HashMap<&str, &str>) -> Option<String> {
    let SettingForm::Value { expected, default } = &entry.form else { return None };
    let mut line = format!("- value: {expected}");
    if let Some(range) = &entry.range {
        write!(line, "; {range}").unwrap();
    }
    match (default, entry.example) {
        (Some(default), _) if default.len() <= 200 => {
            write!(line, "\n- default: `{default}`").unwrap();
        }
        (Some(default), _) => {
            write!(line, "\n- default:\n\n  ```toml\n  {default}\n  ```\n").unwrap();
        }
        (None, Some(Example::Shown(example) | Example::Set(example))) => {
            write!(line, "\n- default: none; for example `{example}`").unwrap();
        }
        (None, None) => {}
    }
    if let Some(flag) = flags.get(entry.key.as_str()) {
        write!(line, "\n- flag: `{flag}`").unwrap();
    }
    if !["source.", "label.", "route."].iter().any(|table| entry.key.starts_with(table)) {
        line += if entry.hot { "\n- used: at once" } else { "\n- used: from the next start on" };
    }
    Some(line + "\n")
}

fn words(entry: &SettingEntry) -> String {
    let mut out = String::new();
    let mut is_example = false;
    for paragraph in entry.paragraphs() {
        let now = paragraph.starts_with("    ");
        if !(is_example && now) {
            out.push('\n');
        }
        is_example = now;
        out += &paragraph;
        out.push('\n');
    }
    out
}

/// `docs/configuration.md`.
fn reference() -> String {
    let flags: HashMap<&str, &str> = Overrides::settings().map(|(flag, key)| (key, flag)).collect();
    let mut out = HEAD.to_owned();
    let tables =
        sources::settings().into_iter().chain(labels::settings()).chain(routes::settings());
    for entry in Config::settings().into_iter().chain(tables) {
        match (entry.key.as_str(), properties(&entry, &flags)) {
            ("", _) => out += "\n## The whole file\n",
            ("source", _) => {
                out += SOURCES;
                out += &words(&entry);
            }
            ("label", None) => {
                out += LABELS;
                out += &words(&entry);
            }
            ("route", None) => {
                out += ROUTES;
                out += &words(&entry);
            }
            (key, None) => write!(out, "\n## `[{key}]`\n{}", words(&entry)).unwrap(),
            (key, Some(properties)) => {
                write!(out, "\n### `{key}`\n{}\n{properties}", words(&entry)).unwrap();
            }
        }
    }
    out
}

#[test]
fn the_example_config_is_made_of_the_settings() {
    hold("config/nashra.toml", &Config::example(), "settings");
}

#[test]
fn the_reference_of_the_config_is_made_of_the_settings() {
    hold("docs/configuration.md", &reference(), "settings");
}
