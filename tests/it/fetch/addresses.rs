//! Which addresses may be connected to: however they are written, whatever a name resolves to, and
//! wherever a redirect leads.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use nashra::{
    base::clock::ManualClock,
    fetch::{Fetch as _, FetchError, HttpFetcher, Limits, Post as _, address},
};
use tokio::net::TcpListener;
use url::Url;

use super::{NOW, answer, answering, failed, get, loopback, new, path, request};

#[tokio::test]
async fn loopback_is_refused_unless_the_config_allows_it() {
    let count = Arc::new(AtomicUsize::new(0));
    let requests = Arc::clone(&count);
    let address = answering(move |_| {
        requests.fetch_add(1, Ordering::SeqCst);
        answer("200 OK", &[], "inside")
    })
    .await;
    let port = address.port();
    // Addresses in every spelling, in clothes of IPv6, behind user names, and a name that resolves
    // to one.
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "0x7f000001",
        "0x7f.0.0.0x1",
        "2130706433",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "127。0。0。1",
        "①②⑦.⓪.⓪.①",
        "0",
        "0.0.0.0",
        "[::]",
        "[::1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b:1::127.0.0.1]",
        "[2002:7f00:1::1]",
        "[2001:0:7f00:1::80ff:fffe]",
        "1.1.1.1@127.0.0.1",
        "1.1.1.1:80@127.0.0.1",
        "news.example%2F@127.0.0.1",
        "localhost",
        "LocalHost",
    ] {
        let error = failed(get(Limits::default(), &format!("http://{host}:{port}/")).await);
        assert!(matches!(error, FetchError::Forbidden { .. }), "{host}: {error}");
        assert!(!error.is_transient());
    }
    assert_eq!(count.load(Ordering::SeqCst), 0, "nothing was connected to");
    for host in ["127.0.0.1", "localhost"] {
        new(get(loopback(), &format!("http://{host}:{port}/")).await);
    }
}

#[tokio::test]
async fn a_refused_name_is_named() {
    let error = failed(get(Limits::default(), "http://localhost:1/").await).to_string();
    assert!(error.contains("localhost") && error.contains("allow_addresses"), "{error}");
}

#[tokio::test]
async fn a_redirect_may_not_lead_where_a_request_may_not_go() {
    let address = answering(|head| {
        let target = match path(head) {
            "/private" => "http://10.0.0.1/admin",
            "/metadata" => "//169.254.169.254/latest/meta-data/",
            "/local" => "http://[fe80::1]/",
            "/carrier" => "http://100.64.0.1/",
            "/mapped" => "http://[::ffff:10.0.0.1]/",
            "/translated" => "http://[64:ff9b::10.0.0.1]/",
            "/octal" => "http://0251.0376.0251.0376/",
            "/user" => "http://news.example@192.168.0.1/",
            "/slashes" => "http:\\\\10.0.0.1\\",
            "/file" => "file:///etc/passwd",
            _ => "ftp://me:secret@news.example/",
        };
        answer("302 Found", &[&format!("Location: {target}")], "")
    })
    .await;
    let refused = [
        "private",
        "metadata",
        "local",
        "carrier",
        "mapped",
        "translated",
        "octal",
        "user",
        "slashes",
    ];
    for path in refused {
        let error = failed(get(loopback(), &format!("http://{address}/{path}")).await);
        assert!(matches!(error, FetchError::Forbidden { .. }), "{path}: {error}");
    }
    for path in ["file", "ftp"] {
        let error = failed(get(loopback(), &format!("http://{address}/{path}")).await);
        assert!(matches!(error, FetchError::Scheme(_)), "{path}: {error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}

/// A resolver that gives another answer each time, the last one for ever.
#[derive(Clone)]
struct Rebinding {
    answers: Vec<Vec<&'static str>>,
    asked: Arc<AtomicUsize>,
}

impl address::Lookup for Rebinding {
    async fn lookup(&self, _: &str) -> std::io::Result<Vec<SocketAddr>> {
        let round = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        Ok(self.answers[round].iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect())
    }
}

/// A fetcher for which 127.0.0.1 stands for the internet and all the rest of loopback for what is
/// inside; a server inside on the port of the one outside, and how often that was connected to.
async fn rebinding(
    answers: &[&[&'static str]],
) -> (HttpFetcher<ManualClock>, u16, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let outside = answering(|head| match path(head) {
        "/there" => answer("307 Temporary Redirect", &["Location: /here"], ""),
        _ => answer("200 OK", &[], "outside"),
    })
    .await;
    let inside = TcpListener::bind(("127.0.0.2", outside.port())).await.unwrap();
    let (connected, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&connected);
    tokio::spawn(async move {
        while inside.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let limits = Limits { allow: vec!["127.0.0.1/32".parse().unwrap()], ..Limits::default() };
    let lookup = Rebinding {
        answers: answers.iter().map(|answer| answer.to_vec()).collect(),
        asked: Arc::clone(&asked),
    };
    (
        HttpFetcher::resolving(limits, ManualClock::new(NOW), lookup).unwrap(),
        outside.port(),
        connected,
        asked,
    )
}

#[tokio::test]
async fn a_name_that_answers_with_a_private_address_the_second_time_gains_nothing() {
    let (fetcher, port, connected, asked) = rebinding(&[&["127.0.0.1"], &["127.0.0.2"]]).await;
    let url = format!("http://rebinding.example:{port}/");
    assert_eq!(&new(fetcher.fetch(request(&url)).await).body.bytes[..], b"outside");
    assert_eq!(
        asked.load(Ordering::SeqCst),
        1,
        "what was decided on is what was connected to: nobody asks twice"
    );
    let error = failed(fetcher.fetch(request(&url)).await);
    assert!(
        matches!(&error, FetchError::Forbidden { address } if address.starts_with("127.0.0.2 ")),
        "{error}"
    );
    assert_eq!((asked.load(Ordering::SeqCst), connected.load(Ordering::SeqCst)), (2, 0));
}

#[tokio::test]
async fn a_name_may_not_turn_private_between_a_request_and_its_redirect() {
    let (fetcher, port, connected, _) = rebinding(&[&["127.0.0.1"], &["::ffff:127.0.0.2"]]).await;
    let url = format!("http://rebinding.example:{port}/there");
    assert!(matches!(failed(fetcher.fetch(request(&url)).await), FetchError::Forbidden { .. }));
    let (fetcher, port, posted, _) = rebinding(&[&["127.0.0.1"], &["127.0.0.2"]]).await;
    let url = Url::parse(&format!("http://rebinding.example:{port}/there")).unwrap();
    assert!(matches!(fetcher.post(url, String::new()).await, Err(FetchError::Forbidden { .. })));
    assert_eq!((connected.load(Ordering::SeqCst), posted.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test]
async fn of_a_name_with_public_and_private_addresses_only_the_public_ones_are_tried() {
    let (fetcher, port, connected, _) =
        rebinding(&[&["127.0.0.2", "::1", "127.0.0.1", "10.0.0.1"]]).await;
    assert_eq!(
        &new(fetcher.fetch(request(&format!("http://mixed.example:{port}/"))).await).body.bytes[..],
        b"outside"
    );
    assert_eq!(connected.load(Ordering::SeqCst), 0);
}
