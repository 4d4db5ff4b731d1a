//! The names that the web uses for kinds of pages and for parts of a page: in paths, in class and
//! id attributes.
//!
//! They are clues, not rules: the model weighs them together with the look of a link. The names are
//! of languages in Latin letters; sites in other scripts use the English ones.

use std::sync::LazyLock;

use hashbrown::HashMap;

/// Names of pages that list, explain or sell.
const HUBS: &str = "\
    gutschein gutscheine coupon coupons voucher vouchers deal deals gewinnspiel gewinnspiele raetsel crossword \
    crosswords sudoku puzzle puzzles games anzeige anzeigen sponsored promo promotion immobilien stellen \
    stellenanzeigen stellenmarkt donate donation spenden magazin-abo epaper e-paper edition editions \
    suscribete suscriptores assinatura abonne abonner boutique annonces emploi     abo about account ads advertise advertising agb all app apps archiv archive archives auteur author authors autor \
    autore autoren autores browse careers cat categoria categorie category channel collection collections columnist \
    columnists contact contacto contributor contributors cookie cookies datenschutz disclaimer etiqueta events faq \
    feed feeds follow forum forums help hilfe home horoscope horoskop hub impressum index jobs kategoria kategorie \
    kontakt label latest legal login mitarbeiter mobile newsletter newsletters page pages partner people person \
    policies policy press privacidad privacy profil profile register registration rss rubric rubrik rubrique \
    schlagwort search section sections series service services share sharer shop shows sign-in signin signup site \
    sitemap specials spiele store subject submit subscribe subscription suche suscripcion tag tagged tags team terms \
    thema theme themen themes topic topics trending user users weather wetter writer writers \
    ";

/// Names of pages whose content is not text.
const MEDIA: &str = "\
    audio foto fotos fotostrecke galeria galerie galerien galleries gallery image images live liveticker media \
    mediathek photo photogallery photos photoview pictures podcast podcasts quiz radio reel slideshow transcripts tv \
    video videos vidéos watch webcams \
    ";

/// Names of pages of one article.
const ARTICLES: &str = "article articles artikel artículo articolo articulo art story stories news noticia noticias nachricht nachrichten \
    beitrag post posts detail details content id aid newsid articleid storyid view read p nid sid cid doc item report noticia nota haber xinwen \
    newsview newsdetail article_id idx no key uid feature features column opinion";

/// Endings of files that are no pages.
const FILES: &str = "jpg jpeg png gif webp svg ico bmp avif pdf doc docx xls xlsx ppt pptx zip gz rar mp3 mp4 m4a m4v mov avi wav ogg webm m3u8 \
    xml rss atom json css js ics apk exe dmg epub txt csv";

/// Parts of the names of servers that count clicks on advertisements.
const AD_SERVERS: &[&str] = &[
    "doubleclick.",
    "googlesyndication.",
    "adservice.",
    "adclick.",
    "taboola.",
    "outbrain.",
    "criteo.",
    "adform.",
    "adnxs.",
];

/// The longest name that is looked up, in bytes.
const LONGEST: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameKind {
    Hub,
    Medium,
    Article,
    File,
}

static PAGES: LazyLock<HashMap<&str, NameKind>> = LazyLock::new(|| {
    let hubs = HUBS.split_whitespace().map(|word| (word, NameKind::Hub));
    let media = MEDIA.split_whitespace().map(|word| (word, NameKind::Medium));
    let articles = ARTICLES.split_whitespace().map(|word| (word, NameKind::Article));
    hubs.chain(media)
        .chain(articles)
        .chain(FILES.split_whitespace().map(|word| (word, NameKind::File)))
        .collect()
});

/// Whether a path segment names a page that lists, explains or sells.
pub(super) fn is_hub(segment: &str) -> bool {
    page(segment) == Some(NameKind::Hub)
}

/// Whether a path segment names something else than text.
pub(super) fn is_medium(segment: &str) -> bool {
    page(segment) == Some(NameKind::Medium)
}

/// Whether a path segment or a parameter names an article.
pub(super) fn is_article(segment: &str) -> bool {
    page(segment) == Some(NameKind::Article)
}

/// Whether an ending is that of a file.
pub(super) fn is_file(ending: &str) -> bool {
    page(ending) == Some(NameKind::File)
}

/// Whether a host serves advertisements.
pub(super) fn is_ad_server(host: &str) -> bool {
    AD_SERVERS.iter().any(|address| host.contains(address))
}

fn page(segment: &str) -> Option<NameKind> {
    let mut lower = [0; LONGEST];
    lowered(segment, &mut lower).and_then(|lowered| PAGES.get(lowered).copied())
}

/// A word with its ASCII letters in lower case; `None` where it is longer than every name.
fn lowered<'b>(word: &str, into: &'b mut [u8; LONGEST]) -> Option<&'b str> {
    let into = into.get_mut(..word.len())?;
    into.copy_from_slice(word.as_bytes());
    into.make_ascii_lowercase();
    std::str::from_utf8(into).ok()
}

