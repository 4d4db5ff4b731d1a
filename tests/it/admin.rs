//! The admin endpoint under clients that mean it no good.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use tempfile::{TempDir, tempdir};

use crate::support::{Nashra, Site, get, until};

fn started(more: &[&str]) -> (TempDir, Site, Nashra, String) {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[]);
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), more);
    let admin = nashra.admin();
    (dir, site, nashra, admin)
}

/// The answer's head to a request of these lines.
fn asked(admin: &str, lines: &str) -> String {
    let mut stream =
        TcpStream::connect(admin.trim_start_matches("http://").trim_end_matches('/')).unwrap();
    write!(stream, "{lines}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn health_is_told_at_once_although_clients_that_never_read_hold_all_places() {
    let (_dir, _site, nashra, admin) = started(&[]);
    let address = admin.trim_start_matches("http://").trim_end_matches('/');
    let crowd = |count: usize, request: &str| -> Vec<TcpStream> {
        let one = |_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            stream
        };
        (0..count).map(one).collect()
    };
    let held = crowd(200, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let silent = crowd(100, "");
    until("the places are taken", || (get(&format!("{admin}sources")).0 == 503).then_some(()));
    assert_eq!(get(&format!("{admin}healthz")), (200, "ok\n".to_owned()));
    assert_eq!(get(&format!("{admin}metrics")).0, 200);
    until("it is ready", || (get(&format!("{admin}readyz")).0 == 200).then_some(()));
    drop((held, silent));
    until("the others are answered again", || {
        (get(&format!("{admin}sources")).0 == 200).then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn only_requests_that_read_and_know_its_name_are_answered() {
    let (dir, site) = (tempdir().unwrap(), Site::start());
    site.feed("/feed", &[]);
    std::fs::write(dir.path().join("sources.txt"), format!("{}/feed", site.base)).unwrap();
    let config = "data_dir = \"data\"\nsources = [\"sources.txt\"]\n[fetch]\ncontact = \"bot@example.org\"\nallow_addresses = [\"127.0.0.0/8\"]\n\
        [admin]\nlisten = \"127.0.0.1:0\"\nhosts = [\"Status.example.org\"]\n";
    std::fs::write(dir.path().join("nashra.toml"), config).unwrap();
    let nashra = Nashra::start(dir.path(), &["run", "-c", "nashra.toml"]);
    let admin = nashra.admin();
    let status = |lines: &str| asked(&admin, lines).split(' ').nth(1).unwrap().to_owned();
    for host in [
        "127.0.0.1:9606",
        "[::1]",
        "10.0.0.7:9606",
        "localhost",
        "nashra:9606",
        "status.example.org",
        "STATUS.example.org:443",
    ] {
        assert_eq!(status(&format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n")), "200", "{host}");
    }
    assert_eq!(status("GET /healthz HTTP/1.0\r\n"), "200");
    for host in ["evil.example", "127.0.0.1.evil.example:9606"] {
        assert_eq!(status(&format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n")), "403", "{host}");
    }
    assert_eq!(status("GET /healthz HTTP/1.1\r\n"), "400");
    let refused =
        asked(&admin, "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n")
            .to_ascii_lowercase();
    assert!(
        refused.starts_with("http/1.1 405 ") && refused.contains("\r\nallow: get, head\r\n"),
        "{refused}"
    );
    let head = asked(&admin, "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n").to_ascii_lowercase();
    assert!(
        head.starts_with("http/1.1 200 ")
            && head.contains("\r\ncontent-length: 3\r\n")
            && head.ends_with("\r\n\r\n"),
        "{head}"
    );
    assert_eq!(nashra.stop(), Some(0));
}
