//! Leaves out lines in which the paper speaks for itself: it asks for readers' addresses, stories,
//! gifts and followers, says whose copyright the text is, or who the writer is.
//!
//! No single word decides but those of copyright. A line has to name what is offered and what readers
//! shall do, and to be set apart: by a link, by its type, or by its place at the end.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;

use super::{Judged, stem::Stem};
use crate::{
    html::Tag,
    text::{fold, letters::ends_sentence, lower},
};

/// The largest weight of a line that is looked at, and of one about copyright.
const MAX_CALL: u32 = 420;
const MAX_RIGHTS: u32 = 260;
/// Lines of text at the end of an article, where a call needs no link.
const TAIL: usize = 4;

/// What a phrase says.
type Sign = u8;
/// Something that a paper offers.
const OFFER: Sign = 1;
/// What readers shall do with it.
const ACT: Sign = 2;
/// Both.
const CALL: Sign = OFFER | ACT;
/// Whose the text is.
const RIGHTS: Sign = 4;

/// Phrases in lower case, by language.
const PHRASES: &[(&str, Sign)] = &[
    // English.
    ("newsletter", OFFER),
    ("in your inbox", CALL),
    ("to your inbox", CALL),
    ("push alert", OFFER),
    ("push notification", OFFER),
    ("our app", OFFER),
    ("whatsapp channel", OFFER),
    ("telegram channel", OFFER),
    ("our channel", OFFER),
    ("facebook page", OFFER),
    ("follow us on", CALL),
    ("like us on", CALL),
    ("join us on", CALL),
    ("got a story", CALL),
    ("have a story", CALL),
    ("have a news tip", CALL),
    ("have a tip", CALL),
    ("got a tip", CALL),
    ("get in touch with our", CALL),
    ("support our journalism", CALL),
    ("support independent journalism", CALL),
    ("consider supporting us", CALL),
    ("consider donating", CALL),
    ("make a donation", CALL),
    ("become a member", CALL),
    ("sign up", ACT),
    ("signup", ACT),
    ("subscribe", ACT),
    ("download", ACT),
    ("follow", ACT),
    ("click here", ACT),
    ("all rights reserved", RIGHTS),
    ("may not be published, broadcast", RIGHTS),
    // German.
    ("rundbrief", OFFER),
    ("unsere app", OFFER),
    ("unserer app", OFFER),
    ("whatsapp-kanal", OFFER),
    ("push-nachricht", OFFER),
    ("folgen sie uns", CALL),
    ("folge uns", CALL),
    ("anmelden", ACT),
    ("melden sie sich", ACT),
    ("melde dich", ACT),
    ("abonnieren", ACT),
    ("herunterladen", ACT),
    ("unterstützen sie uns", CALL),
    ("schreiben sie uns", CALL),
    ("alle rechte vorbehalten", RIGHTS),
    // French.
    ("infolettre", OFFER),
    ("lettre d’information", OFFER),
    ("lettre d'information", OFFER),
    ("notre application", OFFER),
    ("notre chaîne", OFFER),
    ("suivez-nous", CALL),
    ("inscrivez-vous", ACT),
    ("abonnez-vous", ACT),
    ("téléchargez", ACT),
    ("faites un don", CALL),
    ("soutenez-nous", CALL),
    ("écrivez-nous", CALL),
    ("tous droits réservés", RIGHTS),
    // Spanish, Portuguese, Italian.
    ("boletín", OFFER),
    ("boletin", OFFER),
    ("boletim", OFFER),
    ("nuestra app", OFFER),
    ("nuestro canal", OFFER),
    ("nosso canal", OFFER),
    ("nostro canale", OFFER),
    ("nostra app", OFFER),
    ("suscríb", ACT),
    ("suscrib", ACT),
    ("regístr", ACT),
    ("descarga", ACT),
    ("inscreva-se", ACT),
    ("assine", ACT),
    ("iscriviti", ACT),
    ("scarica", ACT),
    ("síguenos", CALL),
    ("siga-nos", CALL),
    ("seguici", CALL),
    ("escríbenos", CALL),
    ("scrivici", CALL),
    ("apóyanos", CALL),
    ("todos los derechos reservados", RIGHTS),
    ("todos os direitos reservados", RIGHTS),
    ("tutti i diritti riservati", RIGHTS),
    ("riproduzione riservata", RIGHTS),
    // Dutch and the languages of the North.
    ("nieuwsbrief", OFFER),
    ("nyhetsbrev", OFFER),
    ("nyhedsbrev", OFFER),
    ("uutiskirje", OFFER),
    ("volg ons", CALL),
    ("følg os", CALL),
    ("følg oss", CALL),
    ("följ oss", CALL),
    ("seuraa meitä", CALL),
    ("schrijf je in", ACT),
    ("meld je aan", ACT),
    ("tilmeld", ACT),
    ("prenumerera", ACT),
    ("anmäl dig", ACT),
    ("meld deg på", ACT),
    ("tilaa", ACT),
    ("alle rechten voorbehouden", RIGHTS),
    ("alla rättigheter förbehållna", RIGHTS),
    // Slavic languages, Hungarian, Romanian, Turkish, Greek.
    ("рассылк", OFFER),
    ("розсилк", OFFER),
    ("наш канал", OFFER),
    ("нашем канале", OFFER),
    ("telegram-канал", OFFER),
    ("подпис", ACT),
    ("подпиш", ACT),
    ("підпис", ACT),
    ("підпиш", ACT),
    ("newslettera", OFFER),
    ("zapisz się", ACT),
    ("hírlevél", OFFER),
    ("hírlevel", OFFER),
    ("iratkoz", ACT),
    ("buletin", OFFER),
    ("abonează", ACT),
    ("bülten", OFFER),
    ("abone ol", ACT),
    ("takip edin", ACT),
    ("ενημερωτικό δελτίο", OFFER),
    ("εγγραφ", ACT),
    ("все права защищены", RIGHTS),
    ("всі права захищені", RIGHTS),
    ("wszelkie prawa zastrzeżone", RIGHTS),
    ("minden jog fenntartva", RIGHTS),
    ("toate drepturile rezervate", RIGHTS),
    ("tüm hakları saklıdır", RIGHTS),
    // Arabic, Persian, Hebrew, Hindi.
    ("النشرة البريدية", OFFER),
    ("نشرتنا", OFFER),
    ("قناتنا", OFFER),
    ("اشترك", ACT),
    ("تابعونا", CALL),
    ("تابعنا على", CALL),
    ("خبرنامه", OFFER),
    ("ניוזלטר", OFFER),
    ("הירשמ", ACT),
    ("न्यूज़लेटर", OFFER),
    ("جميع الحقوق محفوظة", RIGHTS),
    ("تمامی حقوق", RIGHTS),
    ("כל הזכויות שמורות", RIGHTS),
    // Chinese, Japanese, Korean.
    ("ニュースレター", OFFER),
    ("メールマガジン", OFFER),
    ("登録", ACT),
    ("뉴스레터", OFFER),
    ("구독", ACT),
    ("电子报", OFFER),
    ("電子報", OFFER),
    ("订阅", ACT),
    ("訂閱", ACT),
    ("关注我们", CALL),
    ("版权所有", RIGHTS),
    ("版權所有", RIGHTS),
    ("未经授权", RIGHTS),
    ("無断転載", RIGHTS),
    ("無断複製", RIGHTS),
    ("무단 전재", RIGHTS),
    ("무단전재", RIGHTS),
];

