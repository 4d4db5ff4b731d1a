//! Articles that are enriched.

use super::*;
use crate::model::{
    page::TextSource,
    record::{Byline, BylineKind, Direction, Quality},
};

fn article(text: &str) -> Content {
    Content { text: Some(text.to_owned()), ..Content::default() }
}

fn evidence(source: TextSource) -> Evidence {
    Evidence { source, ..Evidence::default() }
}

#[test]
fn what_follows_from_a_text_is_the_same_wherever_it_was_read() {
    let text = "أعلنت وزارة الصحة اليوم عن افتتاح مركز طبي جديد في المدينة الساحلية بحضور عدد من المسؤولين";
    for source in [TextSource::Html { title: true, date: true }, TextSource::FeedContent] {
        let mut content = article(text);
        content.bylines =
            vec![Byline {
                name: "رويترز".to_owned(), kind: BylineKind::Organisation, place: None
            }];
        enrich(&mut content, &evidence(source));
        assert_eq!(
            (content.language.as_deref(), content.script.as_deref()),
            (Some("ar"), Some("Arab"))
        );
        assert_eq!((content.direction, content.word_count), (Some(Direction::Rtl), 16));
        assert_eq!(content.agencies, ["Reuters"]);
    }
}

#[test]
fn enrichers_that_run_again_change_nothing() {
    let mut content = article("The harbour is open again, AFP reported…");
    content.quality = Quality { paywalled: true, ..Quality::default() };
    let evidence =
        Evidence { language: Some("en-GB".to_owned()), words: Some(900), ..Evidence::default() };
    enrich(&mut content, &evidence);
    let once = content.clone();
    enrich(&mut content, &evidence);
    assert_eq!(content, once);
    assert!(once.quality.truncated && once.word_count == 7);
}

#[test]
fn a_longer_text_with_a_title_and_a_date_of_its_own_is_surer() {
    let sure = |words: usize, source: TextSource| {
        let mut content = article(&"word ".repeat(words));
        enrich(&mut content, &evidence(source));
        content.quality.confidence
    };
    let whole = TextSource::Html { title: true, date: true };
    assert!(sure(200, whole) > sure(100, whole) && sure(100, whole) > sure(10, whole));
    assert!(sure(200, whole) > sure(200, TextSource::Html { title: true, date: false }));
    assert!(
        sure(200, whole)
            > sure(200, TextSource::PlainText { title: true, date: true, images: true })
    );
    assert!(sure(200, TextSource::FeedContent) > sure(200, TextSource::FeedSummary));
}
