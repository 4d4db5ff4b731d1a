//! Finds what is around a text: the deck and the writers.

use super::{MAX_DECK, PartBuilder, day};
use crate::{
    html::Tag,
    model::record::{Byline, Origin},
    read::{
        credits::byline,
        page::{hints, writers},
    },
    text::{collapse, fold},
};

/// Lines between a headline and the text in which the deck and the writers are looked for.
const HEAD_LINES: usize = 30;
/// Lines behind the first and the last one of a text in which its writers are looked for.
const WRITERS_LINES: usize = 8;
/// Lines above a headline in which its day is looked for, and a name beside it.
const DAY_LINES: usize = 4;
/// Names of elements whose days and names are not the article's.
const NOBODY: hints::Hints =
    hints::COMMENTS | hints::NAVIGATION | hints::ADS | hints::SELLING | hints::OTHERS;
/// Lines of a text by which a name is told from a heading.
const TEXT_LINES: usize = 60;
/// Lines at the end of a text in which credits and notes of rights are looked for.
const END_LINES: usize = 4;
/// The weight below which a line above the lead picture is a deck and no paragraph.
const SHORT_DECK: u32 = 160;
/// The longest note of rights, in characters.
const MAX_RIGHTS: usize = 120;

/// The lines by which writers are looked for.
#[derive(Debug, Clone, Copy)]
struct NearText {
    /// The line after the headline, or a few above the text where there is none.
    from: usize,
    /// The first line of the text.
    first: usize,
    /// The last line of the text.
    last: usize,
}

impl PartBuilder<'_, '_> {
    /// Finds the deck between headline and text: by its place before the element with the
    /// paragraphs.
    pub(super) fn deck(&mut self, first: usize) {
        let from = self.span.headline.map_or(first.saturating_sub(6), |headline| headline + 1);
        if self.content.subtitle.is_none() {
            let second = (first + 1..self.span.to).find(|line| self.is_text(*line));
            let before = (from..first.min(from + HEAD_LINES))
                .find(|line| self.deck_like(*line) && self.hinted(*line, hints::DECK));
            let apart = second.is_some_and(|second| {
                first < self.span.to && self.deck_like(first) && self.stands_apart(first, second)
            });
            let at = before.or_else(|| apart.then_some(first));
            self.content.subtitle = at.map(|at| self.line(at).to_owned());
        }
        if let Some(deck) = self.content.subtitle.as_deref().map(fold) {
            let end = self.span.to.min(first + 3);
            self.used.extend(
                (from..end).filter(|end| fold(self.line(*end)) == deck).collect::<Vec<_>>(),
            );
        }
    }

    fn deck_like(&self, at: usize) -> bool {
        let (line, weight) = (&self.view.lines.lines[at], self.view.measured.weight[at]);
        (25..MAX_DECK).contains(&weight)
            && line.linked * 4 < line.chars.max(1)
            && !byline::is_byline(self.line(at))
            && day::of_short_line(self.line(at)).is_none()
    }

    fn hinted(&self, at: usize, hint: hints::Hints) -> bool {
        let block = self.block_of(at);
        (self.view.measured.own[block as usize]
            | self.view.measured.own[self.view.tree.parent(block) as usize])
            & hint
            != 0
    }

    /// Whether a first line is set apart from the paragraph after it: a heading, or named a deck.
    fn stands_apart(&self, at: usize, next: usize) -> bool {
        let tree = self.view.tree;
        let heading = tree.tag(self.block_of(at)).heading_level().is_some();
        let same_parent = tree.parent(self.block_of(at)) == tree.parent(self.block_of(next));
        heading && self.view.measured.weight[at] > 40
            || self.stands_above_picture(at, next)
            || self.hinted(at, hints::DECK)
                && (!same_parent || self.view.measured.looks[at] != self.view.measured.looks[next])
    }

    /// Whether a first line directly below the headline is short and has a picture below it.
    fn stands_above_picture(&self, at: usize, next: usize) -> bool {
        let (line, pictures) = (&self.view.lines.lines[at], &self.view.lines.pictures);
        let from = pictures.partition_point(|picture| picture.node < line.last);
        self.span.headline.is_some_and(|headline| headline + 1 == at)
            && self.view.measured.weight[at] < SHORT_DECK
            && pictures.get(from).is_some_and(|picture| (at + 1..=next).contains(&picture.before))
    }

