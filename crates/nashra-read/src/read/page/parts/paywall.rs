//! Notices that a text goes on for subscribers: what they say of the article, and that they are
//! none of its text.
//!
//! A notice stands at the end of a text. The box around it, with what is offered there, is out as a
//! whole; where metadata say that the article is paid for, so is a last box with a button.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;

use super::PartBuilder;
use crate::{
    html::{NodeId, Tag},
    text,
};

/// Lines of a text's end, and behind it, in which a notice is looked for.
const END_LINES: usize = 8;
/// The longest line of a notice, in bytes.
const MAX_LINE: usize = 300;
/// The largest weight of all lines in the box around a notice.
const MAX_BOX: u32 = 700;
/// The most elements around a notice that may be its box.
const MAX_AROUND: usize = 6;
/// The most nodes of a box that are read.
const MAX_NODES: usize = 300;

static PHRASES: LazyLock<Option<Phrases>> = LazyLock::new(Phrases::load);

/// All phrases of notices, looked for in one pass.
struct Phrases {
    finder: AhoCorasick,
    /// What each phrase says.
    kinds: Vec<PhraseKind>,
}

#[derive(Clone, Copy)]
enum PhraseKind {
    Only,
    More,
    Offer,
}

impl Phrases {
    fn load() -> Option<Self> {
        let table = include_str!("paywall/words.txt");
        let kinds =
            [("only", PhraseKind::Only), ("more", PhraseKind::More), ("offer", PhraseKind::Offer)];
        let (phrases, kinds): (Vec<_>, Vec<_>) = kinds
            .into_iter()
            .flat_map(|(name, kind)| text::listed(table, name).map(move |phrase| (phrase, kind)))
            .unzip();
        let finder = AhoCorasick::new(phrases).ok()?;
        Some(Self { finder, kinds })
    }
}

/// What a line of a notice says.
#[derive(Debug, Clone, Copy, Default)]
struct Notice {
    /// That the article is for subscribers.
    only: bool,
    /// That it goes on for them.
    more: bool,
    /// What they are offered.
    offer: bool,
}

impl Notice {
    fn read(line: &str) -> Self {
        if line.len() > MAX_LINE {
            return Self::default();
        }
        let (lower, mut notice) = (text::lower(line), Self::default());
        let Some(phrases) = PHRASES.as_ref() else { return notice };
        for found in phrases.finder.find_overlapping_iter(lower.as_ref()) {
            if stands_alone(&lower, found.range()) {
                match phrases.kinds[found.pattern().as_usize()] {
                    PhraseKind::Only => notice.only = true,
                    PhraseKind::More => notice.more = true,
                    PhraseKind::Offer => notice.offer = true,
                }
            }
        }
        notice
    }
}

/// Whether words of a line are no parts of longer ones.
fn stands_alone(line: &str, words: Range<usize>) -> bool {
    let (before, rest) = line.split_at(words.start);
    let (words, after) = rest.split_at(words.len());
    // Thai and the scripts of East Asia have no spaces between words.
    let spaced = |c: char| c.is_alphanumeric() && u32::from(c) < 0xe00;
    let joined = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(spaced) && outer.is_some_and(spaced)
    };
    !joined(words.chars().next(), before.chars().next_back())
        && !joined(words.chars().next_back(), after.chars().next())
}

impl PartBuilder<'_, '_> {
    /// Takes notices out of the end of the text, and notes what they say.
    pub(super) fn paywall(&mut self, first: usize) {
        let text: Vec<usize> = (first..self.span.to).filter(|at| self.is_text(*at)).collect();
        let Some(last) = text.last().copied() else { return };
        // The first line of a text is no notice at its end, though a teaser may have no other.
        let from = text[text.len().saturating_sub(END_LINES).max(1).min(text.len() - 1)];
        let notices: Vec<(usize, Notice)> = (from..self.span.to.min(last + END_LINES))
            .filter(|at| *at > text[0] && self.is_brief(*at))
            .map(|at| (at, Notice::read(self.line(at))))
            .collect();
        let offered = notices.iter().any(|(_, notice)| notice.offer);
        // Beside the text it may be meant of another article, unless something is offered there.
        let found = notices
            .iter()
            .find(|(at, notice)| (notice.only || notice.more) && (self.is_text(*at) || offered));
        if let Some((at, _)) = found.copied() {
            self.content.quality.paywalled = true;
            self.content.quality.truncated |= notices.iter().any(|(_, notice)| notice.more);
            self.take_out(at, &text);
        } else if self.content.quality.paywalled
            && let Some(at) = text[1..]
                .iter()
                .copied()
                .filter(|at| *at >= from)
                .find(|at| self.has_button(*at, &text))
        {
            self.take_out(at, &text);
        }
        // What is offered is a notice only beside one.
        if self.content.quality.paywalled {
            let offers: Vec<usize> = notices
                .iter()
                .rev()
                .filter(|(at, _)| self.is_text(*at))
                .take_while(|(_, notice)| notice.offer)
                .map(|(at, _)| *at)
                .collect();
            self.used.extend(offers);
        }
    }

    fn is_brief(&self, at: usize) -> bool {
        self.view.measured.weight[at] < MAX_BOX / 2
    }

    /// Takes a line out with the box around it.
    fn take_out(&mut self, at: usize, text: &[usize]) {
        self.used.insert(at);
        if let Some(around) = self.box_around(at, text) {
            let inside = text
                .iter()
                .copied()
                .filter(|line| self.view.tree.within(self.view.lines.lines[*line].first, around));
            self.used.extend(inside.collect::<Vec<_>>());
        }
    }

    /// The largest element around a line that holds none of the text before it, and little text.
    fn box_around(&self, at: usize, text: &[usize]) -> Option<NodeId> {
        let (tree, lines) = (self.view.tree, &self.view.lines.lines);
        let before = text.iter().rev().find(|line| **line < at).map(|line| lines[*line].first);
        let around = std::iter::once(lines[at].block).chain(tree.ancestors(lines[at].block));
        around
            .take(MAX_AROUND)
            .take_while(|node| before.is_none_or(|before| !tree.within(before, *node)))
            .take_while(|node| {
                let inside = text.iter().filter(|line| tree.within(lines[**line].first, *node));
                inside.map(|line| self.view.measured.weight[*line]).sum::<u32>() < MAX_BOX
            })
            .last()
    }

    /// Whether the box around a line has a button or a field in it.
    fn has_button(&self, at: usize, text: &[usize]) -> bool {
        let tree = self.view.tree;
        self.box_around(at, text).is_some_and(|around| {
            tree.descendants(around)
                .take(MAX_NODES)
                .any(|node| matches!(tree.tag(node), Tag::Button | Tag::Form | Tag::Input))
        })
    }
}
