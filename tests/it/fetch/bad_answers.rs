//! Answers that are too large, too slow, never end or break off.

use std::{future::pending, time::Duration};

use nashra::fetch::{FetchError, Limits};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{answer, answering, failed, get, loopback, new, path, server};

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_however_its_size_is_told() {
    let address = answering(|head| {
        let body = [b'x'; 1001];
        match path(head) {
            "/announced" => b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1001\r\n\r\n".to_vec(),
            "/absurd" => b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9223372036854775807\r\n\r\n".to_vec(),
            "/chunked" => {
                let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n".to_vec();
                [&head[..], &body, b"\r\n0\r\n\r\n"].concat()
            }
            "/closed" => [&b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"[..], &body].concat(),
            _ => answer("200 OK", &[], &body[..1000]),
        }
    })
    .await;
    let limits = Limits { max_body: 1000, ..loopback() };
    for path in ["announced", "absurd", "chunked", "closed"] {
        let error = failed(get(limits.clone(), &format!("http://{address}/{path}")).await);
        assert!(matches!(error, FetchError::TooLarge { limit: 1000 }), "{path}: {error}");
    }
    assert_eq!(new(get(limits, &format!("http://{address}/within")).await).body.bytes.len(), 1000);
}

#[tokio::test]
async fn a_bomb_is_fetched_small_and_stopped_when_it_is_decoded() {
    let bomb = include_bytes!("../../fixtures/http/zeros.br");
    let address = answering(move |_| answer("200 OK", &["Content-Encoding: br"], bomb)).await;
    let fetched = new(get(loopback(), &format!("http://{address}/")).await);
    let error = fetched.body.decode(100_000).unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { limit: 100_000 }), "{error}");
}

#[tokio::test]
async fn an_answer_that_never_ends_meets_the_total_timeout() {
    let address = server(async |mut stream: TcpStream, head: Vec<u8>| {
        if path(&head) == "/body" {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").await.unwrap();
        }
        pending::<()>().await;
    })
    .await;
    let total_timeout = Duration::from_millis(200);
    let limits = Limits { total_timeout, first_byte_timeout: total_timeout * 10, ..loopback() };
    for path in ["body", "head"] {
        let error = failed(get(limits.clone(), &format!("http://{address}/{path}")).await);
        assert!(
            matches!(error, FetchError::Timeout(limit) if limit == total_timeout),
            "{path}: {error}"
        );
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_and_one_that_trickles_are_given_up_early() {
    let address = server(async |mut stream: TcpStream, head: Vec<u8>| {
        if path(&head) == "/body" {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf").await.unwrap();
        }
        pending::<()>().await;
    })
    .await;
    let first_byte_timeout = Duration::from_millis(200);
    let limits = Limits {
        first_byte_timeout,
        least_rate: 100,
        rate_window: first_byte_timeout,
        ..loopback()
    };
    let error = failed(get(limits.clone(), &format!("http://{address}/head")).await);
    assert!(matches!(error, FetchError::NoAnswer(limit) if limit == first_byte_timeout), "{error}");
    let error = failed(get(limits, &format!("http://{address}/body")).await);
    assert!(matches!(error, FetchError::TooSlow(100)), "{error}");
}

#[tokio::test]
async fn connections_that_break_are_errors_that_name_the_cause() {
    let address = server(async |mut stream: TcpStream, head: Vec<u8>| {
        let answer: &[u8] = match path(&head) {
            "/reset" | "/short" => b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
            "/header" => {
                return stream
                    .write_all(
                        &[b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &vec![b'x'; 1 << 20], b"\r\n\r\n"]
                            .concat(),
                    )
                    .await
                    .unwrap_or_default();
            }
            "/headers" => {
                return stream
                    .write_all(
                        &[b"HTTP/1.1 200 OK\r\n".as_slice(), &b"X: y\r\n".repeat(200_000), b"\r\n"]
                            .concat(),
                    )
                    .await
                    .unwrap_or_default();
            }
            "/old" => b"<rss>HTTP/0.9 had no headers</rss>",
            "/chunk" => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "/nonsense" => b"\0\x01\x02 this is not HTTP\r\n\r\n",
            _ => b"",
        };
        stream.write_all(answer).await.unwrap();
        if path(&head) == "/reset" {
            stream.set_zero_linger().unwrap();
        }
    })
    .await;
    for path in ["reset", "short", "chunk", "nonsense", "silence", "header", "headers", "old"] {
        let error = failed(get(loopback(), &format!("http://me:secret@{address}/{path}")).await);
        assert!(matches!(error, FetchError::Transport(_)), "{path}: {error}");
        assert!(error.to_string().contains(": "), "{path}: the cause is missing in {error}");
        assert!(!error.to_string().contains("secret"), "{path}: {error}");
    }
}
