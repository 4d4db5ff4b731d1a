//! One integration binary: everything here uses real sockets and real files.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod fetch;
