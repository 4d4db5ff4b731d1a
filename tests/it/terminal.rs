//! What commands say and leave behind: exit codes, pipes, files.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, all_lines, command, until};

/// Every file and folder below one that others than its owner may read or write.
fn open_to_others(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
        if mode & 0o077 != 0 {
            found.push(format!("{} {mode:o}", path.display()));
        }
        if path.is_dir() {
            found.extend(open_to_others(&path));
        }
    }
    found
}

#[test]
fn what_is_in_data_dir_and_in_an_export_is_its_owners_alone() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First"), ("two", "Second")]);
    site.page("one", "First", "It began.");
    site.put("/a/two", Answer::ok(b"%PDF-1.7 not a page".as_slice()));
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &["--sink", "file"]);
    until("all is there", || (all_lines(dir.path()).len() >= 3).then_some(()));
    let data = dir.path().join("data");
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(open_to_others(&data), [""; 0], "while it runs");
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(open_to_others(&data), [""; 0]);
    let exported = command(dir.path(), &["state", "export", "backup", "--data-dir", "data"]);
    assert_eq!(exported.0, Some(0), "{exported:?}");
    assert_eq!(open_to_others(&dir.path().join("backup")), [""; 0]);
}

#[test]
fn a_file_of_records_that_the_operator_names_is_as_readable_as_the_process_makes_files() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First")]);
    site.page("one", "First", "It began.");
    let config = format!(
        "data_dir = \"data\"\nsources = [\"list\"]\n[fetch]\ncontact = \"mailto:news@a.cat\"\nallow_addresses = [\"127.0.0.0/8\"]\n[sink]\nkind = \"file\"\nfile = \"{}\"\n[admin]\nlisten = \"off\"\n",
        dir.path().join("records.jsonl").display()
    );
    fs::write(dir.path().join("nashra.toml"), config).unwrap();
    fs::write(dir.path().join("list"), format!("{}/feed\n", site.base)).unwrap();
    fs::write(dir.path().join("made-here"), "").unwrap();
    let nashra = Nashra::start(dir.path(), &["run", "-c", "nashra.toml"]);
    let records = dir.path().join("records.jsonl");
    until("a record is there", || {
        fs::read_to_string(&records).ok().filter(|text| text.ends_with('\n'))
    });
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&records), mode(&dir.path().join("made-here")));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn check_tries_the_brokers_and_the_first_sources_and_says_what_can_be_done() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[]);
    site.put("/robots.txt", Answer::ok("User-agent: *\nDisallow: /private\n"));
    let sources = format!("{0}/feed\n{0}/none\n{0}/private/feed\n", site.base);
    fs::write(dir.path().join("list"), sources).unwrap();
    // Nobody listens at its port once it is dropped.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let all = ["check", "--connect", "--sources", "list", "--allow-address", "127.0.0.0/8"];
    let (code, out, err) =
        command(dir.path(), &[&all[..], &["--sink", "kafka", "--brokers", &closed]].concat());
    assert_eq!(code, Some(3), "{err}");
    assert!(out.contains("the config is good: 3 sources\n"), "{out}");
    assert!(out.contains(&format!("{}/feed answers: ", site.base)), "{out}");
    let failed: Vec<&str> = err.lines().filter(|line| line.starts_with("failed: ")).collect();
    assert_eq!(failed.len(), 3, "{err}");
    assert!(
        failed[0].contains(&closed)
            && failed[0].contains("refused")
            && failed[0].contains("kafka.brokers"),
        "{err}"
    );
    assert!(
        failed[1].contains("/none: HTTP status 404: ") && failed[1].contains("sources discover"),
        "{err}"
    );
    assert!(failed[2].contains("/private/feed: robots.txt"), "{err}");
    assert!(!dir.path().join("nashra-data").exists(), "nothing is kept");
    fs::write(dir.path().join("list"), format!("{}/feed\n", site.base)).unwrap();
    let (code, out, err) = command(dir.path(), &all);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
}

#[test]
fn whoever_closes_the_pipe_ends_a_command_quietly() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("list"), "https://a.example/\n").unwrap();
    fs::write(dir.path().join("page.html"), "<p>nothing</p>").unwrap();
    let articles = "{\"id\": \"1\", \"text\": \"It began.\"}\n";
    fs::write(dir.path().join("articles"), articles.repeat(5_000)).unwrap();
    for line in [
        "schema article",
        "config",
        "completions bash",
        "help",
        "check --sources list",
        "sources list --sources list",
        "sources export --sources list",
        "extract page.html",
        "dedup articles",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = Command::new(env!("CARGO_BIN_EXE_nashra"))
            .args(line.split(' '))
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(!words.contains("pipe") && !words.contains("panicked"), "{line}: {words}");
        assert_eq!(output.status.code(), Some(0), "{line}: {words}");
    }
}

#[test]
fn each_shell_has_a_completion_script_and_man_pages_go_to_a_folder() {
    let dir = tempdir().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (code, script, _) = command(dir.path(), &["completions", shell]);
        assert_eq!(code, Some(0), "{shell}");
        assert!(script.contains("discover") && script.contains("log-level"), "{shell}");
    }
    let (code, ..) = command(dir.path(), &["man", "pages"]);
    assert_eq!(code, Some(0));
    let page = fs::read_to_string(dir.path().join("pages/nashra-run.1")).unwrap();
    assert!(page.contains("log\\-level"), "{page}");
    assert!(dir.path().join("pages/nashra-sources-add.1").is_file());
}
