//! Reads pictures: their address, and the lines with their caption and credit.

mod credit;
mod same;

pub(super) use same::{file_name, is_same};

use std::ops::Range;

use super::{hints, split::View};
use crate::{
    html::{NodeId, Tag},
    model::record::Image,
    read::{
        blocks,
        credits::{byline, caption},
        lines::Picture,
    },
};

/// The most lines of a caption.
const MAX_CAPTION_LINES: usize = 4;
/// The most characters of a caption that is known by its credit alone.
const MAX_CAPTION: u32 = 200;
/// The most lines of a figure that are read.
const MAX_FIGURE_LINES: usize = 100;
/// The most elements around a picture of which one may be its figure.
const MAX_FIGURE: usize = 12;
/// The most elements around a picture without a figure that may hold its caption.
const MAX_AROUND: usize = 6;
/// Pictures behind one that are looked at.
const MAX_FOLLOWERS: usize = 4;
/// The least width and height in pixels; a smaller picture is an icon or a face beside a name.
const MIN_SIDE: u32 = 100;
/// The same for the pictures of related articles.
const MIN_THUMBNAIL: u32 = 60;
/// Words in the addresses of pictures that belong to the site and to no article.
const FURNITURE: [&str; 16] = [
    "logo",
    "logos",
    "icon",
    "icons",
    "avatar",
    "avatars",
    "spinner",
    "sprite",
    "placeholder",
    "masthead",
    "badge",
    "emoji",
    "gravatar",
    "favicon",
    "werbung",
    "banner",
];
/// Folders in which the faces of writers are kept.
const FACES: [&str; 10] = [
    "author",
    "authors",
    "autor",
    "autoren",
    "auteurs",
    "autori",
    "journalist",
    "journalists",
    "profiles",
    "contributors",
];

/// A picture, and the lines of its caption.
#[derive(Debug)]
pub(super) struct ReadPicture {
    pub(super) image: Image,
    pub(super) lines: Range<usize>,
}

/// Reads a picture of the article's own; `None` for a writer's face, and for what leads to another
/// page or is drawn, unless something is said of it.
pub(super) fn own_picture(view: View<'_, '_>, picture: &Picture) -> Option<ReadPicture> {
    let read = parse(view, picture)?;
    let small = |side: Option<u32>| side.is_some_and(|side| side < MIN_SIDE);
    let ending = |url: &str| {
        url.split(['?', '#'])
            .next()
            .and_then(|part| part.rsplit_once('.'))
            .map(|(_, ending)| ending.to_ascii_lowercase())
    };
    let drawn = || read.image.url.as_deref().and_then(ending).is_some_and(|ending| ending == "svg");
    let signed = || {
        read.lines
            .clone()
            .next()
            .is_some_and(|line| byline::is_byline(view.lines.get(&view.lines.lines[line])))
    };
    let other = small(read.image.width)
        || small(read.image.height)
        || read.image.caption.is_none() && (drawn() || leads_away(view, picture.node))
        || read.image.credit.is_none() && signed();
    (!other).then_some(read)
}

/// Reads a picture; `None` where it belongs to the site: a pixel that counts readers, an icon,
/// inline data.
pub(super) fn parse(view: View<'_, '_>, picture: &Picture) -> Option<ReadPicture> {
    let url = blocks::address(view.tree, picture.node, view.base);
    let (width, height) = blocks::size(view.tree, picture.node);
    if [width, height].into_iter().flatten().any(|pixels| pixels < MIN_THUMBNAIL)
        || url.as_deref().is_some_and(is_furniture)
    {
        return None;
    }
    let lines = caption_lines(view, picture);
    let mut image = Image { url, width, height, ..Image::default() };
    let marked = credit::marked(view, picture.node, &lines);
    for at in lines.clone() {
        let line = view.lines.get(&view.lines.lines[at]);
        let said = if marked.is_empty() {
            caption::parse(line)
        } else {
            caption::parse_caption(&credit::without(line, &marked))
        };
        let whole = view.measured.own[view.lines.lines[at].block as usize] & hints::CAPTION != 0
            && caption::is_credit(line);
        image.archive |= said.archive;
        image.agency = image.agency.take().or(said.agency);
        image.taken = image.taken.take().or(said.taken);
        image.credit = image.credit.take().or(said.credit);
        if whole && image.credit.is_none() {
            image.credit = said.caption;
        } else if image.caption.is_none() {
            image.caption = said.caption;
        }
    }
    let attribute =
        || credit::of_attributes(view.tree, picture.node).filter(|_| image.credit.is_none());
    if let Some(said) = Some(marked.join(" ")).filter(|text| !text.is_empty()).or_else(attribute) {
        let said = caption::parse_credit(&said);
        image.agency = said.agency.or(image.agency);
        image.archive |= said.archive;
        image.credit = said.credit.or(image.credit);
    }
    // Without an address it is something only by what is said of it.
    (image.url.is_some() || image.caption.is_some()).then_some(ReadPicture { image, lines })
}

