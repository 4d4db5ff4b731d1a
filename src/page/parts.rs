//! One article out of its lines: blocks in order with their pictures, the deck, bylines, agencies, the related list.

use std::collections::HashSet;

use super::{
    Part,
    blocks::{Build, MAX_BLOCKS},
    hints, language,
    live::Entry,
    meta::title,
    pictures,
    related::{self, Item},
    split::{Stretch, View},
    writers,
};
use crate::{
    article::{
        agency, byline,
        record::{Block, Byline, Content, Image, Origin, Update},
        text::{self, fold},
    },
    dates::{moment, partial},
    html::{NodeId, Tag},
};

/// Pictures of one article.
const MAX_IMAGES: usize = 200;
/// Weight of a deck.
const MAX_DECK: u32 = 600;
/// Lines between a headline and the text in which the deck, the writers and the day are looked for.
const HEAD_LINES: usize = 30;
/// Lines behind the first and the last one of a text in which its writers are looked for.
const WRITERS_LINES: usize = 8;
/// Lines above a headline and below a text in which its day is looked for.
const DAY_LINES: usize = 4;
/// Bytes of a line of the text that may be no more than a day.
const MAX_DAY: usize = 60;
/// Lines beside a picture in which the text that it belongs to is looked for.
const NEAR_LINES: usize = 8;

/// Puts one article together. `content` holds what the page says of it in its metadata; nothing for one that follows.
pub(super) fn part(view: View<'_, '_>, stretch: &Stretch, content: Content, (related_to, live): (Option<usize>, &[Entry])) -> Part {
    let clocks = live.iter().flat_map(|entry| (entry.from..entry.to).filter(|it| entry.is_clock(*it))).collect();
    let shared = !content.images.is_empty();
    let mut work = Work { view, stretch, live, content, used: clocks, shared, captions: HashSet::new() };
    let items = related_to.map(|to| work.related(to)).unwrap_or_default();
    work.title();
    let first = work.first_body();
    work.deck(first);
    work.byline(first);
    work.date(first);
    let blocks = work.blocks();
    let mut content = work.content;
    content.related = items.into_iter().map(|it| it.related).collect();
    content.blocks = blocks;
    finish(&mut content, view.meta.claim.as_deref());
    if view.places.hold_text() {
        content.provenance.text = Some(Origin::Rule);
    }
    Part { url: stretch.url.clone(), content }
}

/// What follows from the blocks: the text, its language, its words, the agencies that it credits.
fn finish(content: &mut Content, claim: Option<&str>) {
    let body = super::blocks::text(&content.blocks);
    // The deck is part of what readers read; it is no block, because it is a field of its own.
    let whole = match &content.subtitle {
        Some(deck) if !body.is_empty() && !body.contains(deck.as_str()) => format!("{deck}\n\n{body}"),
        _ => body,
    };
    (content.language, content.script, content.direction) = language::detect(&whole, claim);
    content.word_count = text::word_count(&whole);
    content.provenance.text = Some(Origin::Dom);
    let credited = content.images.iter().filter_map(|it| it.agency.clone());
    let written = content.bylines.iter().filter_map(|it| agency::of_credit(&it.name)).map(str::to_owned);
    let named = agency::named(&whole).into_iter().map(str::to_owned);
    let mut agencies: Vec<String> = Vec::new();
    for name in credited.chain(written).chain(named) {
        if !agencies.contains(&name) {
            agencies.push(name);
        }
    }
    content.agencies = agencies;
    content.text = Some(whole).filter(|it| !it.is_empty());
}

struct Work<'a, 'b> {
    view: View<'a, 'b>,
    stretch: &'a Stretch,
    /// The entries of a live blog.
    live: &'a [Entry],
    content: Content,
    /// Lines that are something else than text.
    used: HashSet<usize>,
    /// Whether the first picture is known from the metadata alone.
    shared: bool,
    /// Captions, folded: each counts once, however often it is printed.
    captions: HashSet<String>,
}

impl Work<'_, '_> {
    fn line(&self, at: usize) -> &str {
        self.view.lines.get(&self.view.lines.lines[at])
    }

    fn block_of(&self, at: usize) -> NodeId {
        self.view.lines.lines[at].block
    }

    fn is_text(&self, at: usize) -> bool {
        self.view.body[at] && !self.used.contains(&at)
    }

