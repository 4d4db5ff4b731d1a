//! Hints from the names that publishers give to elements: classes, ids and roles.
//!
//! A hint is evidence, never a decision. The words are English, as they are in content systems all
//! over the world.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::html::{NodeId, Tag, Tree};

/// Kinds of hints, as bits.
pub type Hints = u32;

/// The body of an article.
pub const BODY: Hints = 1;
/// Something of an article: its head, its text, its page.
pub const ARTICLE: Hints = 1 << 1;
/// An area with comments of readers.
pub const COMMENTS: Hints = 1 << 2;
/// Buttons for sharing, following and reactions.
pub const SHARING: Hints = 1 << 3;
/// Other articles: related, recommended, most read, teasers.
pub const OTHERS: Hints = 1 << 4;
/// Newsletters, subscriptions, logins, paywalls.
pub const SELLING: Hints = 1 << 5;
/// Advertising and sponsored content.
pub const ADS: Hints = 1 << 6;
/// Menus, breadcrumbs, headers and footers of the site.
pub const NAVIGATION: Hints = 1 << 7;
/// A box beside the main content.
pub const ASIDE: Hints = 1 << 8;
/// A caption or a credit.
pub const CAPTION: Hints = 1 << 9;
/// The writers and the date of an article.
pub const META: Hints = 1 << 10;
/// The tags and topics of an article.
pub const TOPICS: Hints = 1 << 11;
/// Requests for consent, pop-ups and notices.
pub const NOTICE: Hints = 1 << 12;
/// A deck under the headline.
pub const DECK: Hints = 1 << 13;
/// The headline of an article.
pub const TITLE: Hints = 1 << 14;
/// An element that is hidden from readers.
pub const HIDDEN: Hints = 1 << 15;
/// A biography of the writer.
pub const BIOGRAPHY: Hints = 1 << 16;
/// How many kinds there are.
pub const KINDS: usize = 17;

const WORDS: &[(&str, Hints)] = &[
    ("articlebody", BODY | ARTICLE),
    ("article-body", BODY | ARTICLE),
    ("article_body", BODY | ARTICLE),
    ("article__body", BODY | ARTICLE),
    ("articletext", BODY | ARTICLE),
    ("article-text", BODY | ARTICLE),
    ("article-content", BODY | ARTICLE),
    ("articlecontent", BODY | ARTICLE),
    ("article__content", BODY | ARTICLE),
    ("storybody", BODY | ARTICLE),
    ("story-body", BODY | ARTICLE),
    ("story-content", BODY | ARTICLE),
    ("story-text", BODY | ARTICLE),
    ("entry-content", BODY | ARTICLE),
    ("post-content", BODY | ARTICLE),
    ("post-body", BODY | ARTICLE),
    ("content-body", BODY | ARTICLE),
    ("news-content", BODY | ARTICLE),
    ("news-text", BODY | ARTICLE),
    ("body-text", BODY),
    ("bodytext", BODY),
    ("main-text", BODY),
    ("maintext", BODY),
    ("richtext", BODY),
    ("rich-text", BODY),
    ("fulltext", BODY),
    ("full-text", BODY),
    ("paragraph", BODY),
    ("wysiwyg", BODY),
    ("article", ARTICLE),
    ("story", ARTICLE),
    ("entry", ARTICLE),
    ("post", ARTICLE),
    ("detail", ARTICLE),
    ("comment", COMMENTS),
    ("disqus", COMMENTS),
    ("respond", COMMENTS),
    ("reply", COMMENTS),
    ("discussion", COMMENTS),
    ("share", SHARING),
    ("sharing", SHARING),
    ("social", SHARING),
    ("follow", SHARING),
    ("facebook", SHARING),
    ("twitter", SHARING),
    ("whatsapp", SHARING),
    ("reaction", SHARING),
    ("rating", SHARING),
    ("related", OTHERS),
    ("recommend", OTHERS),
    ("most-read", OTHERS),
    ("mostread", OTHERS),
    ("popular", OTHERS),
    ("trending", OTHERS),
    ("teaser", OTHERS),
    ("read-more", OTHERS),
    ("readmore", OTHERS),
    ("read-also", OTHERS),
    ("more-", OTHERS),
    ("-more", OTHERS),
    ("also", OTHERS),
    ("latest", OTHERS),
    ("outbrain", OTHERS),
    ("taboola", OTHERS),
    ("card", OTHERS),
    ("carousel", OTHERS),
    ("slider", OTHERS),
    ("ranking", OTHERS),
    ("list", OTHERS),
    ("newsletter", SELLING),
    ("subscri", SELLING),
    ("paywall", SELLING),
    ("login", SELLING),
    ("sign-up", SELLING),
    ("signup", SELLING),
    ("premium", SELLING),
    ("abo-", SELLING),
    ("donat", SELLING),
    ("membership", SELLING),
    ("promo", SELLING | ADS),
    ("advert", ADS),
    ("sponsor", ADS),
    ("banner", ADS),
    ("affiliate", ADS),
    ("ad-", ADS),
    ("-ad", ADS),
    ("ads", ADS),
    ("nav", NAVIGATION),
    ("menu", NAVIGATION),
    ("breadcrumb", NAVIGATION),
    ("footer", NAVIGATION),
    ("masthead", NAVIGATION),
    ("toolbar", NAVIGATION),
    ("pagination", NAVIGATION),
    ("pager", NAVIGATION),
    ("search", NAVIGATION),
    ("sidebar", ASIDE),
    ("aside", ASIDE),
    ("infobox", ASIDE),
    ("info-box", ASIDE),
    ("factbox", ASIDE),
    ("widget", ASIDE),
    ("right", ASIDE),
    ("caption", CAPTION),
    ("credit", CAPTION),
    ("copyright", CAPTION),
    ("photo", CAPTION),
    ("image", CAPTION),
    ("picture", CAPTION),
    ("gallery", CAPTION),
    ("media", CAPTION),
    ("figure", CAPTION),
    ("video", CAPTION),
    ("author", META),
    ("byline", META),
    ("date", META),
    ("time", META),
    ("publish", META),
    ("meta", META),
    ("info", META),
    ("bio", BIOGRAPHY),
    ("about-author", BIOGRAPHY),
    ("author-box", BIOGRAPHY),
    ("author-info", BIOGRAPHY),
    ("profile", BIOGRAPHY),
    ("tag", TOPICS),
    ("topic", TOPICS),
    ("keyword", TOPICS),
    ("categor", TOPICS),
    ("cookie", NOTICE),
    ("consent", NOTICE),
    ("gdpr", NOTICE),
    ("popup", NOTICE),
    ("modal", NOTICE),
    ("overlay", NOTICE),
    ("notice", NOTICE),
    ("disclaimer", NOTICE),
    ("alert", NOTICE),
    ("tooltip", NOTICE),
    ("subtitle", DECK),
    ("sub-title", DECK),
    ("standfirst", DECK),
    ("deck", DECK),
    ("lead", DECK),
    ("intro", DECK),
    ("summary", DECK),
    ("excerpt", DECK),
    ("teasertext", DECK),
    ("kicker", TITLE),
    ("headline", TITLE),
    ("title", TITLE),
    ("hidden", HIDDEN),
    ("visually-hidden", HIDDEN),
    ("sr-only", HIDDEN),
    ("screen-reader", HIDDEN),
    ("d-none", HIDDEN),
    ("noprint", HIDDEN),
    ("no-print", HIDDEN),
    ("print-only", HIDDEN),
];

