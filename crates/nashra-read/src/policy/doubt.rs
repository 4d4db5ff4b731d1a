//! Decides whether a page shows its article, or something that the site sent by mistake. Pure.
//!
//! With status 200 come error pages, halves of pages and pages of something else, and taken for
//! editions they would replace good texts. So a page that does not look like the next edition of
//! what is published is looked at again like one that failed. What a publisher did on purpose comes
//! through in the end: a text that became short, under its own headline, is taken when it was as
//! short at as many looks as a failed page has tries. A page that shows neither headline of its
//! article is never taken: should that be meant, then the entry changes, too, or the page says that
//! it is gone. Nor is one under another headline that shows its article's among others, as front
//! pages do, unless it says when it was published.
//!
//! Half of a page that ends behind an element looks like one of a site that never closes its pages
//! (of 2,900 real pages 4 in a thousand): it is taken once two looks in a row showed as much.
//!
//! A first page has nothing to be held against but the headline that its source gives, and
//! headlines of feeds may differ from those of pages: it is doubted only where it does not say
//! itself when it was published, as articles do and error pages do not.

use crate::{
    model::{
        article::{ArticleState, DoubtedPage, RememberedPage, TextRank},
        page::End,
        record::{Content, Origin},
    },
    text::{self, letters::Letter},
};

/// Characters from which on a text counts as long.
const LONG: u32 = 500;
/// Characters of a headline that are compared.
const HEADLINE: usize = 200;
/// Looks in a row after which a page is believed that ends without the end of its body: it is
/// broken off elsewhere each time.
const TWICE: u32 = 2;
/// Looks in a row after which a first page is believed that tells its day to readers alone, or its
/// headline among others.
const FEW: u32 = 3;
/// For doubts that no number of looks resolves.
const NEVER: u32 = u32::MAX;
/// Characters of a page in which a headline is searched.
const LOOKED_AT: usize = 20_000;

/// Why a page is doubted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// Neither the headline that is published is there, nor the one that its source gives; or only
    /// among others.
    #[error("the page shows no headline that is published or was listed as its own")]
    Foreign,
    /// Most of the text is gone.
    #[error("the page has much less text than what is published")]
    Shorter,
    /// It ends inside a word or a tag, or without the end of its body, and is shorter than before.
    #[error("the page breaks off, and has less text than what is published")]
    CutOff,
    /// It ends before its body does, and there is nothing to tell that more is missing.
    #[error("the page breaks off")]
    BrokenOff,
}

/// A look at a page, of those that are made before the page is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The number of this look, from 1.
    pub number: u32,
    /// The number of the last look.
    pub last: u32,
}

/// What to do with a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the next edition.
    Taken,
    /// It is looked at again.
    Doubted(Doubt, DoubtedPage),
}

/// What a page shows now, as far as the decision needs it.
#[derive(Debug, Clone, Copy)]
pub struct ShownPage<'a> {
    /// The headline that it shows.
    pub title: Option<&'a str>,
    /// The text of its article.
    pub text: &'a str,
    /// The origin of its date of publication.
    pub dated: Option<Origin>,
    /// Whether its end is there.
    pub end: End,
}

impl<'a> ShownPage<'a> {
    /// The page as its extracted article shows it.
    #[must_use]
    pub fn new(content: &'a Content, end: End) -> Self {
        let (title, text) = (content.title.as_deref(), content.text.as_deref().unwrap_or_default());
        Self { title, text, dated: content.provenance.published, end }
    }

    /// Whether its metadata say when it was published: those of articles do, those of error pages
    /// and front pages do not.
    fn dates_itself(&self) -> bool {
        self.dated.is_some_and(|origin| !matches!(origin, Origin::Dom | Origin::Feed))
    }

    /// How many looks in a row are enough for a page that breaks off. The last look is enough by
    /// itself, because no better one will come.
    fn enough(&self, look: Look) -> u32 {
        match self.end {
            _ if look.number >= look.last => 1,
            End::Midst => NEVER,
            End::Open | End::Whole => TWICE,
        }
    }

    /// What is remembered of the page.
    #[must_use]
    pub fn shown(&self) -> RememberedPage {
        RememberedPage {
            title: self.title.map(|title| title.chars().take(HEADLINE).collect()),
            chars: chars(self.text),
        }
    }
}

