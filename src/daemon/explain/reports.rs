//! What checks, exports and repairs of the store report, in words.

use std::{fmt::Write as _, path::Path};

use crate::store::{CheckReport, RepairReport};

/// The report of a check as text.
#[must_use]
pub fn checked(found: &CheckReport) -> String {
    let mut out = format!("store {}\n", found.id);
    for (table, rows) in &found.rows {
        writeln!(out, "{table}\t{rows}").ok();
    }
    let ((records, bytes), (acked, epoch)) = (found.waiting, found.acked);
    write!(
        out,
        "outbox\t{records} records wait, {bytes} bytes; {acked} acknowledged in epoch {epoch}"
    )
    .ok();
    out
}

/// The report of an export as text.
#[must_use]
pub fn exported(rows: u64, to: &Path) -> String {
    format!(
        "{rows} rows in {}: `nashra state restore` puts them into a data directory without a store",
        to.display()
    )
}

/// The report of a repair as text.
#[must_use]
pub fn repaired(repaired: &RepairReport) -> String {
    let mut out = format!(
        "{} rows are kept. The damaged files are in {}.\n",
        repaired.rows,
        repaired.damaged.display()
    );
    match repaired.told.as_slice() {
        [] => out.push_str("Nothing was lost."),
        told => {
            out.push_str("Lost or mended:");
            for message in told {
                write!(out, "\n- {message}").ok();
            }
        }
    }
    out
}
