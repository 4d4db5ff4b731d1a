//! Commit numbers in the tables, by which a loss in one of them is noticed.
//!
//! Commits are numbered. A commit writes its number into each table that it touches (as a row after
//! all others), and into `meta` which tables it touched and which commit touched each of them
//! before. So wherever a table or a journal has lost something, a number is missing: a table is
//! older than `meta` says, there is a gap between two journals, or they end before the commit that
//! the manifest names.
//!
//! What must stay true: these rows are written in the batch of their commit, and no reader of a
//! table sees its mark.

use super::{TABLES, Table};
use crate::store::StoreError;

/// The key of a table's mark: behind every other key of every table.
pub(super) const MARK: [u8; 32] = [0xff; 32];
/// The key of the row in `meta`.
pub(super) const COMMITS: &[u8] = b"\0commits";

const COUNT: usize = TABLES.len();
const LENGTH: usize = 8 + 8 + 4 + 8 * COUNT;

/// The last commit, and which tables it and those before it touched. 0 is no commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Commits {
    /// Its number, from 1.
    pub(super) number: u64,
    /// The engine gives it this sequence number or a slightly higher one.
    pub(super) seqno: u64,
    touched: u32,
    before: [u64; COUNT],
}

impl Commits {
    /// The last commit that touched each table.
    pub(super) fn after(&self) -> [u64; COUNT] {
        let mut after = self.before;
        for (table, last) in after.iter_mut().enumerate() {
            if self.touches(table) {
                *last = self.number;
            }
        }
        after
    }

    /// The last commit before this one that touched each table.
    pub(super) fn before(&self) -> [u64; COUNT] {
        self.before
    }

    /// A commit of which only the number is known.
    pub(super) fn new(number: u64) -> Self {
        Self { number, ..Self::default() }
    }

    /// The commit after this one.
    pub(super) fn next(&self, tables: impl Iterator<Item = Table>, seqno: u64) -> Self {
        let touched = tables.fold(1 << Table::Meta as u32, |all, table| all | 1 << table as u32);
        Self { number: self.number + 1, seqno, touched, before: self.after() }
    }

    /// Whether it touched the table with this place in [`TABLES`].
    pub(super) fn touches(&self, table: usize) -> bool {
        self.touched & (1 << table) != 0
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(LENGTH);
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.seqno.to_be_bytes());
        out.extend_from_slice(&self.touched.to_be_bytes());
        self.before.iter().for_each(|before| out.extend_from_slice(&before.to_be_bytes()));
        out
    }

    /// A store that an older program made has fewer tables, and said in two bytes which were touched.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let wrong = || StoreError::damaged("meta", "the numbers of the commits");
        let (number, rest) = bytes.split_first_chunk().ok_or_else(wrong)?;
        let (seqno, rest) = rest.split_first_chunk().ok_or_else(wrong)?;
        let (touched, rest) = match rest.len() % 8 {
            2 => {
                rest.split_first_chunk().map(|(two, rest)| (u16::from_be_bytes(*two).into(), rest))
            }
            4 => rest.split_first_chunk().map(|(four, rest)| (u32::from_be_bytes(*four), rest)),
            _ => None,
        }
        .ok_or_else(wrong)?;
        let (tables, rest) = rest.as_chunks::<8>();
        if !rest.is_empty() || tables.len() > COUNT {
            return Err(wrong());
        }
        let mut before = [0; COUNT];
        for (last, bytes) in before.iter_mut().zip(tables) {
            *last = u64::from_be_bytes(*bytes);
        }
        let (number, seqno) = (u64::from_be_bytes(*number), u64::from_be_bytes(*seqno));
        Ok(Self { number, seqno, touched, before })
    }
}

/// The number in a mark; none is no commit.
pub(super) fn decode_mark(bytes: Option<&[u8]>) -> Result<u64, StoreError> {
    let number = |bytes: &[u8]| {
        bytes
            .try_into()
            .map(u64::from_be_bytes)
            .map_err(|_| StoreError::damaged("meta", "the mark of a table"))
    };
    bytes.map_or(Ok(0), number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_commit_knows_what_it_and_those_before_it_touched() {
        let first = Commits::default().next([Table::Seen, Table::Pending].into_iter(), 7);
        let second = first.next([Table::Pending].into_iter(), 9);
        let last = |commits: &Commits, table: Table| commits.after()[table as usize];
        assert_eq!(
            (last(&second, Table::Meta), last(&second, Table::Seen), last(&second, Table::Pending)),
            (2, 1, 2)
        );
        assert_eq!(
            (second.before()[Table::Pending as usize], last(&second, Table::Outbox)),
            (1, 0)
        );
        assert_eq!(Commits::decode(&second.encode()).unwrap(), second);
        assert!(Commits::decode(&second.encode()[1..]).is_err());
        // As a program with sixteen tables at most wrote it.
        let mut older = second.encode();
        older.drain(16..18);
        older.truncate(8 + 8 + 2 + 8 * 15);
        assert_eq!(Commits::decode(&older).unwrap(), second);
    }
}
