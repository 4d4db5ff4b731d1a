//! Builds an article from its lines: blocks in order with their pictures, deck, bylines, related
//! list.

mod head;
mod headline;
mod day;
mod paywall;

use hashbrown::HashSet;

use super::{
    hints,
    live::LiveEntry,
    pictures,
    related::{self, RelatedItem},
    split::{ArticleSpan, ListsBehindText, View},
};
use crate::{
    html::{NodeId, Tag},
    model::{
        page::{Evidence, Part, TextSource},
        record::{Block, Content, Image, Origin, Update},
    },
    read::{
        blocks::{self, BlockBuilder, MAX_BLOCKS},
        embeds,
        lines::Picture,
    },
    text::fold,
};

/// The most pictures of one article.
const MAX_IMAGES: usize = 200;
/// The largest weight of a deck.
const MAX_DECK: u32 = 600;
/// Lines beside a picture in which the text that it belongs to is searched.
const NEAR_LINES: usize = 8;

/// Names of elements whose pictures belong to no article.
const SOMETHING_ELSE: hints::Hints = hints::NAVIGATION
    | hints::COMMENTS
    | hints::SHARING
    | hints::ADS
    | hints::SELLING
    | hints::BIOGRAPHY
    | hints::OTHERS;

/// Builds one article. `content` has what the metadata of the page say of it; it is empty for a
/// further article.
pub(super) fn part(
    view: View<'_, '_>,
    span: &ArticleSpan,
    content: Content,
    related: Option<(usize, ListsBehindText)>,
    live: &[LiveEntry],
) -> Part {
    let clocks = live
        .iter()
        .flat_map(|entry| (entry.from..entry.to).filter(|line| entry.is_clock(*line)))
        .collect();
    let shared = !content.images.is_empty();
    let mut builder =
        PartBuilder { view, span, live, content, used: clocks, shared, captions: HashSet::new() };
    let items = related.map(|(to, lists)| builder.related(to, lists)).unwrap_or_default();
    builder.title();
    let first = builder.first_body();
    builder.deck(first);
    builder.byline(first);
    builder.date(first);
    builder.paywall(first);
    builder.foot(first);
    let blocks = builder.blocks();
    let mut content = builder.content;
    content.related = items.into_iter().map(|item| item.related).collect();
    content.blocks = blocks;
    content.text = text(&content);
    content.provenance.text =
        Some(if view.places.hold_text() { Origin::Rule } else { Origin::Dom });
    let source =
        TextSource::Html { title: content.title.is_some(), date: content.published.is_some() };
    let evidence = Evidence { language: view.meta.claim.clone(), source, ..Evidence::default() };
    Part { url: span.url.clone(), content, evidence }
}

/// The text of the blocks. The deck is part of what readers read; it is no block, because it is a
/// field of its own.
pub(super) fn text(content: &Content) -> Option<String> {
    let body = blocks::text(&content.blocks);
    let whole = match &content.subtitle {
        Some(deck) if !body.is_empty() && !body.contains(deck.as_str()) => {
            format!("{deck}\n\n{body}")
        }
        _ => body,
    };
    Some(whole).filter(|whole| !whole.is_empty())
}

struct PartBuilder<'a, 'b> {
    view: View<'a, 'b>,
    span: &'a ArticleSpan,
    /// The entries of a live blog.
    live: &'a [LiveEntry],
    content: Content,
    /// The lines that are used for something else than text.
    used: HashSet<usize>,
    /// Whether the first picture is known from the metadata alone.
    shared: bool,
    /// Captions, folded: each counts once, however often it is printed.
    captions: HashSet<String>,
}

impl PartBuilder<'_, '_> {
    fn line(&self, at: usize) -> &str {
        self.view.lines.get(&self.view.lines.lines[at])
    }

    fn block_of(&self, at: usize) -> NodeId {
        self.view.lines.lines[at].block
    }

    fn is_text(&self, at: usize) -> bool {
        self.view.body[at] && !self.used.contains(&at)
    }

