//! Every encoding, undone: whole, cut off, damaged, and as a bomb.

use std::io::Write as _;

use flate2::{Compression, write};

use super::*;

const TEXT: &[u8] =
    "نشرة الأخبار: the news bulletin, the news bulletin, the news bulletin".as_bytes();
const LIMIT: usize = 10_000;
/// [`TEXT`] as `brotli` writes it; a compressor is not among our dependencies.
const BROTLI: &[u8] = include_bytes!("../../../tests/fixtures/http/text.br");

fn body(bytes: impl Into<Bytes>, encodings: &[&str]) -> Body {
    Body {
        bytes: bytes.into(),
        encodings: encodings.iter().map(ToString::to_string).collect(),
        ..Body::default()
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn why(body: &Body) -> String {
    body.decode(LIMIT).unwrap_err().to_string()
}

#[test]
fn every_encoding_is_undone() {
    for (bytes, encoding) in [
        (TEXT.to_vec(), "identity"),
        (gzip(TEXT), "gzip"),
        (gzip(TEXT), "X-GZIP"),
        (zlib(TEXT), "deflate"),
        (raw_deflate(TEXT), "deflate"),
        (BROTLI.to_vec(), "br"),
        (zstd(TEXT), "zstd"),
    ] {
        assert_eq!(body(bytes, &[encoding]).decode(LIMIT).unwrap(), TEXT, "{encoding}");
    }
}

#[test]
fn several_encodings_are_undone_from_the_last_to_the_first() {
    let bytes = gzip(&zlib(&zstd(TEXT)));
    assert_eq!(body(bytes, &["zstd", "deflate", "gzip"]).decode(LIMIT).unwrap(), TEXT);
    assert!(why(&body(TEXT, &["identity"; 4])).contains("more than 3"));
}

#[test]
fn gzip_that_nobody_declared_is_undone_where_it_is_whole() {
    assert_eq!(body(gzip(TEXT), &[]).decode(LIMIT).unwrap(), TEXT);
    assert_eq!(body(gzip(&gzip(TEXT)), &["gzip"]).decode(LIMIT).unwrap(), TEXT);
    let cut = gzip(TEXT)[..20].to_vec();
    assert_eq!(body(cut.clone(), &[]).decode(LIMIT).unwrap(), cut);
}

#[test]
fn a_plain_body_is_not_copied() {
    let plain = body(TEXT.to_vec(), &[]);
    assert_eq!(plain.decode(LIMIT).unwrap().as_ptr(), plain.bytes.as_ptr());
}

#[test]
fn an_unknown_encoding_is_named() {
    assert_eq!(why(&body(TEXT, &["compress"])), "decoding the body: unknown encoding \"compress\"");
}

#[test]
fn all_members_of_a_gzip_stream_are_read_and_padding_is_not() {
    let mut bytes = [gzip(b"one "), gzip(b"two")].concat();
    bytes.extend([0; 16]);
    assert_eq!(&body(bytes, &["gzip"]).decode(LIMIT).unwrap()[..], b"one two");
}

#[test]
fn a_gzip_header_may_carry_every_optional_field() {
    let mut bytes = vec![0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 2, 0, b'e', b'x'];
    bytes.extend(b"name\0comment\0\x12\x34");
    bytes.extend(raw_deflate(TEXT));
    assert_eq!(body(bytes, &["gzip"]).decode(LIMIT).unwrap(), TEXT);
    for end in 0..14 {
        assert!(
            after_gzip_header(&[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 9, 0, 1, 2][..end]).is_none()
        );
    }
}

#[test]
fn a_body_that_was_cut_off_is_an_error_wherever_the_cut_is() {
    let streams = [
        (gzip(TEXT), "gzip"),
        (zlib(TEXT), "deflate"),
        (BROTLI.to_vec(), "br"),
        (zstd(TEXT), "zstd"),
    ];
    for (bytes, encoding) in streams {
        // gzip may miss its trailer of eight bytes.
        let whole = bytes.len() - if encoding == "gzip" { 8 } else { 0 };
        for end in 1..whole {
            let cut = body(bytes[..end].to_vec(), &[encoding]);
            assert!(cut.decode(LIMIT).is_err(), "{encoding} cut at {end} of {}", bytes.len());
        }
    }
}

#[test]
fn a_gzip_stream_may_miss_its_trailer_but_not_contradict_it() {
    let whole = gzip(TEXT);
    for missing in 1..=8 {
        let end = whole.len() - missing;
        assert_eq!(body(whole[..end].to_vec(), &["gzip"]).decode(LIMIT).unwrap(), TEXT);
    }
    let mut wrong = whole.clone();
    wrong[whole.len() - 8] ^= 1;
    assert!(why(&body(wrong, &["gzip"])).contains("checksum"));
}

#[test]
fn damaged_bytes_are_an_error_and_never_a_panic() {
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        assert!(
            body(b"<html>not compressed at all</html>".to_vec(), &[encoding])
                .decode(LIMIT)
                .is_err()
        );
    }
    let streams = [
        (gzip(TEXT), "gzip"),
        (zlib(TEXT), "deflate"),
        (BROTLI.to_vec(), "br"),
        (zstd(TEXT), "zstd"),
    ];
    for (bytes, encoding) in streams {
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            // Some damage does no harm (a file name, a time stamp); it only must not bring us
            // down.
            drop(body(damaged, &[encoding]).decode(LIMIT));
        }
    }
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeros = vec![0; 1 << 20];
    let bomb = include_bytes!("../../../tests/fixtures/http/zeros.br");
    for (bytes, encoding) in [
        (gzip(&zeros), "gzip"),
        (zlib(&zeros), "deflate"),
        (zstd(&zeros), "zstd"),
        (bomb.to_vec(), "br"),
    ] {
        assert!(bytes.len() < LIMIT);
        let bomb = body(bytes, &[encoding]);
        assert!(
            matches!(bomb.decode(LIMIT), Err(FetchError::TooLarge { limit: LIMIT })),
            "{encoding}"
        );
        assert_eq!(bomb.decode(1 << 20).unwrap(), zeros, "{encoding} just within its limit");
        assert!(bomb.decode((1 << 20) - 1).is_err(), "{encoding} just beyond its limit");
    }
    // The second layer is a bomb inside a small first one.
    assert!(matches!(
        body(gzip(&gzip(&zeros)), &["gzip", "gzip"]).decode(LIMIT),
        Err(FetchError::TooLarge { .. })
    ));
    assert!(matches!(body(zeros, &[]).decode(LIMIT), Err(FetchError::TooLarge { .. })));
}

