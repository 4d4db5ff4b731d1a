//! Pictures: their address, and the lines that say what they show and who made them.

use super::{hints, lines::Picture, split::View};
use crate::{
    article::{caption, record::Image},
    html::{NodeId, Tag},
};

/// Lines that one caption has at most.
const MAX_CAPTION_LINES: usize = 4;

/// A picture that was read, and the lines of its caption.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) image: Image,
    pub(super) lines: std::ops::Range<usize>,
}

/// Reads a picture; `None` where it is none of the article's: a pixel that counts readers, an icon, inline data.
pub(super) fn read(view: View<'_, '_>, picture: &Picture) -> Option<Read> {
    let url = address(view, picture.node);
    let pixels = |name: &str| view.tree.attribute(picture.node, name).and_then(|it| it.trim().trim_end_matches("px").parse::<u32>().ok());
    let (width, height) = (pixels("width"), pixels("height"));
    if width.is_some_and(|it| it < 60) || height.is_some_and(|it| it < 60) {
        return None;
    }
    let lines = caption_lines(view, picture);
    let mut image = Image::default();
    for at in lines.clone() {
        let said = caption::read(view.lines.get(&view.lines.lines[at]));
        let credit_line = view.measured.own[view.lines.lines[at].block as usize] & hints::CAPTION != 0
            && caption::is_credit(view.lines.get(&view.lines.lines[at]));
        image.archive |= said.archive;
        image.agency = image.agency.take().or(said.agency);
        image.taken = image.taken.take().or(said.taken);
        image.credit = image.credit.take().or(said.credit);
        if credit_line && image.credit.is_none() {
            image.credit = said.caption;
        } else if image.caption.is_none() {
            image.caption = said.caption;
        }
    }
    // Without an address it is something only by what is said of it.
    let worth = url.is_some() || image.caption.is_some();
    worth.then_some(Read { image: Image { url, width, height, ..image }, lines })
}

/// The lines of the smallest element around the picture that has any and holds nothing of the text.
fn caption_lines(view: View<'_, '_>, picture: &Picture) -> std::ops::Range<usize> {
    let none = picture.before..picture.before;
    for around in view.tree.ancestors(picture.node).take(6) {
        let from = view.lines.lines.partition_point(|it| it.first < around);
        let to = view.lines.lines.partition_point(|it| it.first < view.tree.end(around));
        if from == to {
            continue;
        }
        let figure = view.tree.tag(around) == Tag::Figure || view.tree.descendants(around).any(|it| view.tree.tag(it) == Tag::Figcaption);
        let hinted = view.measured.own[around as usize] & hints::CAPTION != 0;
        let linked = (from..to).any(|it| view.lines.lines[it].linked * 2 > view.lines.lines[it].chars && view.measured.weight[it] > 30);
        let fits = to - from <= MAX_CAPTION_LINES && (figure || hinted || (from..to).all(|it| captioned(view, it))) && !linked;
        return if fits { from..to } else { none };
    }
    none
}

fn captioned(view: View<'_, '_>, at: usize) -> bool {
    let line = &view.lines.lines[at];
    view.measured.own[line.block as usize] & hints::CAPTION != 0 || caption::sign(view.lines.get(line)).is_some()
}

/// The largest of the addresses that an element carries; lazy loading keeps the real one apart.
fn address(view: View<'_, '_>, node: NodeId) -> Option<String> {
    let attribute = |node: NodeId, name: &str| view.tree.attribute(node, name).filter(|it| !it.trim().is_empty());
    let around = view.tree.ancestors(node).take(2).find(|it| view.tree.tag(*it) == Tag::Picture);
    let sources = around.into_iter().flat_map(|it| view.tree.descendants(it)).filter(|it| view.tree.tag(*it) == Tag::Source);
    let sets: Vec<NodeId> = std::iter::once(node).chain(sources).collect();
    let plain = ["data-src", "data-original", "data-lazy-src", "data-url", "src"];
    let single = plain.iter().filter_map(|name| attribute(node, name)).find_map(|it| absolute(view, &it));
    single.or_else(|| {
        let set = sets.iter().find_map(|it| ["srcset", "data-srcset"].iter().find_map(|name| attribute(*it, name)))?;
        absolute(view, super::blocks::largest(&set)?)
    })
}

fn absolute(view: View<'_, '_>, address: &str) -> Option<String> {
    let address = address.trim();
    if address.starts_with("data:") || address.len() > 4_096 {
        return None;
    }
    view.base.join(address).ok().filter(|it| matches!(it.scheme(), "http" | "https")).map(Into::into)
}
