//! What a page says of itself: JSON-LD first, then `<meta>`, then its visible headline.

mod days;
mod jsonld;
mod names;
mod own;
mod tags;
pub(super) mod title;

pub(super) use days::{Candidate, Told, in_own_zone, set_published};
use jsonld::{ArticleMetadata, Described};
pub(super) use jsonld::{Posted, is_described};
use tags::Tags;

use url::Url;

use super::{features::PageMetadata, writers};
use crate::{
    html::{NodeId, Tag, Tree},
    model::record::{Byline, BylineKind, Content, Image, Origin},
    read::credits::{agency, byline},
    text::{collapse, fold},
};

/// The longest address that is accepted, in bytes.
const MAX_URL: usize = 4_096;

/// The metadata of a page.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a page says any of them")]
pub struct Meta {
    pub(super) canonical: Option<Url>,
    pub(super) alternates: Vec<Url>,
    pub(super) site_name: Option<String>,
    /// The names of the site, as headings use them.
    pub(super) site: title::Site,
    pub(super) content: Content,
    /// The language that the page claims.
    pub(super) claim: Option<String>,
    /// The article's text, as the metadata repeat it.
    pub(super) body: Option<String>,
    /// When it was published, as metadata tell it, the strongest first.
    pub(super) told: Vec<Told>,
    /// When it was made, with its source: the day of publication where the page shows none.
    pub(super) made: Vec<Candidate>,
    /// Further articles that scripts describe, each with the script's place.
    pub(super) further: Vec<(NodeId, ArticleMetadata)>,
    /// Whether the page says that it is an article.
    pub(super) article: bool,
    /// Whether it names no writer but the site itself.
    pub(super) anonymous: bool,
    /// Whether the headline of the script is the one that is made for sharing, too.
    pub(super) agreed: bool,
    /// How many words the article has, as a script says.
    pub(super) words: Option<u32>,
    /// Whether it says that it is a live blog.
    pub(super) live: bool,
    /// The entries of a live blog, as a script gives them.
    pub(super) posted: Vec<Posted>,
}

impl Meta {
    /// Title, description and text, as far as the metadata have them.
    #[must_use]
    pub fn page_metadata(&self) -> PageMetadata<'_> {
        PageMetadata {
            title: self.content.title.as_deref(),
            description: self.content.summary.as_deref(),
            body: self.body.as_deref(),
        }
    }

    /// What scripts say of an article that follows, found by its headline.
    pub(super) fn of_part(&self, headline: Option<&str>) -> Content {
        let mut content = Content::default();
        let name = headline.map(fold).unwrap_or_default();
        let described = |article: &&(NodeId, ArticleMetadata)| {
            article.1.headline.as_deref().is_some_and(|headline| fold(headline) == name)
        };
        let Some((_, metadata)) = self.further.iter().find(described) else { return content };
        let metadata = metadata.clone();
        (content.subtitle, content.summary, content.section, content.keywords) = (
            metadata.alternative_headline,
            metadata.description,
            metadata.section,
            metadata.keywords,
        );
        content.modified = days::first_of(metadata.modified);
        set_published(&mut content, &days::of_script(metadata.published));
        set_bylines(&mut content, &metadata.authors, Origin::JsonLd);
        content
    }
}

