//! What a site answers by mistake, with status 200: nothing, blanks, bytes, another format, an
//! error page, its front page, half a page.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use crate::{rng::Rng, site::Answer};

/// Says it is compressed, and is not.
pub(super) fn falsely_compressed() -> Answer {
    Answer::ok(b"\x1f\x8b\x08broken".to_vec()).with("content-encoding", "gzip")
}

/// Nonsense in place of a good answer, and what kind it is.
pub(super) fn spoil(rng: &mut Rng, good: Answer, front: String) -> (&'static str, Answer) {
    // Without a validator: that would say that the nonsense is the document.
    let body = |bytes: Vec<u8>| Answer { body: bytes, ..good.clone().without("etag") };
    match rng.below(10) {
        0 => ("nothing", body(Vec::new())),
        1 => ("blanks", body(b" \r\n\t ".repeat(40))),
        2 => ("bytes", body((0..3_000).map(|_| rng.next().to_le_bytes()[0]).collect())),
        3 => (
            "json",
            Answer::ok(br#"{"error":{"code":1043,"message":"upstream timed out"}}"#.to_vec())
                .with("content-type", "application/json"),
        ),
        4 => ("gzip", body(compressed(&good.body))),
        5 => {
            ("error_page", Answer::ok(ERROR_PAGE).with("content-type", "text/html; charset=utf-8"))
        }
        6 => ("front", Answer::ok(front).with("content-type", "text/html; charset=utf-8")),
        7 => ("half", body(half(rng, &good.body).to_vec())),
        // As many good pages end.
        8 => {
            let half = half(rng, &good.body);
            (
                "open",
                body(
                    half[..half.iter().rposition(|half| *half == b'>').map_or(0, |at| at + 1)]
                        .to_vec(),
                ),
            )
        }
        _ => {
            let cut_at = Some(good.body.len() * (1 + rng.index(9)) / 10);
            ("cut", Answer { cut_at, chunked: rng.below(2) == 0, ..good })
        }
    }
}

fn half<'a>(rng: &mut Rng, whole: &'a [u8]) -> &'a [u8] {
    &whole[..whole.len() * (3 + rng.index(5)) / 10]
}

const ERROR_PAGE: &str = "<!DOCTYPE html><html lang=\"en\"><head><title>Something went wrong</title></head><body><h1>Something went wrong</h1><p>We are sorry, the page that you asked for could not be shown just now. Our engineers have been told about it and are working on it. Please try again in a few minutes.</p></body></html>";

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
