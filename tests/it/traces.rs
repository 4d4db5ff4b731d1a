//! Traces: what a collector of OpenTelemetry gets, read with OpenTelemetry's own types.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value as AnyValue},
    trace::v1::{Span, span::SpanKind},
};
use prost::Message as _;
use tempfile::tempdir;

use crate::{
    kafka,
    support::{Nashra, Site, articles, until},
};

/// Takes traces over HTTP as a collector does.
struct Collector {
    endpoint: String,
    taken: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let taken = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let into = Arc::clone(&into);
                std::thread::spawn(move || {
                    while let Some(body) = next_body(&stream) {
                        into.lock()
                            .unwrap()
                            .push(ExportTraceServiceRequest::decode(&*body).unwrap());
                        (&stream)
                            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                            .unwrap();
                    }
                });
            }
        });
        Self { endpoint, taken }
    }

    fn spans(&self) -> Vec<Span> {
        let taken = self.taken.lock().unwrap();
        let scopes = taken.iter().flat_map(|taken| &taken.resource_spans);
        let spans = scopes.flat_map(|resource| &resource.scope_spans);
        spans.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// The spans of the trace in which a record was published, once so many are there.
    fn published(&self, least: usize) -> BTreeMap<String, Span> {
        until("the spans of a published record came", || {
            let spans = self.spans();
            let trace = spans.iter().find(|span| span.name == "publish")?.trace_id.clone();
            let own = spans.into_iter().filter(|span| span.trace_id == trace);
            let own: BTreeMap<String, Span> = own.map(|span| (span.name.clone(), span)).collect();
            (own.len() >= least).then_some(own)
        })
    }
}

/// The body of the next request; nothing once the client is gone.
fn next_body(stream: &TcpStream) -> Option<Vec<u8>> {
    let (mut reader, mut length) = (BufReader::new(stream), 0);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
    assert!(line.starts_with("POST /v1/traces "), "{line}");
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(": ") else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap();
        } else if name.eq_ignore_ascii_case("content-type") {
            assert_eq!(value, "application/x-protobuf");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}

fn config(dir: &Path, endpoint: &str) {
    let config = format!(
        "[fetch]\ncontact = \"bot@example.org\"\n[telemetry.traces]\nsample = 1\nendpoint = \"{endpoint}\"\n"
    );
    fs::write(dir.join("n.toml"), config).unwrap();
}

fn site() -> Site {
    let site = Site::start();
    site.page("one", "The harbour reopens", "The harbour of the old town took in ships again.");
    site.feed("/feed", &[("one", "The harbour reopens")]);
    site
}

fn text<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        AnyValue::StringValue(text) => Some(text),
        _ => None,
    }
}

#[test]
fn a_trace_goes_from_the_poll_to_the_acknowledgement_of_what_it_found() {
    let (dir, site, collector) = (tempdir().unwrap(), site(), Collector::start());
    config(dir.path(), &collector.endpoint);
    let feed = format!("{}/feed", site.base);
    let nashra = Nashra::run(dir.path(), &feed, &["-c", "n.toml", "--sink", "file"]);
    let spans = collector.published(9);
    assert_eq!(nashra.stop(), Some(0));
    let parent = |name: &str| {
        let id = &spans[name].parent_span_id;
        spans.values().find(|span| span.span_id == *id).map(|span| span.name.as_str())
    };
    let parents = spans.keys().map(|name| (name.as_str(), parent(name)));
    assert_eq!(
        parents.collect::<Vec<_>>(),
        [
            ("acknowledge", Some("publish")),
            ("commit", Some("entry")),
            ("entry", Some("poll")),
            ("extract", Some("entry")),
            ("fetch", Some("entry")),
            ("outbox", Some("publish")),
            ("poll", None),
            ("publish", Some("entry")),
            ("wait", Some("entry")),
        ]
    );
    for (name, span) in &spans {
        assert_eq!((span.trace_id.len(), span.span_id.len()), (16, 8), "{name}");
        assert!(span.start_time_unix_nano > 0, "{name}");
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{name}");
    }
    assert_eq!(spans["publish"].kind(), SpanKind::Producer);
    assert_eq!(spans["fetch"].kind(), SpanKind::Client);
    assert_eq!(text(&spans["poll"].attributes, "url.full"), Some(feed.as_str()));
    assert_eq!(text(&spans["poll"].attributes, "nashra.poll.outcome"), Some("read"));
    let taken = collector.taken.lock().unwrap();
    let resource = taken[0].resource_spans[0].resource.as_ref().unwrap();
    assert_eq!(text(&resource.attributes, "service.name"), Some("nashra"));
}

#[test]
fn a_trace_goes_on_after_a_restart_with_what_waited_in_the_outbox() {
    let (dir, site, collector) = (tempdir().unwrap(), site(), Collector::start());
    config(dir.path(), &collector.endpoint);
    let feed = format!("{}/feed", site.base);
    let away = ["-c", "n.toml", "--sink", "kafka", "--brokers", "127.0.0.1:1"];
    let nashra = Nashra::run(dir.path(), &feed, &away);
    until("the article is decided on", || {
        collector.spans().iter().any(|span| span.name == "entry").then_some(())
    });
    nashra.kill();
    let before = collector.spans();
    assert!(before.iter().all(|span| span.name != "publish"));
    let nashra = Nashra::run(dir.path(), &feed, &["-c", "n.toml", "--sink", "file"]);
    let spans = collector.published(3);
    assert_eq!(nashra.stop(), Some(0));
    let entry = before.iter().find(|span| span.name == "entry").unwrap();
    assert_eq!(spans["publish"].trace_id, entry.trace_id);
    assert_eq!(spans["publish"].parent_span_id, entry.span_id);
}

#[test]
fn a_collector_that_is_away_holds_nothing_up_and_what_it_misses_is_counted() {
    let (dir, site) = (tempdir().unwrap(), site());
    config(dir.path(), "http://127.0.0.1:1");
    let feed = format!("{}/feed", site.base);
    let nashra = Nashra::run(dir.path(), &feed, &["-c", "n.toml", "--sink", "file"]);
    until("the article is there", || (articles(dir.path()).len() == 1).then_some(()));
    until("failed spans are counted", || {
        let metrics = nashra.metrics();
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("nashra_trace_spans_total{outcome=\"failed\"} "))?;
        (line != "0").then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn the_record_in_kafka_names_the_span_of_its_publication() {
    let Some(brokers) = kafka::broker("traces") else { return };
    let (dir, site, collector) = (tempdir().unwrap(), site(), Collector::start());
    config(dir.path(), &collector.endpoint);
    let prefix = format!("traces-{}.", uuid::Uuid::new_v4().simple());
    let sink =
        ["-c", "n.toml", "--sink", "kafka", "--brokers", &brokers, "--topic-prefix", &prefix];
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &sink);
    until("its publication came", || {
        let is_article =
            |span: &Span| text(&span.attributes, "messaging.destination.name") == Some("articles");
        collector.spans().iter().any(is_article).then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
    let record = kafka::read(&brokers, &format!("{prefix}articles")).pop().unwrap();
    let named = collector.spans().into_iter().find(|span| {
        text(&span.attributes, "messaging.message.id") == Some(&*record.headers["ce_id"])
    });
    let named = named.unwrap();
    let trace = u128::from_be_bytes(named.trace_id.try_into().unwrap());
    let span = u64::from_be_bytes(named.span_id.try_into().unwrap());
    assert_eq!(record.headers["traceparent"], format!("00-{trace:032x}-{span:016x}-01"));
}