    pub(super) fn byline(&mut self, first: usize) {
        let own = self.span.holder == 0;
        let known = !self.content.bylines.is_empty();
        if known && (!own || !self.view.meta.anonymous) {
            return;
        }
        let near = NearText {
            from: self.span.headline.map_or(first.saturating_sub(8), |headline| headline + 1),
            first,
            last: (first..self.span.to).rev().find(|line| self.is_text(*line)).unwrap_or(first),
        };
        let mut names = self.marked_writers(near);
        if names.is_empty()
            && let Some((at, signed)) = self.signed_line(near)
        {
            self.used.insert(at);
            names = signed;
        }
        if names.is_empty() {
            names = self.bold_names(near);
        }
        if names.is_empty() {
            names = self.names_beside_day(near);
        }
        if names.is_empty() {
            names = self.names_in_text(near);
        }
        if !names.is_empty() {
            self.content.bylines = names;
            self.content.provenance.bylines = Some(Origin::Dom);
        }
    }

    /// The writers in elements that are made for them, above the text or else below it.
    fn marked_writers(&self, near: NearText) -> Vec<Byline> {
        let NearText { from, first, last } = near;
        let node = |at: usize| {
            self.view.lines.lines.get(at).map_or(self.view.tree.len(), |line| line.first)
        };
        let head = node(from.saturating_sub(4).max(self.span.from))
            ..node(self.span.to.min(first + WRITERS_LINES));
        let foot = node(last)..node(self.span.to.min(last + WRITERS_LINES));
        [head, foot]
            .into_iter()
            .map(|nodes| self.apart_from_site(writers::shown(self.view, nodes)))
            .find(|names| !names.is_empty())
            .unwrap_or_default()
    }

    /// The first line that reads as a byline, with its place.
    fn signed_line(&self, near: NearText) -> Option<(usize, Vec<Byline>)> {
        let NearText { from, first, last } = near;
        let lines = (from..first.min(from + HEAD_LINES))
            .chain(first..self.span.to.min(first + 3))
            .chain(last.max(first + 3)..self.span.to.min(last + WRITERS_LINES));
        let signed = |at: usize| {
            let line = self.line(at);
            line.chars().count() < 160
                && (byline::is_byline(line)
                    || at <= first && self.hinted(at, hints::META) && writers::is_one(line))
        };
        lines
            .filter(|at| signed(*at))
            .map(|at| (at, self.apart_from_site(byline::parse(self.line(at)))))
            .find(|(_, names)| !names.is_empty())
    }

    /// The names in a bold line of their own at the beginning or the end of the text. A name has no
    /// words that the text writes small: those of a heading do.
    fn bold_names(&self, near: NearText) -> Vec<Byline> {
        let NearText { from, first, last } = near;
        let (lines, tree) = (&self.view.lines.lines, self.view.tree);
        let parent = |at: usize| lines.get(at).map(|line| tree.parent(line.block));
        let beside = |at: usize| self.is_text(at) || parent(at) == parent(last);
        let bold = |at: &usize| {
            lines[*at].stressed == lines[*at].chars
                && beside(*at)
                && tree.tag(lines[*at].block).heading_level().is_none()
        };
        let ends = (first.saturating_sub(2).max(from)..self.span.to.min(first + 3))
            .chain(last.saturating_sub(1).max(first + 3)..self.span.to.min(last + 3));
        ends.filter(bold)
            .map(|at| self.apart_from_site(writers::alone(self.line(at))))
            .find(|names| self.are_names(names, near))
            .unwrap_or_default()
    }

    /// The names that stand alone in the line of a day in the article's head, or in one beside it.
    /// Links there lead to sections.
    fn names_beside_day(&self, near: NearText) -> Vec<Byline> {
        let NearText { from, first, .. } = near;
        let start = from.saturating_sub(DAY_LINES).max(self.span.from);
        let head = start..(first + 3).min(from + HEAD_LINES).min(self.span.to);
        let dated = |at: usize| day::of_short_line(self.line(at)).is_some();
        let lines = &self.view.lines.lines;
        let plain = |at: &usize| {
            let block = lines[*at].block;
            lines[*at].linked == 0
                && !self.is_text(*at)
                && self.view.tree.tag(block).heading_level().is_none()
                // What a list of facts has, or what can be pressed.
                && !matches!(self.view.tree.tag(block), Tag::Dt | Tag::Dd)
                && self.view.tree.ancestors(lines[*at].first).all(|node| self.view.tree.tag(node) != Tag::Button)
                && self.view.measured.all[block as usize] & NOBODY == 0
                && (at.saturating_sub(1).max(start)..(at + 2).min(head.end)).any(dated)
        };
        let names = |at: usize| {
            let mut names = writers::alone(self.line(at));
            names.retain(|byline| self.is_one_text(at, &byline.name));
            self.apart_from_site(names)
        };
        head.clone()
            .filter(plain)
            .map(names)
            .find(|names| self.are_names(names, near))
            .unwrap_or_default()
    }