/// The parts of a page that an element may be, by its tag, its role and its names: a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Region(pub(super) u32);

macro_rules! regions {
    ($($(#[$doc:meta])* $name:ident = $bit:literal: $words:literal;)+) => {
        impl Region {
            $($(#[$doc])* pub(super) const $name: Self = Self(1 << $bit);)+
        }

        /// The words of each region. A word with a `*` at its end stands for all that begin with
        /// it.
        const PARTS: &[(&str, Region)] = &[$(($words, Region::$name),)+];
    };
}

regions! {
    /// Navigation and menus.
    NAV = 0: "nav navi navbar navigation menu submenu topnav subnav mainnav topmenu dropdown megamenu hamburger toolbar tabs";
    /// The foot of the page.
    FOOTER = 1: "footer foot bottom colophon imprint copyright legal";
    /// The head of the page.
    HEADER = 2: "header masthead topbar head banner logo branding";
    /// Sidebars and boxes beside the main content.
    ASIDE = 3: "aside sidebar rail widget widgets marginal secondary";
    /// The main content of the page.
    MAIN = 4: "main content primary";
    /// One item of a list of articles.
    CARD = 5: "article articles story stories card cards teaser post posts entry hentry item news promo lead feature tease tile list";
    /// Advertisements and sponsored links.
    AD = 6: "ad ads advert* anzeige sponsor* promoted outbrain taboola adv publicidad werbung partner* commercial native affiliate deals shop shopping";
    /// Buttons for sharing and following.
    SHARE = 7: "share shares sharing social follow facebook twitter whatsapp";
    /// Comments of readers.
    COMMENTS = 8: "comment comments disqus kommentar* replies";
    /// Labels with the name of a section or a topic.
    LABEL = 9: "tag tags tagcloud categor* topic topics label labels kicker eyebrow rubric rubrik badge slug overline";
    /// The names of writers.
    AUTHOR = 10: "author authors byline bylines writer contributor* autor* journalist";
    /// Steps through pages or slides.
    PAGER = 11: "breadcrumb* pagination pager paging pages next prev previous more";
    /// The name of an article.
    TITLE = 12: "headline headlines title heading titre titulo hed ueberschrift";
    /// The teaser of an article.
    TEASER = 13: "summary excerpt description desc dek abstract snippet standfirst intro lede blurb text";
    /// Videos, galleries and podcasts.
    MEDIUM = 14: "video videos gallery galleries slideshow podcast* photo photos carousel player watch audio live";
    /// Lists of the most read or the newest articles.
    RANK = 15: "popular trending ranking rank latest hot ticker newest breaking";
    /// Accounts, search and other services of the site.
    SERVICE = 16: "login signin signup account subscribe subscription newsletter search cookie* consent user profile language lang weather";
    /// Lists of related articles.
    RELATED = 17: "related recommend* recirc* also similar";
}

/// Whole words, and beginnings of words.
type Names = (HashMap<&'static str, u32>, Vec<(&'static str, u32)>);

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let (mut whole, mut starts) = (HashMap::new(), Vec::new());
    for (words, region) in PARTS {
        for word in words.split_whitespace() {
            match word.strip_suffix('*') {
                Some(start) => starts.push((start, region.0)),
                None => *whole.entry(word).or_default() |= region.0,
            }
        }
    }
    (whole, starts)
});

impl Region {
    /// The regions of both.
    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two have a region in common.
    pub(super) fn is(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The regions that a class or id names; `camelCase`, `kebab-case` and the like are split into
    /// words.
    pub(super) fn named(names: &str) -> Self {
        let mut region = Self::default();
        let bytes = names.as_bytes();
        let (mut from, mut words) = (0, 0);
        for at in 0..=bytes.len() {
            let letter = bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
            let humped = letter
                && bytes[at].is_ascii_uppercase()
                && at > from
                && bytes[at - 1].is_ascii_lowercase();
            if letter && !humped {
                continue;
            }
            if at > from {
                region = region.with(Self::word(&names[from..at]));
                words += 1;
                if words > MAX_WORDS {
                    break;
                }
            }
            from = if letter { at } else { at + 1 };
        }
        region
    }

    fn word(word: &str) -> Self {
        let mut lower = [0; LONGEST];
        let Some(word) = lowered(word, &mut lower) else { return Self::default() };
        let (whole, starts) = &*NAMES;
        let begun = starts
            .iter()
            .filter(|(start, _)| word.starts_with(start))
            .fold(0, |all, (_, region)| all | region);
        Self(whole.get(word).copied().unwrap_or(0) | begun)
    }
}

/// The most words of one attribute that are read.
const MAX_WORDS: usize = 64;
