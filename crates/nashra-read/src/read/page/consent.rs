//! Tells a wall that wants consent from a page: nearly all that it says is about cookies, data and
//! consent, and it offers to agree.
//!
//! What must stay true: an article about cookies is none, nor is a page with a banner over it: they
//! say enough besides.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::split::View;
use crate::{
    html::{NodeId, Tag},
    text,
};

/// The least characters of such lines on a wall, and the most of all others; spaces are not counted.
const LEAST: u32 = 100;
const OTHERS: u32 = 700;
/// A line is about consent where it has one of the words in so many characters: one mention makes no
/// wall of a long text.
const MENTION: u32 = 250;
/// Elements that are asked what they offer.
const MAX_OFFERS: usize = 400;
/// Bytes of scripts and attributes in which the name of a system is looked for.
const MAX_MARKUP: usize = 1 << 20;

static SAYS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| words("says"));
static OFFERS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| words("offers"));
static SYSTEMS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| words("systems"));

fn words(kind: &'static str) -> Option<AhoCorasick> {
    AhoCorasick::new(text::listed(include_str!("consent.txt"), kind)).ok()
}

/// Whether a page is such a wall.
pub(super) fn is_wall(view: View<'_, '_>, html: &str) -> bool {
    let (mut consent, mut others) = (0, 0);
    for line in &view.lines.lines {
        let chars = line.chars - line.linked;
        if mentions(view.lines.get(line)).saturating_mul(MENTION) >= line.chars {
            consent += chars;
        } else {
            others += chars;
        }
    }
    consent >= LEAST
        && others <= OTHERS.min(consent)
        && (offers(view) || holds(&SYSTEMS, &html[..html.floor_char_boundary(MAX_MARKUP)]))
}

/// Whether a button or a link offers to agree.
fn offers(view: View<'_, '_>) -> bool {
    let tree = view.tree;
    let is_button = |node: &NodeId| matches!(tree.tag(*node), Tag::Button | Tag::A | Tag::Input);
    (1..tree.len()).filter(is_button).take(MAX_OFFERS).any(|node| {
        let value = tree.attribute(node, "value").unwrap_or_default();
        holds(&OFFERS, &tree.start_of_text(node)) || holds(&OFFERS, &value)
    })
}

fn mentions(text: &str) -> u32 {
    let found =
        SAYS.as_ref().map_or(0, |words| words.find_iter(text::lower(text).as_ref()).count());
    u32::try_from(found).unwrap_or(u32::MAX)
}

fn holds(words: &LazyLock<Option<AhoCorasick>>, text: &str) -> bool {
    words.as_ref().is_some_and(|words| words.is_match(text::lower(text).as_ref()))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use crate::read::page::{self, PageError};

    fn read(body: &str) -> Result<usize, PageError> {
        let url = Url::parse("https://paper.example/harbour").unwrap();
        let html = format!(
            "<!DOCTYPE html><html><head><title>The harbour</title></head><body>{body}</body></html>"
        );
        page::parse(html.as_bytes(), Some("text/html"), Some(&url), None)
            .map(|page| page.articles.len())
    }

    #[test]
    fn a_wall_of_many_languages_and_systems_is_told_as_one() {
        for body in [
            "<h1>We value your privacy</h1><p>We and our 842 partners store and access information on a device, such as cookies, and process personal data for personalised ads and content, ad measurement and audience insights.</p><p>You may withdraw your consent at any time in our privacy policy.</p><button>Accept all</button><button>Manage options</button>",
            "<h1>Mit Werbung weiterlesen</h1><p>Besuchen Sie uns wie gewohnt mit Werbung und Cookies. Ihre Zustimmung können Sie jederzeit widerrufen; Details zum Datenschutz finden Sie in der Datenschutzerklärung und im Privacy Center.</p><p>Wir und unsere Partner verarbeiten personenbezogene Daten, um Anzeigen auszuspielen.</p><button>Akzeptieren und weiter</button>",
            "<h1>Votre vie privée</h1><p>Avec votre consentement, nos partenaires et nous utilisons des cookies pour stocker et accéder à des données personnelles comme votre visite sur ce site. Vous pouvez retirer votre consentement à tout moment.</p><a href='#'>Accepter et fermer</a>",
            "<h1>خصوصيتك تهمنا</h1><p>نستخدم نحن وشركاؤنا ملفات تعريف الارتباط لتخزين المعلومات على جهازك والوصول إليها ومعالجة البيانات الشخصية بموافقتك، ويمكنك سحب الموافقة في أي وقت من صفحة سياسة الخصوصية الخاصة بالموقع ومن إعدادات حسابك في الصحيفة.</p><button>قبول الكل</button>",
            "<h1>プライバシーについて</h1><p>当社とパートナーは、端末に情報を保存し、またはアクセスするためにクッキーを使用し、広告の配信のために個人データを処理します。同意はいつでもプライバシーポリシーのページから取り消すことができます。詳しくはプライバシーポリシーをご覧になり、クッキーの設定を変更してください。設定はいつでも変更できます。クッキーの利用目的はプライバシーポリシーに記載されています。</p><button>同意する</button>",
            "<div id='sp_message_container_1'></div><p>We use cookies and other data to keep this service running. Your consent is asked for each purpose, and you can read more in our privacy policy before you go on to the page.</p><script src='https://cdn.privacy-mgmt.com/unified/wrapper.js'></script>",
        ] {
            assert_eq!(read(body), Err(PageError::Consent), "{body}");
        }
    }

    #[test]
    fn an_article_about_cookies_and_a_page_with_a_banner_are_read() {
        let paragraph = "<p>The regulator said on Monday that third-party cookies may stay for another two years, after publishers had warned that their income would fall by a third without them.</p>";
        let other = "<p>The harbour of the old town took in ships again on Monday morning, four months after the breakwater was damaged in a storm that nobody had foreseen at all.</p>";
        let banner = "<div class='banner'><p>We use cookies and process personal data with your consent, see our privacy policy.</p><button>Accept all</button></div>";
        let about = format!(
            "<article><h1>Cookies may stay</h1>{}{}</article>{banner}",
            paragraph.repeat(2),
            other.repeat(6)
        );
        assert_eq!(read(&about), Ok(1));
        // A text that is one line, and says it once.
        let line = format!(
            "<p>{} The gdpr and its cookies are one.</p>{banner}",
            other.replace("</p>", " ").replace("<p>", "").repeat(9)
        );
        assert_eq!(read(&line), Ok(1));
        assert_eq!(
            read(&format!("{banner}<article><h1>The harbour</h1>{}</article>", other.repeat(6))),
            Ok(1)
        );
    }
}