/// Whether an address is that of something that the site shows on all its pages, or of a writer's
/// face.
pub(super) fn is_furniture(url: &str) -> bool {
    let url = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let (folders, file) = url.rsplit_once('/').unwrap_or_default();
    let words = |text: &str, known: &[&str]| {
        text.split(|c: char| !c.is_ascii_alphabetic()).any(|part| known.contains(&part))
    };
    words(file, &FURNITURE)
        || folders.split('/').skip(2).any(|part| FURNITURE.contains(&part) || FACES.contains(&part))
        || folders.contains("gravatar.com")
}

/// Whether a picture stands in a link to another page: the teaser of another article.
fn leads_away(view: View<'_, '_>, node: NodeId) -> bool {
    let around = || view.tree.ancestors(node).take(MAX_FIGURE);
    let Some(link) = around()
        .find(|node| view.tree.tag(*node) == Tag::A)
        .and_then(|node| view.tree.attribute(node, "href"))
    else {
        return false;
    };
    let Ok(url) = view.base.join(link.trim()) else { return false };
    let picture = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"]
        .iter()
        .any(|ending| url.path().to_ascii_lowercase().ends_with(ending));
    let own = |other: &url::Url| other.host() == url.host() && other.path() == url.path();
    !picture
        && !own(view.base)
        && !view.meta.canonical.as_ref().is_some_and(own)
        && around().all(|node| view.tree.tag(node) != Tag::Figure)
}

/// The lines that belong to a picture: those of its figure; else those of the smallest element
/// around it that has any and holds nothing of the text; else a caption that follows it.
fn caption_lines(view: View<'_, '_>, picture: &Picture) -> Range<usize> {
    if let Some(lines) = figure_lines(view, picture) {
        return lines;
    }
    caption_around(view, picture).unwrap_or_else(|| caption_after(view, picture))
}

/// The lines of a picture's figure: the caption and credit in it, or all where they are few and no
/// links. `None` where the picture has no figure or the figure has no line.
fn figure_lines(view: View<'_, '_>, picture: &Picture) -> Option<Range<usize>> {
    let figure = view
        .tree
        .ancestors(picture.node)
        .take(MAX_FIGURE)
        .find(|ancestor| view.tree.tag(*ancestor) == Tag::Figure)?;
    let all = view.lines.inside(view.tree, figure);
    let all = all.start..all.end.min(all.start + MAX_FIGURE_LINES);
    // A caption belongs to the last picture before it.
    let nearer = followers(view, picture)
        .take_while(|next| view.tree.within(next.node, figure))
        .filter(|next| all.clone().any(|line| in_caption(view, line) && next.before <= line))
        .any(|next| is_shown(view, next));
    if nearer {
        return Some(picture.before..picture.before);
    }
    let of_caption = |line: &usize| {
        in_caption(view, *line) || caption::is_credit(view.lines.get(&view.lines.lines[*line]))
    };
    if all.clone().any(|line| in_caption(view, line)) {
        let (first, last) = (all.clone().find(of_caption), all.clone().rev().find(of_caption));
        let (first, last) = (first.unwrap_or(all.start), last.unwrap_or(all.start));
        return Some(first..(last + 1).min(first + MAX_CAPTION_LINES));
    }
    if all.is_empty() {
        return None;
    }
    let fits = all.len() <= MAX_CAPTION_LINES && !all.clone().any(|line| is_linked(view, line));
    Some(if fits { all } else { picture.before..picture.before })
}

