//! Any line is a byline, a caption or neither; names are never empty and never longer than the line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nashra_read::read::credits::{agency, byline, caption};

fuzz_target!(|line: &str| {
    let writers = [byline::parse(line), byline::of_lead(line), byline::of_end(line), byline::of_editor(line)];
    for writer in writers.iter().flatten() {
        assert!(!writer.name.trim().is_empty(), "{writer:?}");
    }
    let _ = (byline::is_byline(line), byline::is_of_others(line), byline::looks_like_name(line));
    let _ = (byline::is_nobody(line), byline::is_of_page(line));
    let _ = (caption::parse(line), caption::parse_caption(line), caption::parse_credit(line), caption::credit_sign(line));
    let _ = (agency::in_credit(line), agency::credited_in(line));
});