    /// The lists up to a line; those that are known already are not looked for again.
    fn related(&mut self, to: usize, known: ListsBehindText) -> Vec<RelatedItem> {
        let from =
            (self.span.from..to).find(|line| self.view.body[*line]).unwrap_or(self.span.from);
        let whole = known.filter(|known| known.0 == from && to == self.view.lines.lines.len());
        let items = whole.map_or_else(|| related::items(self.view, from, to), |whole| whole.1);
        for item in &items {
            self.used.extend(item.from..item.to);
        }
        items
    }

    /// The first line of the text, after the headline.
    fn first_body(&self) -> usize {
        let from = self.span.headline.map_or(self.span.from, |headline| headline + 1);
        (from..self.span.to).find(|line| self.is_text(*line)).unwrap_or(self.span.to)
    }

    fn blocks(&mut self) -> Vec<Block> {
        let pictures = self.pictures();
        let first = pictures
            .iter()
            .find_map(|(place, shown)| matches!(shown, Block::Image(_)).then_some(*place));
        let mut pictures = pictures.into_iter().peekable();
        let mut build = BlockBuilder::new(self.view.tree);
        let mut begun = false;
        let mut entries = self.live.iter().peekable();
        for at in self.span.from..self.span.to {
            while let Some(entry) = entries.next_if(|entry| entry.from <= at) {
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
        self.content.updates.pop_if(|update| update.block as usize >= build.blocks.len());
        build.blocks
    }

    /// The metadata's picture is the one that the page shows above its text, often in another crop:
    /// each counts once.
    fn lead(&mut self, first: Option<usize>) {
        let [shared, shown @ ..] = self.content.images.as_slice() else { return };
        let (Some(url), None, true) = (&shared.url, &shared.caption, self.shared) else { return };
        let same = shown.iter().position(|image| {
            image.url.as_deref().is_some_and(|known| pictures::is_same(known, url))
        });
        let above = first.is_some_and(|first| first <= self.first_body() + 1);
        let described =
            shown.first().is_some_and(|shown| shown.caption.is_some() || shown.credit.is_some());
        let at = same.or(if above && described { Some(0) } else { None });
        if let Some(at) = at {
            let lead = self.content.images.remove(at + 1);
            self.content.images[0] = lead;
        }
    }

    /// An entry of a live blog begins at a block; one before it that has none was left out.
    fn update(&mut self, entry: &LiveEntry, block: usize) {
        let block = u32::try_from(block).unwrap_or(u32::MAX);
        self.content.updates.pop_if(|update| update.block == block);
        self.content.updates.push(Update { block, ..entry.update.clone() });
    }

    /// A picture is one of the article's; what stands above the text is the lead and no block.
    fn show(&mut self, shown: Block, build: Option<&mut BlockBuilder<'_, '_>>) {
        let first = if let Block::Image(image) = &shown { self.image(image.clone()) } else { true };
        if let Some(build) = build.filter(|_| first) {
            build.push(shown);
        }
    }

    /// The article's pictures with their places; their captions are no text.
    fn pictures(&mut self) -> Vec<(usize, Block)> {
        let last = (self.span.from..self.span.to)
            .rev()
            .find(|line| self.is_text(*line))
            .unwrap_or(self.span.from);
        let first = self.first_body();
        let head =
            self.span.headline.unwrap_or(first).min(first).saturating_sub(3).max(self.span.from);
        let mut found = Vec::new();
        for picture in &self.view.lines.pictures {
            let place = picture.before;
            let outside = place < head
                || place > last + 1
                || self.used_by_related(picture.node)
                || self.view.places.is_removed(picture.node);
            if outside || found.len() >= MAX_IMAGES {
                continue;
            }
            let other = self.is_of_something_else(picture);
            if self.view.tree.tag(picture.node) == Tag::Iframe {
                if other {
                    continue;
                }
                let url = embeds::address(self.view.tree, picture.node, self.view.base);
                found.extend(url.map(|url| (place, Block::Embed { url })));
                continue;
            }
            let Some(read) = pictures::own_picture(self.view, picture) else { continue };
            // Who is credited below a picture is a photographer, and neither a teaser's nor an
            // advertiser's.
            if other && read.image.credit.is_none() {
                continue;
            }
            if read
                .lines
                .clone()
                .filter(|line| self.view.body[*line])
                .map(|line| self.view.measured.weight[line])
                .sum::<u32>()
                < MAX_DECK
            {
                self.used.extend(read.lines);
            }
            found.push((place, Block::Image(read.image)));
        }
        found.extend(self.posts(head, last));
        found.sort_by_key(|found| found.0);
        found
    }

    /// The posts and components between two lines, each once; their placeholders are no text.
    fn posts(&mut self, head: usize, last: usize) -> Vec<(usize, Block)> {
        let (tree, lines) = (self.view.tree, self.view.lines);
        let mut found: Vec<(usize, Block)> = Vec::new();
        for post in lines.embeds.iter().filter(|post| (head..=last + 1).contains(&post.before)) {
            let outside = self.used_by_related(post.node) || self.view.places.is_removed(post.node);
            if outside || found.len() >= MAX_IMAGES {
                continue;
            }
            let Some(url) = embeds::address(tree, post.node, self.view.base) else { continue };
            if embeds::is_placeholder(tree, post.node) {
                let inside = (post.before..lines.lines.len())
                    .take_while(|at| tree.within(lines.lines[*at].first, post.node))
                    .filter(|at| lines.lines[*at].linked == lines.lines[*at].chars);
                self.used.extend(inside);
            }
            let block = Block::Embed { url };
            if found.iter().all(|(_, known)| *known != block) {
                found.push((post.before, block));
            }
        }
        found
    }

    /// Whether a picture stands in no figure but in an element that is named after something else
    /// than an article, such as navigation or comments.
    fn is_of_something_else(&self, picture: &Picture) -> bool {
        let tree = self.view.tree;
        // What the article's own elements are named says nothing against a picture in them, nor
        // does its own name: the text beside it, or an element around it, may be shared or listed
        // as a whole.
        let beside = (picture.before..self.span.to)
            .take(NEAR_LINES)
            .chain((self.span.from..picture.before.min(self.span.to)).rev().take(NEAR_LINES));
        let of_text = beside
            .filter(|line| self.view.body[*line])
            .map(|line| self.view.measured.all[self.block_of(line) as usize])
            .next();
        let parent = tree.parent(picture.node);
        let around = self.view.measured.all[parent as usize] & !of_text.unwrap_or_default();
        around & SOMETHING_ELSE != 0
            && tree.ancestors(picture.node).all(|ancestor| tree.tag(ancestor) != Tag::Figure)
    }

    fn used_by_related(&self, node: NodeId) -> bool {
        let at = self.view.lines.lines.partition_point(|line| line.first < node);
        self.used.contains(&at)
            && Some(at) != self.span.headline
            && !self.view.body.get(at).copied().unwrap_or(false)
    }

    /// Each picture once, by its address or by its caption; whether it is there for the first time.
    fn image(&mut self, image: Image) -> bool {
        let name = |image: &Image| image.url.as_deref().map(pictures::file_name);
        let caption = image.caption.as_deref().map(fold).unwrap_or_default();
        if let Some((at, known)) = self
            .content
            .images
            .iter_mut()
            .enumerate()
            .find(|(_, known)| known.url.is_some() && name(known) == name(&image))
        {
            self.shared &= at > 0;
            known.caption = known.caption.take().or(image.caption);
            known.credit = known.credit.take().or(image.credit);
            known.agency = known.agency.take().or(image.agency);
            known.taken = known.taken.take().or(image.taken);
            known.archive |= image.archive;
            // The metadata's picture stands somewhere in the article.
            return !caption.is_empty() && self.captions.insert(caption);
        }
        // A caption whose picture had no address is the caption of the one that has.
        let bare = |known: &&mut Image| {
            known.url.is_none()
                && image.url.is_some()
                && known.caption.as_deref().map(fold).as_deref() == Some(caption.as_str())
        };
        if let Some(known) = self.content.images.iter_mut().find(bare) {
            (known.url, known.width, known.height) = (image.url, image.width, image.height);
            return false;
        }
        let first = caption.is_empty() || self.captions.insert(caption);
        if first {
            self.content.images.push(image);
        }
        first
    }
}