    fn related(&mut self, to: usize) -> Vec<Item> {
        let from = (self.stretch.from..to).find(|it| self.view.body[*it]).unwrap_or(self.stretch.from);
        let items = related::items(self.view, from, to);
        for item in &items {
            self.used.extend(item.from..item.to);
        }
        items
    }

    /// The first line of the text, after the headline.
    fn first_body(&self) -> usize {
        let from = self.stretch.headline.map_or(self.stretch.from, |it| it + 1);
        (from..self.stretch.to).find(|it| self.is_text(*it)).unwrap_or(self.stretch.to)
    }

    fn title(&mut self) {
        let ruled = self.content.provenance.title == Some(Origin::Rule);
        if let Some(at) = self.stretch.headline.filter(|_| !ruled) {
            let visible = self.line(at).to_owned();
            let said = self.content.title.as_deref().map(fold);
            // What readers see wins over what machines are told, where both are the same headline with something before or
            // behind it.
            let same = said.as_deref().is_some_and(|said| super::split::alike(said, &fold(&visible)))
                || self.content.title.as_deref().is_some_and(|it| title::is_part(it, &visible));
            let first = self.stretch.holder == 0;
            let heading = self.view.tree.tag(self.block_of(at)) == Tag::H1 && !self.view.meta.site.is_named(&visible);
            // What the metadata agree on, with a kicker or in other words, is the headline.
            let agreed = first && self.view.meta.agreed;
            let settled = agreed && (!same || self.content.title.as_deref().is_some_and(|it| title::ends_with(it, &visible)));
            // A kicker that is set into the heading is none of the headline.
            let kicked = first && self.content.title.as_deref().is_some_and(|it| title::ends_with(&visible, it));
            // Letters alone: what stands between the parts of a headline is lost where they are elements of their own.
            if kicked || first && said.as_deref() == Some(&fold(&visible)) && said.as_ref().is_some_and(|it| !it.is_empty()) {
                self.used.insert(at);
            } else if said.is_none() || self.stretch.holder != 0 || !settled && (same || heading) {
                self.content.title = Some(visible);
                self.content.provenance.title = Some(Origin::Dom);
            }
        }
        // Printed twice or thrice it is still no text.
        if let Some(title) = self.content.title.as_deref().map(fold) {
            let lines = self.stretch.from..self.stretch.to;
            self.used
                .extend(lines.filter(|it| self.view.lines.lines[*it].chars < 400 && fold(self.line(*it)) == title).collect::<Vec<_>>());
        }
        self.used.extend(self.stretch.headline);
    }

    /// A line between headline and text that sums up: by its place before the element that holds the paragraphs.
    fn deck(&mut self, first: usize) {
        let from = self.stretch.headline.map_or(first.saturating_sub(6), |it| it + 1);
        if self.content.subtitle.is_none() {
            let second = (first + 1..self.stretch.to).find(|it| self.is_text(*it));
            let before = (from..first.min(from + HEAD_LINES)).find(|it| self.deck_like(*it) && self.hinted(*it, hints::DECK));
            let apart = second.is_some_and(|it| first < self.stretch.to && self.deck_like(first) && self.stands_apart(first, it));
            let at = before.or_else(|| apart.then_some(first));
            self.content.subtitle = at.map(|it| self.line(it).to_owned());
        }
        if let Some(deck) = self.content.subtitle.as_deref().map(fold) {
            let end = self.stretch.to.min(first + 3);
            self.used.extend((from..end).filter(|it| fold(self.line(*it)) == deck).collect::<Vec<_>>());
        }
    }

    fn deck_like(&self, at: usize) -> bool {
        let (line, weight) = (&self.view.lines.lines[at], self.view.measured.weight[at]);
        (25..MAX_DECK).contains(&weight)
            && line.linked * 4 < line.chars.max(1)
            && !byline::is_byline(self.line(at))
            && partial_date(self.line(at)).is_none()
    }

    fn hinted(&self, at: usize, hint: hints::Hints) -> bool {
        let block = self.block_of(at);
        (self.view.measured.own[block as usize] | self.view.measured.own[self.view.tree.parent(block) as usize]) & hint != 0
    }