/// Reads the metadata of a page.
#[must_use]
pub fn parse(tree: &Tree<'_>, base: &Url) -> Meta {
    let tags = Tags::collect(tree);
    let Described { mut articles, page } = jsonld::collect(tree);
    let metadata = own_article(&tags, &mut articles, base);
    let article = metadata.certain && metadata.headline.is_some()
        || tags.first(&["og:type"]).is_some_and(|tag| tag.eq_ignore_ascii_case("article"));
    let site_name = tags.first(&["og:site_name"]).or_else(|| metadata.publisher.clone());
    let site = title::Site::new(site_name.as_deref(), base);
    let (headline, agreed) = title::choose(&metadata, &tags, &site);
    let mut content = content(&metadata, &tags, base);
    let published = days::published(&metadata, &tags, page.published);
    let told = set_published(&mut content, &published);
    if let Some((title, origin)) = headline {
        content.title = Some(title);
        content.provenance.title = Some(origin);
    }
    let host = base.host_str().unwrap_or_default();
    let names = [site_name.as_deref(), metadata.publisher.as_deref()];
    let nobody = |byline: &Byline| {
        byline::is_nobody(&byline.name) || writers::is_site(&byline.name, names, host)
    };
    choose_bylines(&mut content, [&metadata.authors, &page.authors], tags.writers(), nobody);
    let anonymous = content.bylines.iter().all(&nobody);
    drop_paper(&mut content.bylines, names, nobody);
    let canonical = tags
        .link("canonical")
        .or(metadata.url)
        .or_else(|| tags.first(&["og:url"]))
        .and_then(|link| absolute(base, &link));
    let alternates = tags
        .link("amphtml")
        .into_iter()
        .chain(tags.first(&["og:url"]))
        .filter_map(|link| absolute(base, &link))
        .collect();
    let claim = tags
        .language
        .clone()
        .or(metadata.language)
        .or_else(|| tags.first(&["og:locale", "content-language", "dc.language"]));
    Meta {
        canonical,
        alternates,
        site_name,
        site,
        content,
        claim,
        body: metadata.body,
        told,
        made: days::made(&tags),
        further: articles,
        article,
        anonymous,
        agreed,
        words: metadata.words,
        live: metadata.live || tags.live,
        posted: metadata.posted,
    }
}

/// What script and tags say of an article but for its headline, writers and day of publication: of each field the
/// script's word, else that of the first tag that has one.
fn content(metadata: &ArticleMetadata, tags: &Tags, base: &Url) -> Content {
    let subtitle =
        metadata.alternative_headline.clone().or_else(|| tags.property("alternativeHeadline"));
    let summary = metadata.description.clone().or_else(|| {
        tags.first(&["og:description", "description", "twitter:description", "dc.description"])
    });
    let section = metadata
        .section
        .clone()
        .or_else(|| tags.first(&["article:section", "parsely-section"]))
        .or_else(|| tags.property("articleSection"));
    let keywords = if metadata.keywords.is_empty() {
        tags.first(&["news_keywords", "keywords"]).map(|tag| split_list(&tag)).unwrap_or_default()
    } else {
        metadata.keywords.clone()
    };
    let picture = metadata
        .image
        .clone()
        .or_else(|| tags.first(&["og:image", "twitter:image"]))
        .and_then(|image| absolute(base, &image))
        .map(|url| Image { url: Some(url.into()), ..Image::default() });
    let images = picture.into_iter().collect();
    let mut content =
        Content { subtitle, summary, section, keywords, images, ..Content::default() };
    let modified = metadata
        .modified
        .clone()
        .into_iter()
        .chain(tags.modified().map(str::to_owned))
        .chain(tags.property("dateModified"));
    content.modified = days::first_of(modified);
    let locked = || {
        tags.first(&["article:content_tier"]).is_some_and(|tag| tag.eq_ignore_ascii_case("locked"))
    };
    content.quality.paywalled = metadata.free == Some(false) || locked();
    content
}

/// Takes the page's own article out of those that scripts describe.
fn own_article(
    tags: &Tags,
    articles: &mut Vec<(NodeId, ArticleMetadata)>,
    base: &Url,
) -> ArticleMetadata {
    let site = title::Site::new(tags.first(&["og:site_name"]).as_deref(), base);
    let own = own::find(tags, articles, &site, base);
    own.map_or_else(ArticleMetadata::default, |at| articles.remove(at).1)
}

/// A value that a page gives for a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldCandidate {
    /// `title` or `published`, as fields of the record are named.
    pub field: &'static str,
    /// As the page gives it.
    pub value: String,
    /// Where the candidate was found.
    pub origin: Origin,
}

