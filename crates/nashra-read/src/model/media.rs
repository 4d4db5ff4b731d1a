//! What a file is, by its media type, its address and its first bytes: a picture, or another file
//! that is no page.
//!
//! What must stay true: what has no text that a page could have is never fetched or read as one, and
//! what may be a page is never taken for a file: an address that only looks like one
//! (`/wiki/File:Bell.jpg`) is a page until its answer says otherwise.

use url::Url;

/// A kind of file that is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A picture.
    Picture,
    /// Sound, a film, a document, an archive, a program, a font, a style sheet.
    Other,
}

const PICTURES: &str =
    "jpg jpeg jpe jfif pjpeg png gif webp avif heic heif bmp tif tiff svg ico jxl jp2 apng";
const OTHERS: &str = "mp3 m4a m4b aac ogg oga opus flac wav wma aif aiff amr mid midi mka weba \
mp4 m4v mov avi mkv webm mpg mpeg mpe ogv wmv flv 3gp 3g2 m2ts m3u8 mpd f4v \
pdf doc docx xls xlsx ppt pptx odt ods odp rtf epub mobi azw3 ps djvu \
zip gz tgz bz2 xz zst 7z rar tar iso dmg exe msi apk deb rpm jar bin torrent ics vcf csv \
woff woff2 ttf otf eot swf";

/// The kind of a file of this media type; `None` for types of text and for those that say nothing,
/// such as `application/octet-stream`.
#[must_use]
pub fn of_type(media_type: &str) -> Option<Kind> {
    let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (kind, subtype) = name.split_once('/')?;
    match kind {
        "image" => Some(Kind::Picture),
        "audio" | "video" | "font" | "model" => Some(Kind::Other),
        "text"
            if matches!(subtype, "css" | "javascript" | "calendar" | "vcard" | "csv" | "vtt") =>
        {
            Some(Kind::Other)
        }
        "application" => of_application(subtype),
        _ => None,
    }
}

fn of_application(subtype: &str) -> Option<Kind> {
    match subtype {
        "ogg" | "mp4" | "x-mpegurl" | "vnd.apple.mpegurl" | "dash+xml" | "pdf" | "x-pdf"
        | "msword" | "rtf" | "postscript" | "zip" | "gzip" | "x-gzip" | "epub+zip"
        | "javascript" | "x-javascript" | "wasm" | "java-archive" => Some(Kind::Other),
        _ if subtype.ends_with("xml") || subtype.ends_with("json") => None,
        _ if subtype.starts_with("vnd.") || subtype.starts_with("x-") => Some(Kind::Other),
        _ => None,
    }
}

/// Whether a media type is that of pictures, sound, films or fonts. Nothing else is ever sent as one
/// by mistake, so the body need not be read.
#[must_use]
pub fn is_never_text(media_type: &str) -> bool {
    let kind = media_type.split('/').next().unwrap_or_default().trim();
    let svg =
        media_type.trim_start().get(..9).is_some_and(|name| name.eq_ignore_ascii_case("image/svg"));
    !svg && ["image", "audio", "video", "font"].iter().any(|name| kind.eq_ignore_ascii_case(name))
}

/// The kind of file that an address names by its ending, whatever its query is.
#[must_use]
pub fn of_address(address: &str) -> Option<Kind> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().filter(|name| name.len() < path.len())?;
    let (stem, ending) = name.rsplit_once('.')?;
    if stem.is_empty() || ending.len() > 6 {
        return None;
    }
    let ending = ending.to_ascii_lowercase();
    let is_of = |endings: &str| endings.split_ascii_whitespace().any(|known| known == ending);
    [(PICTURES, Kind::Picture), (OTHERS, Kind::Other)]
        .into_iter()
        .find(|(endings, _)| is_of(endings))
        .map(|(_, kind)| kind)
}

/// The kind of a file by its type, else by its address.
#[must_use]
pub fn of(media_type: Option<&str>, address: &str) -> Option<Kind> {
    media_type.and_then(of_type).or_else(|| {
        let says_nothing = media_type.is_none_or(|name| !name.starts_with("text/"));
        if says_nothing { of_address(address) } else { None }
    })
}

/// Whether an address is that of a file and no page about it: wikis and forges name their pages
/// after files.
#[must_use]
pub fn is_file(address: &Url) -> bool {
    let is_page_about_one = || {
        let path = address.path();
        let name = path.rsplit('/').next().unwrap_or_default();
        name.contains(':')
            || name.to_ascii_lowercase().contains("%3a")
            || ["/blob/", "/wiki/", "/tree/", "/src/"].iter().any(|part| path.contains(part))
    };
    of_address(address.as_str()).is_some() && !is_page_about_one()
}

/// Marks of first boxes, which stand behind the size of the box. That is below 16 MB, so its first
/// byte is zero: `The ftyp box` is text.
const BOXES: [(usize, &[u8], &str); 3] = [
    (4, b"ftyp", "an MPEG-4 file"),
    (4, b"moov", "a QuickTime film"),
    (4, b"mdat", "a QuickTime film"),
];

