//! Decides whether an article that may be the one that was found is it. Pure.
//!
//! A name that others can have, too, is evidence: another form of an address, an address under which
//! the source lists something with another guid, a title. Then title, text and date decide.
//!
//! What must stay true: two articles are never taken for one because of such a name alone.

use std::collections::BTreeMap;

use url::Url;

use super::assemble::{Name, Tells};
use crate::{
    model::{
        article::{ArticleState, TextRank},
        content::Content,
        identity,
    },
    text::{
        sketch,
        tokens::{self, Token},
    },
};

/// The shortest text, in bytes, that tells an article from others by itself.
const TELLING: usize = 80;

/// What was found, as far as identity needs it.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The source that lists it.
    pub source: &'a str,
    /// The guid under which it does.
    pub guid: Option<&'a str>,
    /// Its fields.
    pub content: &'a Content,
    /// The fingerprints of its fields.
    pub fields: &'a BTreeMap<String, u64>,
    /// Hash of title and text.
    pub content_hash: &'a str,
    /// How near to the article its text was read.
    pub text_rank: TextRank,
    /// All its names.
    pub names: &'a [Name],
}

/// What a name that an article has tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is this article.
    Same,
    /// It may be: [`agrees`] decides.
    Possible,
    /// It may be: the title or the text have to be the same. What is said of two places of a page
    /// often has much in common.
    OtherPlace,
    /// It may be: both the title and the date, or the text have to be the same.
    Doubtful,
    /// It is another one.
    Other,
}

/// What it tells that a known article has a name of what was found, as far as that is known.
///
/// Of an article that was erased there is nothing to compare with. What may be it because of its
/// address is taken for it, because it must not be published again; what only a title or another
/// such sign leads to is not.
#[must_use]
pub fn judge(known: &ArticleState, name: &Name, found: Option<Found<'_>>) -> Verdict {
    match (known.erased, judge_name(known, name, found)) {
        (None, verdict) => verdict,
        (Some(_), Verdict::Same | Verdict::Possible) => Verdict::Same,
        (Some(_), _) => Verdict::Other,
    }
}

fn judge_name(known: &ArticleState, name: &Name, found: Option<Found<'_>>) -> Verdict {
    match name.tells {
        Tells::Guid if found.is_some_and(|found| is_reused(known, found)) => Verdict::Other,
        Tells::Article | Tells::Guid => Verdict::Same,
        Tells::Evidence | Tells::Lookup(None) => Verdict::Doubtful,
        Tells::Place(exact) if !has_address(known, exact) => Verdict::OtherPlace,
        Tells::Address(exact)
        | Tells::Place(exact)
        | Tells::Form(exact)
        | Tells::Lookup(Some(exact)) => {
            let other_guid = found.filter(|found| has_other_guid(known, *found));
            match (has_address(known, exact), other_guid) {
                (true, None) => Verdict::Same,
                (true, Some(found)) if found.text_rank == TextRank::Feed => Verdict::Doubtful,
                _ => Verdict::Possible,
            }
        }
    }
}

/// The addresses of an article.
fn addresses(known: &ArticleState) -> impl Iterator<Item = Url> {
    known.url.iter().chain(&known.alternate_urls).filter_map(|url| Url::parse(url).ok())
}

/// Whether one of an article's addresses is this one.
fn has_address(known: &ArticleState, exact: [u8; 16]) -> bool {
    addresses(known).any(|url| identity::exact(&url) == exact)
}

/// Whether the same source lists the known article under another guid. A guid that is the address of
/// the page tells no more than the address.
fn has_other_guid(known: &ArticleState, found: Found<'_>) -> bool {
    let page_key = |mut page: Url| {
        page.set_fragment(None);
        identity::of_url(&page)
    };
    let is_address = |guid: &str| {
        let page = Url::parse(guid).ok().filter(Url::has_host).map(page_key);
        page.is_some() && addresses(known).any(|url| Some(page_key(url)) == page)
    };
    match (&known.guid, found.guid) {
        (Some(before), Some(now)) => {
            known.source == found.source && before != now && !is_address(now)
        }
        _ => false,
    }
}

/// Whether a source gives the guid of a known article to another one: at an address that is no form of
/// any that the article has, with another title, another date and a text that has nothing in common
/// with it.
fn is_reused(known: &ArticleState, found: Found<'_>) -> bool {
    let differs = |field: &str| known.fields.get(field) != found.fields.get(field);
    let keys: Vec<[u8; 16]> =
        found.names.iter().filter(|name| name.exact().is_some()).map(|name| name.alias).collect();
    let has_key = |url: Url| {
        keys.contains(&identity::of_url(&url))
            || keys.contains(&identity::of_url(&identity::base_form(&url)))
    };
    known.text_rank == found.text_rank
        && found.content.title.is_some()
        && differs("title")
        && (found.content.published.is_none() || differs("published"))
        && known.url.is_some()
        && !keys.is_empty()
        && !addresses(known).any(has_key)
        && sketch::are_unrelated(&known.sketch, &sketch(found.content))
}

/// Whether title or text of a known article are those of what was found. Pages of one template share
/// much of their text, so that is not asked where only the template's word is doubted.
#[must_use]
pub fn says_the_same(known: &ArticleState, found: Found<'_>) -> bool {
    known.content_hash == found.content_hash
        || known.fields.get("title") == found.fields.get("title")
}

/// The tokens of title and text.
#[must_use]
pub fn tokens(content: &Content) -> [Vec<Token>; 2] {
    [&content.title, &content.text].map(|part| tokens::read(part.as_deref().unwrap_or_default()))
}

/// What an article's title and text share with other editions of them.
#[must_use]
pub fn sketch(content: &Content) -> Vec<u16> {
    let [title, text] = tokens(content);
    sketch::of(title.iter().chain(&text))
}

/// Whether what was found says that it is the known article, given a name that both have.
#[must_use]
pub fn agrees(known: &ArticleState, verdict: Verdict, found: Found<'_>) -> bool {
    if known.content_hash == found.content_hash && found.content.text.is_some() {
        return true;
    }
    let same = |field: &str| {
        known.fields.get(field).is_some_and(|before| Some(before) == found.fields.get(field))
    };
    let title = found.content.title.is_some() && same("title");
    let date = found.content.published.is_some() && same("published");
    let text =
        found.content.text.as_ref().is_some_and(|text| text.len() >= TELLING) && same("text");
    let is_edited = || sketch::are_related(&known.sketch, &sketch(found.content));
    match verdict {
        Verdict::Same => true,
        Verdict::Possible => title || text || is_edited(),
        Verdict::OtherPlace => title || text,
        Verdict::Doubtful => text || title && date,
        Verdict::Other => false,
    }
}