/// Every value that a page gives for its headline and its date, the strongest first, for
/// `nashra try`.
#[must_use]
pub fn candidates(tree: &Tree<'_>, base: &Url) -> Vec<FieldCandidate> {
    let tags = Tags::collect(tree);
    let Described { mut articles, page } = jsonld::collect(tree);
    let metadata = own_article(&tags, &mut articles, base);
    let of = |field: &'static str| {
        move |(value, origin): (String, Origin)| FieldCandidate { field, value, origin }
    };
    let published = days::published(&metadata, &tags, page.published);
    titles(&metadata, &tags)
        .into_iter()
        .filter_map(|(value, origin)| Some((value?, origin)))
        .map(of("title"))
        .chain(published.into_iter().map(|it| (it.value, it.origin)).map(of("published")))
        .collect()
}

fn titles(metadata: &ArticleMetadata, tags: &Tags) -> [(Option<String>, Origin); 5] {
    [
        (metadata.headline.clone(), Origin::JsonLd),
        (tags.property("headline"), Origin::Microdata),
        (tags.first(&SHARED), Origin::Meta),
        (
            tags.headings
                .iter()
                .find(|heading| heading.0 == Tag::H1)
                .map(|heading| heading.1.clone()),
            Origin::Dom,
        ),
        (tags.title.clone(), Origin::Dom),
    ]
}

/// Names of `<meta>` with a headline.
const SHARED: [&str; 4] = ["og:title", "twitter:title", "dc.title", "parsely-title"];

/// Signs with what scripts say; where that is nobody, with the first of the other metadata that
/// name somebody.
fn choose_bylines<'a>(
    content: &mut Content,
    [authors, of_page]: [&[(String, BylineKind)]; 2],
    others: impl Iterator<Item = Vec<&'a str>>,
    nobody: impl Fn(&Byline) -> bool,
) {
    set_bylines(content, authors, Origin::JsonLd);
    let person = |name: &str| (jsonld::clean(name), BylineKind::Person);
    let others = others
        .map(|names| (names.into_iter().map(person).collect(), Origin::Meta))
        .chain(std::iter::once((of_page.to_vec(), Origin::JsonLd)));
    for (names, origin) in others {
        if !content.bylines.iter().all(&nobody) {
            break;
        }
        let mut other = Content::default();
        set_bylines(&mut other, &names, origin);
        if content.bylines.is_empty() || !other.bylines.iter().all(&nobody) {
            (content.bylines, content.provenance.bylines) =
                (other.bylines, other.provenance.bylines);
        }
    }
}

/// Drops the paper, by its names, beside somebody who writes for it; beside an agency both have
/// written.
fn drop_paper(
    bylines: &mut Vec<Byline>,
    names: [Option<&str>; 2],
    nobody: impl Fn(&Byline) -> bool,
) {
    let agency = |byline: &Byline| agency::in_credit(&byline.name).is_some();
    let person =
        |byline: &Byline| byline.kind == BylineKind::Person && !nobody(byline) && !agency(byline);
    let is_paper =
        |byline: &Byline| names.iter().flatten().any(|name| fold(name) == fold(&byline.name));
    if bylines.iter().any(person) {
        bylines.retain(|byline| !is_paper(byline) || agency(byline));
    }
}

fn set_bylines(content: &mut Content, authors: &[(String, BylineKind)], origin: Origin) {
    for (name, kind) in authors {
        // Some give the address of a profile.
        if name.contains("://") || name.contains(".com/") {
            continue;
        }
        for writer in writers::of_metadata(name, *kind) {
            let name = &writer.name;
            let usable = !name.is_empty() && name.len() < 200 && !name.contains('@');
            if usable && !content.bylines.iter().any(|byline| byline.name == *name) {
                content.bylines.push(writer);
            }
        }
    }
    if !content.bylines.is_empty() {
        content.provenance.bylines = Some(origin);
    }
}

fn split_list(list: &str) -> Vec<String> {
    list.split([',', ';', '،']).map(collapse).filter(|text| !text.is_empty()).take(100).collect()
}

fn absolute(base: &Url, address: &str) -> Option<Url> {
    base.join(address.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_URL)
}
