//! Pictures: their address, and the lines that say what they show and who made them.

use super::{blocks, hints, lines::Picture, split::View};
use crate::{
    article::{caption, record::Image},
    html::Tag,
};

/// Lines that one caption has at most.
const MAX_CAPTION_LINES: usize = 4;

/// Nodes of a figure in which its caption is looked for.
const MAX_FIGURE: usize = 1_000;

/// A picture that was read, and the lines of its caption.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) image: Image,
    pub(super) lines: std::ops::Range<usize>,
}

/// Reads a picture; `None` where it is none of the article's: a pixel that counts readers, an icon, inline data.
pub(super) fn read(view: View<'_, '_>, picture: &Picture) -> Option<Read> {
    let url = blocks::address(view.tree, picture.node, view.base);
    let (width, height) = blocks::size(view.tree, picture.node);
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
        let figure = view.tree.tag(around) == Tag::Figure;
        let mut inside = view.tree.descendants(around).take(MAX_FIGURE);
        if let Some(caption) = if figure { inside.find(|it| view.tree.tag(*it) == Tag::Figcaption) } else { None } {
            let from = view.lines.lines.partition_point(|it| it.first < caption);
            let to = view.lines.lines.partition_point(|it| it.first < view.tree.end(caption));
            return from..to.min(from + MAX_CAPTION_LINES);
        }
        if to - from > MAX_CAPTION_LINES {
            return none;
        }
        let hinted = view.measured.own[around as usize] & hints::CAPTION != 0;
        let linked = (from..to).any(|it| view.lines.lines[it].linked * 2 > view.lines.lines[it].chars && view.measured.weight[it] > 30);
        let fits = (figure || hinted || (from..to).all(|it| captioned(view, it))) && !linked;
        return if fits { from..to } else { none };
    }
    none
}

fn captioned(view: View<'_, '_>, at: usize) -> bool {
    let line = &view.lines.lines[at];
    view.measured.own[line.block as usize] & hints::CAPTION != 0 || caption::sign(view.lines.get(line)).is_some()
}