    /// Whether a first line is set apart from the paragraph after it: a heading, or named a deck.
    fn stands_apart(&self, at: usize, next: usize) -> bool {
        let tree = self.view.tree;
        let heading = tree.tag(self.block_of(at)).heading_level().is_some();
        let same_parent = tree.parent(self.block_of(at)) == tree.parent(self.block_of(next));
        heading && self.view.measured.weight[at] > 40
            || self.hinted(at, hints::DECK) && (!same_parent || self.view.measured.looks[at] != self.view.measured.looks[next])
    }

    fn byline(&mut self, first: usize) {
        let own = self.stretch.holder == 0;
        let known = !self.content.bylines.is_empty();
        if known && (!own || !self.view.meta.anonymous) {
            return;
        }
        let from = self.stretch.headline.map_or(first.saturating_sub(8), |it| it + 1);
        let lines = &self.view.lines.lines;
        let node = |at: usize| lines.get(at).map_or(self.view.tree.len(), |it| it.first);
        let last = (first..self.stretch.to).rev().find(|it| self.is_text(*it)).unwrap_or(first);
        let head = node(from.saturating_sub(4).max(self.stretch.from))..node(self.stretch.to.min(first + WRITERS_LINES));
        let foot = node(last)..node(self.stretch.to.min(last + WRITERS_LINES));
        let of_site = |it: &Byline| {
            let site = self.view.meta.site_name.as_deref();
            writers::is_site(&it.name, [site, None], self.view.base.host_str().unwrap_or_default())
        };
        // A paper stands beside its writers, or in their place.
        let apart = |mut names: Vec<Byline>| {
            if known || !names.iter().all(of_site) {
                names.retain(|it| !of_site(it));
            }
            names
        };
        let shown = [head, foot].into_iter().map(|it| apart(writers::shown(self.view, it))).find(|it| !it.is_empty()).unwrap_or_default();
        if !shown.is_empty() {
            self.content.bylines = shown;
            self.content.provenance.bylines = Some(Origin::Dom);
            return;
        }
        let near = (from..first.min(from + HEAD_LINES)).chain(first..self.stretch.to.min(first + 3));
        let near = near.chain(last.max(first + 3)..self.stretch.to.min(last + WRITERS_LINES));
        for at in near {
            let line = self.line(at);
            if line.chars().count() < 160
                && (byline::is_byline(line) || at <= first && self.hinted(at, hints::META) && writers::is_one(line))
            {
                let names = apart(byline::read(line));
                if !names.is_empty() {
                    self.content.bylines = names;
                    self.content.provenance.bylines = Some(Origin::Dom);
                    self.used.insert(at);
                    return;
                }
            }
        }
        let end = self.stretch.to.min(last + 3);
        let parent = |at: usize| lines.get(at).map(|it| self.view.tree.parent(it.block));
        let beside = |at: usize| self.is_text(at) || parent(at) == parent(last);
        let bold = |at: &usize| lines[*at].stressed == lines[*at].chars && beside(*at);
        let ends = (first.saturating_sub(2).max(from)..self.stretch.to.min(first + 3)).chain(last.saturating_sub(1).max(first + 3)..end);
        if let Some(names) = ends.filter(bold).map(|at| apart(writers::alone(self.line(at)))).find(|it| !it.is_empty()) {
            self.content.bylines = names;
            self.content.provenance.bylines = Some(Origin::Dom);
        }
    }

    fn date(&mut self, first: usize) {
        if self.content.published.is_some() {
            return;
        }
        let from = self.stretch.headline.unwrap_or(first.saturating_sub(8));
        let nodes = self.view.lines.lines.get(from).map_or(0, |it| it.first)
            ..self.view.lines.lines.get(first).map_or(self.view.tree.len(), |it| it.first);
        let machine = nodes.filter(|it| self.view.tree.tag(*it) == Tag::Time).find_map(|it| self.view.tree.attribute(it, "datetime"));
        if let Some(moment) = machine.and_then(|it| moment::parse(&it, None)) {
            self.content.published = Some(moment.time);
            self.content.date_notes.extend(moment.note().map(|it| format!("published: {it}")));
        } else if let Some(day) = self.day_found(from, first) {
            self.content.published = Some(day.and_time(chrono::NaiveTime::MIN).and_utc());
            self.content.date_notes.push("published: a day found on the page, taken as midnight UTC".to_owned());
        } else {
            return;
        }
        self.content.provenance.published = Some(Origin::Dom);
    }

