//! The config file that has every setting: as comments with their defaults, so that it says what
//! nashra does without it.

use super::{Example, SettingEntry, SettingForm};

/// Comments are no wider than this, in characters.
const WIDTH: usize = 118;

const HEAD: &str = r#"# nashra's settings: every one, with its default. `nashra config` prints this file.
#
# A line like `#key = value` is a setting that has its default: take the `#` away to change it.
# Durations: "250ms", "90s", "10m", "1h30m", "3d", "1w". Sizes: "512KiB", "10MiB", "2GiB", "1GB".
# `nashra check -c FILE` tells everything that is wrong with a config and its sources.
# Flags of `nashra run` go before what is written here.
"#;

pub(super) fn file(settings: &[SettingEntry]) -> String {
    let mut lines: Vec<String> = HEAD.lines().map(str::to_owned).collect();
    for setting in settings.iter().filter(|setting| !setting.key.is_empty()) {
        match &setting.form {
            SettingForm::Section => {
                lines.push(String::new());
                comment(setting, &mut lines);
                lines.push(format!("[{}]", setting.key));
            }
            SettingForm::Value { default, .. } => {
                if !setting.key.contains('.') {
                    lines.push(String::new());
                }
                comment(setting, &mut lines);
                value(setting, default.as_deref(), &mut lines);
            }
        }
    }
    lines.join("\n") + "\n"
}

fn comment(setting: &SettingEntry, lines: &mut Vec<String>) {
    for paragraph in setting.paragraphs() {
        if paragraph.starts_with("    ") {
            lines.push(format!("# {paragraph}"));
            continue;
        }
        lines.extend(wrapped(paragraph.split(' '), WIDTH).map(|line| format!("# {line}")));
    }
}

fn value(setting: &SettingEntry, default: Option<&str>, lines: &mut Vec<String>) {
    let name = setting.key.rsplit('.').next().unwrap_or_default();
    let (sign, value) = match setting.example {
        Some(Example::Set(example)) => ("", example),
        Some(Example::Shown(example)) => ("#", example),
        None => ("#", default.unwrap_or_default()),
    };
    let line = format!("{sign}{name} = {value}");
    match value.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
        Some(items) if line.chars().count() > WIDTH => {
            lines.push(format!("{sign}{name} = ["));
            let items = items.split(", ").map(|item| format!("{item},")).collect::<Vec<_>>();
            let rows = wrapped(items.iter().map(String::as_str), WIDTH);
            lines.extend(rows.map(|row| format!("{sign}{row}")));
            lines.push(format!("{sign}]"));
        }
        _ => lines.push(line),
    }
}

/// Words in lines of at most so many characters.
fn wrapped<'w>(words: impl Iterator<Item = &'w str>, width: usize) -> impl Iterator<Item = String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.into_iter()
}
