//! Language, script and direction: the text's own letters and small words, with the publisher's
//! claim as evidence.

use crate::{
    model::{content::Content, page::Evidence},
    read::language,
};

pub(super) fn enrich(content: &mut Content, evidence: &Evidence) {
    let text = content.text.as_deref().unwrap_or_default();
    (content.language, content.script, content.direction) =
        language::detect(text, evidence.language.as_deref());
}
