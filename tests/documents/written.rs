//! Documents that are made of the code.

use std::{env, fs};

use crate::root;

/// Compares a document with what the code says; with `NASHRA_WRITE_DOCS` it is written anew.
pub(crate) fn hold(path: &str, made: &str, test: &str) {
    let file = root().join(path);
    if env::var_os("NASHRA_WRITE_DOCS").is_some() {
        // Other tests read it meanwhile.
        let beside = file.with_extension("new");
        fs::write(&beside, made).unwrap();
        fs::rename(beside, &file).unwrap();
    }
    let kept = fs::read_to_string(file).unwrap_or_default();
    let line = kept.lines().zip(made.lines()).position(|(kept, made)| kept != made);
    assert!(
        kept == made,
        "{path} is not what the code says, from line {} on. It is made of the code, so change it there; then\n\
         NASHRA_WRITE_DOCS=1 cargo test --test documents {test} writes it anew",
        line.unwrap_or_default() + 1
    );
}
