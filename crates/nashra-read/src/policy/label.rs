//! Labels: what an article is about, by rules of the operator's own. A rule names words and phrases,
//! and what else must hold: the language, tags of the source, the country of the site, the role in
//! the story. All words of all rules are looked for in one pass.
//!
//! What must stay true: the labels of an article depend on the article and the rules alone. Time is
//! linear in the text and in what is found; a word that stands in it a thousand times is looked at
//! until each rule that has it is content.

mod edges;
mod matches;
mod rule;
mod site;
mod term;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, MatchKind};

use self::{edges::Edges, term::Needle};
pub use self::{
    matches::LabelInput,
    rule::{Country, LabelFields, LabelName, LabelRule, LanguageRange, StoryPart},
    term::Term,
};
pub(in crate::policy) use self::{rule::Scope, site::country};

/// The most words and phrases of all rules: some 300 bytes of memory each.
pub const MAX_TERMS: usize = 1_000_000;
/// The most rules.
pub const MAX_RULES: usize = 100_000;
/// The most labels of a record; of more, the first in alphabetical order are given.
pub const MAX_LABELS: usize = 200;

/// What a word is to its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Demand {
    /// One of these must be there.
    Any,
    /// Each of these must be there.
    All,
    /// None of these may be there.
    None,
}

/// A word or phrase of a rule.
#[derive(Debug)]
struct Use {
    rule: u32,
    demand: Demand,
    edges: Edges,
    /// As the operator wrote it.
    written: Box<str>,
}

/// A rule whose words are in the list of all words.
#[derive(Debug)]
struct PreparedRule {
    rule: LabelRule,
    /// How many words must all be there.
    needs: usize,
    /// Whether one of several words must be there.
    needs_any: bool,
}

/// All rules, ready to be applied.
#[derive(Debug, Default)]
pub struct Labels {
    rules: Vec<PreparedRule>,
    /// Rules without a word that must be there, which hold of articles in which nothing is found.
    wordless: Vec<u32>,
    /// Finds all needles at once; `None` where there are none.
    finder: Option<AhoCorasick>,
    /// The words and phrases, those with the same needle beside each other.
    uses: Vec<Use>,
    /// Where the uses of each needle begin; one more stands at the end.
    first_uses: Vec<u32>,
    /// The fields that at least one rule looks at.
    fields: LabelFields,
}

/// Why rules cannot be applied together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelsError {
    /// There are too many.
    #[error("{0} rules for labels: at most {MAX_RULES}")]
    Rules(usize),
    /// They have too many words.
    #[error("{0} words and phrases in the rules for labels: at most {MAX_TERMS}")]
    Terms(usize),
    /// The words are too long altogether.
    #[error("the words of the rules for labels: {0}")]
    Finder(String),
}

impl From<BuildError> for LabelsError {
    fn from(error: BuildError) -> Self {
        Self::Finder(error.to_string())
    }
}

impl Labels {
    /// Prepares rules; one label may have several.
    ///
    /// # Errors
    /// Where there are more rules or words than [`MAX_RULES`] and [`MAX_TERMS`].
    pub fn new(rules: Vec<LabelRule>) -> Result<Self, LabelsError> {
        let terms = rules.iter().map(LabelRule::term_count).sum();
        if rules.len() > MAX_RULES {
            return Err(LabelsError::Rules(rules.len()));
        }
        if terms > MAX_TERMS {
            return Err(LabelsError::Terms(terms));
        }
        let mut prepared = Preparing::default();
        prepared.needles.reserve(terms);
        for rule in rules {
            prepared.add(rule);
        }
        let Preparing { rules, wordless, mut needles, fields } = prepared;
        needles.sort_by(|(one, _), (other, _)| one.cmp(other));
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let (mut patterns, mut uses, mut first_uses) =
            (Vec::<String>::new(), Vec::with_capacity(terms), Vec::new());
        for (needle, of) in needles {
            if patterns.last() != Some(&needle) {
                first_uses.push(place(uses.len()));
                patterns.push(needle);
            }
            uses.push(of);
        }
        first_uses.push(place(uses.len()));
        let finder = (!patterns.is_empty()).then(|| finder(&patterns)).transpose()?;
        Ok(Self { rules, wordless, finder, uses, first_uses, fields })
    }

    /// The number of rules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are no rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The number of words and phrases.
    #[must_use]
    pub fn terms(&self) -> usize {
        self.uses.len()
    }

    /// The uses of a needle, by their places in the list.
    fn uses_of(&self, needle: usize) -> impl Iterator<Item = (u32, &Use)> {
        let bound = |at: usize| self.first_uses.get(at).copied().unwrap_or(0);
        let (start, end) = (bound(needle), bound(needle + 1));
        let uses = self.uses.get(start as usize..end as usize).unwrap_or_default();
        (start..).zip(uses)
    }
}

/// Rules that are being prepared.
#[derive(Default)]
struct Preparing {
    rules: Vec<PreparedRule>,
    wordless: Vec<u32>,
    needles: Vec<(String, Use)>,
    fields: LabelFields,
}

impl Preparing {
    fn add(&mut self, mut rule: LabelRule) {
        let index = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        self.fields = self.fields.with(rule.fields);
        let (needs, needs_any) = (rule.all.len(), !rule.any.is_empty());
        if needs == 0 && !needs_any {
            self.wordless.push(index);
        }
        for (demand, terms) in [
            (Demand::Any, std::mem::take(&mut rule.any)),
            (Demand::All, std::mem::take(&mut rule.all)),
            (Demand::None, std::mem::take(&mut rule.none)),
        ] {
            self.needles.extend(terms.into_iter().map(|term| {
                let Needle { text, edges } = term.needle(rule.prefixes);
                (text, Use { rule: index, demand, edges, written: term.into_written() })
            }));
        }
        self.rules.push(PreparedRule { rule, needs, needs_any });
    }
}

/// The automaton that finds all needles, also where they overlap.
fn finder(needles: &[String]) -> Result<AhoCorasick, BuildError> {
    AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .dense_depth(4)
        .build(needles)
}

#[cfg(test)]
mod tests;
