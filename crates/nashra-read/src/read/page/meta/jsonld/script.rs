//! Parses the scripts of JSON-LD as pages have them: in wrappers for old parsers, with comments,
//! breaks inside strings, commas too many, several objects in one script, or escaped as markup is.

use std::borrow::Cow;

use serde_json::Value;

/// The most objects that stand one behind the other in one script.
const MAX_VALUES: usize = 20;

/// The values of a script. What is right is read as it is; the rest is mended first.
pub(super) fn parse(text: &str) -> Vec<Value> {
    let text = unwrap(text);
    if let Ok(value) = serde_json::from_str(text) {
        return vec![value];
    }
    let plain = if text.contains("&quot;") && !text.contains('"') {
        htmlize::unescape(text)
    } else {
        Cow::Borrowed(text)
    };
    serde_json::Deserializer::from_str(&mend(&plain))
        .into_iter()
        .map_while(Result::ok)
        .take(MAX_VALUES)
        .collect()
}

/// The text without what hides it from parsers of other languages: `<!--`, `//<![CDATA[`,
/// `/*]]>*/`, a semicolon.
fn unwrap(mut text: &str) -> &str {
    const BEFORE: [&str; 6] = ["<!--", "<![CDATA[", "/*", "//", "*/", "\u{feff}"];
    const BEHIND: [&str; 6] = ["-->", "]]>", "/*", "//", "*/", ";"];
    loop {
        text = text.trim_start();
        // A comment with words in it is left for the mender, which knows where it ends.
        let rest = |sign| text.strip_prefix(sign).filter(|rest| is_start(rest));
        let Some(rest) = BEFORE.into_iter().find_map(rest) else { break };
        text = rest;
    }
    // Behind only then: in turns, spaces before the script would be gone through once a sign behind it.
    loop {
        text = text.trim_end();
        let Some(rest) = BEHIND.into_iter().find_map(|sign| text.strip_suffix(sign)) else {
            return text;
        };
        text = rest;
    }
}

/// Whether a script, or a further part of its wrapper, begins here.
fn is_start(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with(['{', '[', '<', '/', '*', '\u{feff}'])
}

/// The JSON that was meant: no comments, no comma before a closing bracket, no control characters
/// and no unknown escapes in strings.
fn mend(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (true, '\\') => match chars.next() {
                Some(next @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u')) => {
                    out.extend([c, next]);
                }
                Some(next) if !next.is_control() => out.push(next),
                _ => out.push(' '),
            },
            (true, c) if c.is_control() => out.push(' '),
            (_, '"') => {
                quoted = !quoted;
                out.push(c);
            }
            (false, '/') if chars.peek() == Some(&'*') => skip_comment(&mut chars),
            (false, '/') if chars.peek() == Some(&'/') => {
                chars.by_ref().take_while(|c| *c != '\n').for_each(drop);
            }
            (false, ']' | '}') => {
                let kept = out.trim_end().trim_end_matches(',').len();
                out.truncate(kept);
                out.push(c);
            }
            // One space is enough, also for the semicolon between two objects.
            (false, c) if c.is_whitespace() || c == ';' => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            (false, ',') if out.trim_end().ends_with([',', '{', '[']) => {}
            _ => out.push(c),
        }
    }
    out
}

/// Skips a comment of a script, up to its end.
fn skip_comment(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    chars.next();
    let mut last = ' ';
    for c in chars {
        if last == '*' && c == '/' {
            break;
        }
        last = c;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_in_every_wrapper() {
        for text in [
            r#"{"a": "b"}"#,
            "//<![CDATA[\n{\"a\": \"b\"}\n//]]>",
            "/*<![CDATA[*/ {\"a\": \"b\"} /*]]>*/",
            "<![CDATA[{\"a\": \"b\"}]]>",
            "<!-- {\"a\": \"b\"} -->",
            "<!--//--><![CDATA[//><!--\n{\"a\": \"b\"}\n//--><!]]>",
            "\u{feff}{\"a\": \"b\"};",
            "// made by a content system\n{\"a\": \"b\"}",
            "/* made by a content system */ {\"a\": \"b\",}",
            "{\"a\": \"b\", /* \"c\": 1, */}",
            "{\"a\": \"b\", // the title\n}",
            "{&quot;a&quot;: &quot;b&quot;}",
        ] {
            assert_eq!(parse(text), [serde_json::json!({"a": "b"})], "{text}");
        }
    }

    #[test]
    fn what_is_wrong_in_strings_is_mended_and_what_is_right_stays() {
        let one = |text: &str| parse(text).remove(0)["a"].as_str().map(str::to_owned);
        assert_eq!(one("{\"a\": \"one\ntwo\"}").unwrap(), "one two");
        assert_eq!(one(r#"{"a": "it\'s",}"#).unwrap(), "it's");
        assert_eq!(one(r#"{"a": "http://x.example/*a*/", }"#).unwrap(), "http://x.example/*a*/");
        assert_eq!(one(r#"{"a": "1, ]",}"#).unwrap(), "1, ]");
    }

    #[test]
    fn many_signs_around_a_script_cost_no_more_than_they_hold() {
        let (many, spaces) = (";".repeat(200_000), " ".repeat(200_000));
        assert_eq!(unwrap(&format!("//{spaces}x{many}")), format!("//{spaces}x"));
        let both = format!("{}{{}}{}", "/*".repeat(200_000), "*/ ".repeat(200_000));
        assert_eq!(unwrap(&both), "{}");
    }

    #[test]
    fn several_objects_in_one_script_are_all_read() {
        let both = [serde_json::json!({"a": 1}), serde_json::json!({"b": 2})];
        assert_eq!(parse(r#"{"a": 1} {"b": 2}"#), both);
        assert_eq!(parse(r#"{"a": 1}; {"b": 2}"#), both);
        // What is read before a break stays.
        assert_eq!(parse(r#"{"a": 1} {"b": "#), both[..1]);
    }
}
