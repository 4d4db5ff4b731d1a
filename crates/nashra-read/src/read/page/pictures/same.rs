//! Recognises a picture under several addresses: sizes, crops and formats of it.

/// The least number of letters and digits of a name that identifies a picture.
const MIN_OWN: usize = 7;

/// The key of a picture, whatever its crop: the name of its file, where that is long enough.
pub(in crate::read::page) fn file_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    let own = file.len() >= 12 && file.bytes().filter(u8::is_ascii_digit).count() >= 3;
    if own { file.to_owned() } else { path.to_owned() }
}

/// Whether two addresses name one picture: by a number or a code that both have in the end of their
/// paths, or by their names without sizes.
pub(in crate::read::page) fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (path(one), path(other));
    stem(&one) == stem(&other) || codes(&one).any(|code| codes(&other).any(|other| code == other))
}

/// The path, where it has another address in it, too.
fn path(url: &str) -> String {
    url.split(['?', '#'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
        .replace("%2f", "/")
        .replace("%2d", "-")
}

/// The file's name without its ending and the sizes behind it: `harbour-1024x768.jpg`,
/// `harbour_w250_r1.webp`.
fn stem(path: &str) -> &str {
    let file = path.rsplit('/').find(|part| part.len() > 4).unwrap_or_default();
    let mut stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    while let Some((rest, last)) = stem.rsplit_once(['-', '_', '='])
        && rest.len() >= MIN_OWN
        && (last == "scaled"
            || last.len() <= 9
                && last.starts_with(|c: char| c.is_ascii_digit() || matches!(c, 'w' | 'h' | 'r'))
                && last[1..].bytes().all(|byte| byte.is_ascii_digit() || byte == b'x'))
    {
        stem = rest;
    }
    stem
}

/// Parts of the last names of a path that are numbers or codes, and no day.
fn codes(path: &str) -> impl Iterator<Item = &str> {
    let names = path.rsplit('/').take(3);
    names.flat_map(|name| name.split(|c: char| !c.is_ascii_alphanumeric())).filter(|part| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let day =
            part.len() == 8 && digits == 8 && (part.starts_with("19") || part.starts_with("20"));
        part.len() >= MIN_OWN && digits >= 4 && !day
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_crops_and_formats_of_a_picture_are_the_same_picture() {
        for (one, other) in [
            (
                "https://x.example/2024/harbour-480x360.jpg",
                "https://x.example/2024/harbour-1024x768.webp",
            ),
            (
                "https://x.example/a/4c113d3e-b078-4dd9_w520.jpg",
                "https://x.example/a/4c113d3e-b078-4dd9_w1280_r1.jpg",
            ),
            (
                "https://x.example/p/16:9/w_1488/643d8573650fe819.jpg",
                "https://x.example/p/643d8573650fe819/w_120/ice.gif",
            ),
        ] {
            assert!(is_same(one, other), "{one} {other}");
        }
        assert!(!is_same(
            "https://x.example/20240102/harbour.jpg",
            "https://x.example/20240102/mountain.jpg"
        ));
    }
}