#[test]
fn of_a_bomb_or_a_body_that_was_cut_off_the_start_can_be_had() {
    let zeros = vec![0; 1 << 20];
    for (bytes, encoding) in [
        (gzip(&zeros), "gzip"),
        (zlib(&zeros), "deflate"),
        (zstd(&zeros), "zstd"),
        (zeros.clone(), "identity"),
    ] {
        assert_eq!(
            body(bytes, &[encoding]).decode_start(1000).unwrap(),
            zeros[..1000],
            "{encoding}"
        );
    }
    let whole = gzip(TEXT);
    let start = body(whole[..whole.len() - 20].to_vec(), &["gzip"]).decode_start(LIMIT).unwrap();
    assert!(TEXT.starts_with(&start), "{start:?}");
    assert_eq!(body(TEXT, &[]).decode_start(9).unwrap(), TEXT[..9]);
    assert!(body(TEXT, &["gzip"]).decode_start(LIMIT).is_err());
}

#[test]
fn members_without_output_do_not_go_on_forever() {
    let bytes = gzip(b"").repeat(MAX_GZIP_MEMBERS + 1);
    assert!(why(&body(bytes, &["gzip"])).contains("too many members"));
}

#[test]
fn an_empty_body_is_empty_in_every_encoding() {
    for encoding in ["gzip", "deflate", "br", "zstd", "identity"] {
        assert!(body(Bytes::new(), &[encoding]).decode(LIMIT).unwrap().is_empty());
    }
}

#[test]
fn a_zstd_frame_with_a_huge_window_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(TEXT).unwrap();
    assert!(body(encoder.finish().unwrap(), &["zstd"]).decode(LIMIT).is_err());
}
