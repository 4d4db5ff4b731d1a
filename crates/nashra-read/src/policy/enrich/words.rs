//! How many words the text has.

use crate::{
    model::{content::Content, page::Evidence},
    text,
};

pub(super) fn enrich(content: &mut Content, _: &Evidence) {
    content.word_count = text::word_count(content.text.as_deref().unwrap_or_default());
}
