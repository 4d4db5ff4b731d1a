//! Makes the content of an article from its lines: blocks, pictures, writers.

use hashbrown::HashSet;

use chrono::NaiveTime;

use super::{
    PlainTextPage,
    form::{LineKind, SENTENCE},
    lead,
    split::ArticleSpan,
};
use crate::{
    model::{
        page::{Evidence, Part, TextSource},
        record::{Block, Content, Image, Origin},
    },
    read::{blocks, credits::caption},
    text::fold,
};

/// The longest heading within a text, in words.
const MAX_HEADING: f32 = 16.0;

/// Extracts an article; its lines do not begin before `from`.
pub(super) fn extract(text_page: &PlainTextPage, span: &ArticleSpan, from: usize) -> Part {
    let head = lead::parse(text_page, span, from);
    let mut body = BodyBuilder {
        text_page,
        title: head.title.as_deref().map(fold),
        blocks: Vec::new(),
        seen: HashSet::new(),
        pictures: HashSet::new(),
    };
    head.rest.iter().for_each(|line| body.line(*line, span));
    for line in span.lines() {
        body.line(line, span);
    }
    let mut blocks = body.blocks;
    let mut images = head.images;
    // The lead image stands before the text; what else the head shows is the text's.
    for extra in images.drain(images.len().min(1)..).rev() {
        blocks.insert(0, Block::Image(extra));
    }
    // Those of the text differ from each other already.
    let lead = images.first().cloned();
    let inline = blocks
        .iter()
        .filter_map(|block| if let Block::Image(image) = block { Some(image) } else { None });
    images.extend(
        inline
            .filter(|inline| !lead.as_ref().is_some_and(|lead| same_picture(lead, inline)))
            .cloned(),
    );
    let body = blocks::text(&blocks);
    let mut content = Content {
        title: head.title,
        subtitle: head.deck,
        bylines: head.bylines,
        blocks,
        images,
        ..Content::default()
    };
    if let Some(day) = head.day {
        content.published = Some(day.and_time(NaiveTime::MIN).and_utc().fixed_offset());
        content
            .date_notes
            .push("published: a day found in the text, taken as midnight UTC".to_owned());
        content.provenance.published = Some(Origin::Dom);
    }
    content.provenance.text = Some(Origin::Dom);
    content.provenance.title = content.title.as_ref().map(|_| Origin::Dom);
    content.provenance.bylines = content.bylines.first().map(|_| Origin::Dom);
    content.text = Some(body);
    let source = TextSource::PlainText {
        title: content.title.is_some(),
        date: content.published.is_some(),
        images: !content.images.is_empty(),
    };
    let evidence = Evidence { credits: credits(text_page, span), source, ..Evidence::default() };
    Part { url: None, content, evidence }
}

/// The picture of a caption line. A credit alone belongs to the line before it, unless that is
/// text.
pub(super) fn picture(text_page: &PlainTextPage, line: usize, title: usize) -> Option<Image> {
    let text = text_page.lines[line].text.as_str();
    let mut image = caption::parse(text);
    if image.caption.is_some() {
        return Some(image);
    }
    let before =
        line.checked_sub(1).filter(|left| *left > title && text_page.lines[line].blank <= 1)?;
    let form = &text_page.forms[before];
    let (above, behind) = (&text_page.lines[before].text, text_page.lines.get(line + 1));
    let is_caption =
        form.kind == LineKind::Text && form.units >= 4.0 && text_page.headline_fits(before);
    if is_caption {
        let told = caption::parse(above);
        return Some(Image {
            caption: told.caption,
            archive: told.archive || image.archive,
            taken: told.taken.or(image.taken),
            ..image
        });
    }
    // A bare agency is as likely a byline, a label is none.
    let labelled = image.credit.as_deref().is_some_and(|credit| credit != text);
    if labelled {
        // `Bild: dpa` may stand over its caption.
        let under = behind.filter(|below| {
            below.blank == 0
                && !text_page.forms[line + 1].is_prose()
                && text_page.forms[line + 1].kind == LineKind::Text
                && text_page.forms[line + 1].units >= 4.0
        });
        image.caption =
            under.filter(|_| text_page.forms[line].times > 1).map(|under| under.text.clone());
        return Some(image);
    }
    None
}

