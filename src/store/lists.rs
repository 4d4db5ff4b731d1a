//! How many sources each list of the config gave when it was last taken over: a list that gives none
//! now was emptied or broke off.

use std::collections::BTreeMap;

use super::{Batch, Store, StoreError, engine::Table, from_json, json};

impl Store {
    /// The numbers of sources of the lists that gave some, by the lists' files or addresses.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn list_sizes(&self) -> Result<BTreeMap<String, usize>, StoreError> {
        let row = self.engine.snapshot()?.get(Table::Meta, b"lists")?;
        row.map_or_else(|| Ok(BTreeMap::new()), |row| from_json("meta", &row))
    }

    /// Keeps them instead of those before: durable when it returns.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub async fn keep_list_sizes(&self, sizes: &BTreeMap<String, usize>) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.put(Table::Meta, *b"lists", json(sizes));
        self.engine.commit(batch).await
    }
}