    /// Whether one node of a line has a name, and none of it is set in capitals alone.
    fn is_one_text(&self, at: usize, name: &str) -> bool {
        let (tree, line) = (self.view.tree, &self.view.lines.lines[at]);
        let mut nodes = (line.first..=line.last).filter(|node| tree.tag(*node) == Tag::Text);
        let large = |word: &str| {
            word.trim_end_matches('.').len() > 1 && !word.chars().any(char::is_lowercase)
        };
        let capitals = name.is_ascii() && name.split(' ').any(large);
        let mut one = || nodes.any(|node| collapse(&tree.text(node)).contains(name));
        !capitals && !day::is_label(name) && one()
    }

    /// Whether there are names, and the text writes none of their words small, as it does those of
    /// a heading.
    fn are_names(&self, names: &[Byline], near: NearText) -> bool {
        let names: Vec<String> = names.iter().map(|byline| byline.name.to_lowercase()).collect();
        let parts = || names.iter().flat_map(|name| name.split(' '));
        let written = |at: usize| {
            let mut words = self.line(at).split(|c: char| !c.is_alphanumeric());
            words.any(|word| word.len() > 2 && parts().any(|part| part == word))
        };
        !names.is_empty() && !(near.first..=near.last.min(near.first + TEXT_LINES)).any(written)
    }

    /// The writers that the first or the last line of the text names within itself.
    fn names_in_text(&self, near: NearText) -> Vec<Byline> {
        if near.first >= self.span.to {
            return Vec::new();
        }
        let lead = byline::of_lead(self.line(near.first));
        let end = (near.first..=near.last).rev().filter(|at| self.is_text(*at)).take(END_LINES);
        // Where nobody else is named the editor answers for a text in Chinese.
        let below = near.last..self.span.to.min(near.last + WRITERS_LINES);
        Some(lead)
            .into_iter()
            .chain(end.map(|at| byline::of_end(self.line(at))))
            .chain(below.map(|at| byline::of_editor(self.line(at))))
            .find(|names| !names.is_empty())
            .unwrap_or_default()
    }

    /// Takes lines out of the end of the text that only name others than its writers, an address
    /// for letters, or who holds the rights.
    pub(super) fn foot(&mut self, first: usize) {
        let lines: Vec<usize> = (first + 1..self.span.to)
            .rev()
            .filter(|at| self.is_text(*at))
            .take(END_LINES)
            .collect();
        for at in lines {
            let line = self.line(at);
            if !byline::is_of_others(line) && !is_address(line) && !is_of_rights(line) {
                break;
            }
            self.used.insert(at);
        }
    }

    /// Without the site, which stands beside its writers; it stays where it stands in their place,
    /// unless the metadata name it already.
    fn apart_from_site(&self, mut names: Vec<Byline>) -> Vec<Byline> {
        let of_site = |byline: &Byline| {
            writers::is_site(
                &byline.name,
                [self.view.meta.site_name.as_deref(), None],
                self.view.base.host_str().unwrap_or_default(),
            )
        };
        let known = !self.content.bylines.is_empty();
        if known || !names.iter().all(of_site) {
            names.retain(|name| !of_site(name));
        }
        names
    }
}

/// Whether a line is an e-mail address and nothing else.
fn is_address(line: &str) -> bool {
    line.len() <= 80 && line.contains('@') && !line.contains(' ') && line.contains('.')
}

/// Whether a short line says who holds the rights.
fn is_of_rights(line: &str) -> bool {
    const WORDS: [&str; 8] = [
        "ⓒ",
        "©",
        "무단 전재",
        "무단전재",
        "all rights reserved",
        "alle rechte vorbehalten",
        "tous droits réservés",
        "版权所有",
    ];
    let lower = line.to_lowercase();
    line.chars().count() <= MAX_RIGHTS && WORDS.iter().any(|word| lower.contains(word))
}
