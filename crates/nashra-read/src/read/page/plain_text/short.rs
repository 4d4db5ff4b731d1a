//! Texts of a few lines, as other services hand them over: a headline and a paragraph or two.
//!
//! They are too short to weigh one line against the others, and there is nothing around them to
//! remove. So the only condition is that most of their words are in sentences; menus and bare
//! headlines have none.

use super::{
    PlainTextPage,
    form::{LineKind, SENTENCE},
    split::ArticleSpan,
};

/// The longest such text, in lines.
const MAX_LINES: usize = 30;
/// The fewest words of a text with a headline, and of one without.
const LEAST: (f32, f32) = (4.0, 12.0);

/// The one article of a short text, if it is one.
pub(super) fn find_span(text_page: &PlainTextPage) -> Option<ArticleSpan> {
    let forms = &text_page.forms;
    if forms.len() > MAX_LINES {
        return None;
    }
    let sentence = |at: &usize| forms[*at].prose >= SENTENCE;
    let title = (0..forms.len())
        .take_while(|at| !(sentence(at) && forms[*at].stops))
        .find(|at| !forms[*at].stops && text_page.headlines.score(*at).is_some());
    let behind = title.map_or(0, |title| title + 1)..forms.len();
    let (start, last) = (behind.clone().find(sentence)?, behind.clone().rev().find(sentence)?);
    let words = |of: &dyn Fn(&usize) -> bool| {
        behind.clone().filter(|line| of(line)).map(|line| forms[line].units).sum::<f32>()
    };
    let text = words(&sentence);
    let other = words(&|line| {
        !sentence(line)
            && matches!(
                forms[*line].kind,
                LineKind::Text
                    | LineKind::Legal
                    | LineKind::Related
                    | LineKind::Other
                    | LineKind::Next
            )
    });
    let enough = if title.is_some() { LEAST.0 } else { LEAST.1 };
    (text >= enough && text >= other).then_some(ArticleSpan {
        title,
        body: start..last + 1,
        gaps: Vec::new(),
    })
}
