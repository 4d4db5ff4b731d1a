//! The grammar of media types.

/// Whether a text is a media type (RFC 9110 §8.3.1).
pub(in crate::model) fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    let (name, mut rest) = text.split_at(text.find([';', ' ', '\t']).unwrap_or(text.len()));
    if !name.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype)) {
        return false;
    }
    loop {
        let Some(parameters) = rest.trim_start_matches([' ', '\t']).strip_prefix(';') else {
            return rest.trim_start_matches([' ', '\t']).is_empty();
        };
        let parameter = parameters.trim_start_matches([' ', '\t']);
        if parameter.is_empty() || parameter.starts_with(';') {
            rest = parameter;
            continue;
        }
        let Some((name, value)) = parameter.split_once('=').filter(|(name, _)| token(name)) else {
            return false;
        };
        let end = match value.strip_prefix('"') {
            Some(quoted) => quoted_end(quoted).map(|end| end + 1),
            None => Some(value.find([';', ' ', '\t']).unwrap_or(value.len()))
                .filter(|end| token(&value[..*end])),
        };
        let (Some(end), false) = (end, name.is_empty()) else { return false };
        rest = &value[end..];
    }
}

/// The end of a quoted text, behind its last quote; `text` begins behind the first.
fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            b'\t' | b' '..=b'~' | 0x80.. => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_one_by_its_grammar() {
        for good in [
            "audio/mpeg",
            "image/svg+xml",
            "text/html; charset=utf-8",
            "audio/mp4 ; codecs=\"mp4a.40.2, \\\"x\\\"\";a=b",
            "a/b;",
        ] {
            assert!(is_media_type(good), "{good}");
        }
        for bad in [
            "",
            "audio",
            "audio/",
            "/mpeg",
            "audio/mpeg/x",
            "audio/mpeg, x",
            "<b>/x",
            "a/b;c",
            "a/b; c=\"d",
            "a/b; =d",
            "audio/mpég",
            "a/b c",
        ] {
            assert!(!is_media_type(bad), "{bad}");
        }
    }
}