/// Decides on a page of an article that is published. `listed` is the headline that the source
/// gives, where the page could have been fetched wrongly. A short text is believed at the last
/// look.
#[must_use]
pub fn judge(
    known: &ArticleState,
    listed: Option<&str>,
    page: ShownPage<'_>,
    look: Look,
) -> Verdict {
    let Some(before) = known.shown.as_ref().filter(|_| known.text_rank == TextRank::Page) else {
        return Verdict::Taken;
    };
    let now = chars(page.text);
    let is_foreign = || match headline_place([before.title.as_deref(), listed], page) {
        HeadlinePlace::Own => false,
        HeadlinePlace::Text => !page.dates_itself(),
        HeadlinePlace::Nowhere => true,
    };
    let (doubt, enough) = if listed.is_some() && page.shown().title != before.title && is_foreign()
    {
        (Doubt::Foreign, NEVER)
    } else if before.chars >= LONG && u64::from(now) * 5 < u64::from(before.chars) * 2 {
        (Doubt::Shorter, look.last)
    } else if page.end != End::Whole && u64::from(now) * 20 < u64::from(before.chars) * 19 {
        (Doubt::CutOff, look.last)
    } else if page.end != End::Whole && page.shown() != *before {
        (Doubt::BrokenOff, page.enough(look))
    } else {
        return Verdict::Taken;
    };
    verdict(doubt, enough, known.doubted, page)
}

/// Decides on the first page of an article, of which nothing is published, given what its last look
/// showed. A page with a date somewhere in its text, or the headline in its text alone, is believed
/// at the third look in a row that showed as much: a site's slip is over by then.
#[must_use]
pub fn judge_first(
    before: Option<DoubtedPage>,
    listed: Option<&str>,
    page: ShownPage<'_>,
    look: Look,
) -> Verdict {
    let (doubt, enough) = match headline_place([listed, None], page) {
        HeadlinePlace::Nowhere if page.dated.is_none() => (Doubt::Foreign, NEVER),
        HeadlinePlace::Nowhere | HeadlinePlace::Text if !page.dates_itself() => {
            (Doubt::Foreign, FEW.min(look.last))
        }
        _ if page.end != End::Whole => (Doubt::BrokenOff, page.enough(look)),
        _ => return Verdict::Taken,
    };
    verdict(doubt, enough, before, page)
}

/// Whether what is doubted is taken all the same, because `enough` looks in a row showed as much.
fn verdict(doubt: Doubt, enough: u32, before: Option<DoubtedPage>, page: ShownPage<'_>) -> Verdict {
    let now = chars(page.text);
    let alike = before.filter(|before| before.chars.abs_diff(now) <= now / 10);
    let doubted =
        DoubtedPage { chars: now, looks: alike.map_or(0, |alike| alike.looks).saturating_add(1) };
    if doubted.looks >= enough { Verdict::Taken } else { Verdict::Doubted(doubt, doubted) }
}

fn chars(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// Where a page shows one of some headlines.
enum HeadlinePlace {
    /// As its own, or that cannot be told.
    Own,
    /// In its text, under another one.
    Text,
    Nowhere,
}

fn headline_place(headlines: [Option<&str>; 2], page: ShownPage<'_>) -> HeadlinePlace {
    let shows = |shown: &str| {
        let judged: Vec<bool> = headlines
            .into_iter()
            .flatten()
            .filter_map(|headline| is_shown(headline, shown))
            .collect();
        judged.is_empty() || judged.contains(&true)
    };
    if page.title.is_some_and(|title| shows(&text::fold(title))) {
        return HeadlinePlace::Own;
    }
    match (shows(&text::fold(&page.text.chars().take(LOOKED_AT).collect::<String>())), page.title) {
        (true, Some(_)) => HeadlinePlace::Text,
        (true, None) => HeadlinePlace::Own,
        (false, _) => HeadlinePlace::Nowhere,
    }
}

/// Whether a folded text shows a headline, though in other words or another order; `None` where it
/// is too short to tell.
#[must_use]
pub fn is_shown(headline: &str, folded: &str) -> Option<bool> {
    let letters: Vec<char> =
        text::fold(&headline.chars().take(HEADLINE).collect::<String>()).chars().collect();
    // Pieces about as long as a syllable or two; where a character is a word, as a name.
    let wide = letters.iter().filter(|letter| is_wide(**letter)).count() * 2 > letters.len();
    let size = if wide { 2 } else { 5 };
    if letters.len() < 2 * size {
        return None;
    }
    let pieces = letters.windows(size).count();
    let found = letters
        .windows(size)
        .filter(|piece| folded.contains(&piece.iter().collect::<String>()))
        .count();
    Some(found * 5 >= pieces)
}

/// Whether a character is a letter of a script of East Asia.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
        && Letter::from_char(c).is_alphanumeric()
}

#[cfg(test)]
mod tests;
