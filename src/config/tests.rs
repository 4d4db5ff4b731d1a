use std::{fs, time::Duration};

use clap::{CommandFactory as _, Parser};

use super::*;

/// The folder of this crate.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

fn in_crate(path: &str) -> PathBuf {
    Path::new(HERE).join(path)
}

/// A config file in a folder of its own.
fn config(content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nashra.toml");
    fs::write(&file, content).unwrap();
    (folder, file)
}

fn load(content: &str, flags: &Overrides) -> Result<Config, String> {
    let (folder, file) = config(content);
    Config::load(Some(&file), flags)
        .map_err(|errors| errors.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

fn load_file(content: &str) -> Result<Config, String> {
    load(content, &Overrides::default())
}

#[derive(Debug, Parser)]
struct Command {
    #[command(flatten)]
    overrides: Overrides,
}

fn flags(line: &str) -> Overrides {
    Command::try_parse_from(std::iter::once("run").chain(line.split(' '))).unwrap().overrides
}

#[test]
fn the_flags_are_sound() {
    Command::command().debug_assert();
}

#[test]
fn every_shipped_config_loads() {
    let shipped =
        Config::load(Some(&in_crate("config/nashra.toml")), &Overrides::default()).unwrap();
    assert_eq!(shipped.sources, [SourceList::File(in_crate("config/sources.toml"))]);
    Config::load(Some(&in_crate("deploy/nashra.toml")), &Overrides::default()).unwrap();
    for list in
        ["deploy/sources.toml", "config/sources.toml", "config/sources.opml", "config/sources.txt"]
    {
        let (sources, warnings) = sources::load(&[in_crate(list)]).unwrap();
        assert!(!sources.polled.is_empty() && warnings.is_empty(), "{list}");
        assert!(sources.polled.iter().any(|source| source.name.is_some()), "{list}");
    }
}

#[test]
fn the_shipped_config_names_every_setting_with_its_default() {
    let shipped = fs::read_to_string(in_crate("config/nashra.toml")).unwrap();
    let uncommented: String = shipped
        .lines()
        .map(|line| {
            line.strip_prefix('#').filter(|rest| !rest.starts_with([' ', '#'])).unwrap_or(line)
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let (read, given, errors) = reader::parse_settings::<Config>("nashra.toml", &uncommented);
    assert_eq!(errors, []);
    // These have defaults that cannot be written.
    let mut expected =
        Config { sources: vec![SourceList::File("sources.toml".into())], ..Config::default() };
    expected.sink.file = Some(expected.sink_file());
    expected.admin.token_file = Some("/etc/nashra/token".into());
    expected.fetch.contact = Some("https://example.org/our-bot".parse().unwrap());
    expected.telemetry.traces.endpoint = Some("http://127.0.0.1:4318".parse().unwrap());
    // Secrets are made by their reader alone.
    let Registry { username, password, token, ca, .. } = read.kafka.registry.clone();
    assert!(username.is_some() && password.is_some() && token.is_some() && ca.is_some());
    let url = Some("http://localhost:8081".parse().unwrap());
    expected.kafka.registry =
        Registry { url, username, password, token, ca, ..Registry::default() };
    expected.websub.public_url = Some("https://news.example.org/hooks".parse().unwrap());
    assert_eq!(read, expected);
    let mut keys = Vec::new();
    <Config as Setting>::keys("", &mut keys);
    assert!(keys.len() > 40, "{keys:?}");
    for key in keys {
        assert!(given.has(&key), "{key} is not in config/nashra.toml");
    }
    assert_eq!(shipped, Config::example());
}

#[test]
fn the_defaults_are_good() {
    let (config, errors) = Config::read_with_errors(None, &Overrides::default());
    assert_eq!((config, errors), (Config::default(), vec![]));
}

#[test]
fn all_errors_are_told_at_once_with_their_lines() {
    let file = in_crate("tests/fixtures/config/wrong.toml");
    let errors = Config::load(Some(&file), &Overrides::default()).unwrap_err().to_string();
    let errors = errors.replace(&format!("{}:", file.display()), "");
    let expected = [
        r#"2:11: sources: expected a list in square brackets, found the string "sources.toml""#,
        "5:1: poll.min_intervall: unknown setting; did you mean `min_interval`?",
        r#"6:16: poll.max_interval: "soon" is not a duration: write a number and a unit, such as "90s", "10m", "1h30m" or "3d""#,
        "7:15: poll.concurrency: must be from 1 to 10000, is 0",
        "8:1: poll.per_host: unknown setting; did you mean `fetch.per_host`? It belongs there",
        r#"11:11: fetch.timeout: expected a duration in quotes such as "90s", "10m" or "1h30m", found the number 60"#,
        r#"12:12: fetch.max_body: "10 megabytes" is not a size: write a number and one of B, KiB, MiB, GiB, KB, MB or GB, such as "10MiB""#,
        r#"13:34: fetch.allow_addresses[1]: "localhost" is not a network such as "10.0.0.0/8" or "127.0.0.1""#,
        r#"16:8: page.mode: "none" is not one of "on", "feed", "off""#,
        "17:15: page.retry_first: page.retry_first (2h) must not exceed page.retry_max (1h)",
        "21:1: kafka.properties.transactional.id: this property cannot be set here: nashra sets it itself, since exactly-once rests on it",
        r#"22:1: kafka.properties.sasl: write a property's whole name in quotes, such as "sasl.password""#,
        "24:2: colour: unknown setting; valid here: data_dir, sources, labels, label, route, poll, fetch, page, record, store, stories, editions, dead_letters, outbox, sink, kafka, admin, websub, log, telemetry, queues, run",
    ];
    assert_eq!(errors.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn traces_need_a_collector_and_a_share_from_0_to_1() {
    let error = load_file("[telemetry.traces]\nsample = 0.5\n").unwrap_err();
    assert!(error.contains("telemetry.traces.endpoint must be given"), "{error}");
    let error = load_file("[telemetry.traces]\nsample = 1.5\n").unwrap_err();
    assert!(
        error.contains("2:10: telemetry.traces.sample: must be from 0 to 1, is 1.5"),
        "{error}"
    );
    let config = load_file("[telemetry.traces]\nsample = 1\nendpoint = \"http://a.example\"\n");
    assert_eq!(
        config.map(|config| config.telemetry.traces.sample.get().to_string()),
        Ok("1".to_owned())
    );
}

#[test]
fn a_mistyped_key_is_named_with_its_line_and_what_was_meant() {
    let error = load_file("\n[poll]\nmax-interval = \"1h\"\n").unwrap_err();
    assert_eq!(
        error,
        "nashra.toml:3:1: poll.max-interval: unknown setting; did you mean `max_interval`?"
    );
}

#[test]
fn broken_syntax_hides_no_other_error() {
    let content =
        "[poll]\nmin_interval = 5m\nconcurrency = 0\n[fetch\ntimeout = \"1y\"\n[page]\nmod = 1\n";
    let errors = load_file(content).unwrap_err();
    let places: Vec<&str> = errors.lines().filter_map(|line| line.split(": ").next()).collect();
    // Line 5 is in no section that could be known.
    assert_eq!(
        places,
        ["nashra.toml:2:16", "nashra.toml:3:15", "nashra.toml:4:7", "nashra.toml:7:1"],
        "{errors}"
    );
    assert!(
        load_file("[poll]\nnow = true\nnow = false\n")
            .unwrap_err()
            .contains("nashra.toml:3:1: duplicate key")
    );
}

#[test]
fn a_file_that_is_not_there_or_not_text_is_an_error() {
    let error =
        Config::load(Some(Path::new("/nowhere/nashra.toml")), &Overrides::default()).unwrap_err();
    assert!(error.to_string().starts_with("/nowhere/nashra.toml: cannot be read: "));
    let (_folder, file) = config("");
    fs::write(&file, b"# fine\n# \xff\n").unwrap();
    let error = Config::load(Some(&file), &Overrides::default()).unwrap_err();
    assert!(
        error.to_string().ends_with("nashra.toml: line 2 is not UTF-8: save the file as UTF-8")
    );
}

#[test]
fn a_hostile_config_is_refused_and_does_no_harm() {
    for content in [
        "a=[".repeat(100_000),
        format!("a={}", "[".repeat(100_000)),
        "[a.".repeat(50_000),
        "\u{0}\u{feff}".into(),
    ] {
        assert!(load_file(&content).is_err());
    }
}

#[test]
fn flags_go_before_the_file() {
    let content =
        "[poll]\nnow = true\nbacklog = \"1d\"\n[fetch]\nper_host = 9\n[sink]\nkind = \"file\"";
    let line = "--sources a.opml https://example.org/b --sink kafka --brokers a:1,b:2 --topic-prefix t. \
        --data-dir d --min-interval 1s --max-interval 2s --poll-now=false --per-host 2 --backlog all --pages feed \
        --allow-address 127.0.0.1 ::1/128 --listen 127.0.0.1:0";
    let flags = flags(line);
    let config = load(content, &flags).unwrap();
    assert_eq!(
        config.sources.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["a.opml", "https://example.org/b"]
    );
    assert_eq!((config.sink.kind, config.page.mode), (SinkKind::Kafka, PageMode::Feed));
    assert_eq!(config.kafka.bootstrap_servers(), "a:1,b:2");
    assert_eq!(config.kafka.topic_prefix.topic("articles"), "t.articles");
    assert_eq!(config.control_socket(), Path::new("d/control.sock"));
    assert_eq!(
        (config.poll.min_interval, config.poll.max_interval),
        (Duration::from_secs(1), Duration::from_secs(2))
    );
    assert_eq!(
        (config.poll.now, config.fetch.per_host, config.poll.backlog),
        (false, 2, Backlog::All)
    );
    assert_eq!(
        config.fetch.allow_addresses,
        ["127.0.0.1/32".parse().unwrap(), "::1/128".parse().unwrap()]
    );
    assert_eq!(config.admin.listen.address().unwrap().port(), 0);
}

#[test]
fn a_flag_out_of_range_is_named_as_a_flag() {
    let errors = load("", &flags("--per-host 0 --min-interval 1h --max-interval 1m")).unwrap_err();
    let expected = "--min-interval: poll.min_interval: poll.min_interval (1h) must not exceed poll.max_interval (1m)\n\
        --per-host: fetch.per_host: must be from 1 to 1000, is 0";
    assert_eq!(errors, expected);
}

#[test]
fn a_default_gives_way_to_what_was_given_beside_it() {
    let long = load_file("[poll]\nmin_interval = \"12h\"").unwrap();
    assert_eq!(long.poll.max_interval, long.poll.min_interval);
    let short = Config::load(None, &flags("--max-interval 10s")).unwrap();
    assert_eq!(short.poll.min_interval, Duration::from_secs(10));
    // What was given in the file is no default.
    let error = load("[poll]\nmin_interval = \"5m\"", &flags("--max-interval 10s")).unwrap_err();
    assert_eq!(
        error,
        "nashra.toml:2:16: poll.min_interval: poll.min_interval (5m) must not exceed poll.max_interval (10s)"
    );
}

#[test]
fn secrets_come_from_files_and_are_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key"), "s3cret\n").unwrap();
    let file = folder.path().join("nashra.toml");
    let content = "[kafka.properties]\n\"ssl.key.password\" = { file = \"key\" }\n\"linger.ms\" = 5\n\
        \"sasl.password\" = { env = \"NASHRA_TEST_NO_SUCH_VARIABLE\" }\n\"a\" = { fil = \"key\" }\n";
    fs::write(&file, content).unwrap();
    let (config, errors) = Config::read_with_errors(Some(&file), &Overrides::default());
    let properties = &config.kafka.properties;
    assert_eq!(
        properties.iter().collect::<Vec<_>>(),
        [("linger.ms", "5"), ("ssl.key.password", "s3cret")]
    );
    assert!(!format!("{config:?}").contains("s3cret"));
    assert_eq!(errors.iter().map(|error| error.place.line).collect::<Vec<_>>(), [4, 5]);
    assert!(errors[0].message.contains("no variable NASHRA_TEST_NO_SUCH_VARIABLE"));
}

#[test]
fn values_that_cannot_be_are_refused_with_what_can() {
    for (content, says) in [
        ("[log]\nlevel = \"inof\"", "did you mean \"info\"?"),
        ("[log]\nlevel = \"info,nashra=loud\"", "is not a log filter"),
        ("[log]\nformat = 1", "expected \"auto\", \"text\" or \"json\", found the number 1"),
        ("[admin]\nlisten = \"9606\"", "nor \"off\""),
        (
            "[websub]\nlisten = \"127.0.0.1:8080\"",
            "websub.listen: both websub.listen and websub.public_url must be given",
        ),
        ("[websub]\npublic_url = \"https://a.example/\"", "websub.public_url: both"),
        (
            "[websub]\nlisten = \"127.0.0.1:8080\"\npublic_url = \"https://a.example/?x\"",
            "must have no query",
        ),
        (
            "[websub]\nlisten = \"127.0.0.1:8080\"\npublic_url = \"ftp://a.example/\"",
            "hubs reach only http and https",
        ),
        ("[kafka]\nbrokers = []", "must name at least one"),
        ("[kafka]\nbrokers = [\"localhost\"]", "is not a host and a port"),
        ("[kafka]\ntopic_prefix = \"news/\"", "cannot begin a topic's name"),
        ("[kafka.properties]\n\"linger.mss\" = 5", "No such configuration property"),
        ("[kafka.properties]\n\"linger.ms\" = \"long\"", "Invalid value"),
        ("[kafka.properties]\n\"client.id\" = \"a\\u0000b\"", "librdkafka says"),
        ("[kafka]\nretention = \"always\"", "or \"forever\""),
        ("[kafka]\nmin_insync_replicas = 2", "must not exceed kafka.replication_factor (1)"),
        ("[kafka]\npartitions = 99999999999", "out of range"),
        ("[fetch]\nuser_agent = \"نشرة\"", "visible ASCII"),
        ("[fetch]\ncontact = \"our desk\"", "neither an http or https URL nor a mail address"),
        ("[page]\nlooks = [\"6h\", \"1h\"]", "page.looks: must be in rising order"),
        ("[page]\nlooks = [\"1h\", \"1h\"]", "page.looks: must be in rising order"),
        ("[store]\nretention = \"1m\"", "must be from 1h to 4000d, is 1m"),
        ("poll = 3", "expected a section [poll]"),
        ("sources = [\"ftp://example.org/\"]", "neither a file nor an http or https URL"),
    ] {
        let error = load_file(content).unwrap_err();
        assert!(error.contains(says) && error.lines().count() == 1, "{content}: {error}");
    }
}

#[test]
fn the_version_is_filled_into_the_user_agent() {
    let config =
        load_file("[fetch]\nuser_agent = \"nashra/{version} (+https://example.org/bot)\"").unwrap();
    let expected = concat!("nashra/", env!("CARGO_PKG_VERSION"), " (+https://example.org/bot)");
    assert_eq!(config.fetch.user_agent(), expected);
}

#[test]
fn a_contact_is_sent_along_and_a_file_without_one_is_told() {
    let config = load_file("[fetch]\ncontact = \"bot@example.org\"").unwrap();
    assert_eq!(
        config.fetch.user_agent(),
        concat!("nashra/", env!("CARGO_PKG_VERSION"), " (+bot@example.org)")
    );
    let path = Path::new("nashra.toml");
    assert!(config.lacks_contact(Some(path)).is_none());
    let error = Config::default().lacks_contact(Some(path)).unwrap().to_string();
    assert!(error.starts_with("nashra.toml: fetch.contact: "), "{error}");
    assert!(
        Config::default().lacks_contact(None).is_none(),
        "without a file there is nobody to ask"
    );
}

#[test]
fn a_config_that_is_cut_off_anywhere_does_no_harm() {
    let whole = include_str!("../../tests/fixtures/config/wrong.toml");
    for (end, _) in whole.char_indices() {
        let (_, _, errors) = reader::parse_settings::<Config>("cut", &whole[..end]);
        assert!(errors.iter().all(|error| error.place.line > 0));
    }
}

#[test]
fn the_flag_goes_before_nashra_log_the_config_and_rust_log() {
    let filter = |flag: Option<&str>, config: &str, set: &[(&str, &str)]| {
        let flag = flag.map(|flag| flag.parse().unwrap());
        let variable = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        config
            .parse::<LogFilter>()
            .unwrap()
            .in_force(flag.as_ref(), variable)
            .map(|filter| filter.as_str().to_owned())
    };
    let both = [("NASHRA_LOG", "debug"), ("RUST_LOG", "trace")];
    assert_eq!(filter(Some("error"), "warn", &both).unwrap(), "error");
    assert_eq!(filter(None, "warn", &both).unwrap(), "debug");
    assert_eq!(filter(None, "warn", &both[1..]).unwrap(), "warn");
    assert_eq!(filter(None, "info", &both[1..]).unwrap(), "trace");
    assert_eq!(filter(None, "info", &[("NASHRA_LOG", ""), ("RUST_LOG", "loud")]).unwrap(), "info");
    let wrong = filter(None, "info", &[("NASHRA_LOG", "loud")]).unwrap_err();
    assert!(wrong.starts_with("NASHRA_LOG: ") && wrong.contains("loud"), "{wrong}");
}

#[test]
fn formats_need_a_registry_and_a_registry_one_way_to_sign_in() {
    let error = |text: &str| load_file(&format!("[kafka]\n{text}")).unwrap_err();
    let missing = error("formats.articles = \"avro\"\nformats.stories = \"protobuf\"\n");
    assert!(missing.contains("nashra.toml:2:20: kafka.formats.articles: \"avro\" needs a schema registry: set kafka.registry.url"), "{missing}");
    assert!(missing.contains("nashra.toml:3:19: kafka.formats.stories"), "{missing}");
    let unknown = error("formats.articles = \"arvo\"\n");
    assert!(unknown.contains("\"avro\""), "{unknown}");
    let url = "[kafka.registry]\nurl = \"http://127.0.0.1:8081\"\n";
    let alone = error(&format!("{url}username = \"nashra\"\n"));
    assert!(alone.contains(":4:12: kafka.registry.username: username and password go"), "{alone}");
    let both = error(&format!("{url}username = \"n\"\npassword = \"p\"\ntoken = \"t\"\n"));
    assert!(both.contains("kafka.registry.token: token is in place of"), "{both}");
    let secret = error(&format!("{url}token = {{ env = \"NASHRA_NO_SUCH_VARIABLE\" }}\n"));
    assert!(secret.contains("has no variable NASHRA_NO_SUCH_VARIABLE"), "{secret}");
    let with_password = error(&format!("{url}url = \"http://me:hush@127.0.0.1\"\n").replacen(
        "url = \"http://127.0.0.1:8081\"\n",
        "",
        1,
    ));
    assert!(with_password.contains("must have no user name and no password"), "{with_password}");
    let good = load_file(&format!("[kafka.formats]\narticles = \"avro\"\n{url}token = \"hush\"\n"))
        .unwrap();
    assert!(!format!("{good:?}").contains("hush"));
}