static FINDER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(PHRASES.iter().map(|(phrase, _)| phrase)).ok());

/// What the phrases of a line say.
fn signs(text: &str) -> Sign {
    let Some(finder) = FINDER.as_ref() else { return 0 };
    finder
        .find_overlapping_iter(lower(text).as_ref())
        .fold(0, |signs, found| signs | PHRASES[found.pattern().as_usize()].1)
}

/// Leaves all such lines out.
pub(super) fn leave_out(page: Judged<'_, '_>, stem: &Stem, body: &mut [bool]) {
    for (at, is_text) in body.iter_mut().enumerate() {
        *is_text = *is_text && !is_call(page, at);
    }
    end(page, stem, body);
}

/// Whether a line that is set apart asks for something, or says whose the text is.
fn is_call(page: Judged<'_, '_>, at: usize) -> bool {
    let (line, weight) = (&page.lines.lines[at], page.measured.weight[at]);
    if weight > MAX_CALL {
        return false;
    }
    let text = page.text(at);
    let rights = weight < MAX_RIGHTS;
    if rights && begins_with_rights(text) {
        return true;
    }
    let apart = line.linked > 0 || line.stressed == line.chars;
    if !rights && !apart {
        return false;
    }
    let signs = signs(text);
    rights && signs & RIGHTS != 0 || apart && signs & CALL == CALL
}