/// What files begin with: the place of the mark, the mark, and what such a file is.
const SIGNATURES: [(usize, &[u8], &str); 46] = [
    (0, b"%PDF-", "a PDF"),
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (0, b"\0\0\x01\0", "an icon"),
    (0, b"8BPS", "a Photoshop image"),
    (0, b"<svg", "an SVG image"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (0, b"RIFF", "a RIFF file (WebP, WAV, AVI)"),
    (0, b"ID3\x02", "an MP3 file"),
    (0, b"ID3\x03", "an MP3 file"),
    (0, b"ID3\x04", "an MP3 file"),
    (0, b"\xff\xfb", "an MP3 file"),
    (0, b"\xff\xfa", "an MP3 file"),
    (0, b"\xff\xf3", "an MP3 file"),
    (0, b"\xff\xf2", "an MP3 file"),
    (0, b"\xff\xf1", "an AAC file"),
    (0, b"\xff\xf9", "an AAC file"),
    (0, b"OggS", "an Ogg file"),
    (0, b"fLaC", "a FLAC file"),
    (0, b"#!AMR", "an AMR file"),
    (0, b"MThd", "a MIDI file"),
    (8, b"AIFF", "an AIFF file"),
    (8, b"AIFC", "an AIFF file"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska file (WebM)"),
    (0, b"FLV\x01", "a Flash film"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
    (0, b"\0\0\x01\xba", "an MPEG film"),
    (0, b"\0\0\x01\xb3", "an MPEG film"),
    (0, b"#EXTM3U", "a list of media"),
    (0, b"WEBVTT", "subtitles"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (4, b"1AY&SY", "a bzip2 file"),
    (0, b"\xfd7zXZ", "an xz file"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (257, b"ustar", "a tar archive"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document"),
    (0, b"{\\rtf", "an RTF document"),
    (0, b"wOFF", "a font"),
    (0, b"wOF2", "a font"),
    (0, b"\x7fELF", "a program"),
    (0, b"BEGIN:VCALENDAR", "a calendar"),
];

/// What a file is by its first bytes; `None` where they may be text.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> Option<&'static str> {
    let boxes = if bytes.first() == Some(&0) { &BOXES[..] } else { &[] };
    boxes
        .iter()
        .chain(&SIGNATURES)
        .find(|(at, mark, _)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(mark)))
        .map(|(.., what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_file(address: &str) -> bool {
        super::is_file(&Url::parse(address).unwrap())
    }

    #[test]
    fn a_file_is_known_by_its_name_whatever_its_query_is() {
        for file in [
            "https://a.example/ep/9.mp3",
            "https://a.example/ep/9.M4A?source=feed#t=10",
            "https://track.example/redirect.mp3/a.example/9.mp3",
            "https://a.example/report%202026.pdf",
            "https://a.example/i/abc.jpg?width=700",
        ] {
            assert!(is_file(file), "{file}");
        }
        for page in [
            "https://a.example/wiki/File:Bell.jpg",
            "https://commons.example/w/Datei%3ABell.JPG",
            "https://forge.example/p/blob/main/plan.pdf",
            "https://a.example/news/about-node.js",
            "https://a.example/news/version-2.0",
            "https://a.example/show.php?file=9.mp3",
            "https://bell.mp3",
            "https://a.example/.zip/",
            "https://a.example/why-mp3",
        ] {
            assert!(!is_file(page), "{page}");
        }
    }

    #[test]
    fn types_of_files_are_told_from_types_of_text() {
        assert_eq!(of_type("Audio/X-M4A; charset=binary"), Some(Kind::Other));
        assert_eq!(of_type("image/webp"), Some(Kind::Picture));
        assert_eq!(of_type("application/pdf"), Some(Kind::Other));
        assert_eq!(of_type("application/vnd.ms-excel"), Some(Kind::Other));
        for text in [
            "text/html",
            "text/plain; charset=utf-8",
            "application/xhtml+xml",
            "application/octet-stream",
            "application/vnd.wap.xhtml+xml",
            "html",
        ] {
            assert_eq!(of_type(text), None, "{text}");
        }
        assert!(is_never_text("video/mp4") && is_never_text("IMAGE/png"));
        assert!(!is_never_text("image/svg+xml") && !is_never_text("application/pdf"));
    }

    #[test]
    fn bytes_of_files_are_told_from_text_in_any_encoding() {
        let files: [&[u8]; 4] =
            [b"\0\0\0\x20ftypM4A ", b"OggS\0\x02", b"\xff\xfb\x90\x64", b"PK\x03\x04"];
        for file in files {
            assert!(of_bytes(file).is_some(), "{file:?}");
        }
        let texts: [&[u8]; 5] =
            [b"\xff\xfe<\0h\0", b"\xfe\xff\0<", "Öl".as_bytes(), b"ID3 tags", b"The ftyp box"];
        for text in texts {
            assert_eq!(of_bytes(text), None, "{text:?}");
        }
    }
}