    /// The day in the window's title; in a short line between headline and text, or above the headline; in the address; in
    /// a line behind the text.
    fn day_found(&self, from: usize, first: usize) -> Option<chrono::NaiveDate> {
        let last = (first..self.stretch.to).rev().find(|it| self.is_text(*it)).unwrap_or(first);
        let head = from + 1..(first + 2).min(from + HEAD_LINES).min(self.stretch.to);
        let above = from.saturating_sub(DAY_LINES).max(self.stretch.from)..from;
        let below = last + 1..(last + DAY_LINES).min(self.stretch.to);
        // What a paragraph tells happened on other days.
        let shown = |at: usize| partial_date(self.line(at)).filter(|_| !self.is_text(at) || self.line(at).len() < MAX_DAY);
        let visible = || head.chain(above.rev()).find_map(shown);
        self.day_in_title().or_else(visible).or_else(|| self.day_of_address()).or_else(|| below.clone().find_map(shown))
    }

    /// The day in an address such as `/2024/05/31/harbour-reopens`.
    fn day_of_address(&self) -> Option<chrono::NaiveDate> {
        let url = if self.stretch.holder == 0 {
            self.view.meta.canonical.as_ref().unwrap_or(self.view.base)
        } else {
            self.stretch.url.as_ref()?
        };
        let parts: Vec<u32> = url.path().split(['/', '-', '_']).map(|it| it.parse().unwrap_or(0)).collect();
        parts
            .windows(3)
            .find_map(|it| chrono::NaiveDate::from_ymd_opt(i32::try_from(it[0]).ok()?, it[1], it[2]).filter(|it| plausible(*it)))
    }

    /// The day behind the headline in the window's title.
    fn day_in_title(&self) -> Option<chrono::NaiveDate> {
        let title = self.view.tree.find(0, Tag::Title).filter(|_| self.stretch.holder == 0)?;
        let whole = self.view.tree.whole_text(title);
        partial_date(whole.rsplit_once(['|', '-', ','])?.1).filter(|it| plausible(*it))
    }

    fn blocks(&mut self) -> Vec<Block> {
        let pictures = self.pictures();
        let first = pictures.iter().find_map(|(place, shown)| matches!(shown, Block::Image(_)).then_some(*place));
        let mut pictures = pictures.into_iter().peekable();
        let mut build = Build::new(self.view.tree);
        let mut begun = false;
        let mut entries = self.live.iter().peekable();
        for at in self.stretch.from..self.stretch.to {
            while let Some(entry) = entries.next_if(|it| it.from <= at) {
                self.update(entry, build.blocks.len());
            }
            while let Some((_, shown)) = pictures.next_if(|(before, _)| *before <= at) {
                self.show(shown, begun.then_some(&mut build));
            }
            if self.is_text(at) && build.blocks.len() < MAX_BLOCKS {
                begun = true;
                build.text(self.block_of(at), self.line(at).to_owned());
            }
        }
        for (_, shown) in pictures {
            self.show(shown, None);
        }
        self.lead(first);
        // A heading with nothing under it is the head of what was left out.
        while let Some(Block::Heading { .. }) = build.blocks.last() {
            build.blocks.pop();
        }
        self.content.updates.pop_if(|it| it.block as usize >= build.blocks.len());
        build.blocks
    }

    /// The metadata's picture is the one that the page shows above its text, often in another crop: each counts once.
    fn lead(&mut self, first: Option<usize>) {
        let [shared, shown @ ..] = self.content.images.as_slice() else { return };
        let (Some(url), None, true) = (&shared.url, &shared.caption, self.shared) else { return };
        let same = shown.iter().position(|it| it.url.as_deref().is_some_and(|it| pictures::is_same(it, url)));
        let above = first.is_some_and(|it| it <= self.first_body() + 1);
        let described = shown.first().is_some_and(|it| it.caption.is_some() || it.credit.is_some());
        let at = same.or(if above && described { Some(0) } else { None });
        if let Some(at) = at {
            let lead = self.content.images.remove(at + 1);
            self.content.images[0] = lead;
        }
    }

    /// An entry of a live blog begins at a block; one before it that has none was left out.
    fn update(&mut self, entry: &Entry, block: usize) {
        let block = u32::try_from(block).unwrap_or(u32::MAX);
        self.content.updates.pop_if(|it| it.block == block);
        self.content.updates.push(Update { block, ..entry.update.clone() });
    }

