//! Extracts the articles of a page: guards, encoding, the tree, its lines, the metadata, the lines
//! that are text, the borders between articles, and the articles themselves.

use std::{panic::AssertUnwindSafe, sync::LazyLock};

use url::Url;

use super::{
    Input, PageError, Rules, consent, embedded,
    features::{self, Measured},
    forest, further,
    hints::HintReader,
    kind, live,
    meta::{self, Meta},
    parts,
    rules::RulePlaces,
    split::{self, View},
    wholes::{self, Judged},
};
use crate::{
    html::{Tag, Tree},
    model::{
        page::{Page, PageKind, Part},
        record::Origin,
    },
    read::{encoding, guard, lines::Lines, trees::probability},
};

/// Characters below which a text is no article.
const MIN_TEXT: usize = 80;
/// The probability from which on a line belongs to an article.
const PROBABLE: f32 = 0.58;
/// The same for a page with hardly any such line, and the weight of text below which that is so.
const LESS_PROBABLE: f32 = 0.25;
const SHORT: u32 = 100;
/// Characters that are no links below which a page shows nothing.
const FEW_CHARS: u32 = 400;
/// The most lines of a page that are read: a free number and one for each that many bytes, up to a
/// limit. Long pages of publishers have a line for hundreds of bytes.
const MAX_LINES: usize = 200_000;
const FREE_LINES: usize = 4_500;
const BYTES_OF_LINE: usize = 192;

static HINTS: LazyLock<Option<HintReader>> = LazyLock::new(HintReader::new);

/// Extracts the articles of a page.
///
/// # Errors
/// Says what the bytes are instead. Never panics: a panic of a library behind it is an error.
pub fn extract(input: Input<'_>) -> Result<Page, PageError> {
    // The kinds of files that are known come first: none of them is a text or a page.
    if let Some(what) = guard::foreign(input.bytes) {
        return Err(PageError::NotHtml(what.to_owned()));
    }
    if let Some(what) = guard::nothing(input.bytes) {
        return Err(PageError::Nothing(what));
    }
    if !input.bytes.contains(&b'<') {
        return Err(PageError::Nothing("without any markup"));
    }
    let html = encoding::to_text(input.bytes, input.content_type);
    std::panic::catch_unwind(AssertUnwindSafe(|| read_html(&html, input)))
        .map_err(|_| PageError::Panicked)?
}

fn read_html(html: &str, input: Input<'_>) -> Result<Page, PageError> {
    with_view(html, input.url, input.rules, |view| {
        let mut page = match in_scripts(view) {
            Some((text, origin)) => {
                read_text(view, &text).ok_or(PageError::Panicked)?.map(|mut page| {
                    if let Some(first) = page.articles.first_mut() {
                        first.content.provenance.text = Some(origin);
                    }
                    page
                })
            }
            None if !view.places.hold_text() && consent::is_wall(view, html) => {
                Err(PageError::Consent)
            }
            None => page(view)
                .map_err(|error| if needs_scripts(view) { PageError::Scripts } else { error }),
        }?;
        // Shops, indexes and what readers wrote go on on further pages, too.
        let is_article = view.meta.article && page.kind == PageKind::Article && !is_forum(html);
        if is_article && matches!(&page.articles[..], [only] if only.content.published.is_some()) {
            let here = [Some(input.url), page.canonical.as_ref()];
            let here: Vec<_> = here.into_iter().flatten().collect();
            page.next = further::next(view.tree, HINTS.as_ref().ok_or(PageError::Panicked)?, &here);
        }
        Ok(page)
    })
    .ok_or(PageError::Panicked)?
}

/// The article as a page of its own, where scripts have more of it than the page shows.
fn in_scripts(view: View<'_, '_>) -> Option<(String, Origin)> {
    let shown = weight_of(view.body, view.measured);
    if view.places.hold_text() { None } else { embedded::find(view, shown) }
}

