//! The tables of the in-memory twin.

use std::collections::BTreeMap;

/// One sorted map a table; cloned when written while a snapshot is held, which only tests do.
pub(super) type Tables = [BTreeMap<Vec<u8>, Vec<u8>>; super::TABLES.len()];