/// Finds the hints of elements; building it is slow, so there is one.
#[derive(Debug)]
pub struct HintReader(AhoCorasick);

impl HintReader {
    /// Builds the reader.
    #[must_use]
    pub fn new() -> Option<Self> {
        let words = WORDS.iter().map(|(word, _)| word);
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            // The largest and fastest form: some 200 kB, for the names of all elements of all pages.
            .kind(Some(AhoCorasickKind::DFA))
            .build(words)
            .ok()
            .map(Self)
    }

    /// What an element's own names hint at.
    #[must_use]
    pub fn hints(&self, tree: &Tree<'_>, node: NodeId) -> Hints {
        let mut hints = match tree.tag(node) {
            Tag::Nav | Tag::Menu => NAVIGATION,
            Tag::Aside => ASIDE,
            Tag::Figcaption => CAPTION,
            _ => 0,
        };
        for (name, value) in tree.raw_attributes(node) {
            if value.len() > 2_000 {
                continue;
            }
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            if is("class")
                || is("id")
                || is("role")
                || is("itemprop")
                || is("data-testid")
                || is("data-component")
            {
                for found in self.0.find_overlapping_iter(value) {
                    hints |= WORDS[found.pattern().as_usize()].1;
                }
            } else if is("hidden")
                || is("style") && hides(value)
                || is("aria-hidden") && value.eq_ignore_ascii_case("true")
            {
                hints |= HIDDEN;
            }
        }
        hints
    }
}

fn hides(style: &str) -> bool {
    let plain: String = style
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(300)
        .flat_map(char::to_lowercase)
        .collect();
    plain.contains("display:none") || plain.contains("visibility:hidden")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hint_and_styles_hide() {
        let tree = Tree::parse(
            "<div class='Article-Body wide'></div><div id=commentsList style='display: none'></div><aside></aside>",
        );
        let reader = HintReader::new().unwrap();
        let hints: Vec<Hints> = tree.children(0).map(|child| reader.hints(&tree, child)).collect();
        assert_eq!(hints[0] & BODY, BODY);
        assert_eq!(hints[1] & (COMMENTS | HIDDEN), COMMENTS | HIDDEN);
        assert_eq!(hints[2], ASIDE);
    }
}
