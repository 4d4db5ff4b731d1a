//! Comments, CDATA sections, instructions and document types: where they end, also those whose end
//! is missing.

use memchr::{memchr, memmem};

use super::{Repair, Scanner, ends_name};

const CDATA: &str = "<![CDATA[";

impl Scanner<'_> {
    pub(super) fn instruction(&mut self, at: usize) {
        let end = self.instruction_end.find(self.text, at).map(|end| end + 2);
        // `<?xml version="1.0">`
        let first = memchr(b'<', &self.text.as_bytes()[at + 1..])
            .map_or(self.text.len(), |next| at + 1 + next);
        let unended = || memchr(b'>', &self.text.as_bytes()[at..first]).map(|end| at + end + 1);
        self.at =
            end.filter(|end| *end <= first).or_else(unended).or(end).unwrap_or(self.text.len());
    }

    pub(super) fn declaration(&mut self, at: usize, within: &str) {
        let rest = &self.text[at..];
        if rest.starts_with(CDATA) {
            self.at = at + self.cdata_length(at, within);
        } else if rest.starts_with("<!--") {
            let end = self.comment_end.find(self.text, at + 4);
            if end.is_none() {
                self.repairs.add(Repair::UnclosedSection);
            }
            // A comment that the end of the file cuts off hides what is in it; one that was never
            // closed hides nothing.
            let unended = if self.whole { at + 4 } else { self.text.len() };
            self.at = end.map_or(unended, |end| end + 3);
        } else if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!DOCTYPE")) {
            self.at = at + self.entities.doctype(rest);
        } else {
            self.at = at + 2;
        }
    }

    /// The length of the CDATA section at `at`.
    fn cdata_length(&mut self, at: usize, within: &str) -> usize {
        let rest = &self.text[at..];
        let end = self.cdata_end.find(self.text, at).map(|end| end - at);
        let section = end.map_or(rest, |end| &rest[..end]);
        if end.is_some()
            && memmem::find(&section.as_bytes()[CDATA.len()..], CDATA.as_bytes()).is_none()
        {
            return section.len() + 3;
        }
        // It swallows the next one, or all that follows: its element's end tag ends it.
        let own = (!within.is_empty()).then(|| find_end_tag(section, within)).flatten();
        let before_next = |place: &usize| {
            end.is_none()
                || memmem::find(&section.as_bytes()[CDATA.len()..*place], CDATA.as_bytes())
                    .is_none()
        };
        match (own.filter(before_next), end) {
            (Some(own), _) => {
                self.repairs.add(Repair::UnclosedSection);
                own
            }
            (None, Some(end)) => end + 3,
            (None, None) => {
                self.repairs.add(Repair::UnclosedSection);
                rest.len()
            }
        }
    }
}

/// Whether the last tag is the end of a feed.
pub(super) fn end_like_a_feed(text: &str) -> bool {
    let last = text.rsplit_once("</").and_then(|(_, tag)| tag.trim_ascii_end().strip_suffix('>'));
    let local = last.and_then(|last| last.trim_ascii_end().rsplit(':').next()).unwrap_or_default();
    ["rss", "feed", "rdf", "channel"].iter().any(|root| root.eq_ignore_ascii_case(local))
}

/// The offset of the first `</name`.
fn find_end_tag(text: &str, name: &str) -> Option<usize> {
    memmem::find_iter(text.as_bytes(), b"</").find(|at| {
        let rest = &text.as_bytes()[at + 2..];
        rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
            && rest.get(name.len()).is_none_or(|byte| ends_name(*byte))
    })
}