pub(super) fn add_picture(images: &mut Vec<Image>, image: Image) {
    if !images.iter().any(|known| same_picture(known, &image)) {
        images.push(image);
    }
}

/// Whether two captions are of one picture: the caption may be printed twice, once with its credit.
fn same_picture(one: &Image, other: &Image) -> bool {
    one.caption == other.caption
        && (one.credit == other.credit || one.credit.is_none() || other.credit.is_none())
}

/// Collects the blocks of a text.
struct BodyBuilder<'a> {
    text_page: &'a PlainTextPage,
    title: Option<String>,
    blocks: Vec<Block>,
    /// The paragraphs so far, so that a pull quote comes once.
    seen: HashSet<&'a str>,
    /// The captions so far.
    pictures: HashSet<String>,
}

impl BodyBuilder<'_> {
    fn line(&mut self, at: usize, span: &ArticleSpan) {
        let (line, form) = (&self.text_page.lines[at], &self.text_page.forms[at]);
        let text = line.text.as_str();
        let sentence = form.prose >= SENTENCE;
        match form.kind {
            _ if self.title.as_deref() == Some(&fold(text)) => {}
            LineKind::Caption => self.picture(at),
            LineKind::Text | LineKind::Byline | LineKind::Date | LineKind::Link if sentence => {
                self.paragraph(at);
            }
            LineKind::Text if line.bullet && form.units >= 4.0 => self.paragraph(at),
            LineKind::Text if form.times > 1 && form.units >= 4.0 && self.is_beside(at, text) => {
                self.add(caption::parse(text));
            }
            LineKind::Text if self.is_heading(at, span) => {
                self.blocks.push(Block::Heading { text: text.to_owned() });
            }
            _ => {}
        }
    }

    fn paragraph(&mut self, at: usize) {
        let line = &self.text_page.lines[at];
        if !self.seen.insert(&line.text) {
            return;
        }
        match self.blocks.last_mut() {
            Some(Block::List { text }) if line.bullet => {
                text.push('\n');
                text.push_str(&line.text);
            }
            _ if line.bullet => self.blocks.push(Block::List { text: line.text.clone() }),
            _ => self.blocks.push(Block::Paragraph { text: line.text.clone() }),
        }
    }

    fn picture(&mut self, at: usize) {
        let text = self.text_page.lines[at].text.as_str();
        if caption::is_source(text) {
            return;
        }
        if let Some(image) = picture(self.text_page, at, 0) {
            // The line above was taken for a heading or a paragraph.
            if let (Some(caption), Some(last)) =
                (&image.caption, self.blocks.last().and_then(Block::text))
                && last == caption
            {
                self.blocks.pop();
            }
            self.add(image);
        }
    }

    fn add(&mut self, image: Image) {
        if image.caption.as_ref().is_none_or(|caption| self.pictures.insert(caption.clone())) {
            self.blocks.push(Block::Image(image));
        }
    }

    fn is_beside(&self, at: usize, text: &str) -> bool {
        [at.checked_sub(1), Some(at + 1)]
            .into_iter()
            .flatten()
            .any(|index| self.text_page.lines.get(index).is_some_and(|line| line.text == text))
    }

    /// Whether a line is a short one between two sentences.
    fn is_heading(&self, at: usize, span: &ArticleSpan) -> bool {
        let form = &self.text_page.forms[at];
        let sentence = |at: usize| self.text_page.forms[at].prose >= SENTENCE;
        let after_gap = span.gaps.binary_search_by_key(&at, |gap| gap.end).is_ok();
        let within = span.body.contains(&at) && at > span.body.start && at + 1 < span.body.end;
        within
            && form.units <= MAX_HEADING
            && form.times <= 2
            && (sentence(at - 1) || after_gap)
            && sentence(at + 1)
    }
}

/// The lines in and under the text that name its sources.
fn credits(text_page: &PlainTextPage, span: &ArticleSpan) -> Vec<String> {
    let lines = span.lines().chain(span.body.end..(span.body.end + 2).min(text_page.lines.len()));
    lines
        .map(|line| &text_page.lines[line].text)
        .filter(|line| caption::is_source(line))
        .cloned()
        .collect()
}