/// The lines of the smallest element around a picture that has any, where they read as a caption.
fn caption_around(view: View<'_, '_>, picture: &Picture) -> Option<Range<usize>> {
    let (around, all) = view
        .tree
        .ancestors(picture.node)
        .take(MAX_AROUND)
        .map(|around| (around, view.lines.inside(view.tree, around)))
        .find(|(_, lines)| !lines.is_empty())?;
    let hinted = view.measured.own[around as usize] & hints::CAPTION != 0;
    let credited = || {
        all.len() <= 2
            && all.clone().any(|line| caption::is_credit(view.lines.get(&view.lines.lines[line])))
    };
    let fits = all.len() <= MAX_CAPTION_LINES
        && (hinted || all.clone().all(|line| captioned(view, line)) || credited());
    (fits && !all.clone().any(|line| is_linked(view, line))).then_some(all)
}

/// The lines behind a picture that stand in an element that is made for captions, but for that of
/// another picture; else a short one with its credit in brackets.
fn caption_after(view: View<'_, '_>, picture: &Picture) -> Range<usize> {
    let from = picture.before;
    let last = view.lines.lines.len().min(from + MAX_CAPTION_LINES);
    let end = (from..last).find(|line| !in_caption(view, *line)).unwrap_or(last.max(from));
    let end = if end == from && from < last && is_bracketed(view, from) { from + 1 } else { end };
    let another = followers(view, picture)
        .any(|next| view.lines.lines.get(from).is_some_and(|line| next.node < line.first));
    if another { from..from } else { from..end }
}

/// Whether a line is short and ends with a credit in brackets.
fn is_bracketed(view: View<'_, '_>, at: usize) -> bool {
    let line = &view.lines.lines[at];
    let text = view.lines.get(line).trim_end();
    line.chars <= MAX_CAPTION
        && line.linked == 0
        && text.ends_with([')', ']', '）', '】'])
        && caption::credit_sign(text).is_some()
}

/// The pictures behind one, the next few.
fn followers<'v>(
    view: View<'v, '_>,
    picture: &Picture,
) -> impl Iterator<Item = &'v Picture> + use<'v> {
    let from = view.lines.pictures.partition_point(|other| other.node <= picture.node);
    view.lines.pictures[from..].iter().take(MAX_FOLLOWERS)
}

/// Whether a picture has an address and is none of the site's.
fn is_shown(view: View<'_, '_>, picture: &Picture) -> bool {
    let (width, height) = blocks::size(view.tree, picture.node);
    !matches!(view.tree.tag(picture.node), Tag::Iframe)
        && [width, height].into_iter().flatten().all(|side| side >= MIN_SIDE)
        && blocks::address(view.tree, picture.node, view.base)
            .is_some_and(|url| !is_furniture(&url))
}

/// Whether a line is a link of more than a few words.
fn is_linked(view: View<'_, '_>, at: usize) -> bool {
    let line = &view.lines.lines[at];
    line.linked * 2 > line.chars && view.measured.weight[at] > 30
}

/// Whether a line stands in an element that is made for captions.
fn in_caption(view: View<'_, '_>, at: usize) -> bool {
    let block = view.lines.lines[at].block;
    let first = view.tree.parent(view.lines.lines[at].first);
    [first, block]
        .into_iter()
        .chain(view.tree.ancestors(block).take(3))
        .any(|node| view.tree.tag(node) == Tag::Figcaption)
}

fn captioned(view: View<'_, '_>, at: usize) -> bool {
    let line = &view.lines.lines[at];
    view.measured.own[line.block as usize] & hints::CAPTION != 0
        || caption::credit_sign(view.lines.get(line)).is_some()
}