/// Reads a text that was found in the scripts of a page; `None` where the table of hints is broken.
fn read_text(view: View<'_, '_>, text: &str) -> Option<Result<Page, PageError>> {
    let tree = Tree::parse(text);
    let lines = lines_of(&tree, text);
    let measured =
        features::measure(&tree, &lines, HINTS.as_ref()?, view.meta.page_metadata(), |_| {});
    let count = lines.lines.len();
    let (mut body, probable) = (vec![true; count], vec![1.0; count]);
    let places = RulePlaces::default();
    let (tree, lines, measured) = (&tree, &lines, &measured);
    let found = Found { tree, lines, measured, probable: &probable };
    settle(found, view.meta, view.base, true, &mut body);
    Some(page(View { tree, lines, measured, body: &body, guessed: false, places: &places, ..view }))
}

/// Whether a page without a text has scripts that would make one: it shows next to nothing.
fn needs_scripts(view: View<'_, '_>) -> bool {
    let shown: u32 = view.lines.lines.iter().map(|line| line.chars - line.linked).sum();
    shown < FEW_CHARS && (1..view.tree.len()).any(|node| view.tree.tag(node) == Tag::Script)
}

/// Measures a page and passes it to `then`; `None` where the table of hints is broken.
fn with_view<T>(
    html: &str,
    base: &Url,
    rules: Option<&Rules>,
    then: impl FnOnce(View<'_, '_>) -> T,
) -> Option<T> {
    let tree = Tree::parse(html);
    let mut meta = meta::parse(&tree, base);
    let places = rules.map(|rules| rules.places(&tree)).unwrap_or_default();
    if let Some(rules) = rules {
        rules.apply(&tree, &mut meta);
    }
    let lines = lines_of(&tree, html);
    let mut probable: Vec<f32> = Vec::with_capacity(lines.lines.len());
    let measured =
        features::measure(&tree, &lines, HINTS.as_ref()?, meta.page_metadata(), |rows| {
            forest::BODY.sums(rows, |sum| probable.push(probability(sum)));
        });
    let over =
        |least: f32| -> Vec<bool> { probable.iter().map(|probable| *probable >= least).collect() };
    let sure = over(PROBABLE);
    // A page without any probable line has its text in the most probable ones.
    let short = weight_of(&sure, &measured) < SHORT;
    let wider =
        short.then(|| over(LESS_PROBABLE)).filter(|short| weight_of(short, &measured) >= 2 * SHORT);
    let guessed = wider.is_some();
    let mut body = wider.unwrap_or(sure);
    let may_be_article = meta.article && !is_forum(html);
    let (tree, lines) = (&tree, &lines);
    settle(
        Found { tree, lines, measured: &measured, probable: &probable },
        &meta,
        base,
        may_be_article,
        &mut body,
    );
    if rules.is_some() {
        for (is_text, line) in body.iter_mut().zip(&lines.lines) {
            let within = if places.hold_text() { places.is_text(line.first) } else { *is_text };
            *is_text = within && !places.is_removed(line.first);
        }
    }
    Some(then(View {
        tree,
        lines,
        measured: &measured,
        body: &body,
        guessed,
        places: &places,
        meta: &meta,
        base,
    }))
}

/// A page with the probability of each line that it is text.
#[derive(Clone, Copy)]
struct Found<'a, 'b> {
    tree: &'a Tree<'b>,
    lines: &'a Lines,
    measured: &'a Measured,
    probable: &'a [f32],
}

/// Settles which lines are text, thing by thing.
fn settle(found: Found<'_, '_>, meta: &Meta, base: &Url, is_article: bool, body: &mut [bool]) {
    let Found { tree, lines, measured, probable } = found;
    let writers: Vec<&str> =
        meta.content.bylines.iter().map(|byline| byline.name.as_str()).collect();
    let live = meta.live || live::is_live_name(base.path());
    let judged =
        Judged { tree, lines, measured, probable, writers: &writers, article: is_article, live };
    wholes::settle(judged, body);
}