    /// A picture is one of the article's; what stands above the text is the lead and no block.
    fn show(&mut self, shown: Block, build: Option<&mut Build<'_, '_>>) {
        let first = if let Block::Image(image) = &shown { self.image(image.clone()) } else { true };
        if let Some(build) = build.filter(|_| first) {
            build.push(shown);
        }
    }

    /// The article's pictures with their places; their captions are no text.
    fn pictures(&mut self) -> Vec<(usize, Block)> {
        let last = (self.stretch.from..self.stretch.to).rev().find(|it| self.is_text(*it)).unwrap_or(self.stretch.from);
        let first = self.first_body();
        let head = self.stretch.headline.unwrap_or(first).min(first).saturating_sub(3).max(self.stretch.from);
        let refused = hints::NAVIGATION | hints::COMMENTS | hints::SHARING | hints::ADS | hints::SELLING | hints::BIOGRAPHY | hints::OTHERS;
        let mut found = Vec::new();
        for picture in &self.view.lines.pictures {
            let place = picture.before;
            let outside =
                place < head || place > last + 1 || self.used_by_related(picture.node) || self.view.places.is_removed(picture.node);
            // What the article's own elements are named says nothing against a picture in them, nor does its own name: the
            // text beside it, or an element around it, may be shared or listed as a whole.
            let parent = self.view.tree.parent(picture.node);
            let beside =
                (place..self.stretch.to).take(NEAR_LINES).chain((self.stretch.from..place.min(self.stretch.to)).rev().take(NEAR_LINES));
            let shared = beside.filter(|it| self.view.body[*it]).map(|it| self.view.measured.all[self.block_of(it) as usize]).next();
            let around = self.view.measured.all[parent as usize] & !shared.unwrap_or_default();
            if outside
                || found.len() >= MAX_IMAGES
                || around & refused != 0 && self.view.tree.ancestors(picture.node).all(|it| self.view.tree.tag(it) != Tag::Figure)
            {
                continue;
            }
            if self.view.tree.tag(picture.node) == Tag::Iframe {
                let src = self.view.tree.attribute(picture.node, "src");
                found.extend(src.and_then(|it| super::blocks::absolute(self.view.base, &it)).map(|url| (place, Block::Embed { url })));
                continue;
            }
            let Some(read) = pictures::own(self.view, picture) else { continue };
            if read.lines.clone().filter(|it| self.view.body[*it]).map(|it| self.view.measured.weight[it]).sum::<u32>() < MAX_DECK {
                self.used.extend(read.lines);
            }
            found.push((place, Block::Image(read.image)));
        }
        found
    }

    fn used_by_related(&self, node: NodeId) -> bool {
        let at = self.view.lines.lines.partition_point(|it| it.first < node);
        self.used.contains(&at) && Some(at) != self.stretch.headline && !self.view.body.get(at).copied().unwrap_or(false)
    }

    /// Each picture once, by its address or by its caption; whether it is there for the first time.
    fn image(&mut self, image: Image) -> bool {
        let name = |it: &Image| it.url.as_deref().map(pictures::file_name);
        let caption = image.caption.as_deref().map(fold).unwrap_or_default();
        if let Some((at, known)) = self.content.images.iter_mut().enumerate().find(|(_, it)| it.url.is_some() && name(it) == name(&image)) {
            self.shared &= at > 0;
            known.caption = known.caption.take().or(image.caption);
            known.credit = known.credit.take().or(image.credit);
            known.agency = known.agency.take().or(image.agency);
            known.taken = known.taken.take().or(image.taken);
            known.archive |= image.archive;
            // The metadata's picture stands somewhere in the article.
            return !caption.is_empty() && self.captions.insert(caption);
        }
        let first = caption.is_empty() || self.captions.insert(caption);
        if first {
            self.content.images.push(image);
        }
        first
    }
}

/// The day that a short line names: the first, since that of a change follows it.
fn partial_date(line: &str) -> Option<chrono::NaiveDate> {
    if line.len() > 200 { None } else { partial::all(line).iter().find_map(partial::Found::day) }
}

/// Whether the web had articles on that day.
fn plausible(day: chrono::NaiveDate) -> bool {
    (1993..2100).contains(&chrono::Datelike::year(&day))
}
