//! How the value of a field is cut and cleaned, by its type.
//!
//! The value is an [`Item`], an optional one, a list of them, or plain text. The type of an item
//! stands in one file together with how its texts are cut and cleaned.
//!
//! What must stay true: every text of every item is cut and cleaned. A test beside
//! `stages/commit/fit` makes a record from the schema, with all texts too long and full of control
//! characters, so it fails where a text was forgotten.

use chrono::{DateTime, FixedOffset};

use crate::model::clean;

/// A value with parts, or one of a list of values. The defaults are for types that hold only
/// nashra's own words and numbers.
pub(in crate::model) trait Item {
    /// Cuts what is too long; returns whether a list of such items keeps it.
    fn bound(&mut self) -> bool {
        true
    }

    /// Removes what no record may contain; returns whether what is left is of use.
    fn clean(&mut self) -> bool {
        true
    }
}

impl Item for u32 {}
impl Item for DateTime<FixedOffset> {}

/// How the value of a field is cleaned.
pub(in crate::model) trait Clean {
    /// Removes what no record may contain.
    fn clean_value(&mut self);
    /// Empties it where it is a list.
    fn clear_list(&mut self) {}
}

impl<T: Item> Clean for T {
    fn clean_value(&mut self) {
        self.clean();
    }
}

impl<T: Item> Clean for Option<T> {
    fn clean_value(&mut self) {
        self.take_if(|item| !item.clean());
    }
}

impl<T: Item> Clean for Vec<T> {
    fn clean_value(&mut self) {
        self.retain_mut(Item::clean);
    }

    fn clear_list(&mut self) {
        self.clear();
    }
}

impl Clean for Option<String> {
    fn clean_value(&mut self) {
        clean::optional(self);
    }
}

impl Clean for Vec<String> {
    fn clean_value(&mut self) {
        self.iter_mut().for_each(clean::text);
        self.retain(|text| !text.is_empty());
    }

    fn clear_list(&mut self) {
        self.clear();
    }
}