/// The lines of a page, as many as its size has room for.
fn lines_of(tree: &Tree<'_>, html: &str) -> Lines {
    let mut lines = Lines::from_tree(tree);
    lines.lines.truncate(MAX_LINES.min(FREE_LINES + html.len() / BYTES_OF_LINE));
    lines
}

/// Whether a page says that its text is what its visitors wrote.
fn is_forum(html: &str) -> bool {
    ["DiscussionForumPosting", "QAPage"]
        .iter()
        .any(|name| memchr::memmem::find(html.as_bytes(), name.as_bytes()).is_some())
}

fn page(view: View<'_, '_>) -> Result<Page, PageError> {
    let live = live::entries(view);
    let articles = articles(view, &live);
    if articles.iter().all(|article| {
        article.content.text.as_ref().is_none_or(|text| text.chars().count() < MIN_TEXT)
    }) {
        return Err(PageError::NoText);
    }
    let meta = view.meta;
    let kind = if meta.live || !live.is_empty() { PageKind::LiveBlog } else { kind::kind(view) };
    let (canonical, alternates, site_name) =
        (meta.canonical.clone(), meta.alternates.clone(), meta.site_name.clone());
    Ok(Page { canonical, alternates, site_name, kind, articles, next: None })
}

/// The signs of each line that could be the headline of a further article, and whether it is: for
/// training. `is_headline` is asked for each line's text; what follows is measured as after its
/// answer.
#[must_use]
pub fn signs_of_parts(
    html: &str,
    base: &Url,
    mut is_headline: impl FnMut(&str) -> bool,
) -> Vec<(Vec<f32>, bool)> {
    let mut rows = Vec::new();
    with_view(html, base, None, |view| {
        split::walk(view, |row, text| {
            let is = is_headline(text);
            rows.push((row.to_vec(), is));
            is
        })
    });
    rows
}

fn articles(view: View<'_, '_>, live: &[live::LiveEntry]) -> Vec<Part> {
    let (mut spans, mut lists) = split::spans(view);
    if view.meta.live || !live.is_empty() || view.places.hold_text() {
        // The entries of a live blog have headlines and dates, as articles have.
        spans.truncate(1);
        for whole in &mut spans {
            whole.to = view.lines.lines.len();
        }
    }
    let mut articles = Vec::with_capacity(spans.len());
    for (at, span) in spans.iter().enumerate() {
        let mut part = if at == 0 {
            parts::part(view, span, view.meta.content.clone(), Some((span.to, lists.take())), live)
        } else {
            let headline =
                span.headline.map(|headline| view.lines.get(&view.lines.lines[headline]));
            // The page's own list may stand below its last article.
            let is_last = at + 1 == spans.len();
            let lists = is_last.then_some((span.to, None));
            parts::part(view, span, view.meta.of_part(headline), lists, &[])
        };
        let listed = std::mem::take(&mut part.content.related);
        if at == 0 {
            part.content.related = listed;
        } else if let Some(first) = articles.first_mut().filter(|_| !listed.is_empty()) {
            let first: &mut Part = first;
            if first.content.related.is_empty() {
                first.content.related = listed;
            }
        }
        if at == 0 {
            part.url.clone_from(&view.meta.canonical);
            part.evidence.words = view.meta.words;
        }
        if part.content.text.is_some() {
            articles.push(part);
        }
    }
    articles
}

/// The weight of the lines that are text.
pub(super) fn weight_of(body: &[bool], measured: &Measured) -> u32 {
    body.iter()
        .zip(&measured.weight)
        .filter(|(is_body, _)| **is_body)
        .map(|(_, weight)| weight)
        .sum()
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod days;

#[cfg(test)]
mod fields;

#[cfg(test)]
mod headline;

#[cfg(test)]
mod metadata;

#[cfg(test)]
mod seed;

#[cfg(test)]
mod several;