fn begins_with_rights(text: &str) -> bool {
    let start = text.trim_start_matches(['(', ' ']);
    start.starts_with('©')
        || start.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("copyright"))
}

/// Leaves out what is behind the last sentence of the article: calls without a link, lines that lead
/// to other articles, and the writer's biography.
fn end(page: Judged<'_, '_>, stem: &Stem, body: &mut [bool]) {
    let writers: Vec<String> = page.writers.iter().map(|name| fold(name)).collect();
    let last: Vec<usize> = (0..body.len()).rev().filter(|at| body[*at]).take(TAIL).collect();
    // Of the last lines those that tell of the writer, with all behind them.
    let about = |at: usize| {
        let apart = !page.tree.within(page.lines.lines[at].block, stem.node)
            || page.lines.lines[at].stressed == page.lines.lines[at].chars;
        apart && tells_of(page.text(at), &writers)
    };
    for (index, at) in last.iter().enumerate() {
        let asks = page.measured.weight[*at] <= MAX_CALL
            && signs(page.text(*at)) & CALL == CALL
            && page.tree.tag(page.lines.lines[*at].block).heading_level().is_none();
        if about(*at) {
            for at in &last[..=index] {
                body[*at] = false;
            }
        } else if asks || leads_on(page, *at) && last[..index].iter().all(|behind| !body[*behind]) {
            body[*at] = false;
        }
    }
}

/// Whether a text begins with the name of a writer.
fn tells_of(text: &str, writers: &[String]) -> bool {
    let start: String = fold(text).chars().take(60).collect();
    writers.iter().any(|name| name.len() > 5 && start.starts_with(name.as_str()))
}

/// Whether a line is a word or two with a colon and a link behind it, or the link alone.
fn leads_on(page: Judged<'_, '_>, at: usize) -> bool {
    let line = &page.lines.lines[at];
    let inside: Range<u32> = 1..3;
    line.linked * 5 > line.chars * 3
        && page.tree.tag(line.block) == Tag::P
        && !page.text(at).ends_with(ends_sentence)
        && page.text(at).split_once(':').is_some_and(|(word, _)| {
            inside.contains(&u32::try_from(word.split_whitespace().count()).unwrap_or(9))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_names_an_offer_and_an_act_in_any_language() {
        for text in [
            "Sign up for our free Friday newsletter here",
            "Melden Sie sich für unseren Newsletter an",
            "Abonnez-vous à notre infolettre",
            "Suscríbete a nuestro boletín",
            "Подпишитесь на наш канал",
            "اشترك في النشرة البريدية",
            "뉴스레터 구독하기",
        ] {
            assert_eq!(signs(text) & CALL, CALL, "{text}");
        }
        for text in [
            "The paper began a newsletter for the harbour in 2019.",
            "Fans could sign up at the gate.",
        ] {
            assert_ne!(signs(text) & CALL, CALL, "{text}");
        }
    }

    #[test]
    fn a_line_about_rights_is_told_by_its_start_or_its_phrase() {
        let is_of_rights = |text| begins_with_rights(text) || signs(text) & RIGHTS != 0;
        for text in [
            "© 2026 Harbour Post",
            "Copyright Harbour Post 2026",
            "Alle Rechte vorbehalten.",
            "저작권자 ⓒ 무단 전재 및 재배포 금지",
        ] {
            assert!(is_of_rights(text), "{text}");
        }
        assert!(!is_of_rights("The copyright of the song was sold."));
    }
}
