use encoding_rs::{EUC_KR, WINDOWS_1252, WINDOWS_1256};

use super::*;

const ARABIC: &str = "أخبار عاجلة من الميناء القديم في المدينة";

/// The text and the encoding that were found.
fn found(bytes: &[u8], content_type: Option<&str>) -> (String, &'static str, Repairs) {
    let decoded = decode(bytes, content_type, None);
    (decoded.text.into_owned(), decoded.encoding, decoded.repairs)
}

fn declared_as(label: &str, text: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"{label}\"?><rss><title>{text}</title></rss>")
}

#[test]
fn a_true_claim_of_the_header_or_the_declaration_is_followed() {
    let (bytes, _, _) = WINDOWS_1256.encode(ARABIC);
    let (text, encoding, repairs) = found(&bytes, Some("text/xml; charset=\"windows-1256\""));
    assert_eq!((text.as_str(), encoding, repairs.is_empty()), (ARABIC, "windows-1256", true));
    let document = declared_as("windows-1256", ARABIC);
    let (bytes, _, _) = WINDOWS_1256.encode(&document);
    assert_eq!(found(&bytes, None).0, document);
    assert_eq!(
        found(&bytes, Some("text/xml; charset=iso-8859-1")).0,
        document,
        "a server's default"
    );
}

#[test]
fn a_false_claim_is_seen_through() {
    let document = declared_as("windows-1256", ARABIC);
    let (text, encoding, repairs) = found(document.as_bytes(), Some("text/xml; charset=euc-kr"));
    assert_eq!((text, encoding, repairs.has(Repair::Encoding)), (document, "utf-8", true));
    let document = declared_as("utf-8", ARABIC);
    let (bytes, _, _) = WINDOWS_1256.encode(&document);
    let (text, encoding, repairs) = found(&bytes, Some("text/xml; charset=utf-8"));
    assert_eq!((text, encoding, repairs.has(Repair::Encoding)), (document, "windows-1256", true));
    let document = declared_as("iso-8859-1", ARABIC);
    let (bytes, _, _) = WINDOWS_1256.encode(&document);
    assert_eq!(
        found(&bytes, Some("text/xml; charset=iso-8859-1")).0,
        document,
        "no bytes contradict Latin 1"
    );
    let document =
        declared_as("iso-8859-1", "À l’été, où «\u{a0}Müller\u{a0}» et ses “amis” naïfs");
    let (bytes, _, _) = WINDOWS_1252.encode(&document);
    assert_eq!(found(&bytes, None).0, document);
    let ascii = declared_as("utf-16", "plain");
    assert_eq!(found(ascii.as_bytes(), None).0, ascii);
}

#[test]
fn a_korean_word_that_could_be_utf_8_is_what_it_is_declared_as() {
    let document = declared_as("euc-kr", "핑");
    let (bytes, _, _) = EUC_KR.encode(&document);
    assert_eq!(found(&bytes, None).0, document);
}

#[test]
fn a_chinese_word_that_could_be_utf_8_is_what_the_whole_is_declared_as() {
    let document = declared_as("gbk", "目</title><title>港口重新开放");
    let (bytes, _, _) = GBK.encode(&document);
    assert_eq!(found(&bytes, None), (document.clone(), "GBK", Repairs::default()));
    let damaged = [&bytes[..], b"\x80\xff"].concat();
    assert!(found(&damaged, None).2.has(Repair::InvalidBytes));
}

#[test]
fn wide_characters_are_known_with_and_without_a_mark() {
    let document = format!("<rss><title>{ARABIC}</title></rss>");
    let wide = |to: fn(u16) -> [u8; 2]| document.encode_utf16().flat_map(to).collect::<Vec<u8>>();
    let wider = |to: fn(u32) -> [u8; 4]| {
        document.chars().flat_map(|c| to(u32::from(c))).collect::<Vec<u8>>()
    };
    for (bytes, mark, label) in [
        (wide(u16::to_le_bytes), &b"\xff\xfe"[..], "utf-16le"),
        (wide(u16::to_be_bytes), b"\xfe\xff", "utf-16be"),
        (wider(u32::to_le_bytes), b"\xff\xfe\0\0", "utf-32le"),
        (wider(u32::to_be_bytes), b"\0\0\xfe\xff", "utf-32be"),
    ] {
        for bytes in [[mark, &bytes].concat(), bytes] {
            let (text, encoding, _) = found(&bytes, Some("text/xml; charset=utf-8"));
            assert_eq!((text.as_str(), encoding), (document.as_str(), label));
        }
    }
    assert_eq!(found("\u{feff}\u{feff}<rss/>".as_bytes(), None).0, "<rss/>");
}

#[test]
fn no_text_is_lost_for_one_byte() {
    let bytes = [ARABIC.as_bytes(), b"\xff", ARABIC.as_bytes()].concat();
    let (text, encoding, repairs) = found(&bytes, None);
    assert_eq!((text, encoding), (format!("{ARABIC}\u{fffd}{ARABIC}"), "utf-8"));
    assert!(repairs.has(Repair::InvalidBytes));
    assert_eq!(
        found(&bytes, Some("text/xml; charset=iso-8859-1")).1,
        "utf-8",
        "falsely claimed besides"
    );
    let (text, _, _) = found(&bytes[..ARABIC.len() - 1], None);
    assert!(text.starts_with("أخبار"), "a character that is cut off");
    let mail = b"<rss>\x1b$BEl5~\x1b(B</rss>";
    assert_eq!(
        found(mail, None),
        ("<rss>東京</rss>".to_owned(), "ISO-2022-JP", Repairs::default())
    );
    assert_eq!(found(mail, Some("text/xml; charset=utf-8")).0, "<rss>東京</rss>");
}

#[test]
fn text_that_was_encoded_twice_is_decoded_twice() {
    let (twice, _, _) = WINDOWS_1252.decode("<rss>é — “quoted”</rss>".as_bytes());
    let (text, _, repairs) = found(twice.as_bytes(), None);
    assert_eq!(
        (text.as_str(), repairs.has(Repair::DoubleEncoding)),
        ("<rss>é — “quoted”</rss>", true)
    );
    let once = "<rss>Ã is a letter, é another, Ã© both</rss>";
    assert_eq!(found(once.as_bytes(), None).0, once);
}

#[test]
fn control_characters_go_or_are_what_windows_meant_by_them() {
    let (text, _, repairs) = found("a\0b\u{8}c\td\u{92}e".as_bytes(), None);
    assert_eq!((text.as_str(), repairs.has(Repair::ControlCharacters)), ("abc\td’e", true));
}
