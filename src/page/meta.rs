//! What a page says of itself: JSON-LD first, then `<meta>`, then its visible headline.

pub(crate) mod dates;
mod jsonld;

use dom_query::Document;
use url::Url;

use crate::article::{
    record::{Byline, BylineKind, Content, Image, Origin},
    text::collapse,
};

/// Bytes of an address; longer ones are noise.
const MAX_URL: usize = 4_096;

pub(super) struct Meta {
    pub(super) canonical: Option<Url>,
    pub(super) alternates: Vec<Url>,
    pub(super) site_name: Option<String>,
    pub(super) content: Content,
    /// The language that the page claims.
    pub(super) claim: Option<String>,
}

pub(super) fn read(document: &Document, base: &Url) -> Meta {
    let tags = Tags(document);
    let said = jsonld::read(document);
    let site_name = tags.first(&["og:site_name"]).or_else(|| said.publisher.clone());
    let mut content = Content::default();
    let title = [
        (said.headline, Origin::JsonLd),
        (tags.first(&["og:title", "twitter:title", "dc.title", "parsely-title"]), Origin::Meta),
        (tags.text("h1"), Origin::Dom),
        (tags.text("title"), Origin::Dom),
    ];
    if let Some((title, origin)) = first(title) {
        content.title = Some(without_site(&title, site_name.as_deref(), base));
        content.provenance.title = Some(origin);
    }
    content.subtitle = said.alternative_headline;
    content.summary = said.description.or_else(|| tags.first(&["og:description", "description", "twitter:description", "dc.description"]));
    content.section = said.section.or_else(|| tags.first(&["article:section", "parsely-section"]));
    content.keywords = if said.keywords.is_empty() {
        tags.first(&["news_keywords", "keywords"]).map(|it| split(&it)).unwrap_or_default()
    } else {
        said.keywords
    };
    let published = [
        (said.published, Origin::JsonLd),
        (
            tags.first(&[
                "article:published_time",
                "og:published_time",
                "date",
                "dc.date",
                "dc.date.issued",
                "parsely-pub-date",
                "pubdate",
            ]),
            Origin::Meta,
        ),
        (tags.time(), Origin::Dom),
    ];
    dates(&mut content, published, said.modified.or_else(|| tags.first(&["article:modified_time", "og:updated_time", "last-modified"])));
    writers(&mut content, &said.authors, tags.first(&["author", "article:author", "dc.creator", "parsely-author", "byl"]));
    content.quality.paywalled = said.free == Some(false);
    if let Some(url) = said.image.or_else(|| tags.first(&["og:image", "twitter:image"])).and_then(|it| absolute(base, &it)) {
        content.images.push(Image { url: Some(url.into()), ..Image::default() });
    }
    let canonical = tags.link("canonical").or(said.url).or_else(|| tags.first(&["og:url"])).and_then(|it| absolute(base, &it));
    let alternates = tags.link("amphtml").into_iter().chain(tags.first(&["og:url"])).filter_map(|it| absolute(base, &it)).collect();
    let claim = tags.attribute("html", "lang").or(said.language).or_else(|| tags.first(&["og:locale", "content-language", "dc.language"]));
    Meta { canonical, alternates, site_name, content, claim }
}

fn first<const N: usize>(candidates: [(Option<String>, Origin); N]) -> Option<(String, Origin)> {
    candidates.into_iter().find_map(|(value, origin)| value.map(|it| (it, origin)))
}

fn dates<const N: usize>(content: &mut Content, published: [(Option<String>, Origin); N], modified: Option<String>) {
    for (value, origin) in published {
        let Some(value) = value else { continue };
        match dates::parse(&value) {
            Some((date, note)) => {
                content.published = Some(date);
                content.provenance.published = Some(origin);
                content.date_notes.extend(note.map(|it| format!("published: {it}")));
                break;
            }
            None => content.date_notes.push(format!("published: unreadable: {}", value.chars().take(40).collect::<String>())),
        }
    }
    content.modified = modified.and_then(|it| dates::parse(&it)).map(|(date, _)| date);
}

fn writers(content: &mut Content, said: &[(String, BylineKind)], meta: Option<String>) {
    let (names, origin) = if said.is_empty() {
        (meta.map(|it| (it, BylineKind::Person)).into_iter().collect(), Origin::Meta)
    } else {
        (said.to_vec(), Origin::JsonLd)
    };
    for (name, kind) in names {
        let name = name.strip_prefix("By ").or_else(|| name.strip_prefix("by ")).unwrap_or(&name).trim().to_owned();
        // Some give the address of a profile, some an e-mail address.
        let usable = !name.is_empty() && name.len() < 200 && !name.contains("://") && !name.contains('@');
        if usable && !content.bylines.iter().any(|it| it.name == name) {
            content.bylines.push(Byline { name, kind, place: None });
        }
    }
    if !content.bylines.is_empty() {
        content.provenance.bylines = Some(origin);
    }
}

fn split(list: &str) -> Vec<String> {
    list.split([',', ';', '،']).map(collapse).filter(|it| !it.is_empty()).take(100).collect()
}

fn absolute(base: &Url, address: &str) -> Option<Url> {
    base.join(address.trim()).ok().filter(|it| matches!(it.scheme(), "http" | "https") && it.as_str().len() <= MAX_URL)
}

/// A title without ` - Site` or ` | Site` at its end, where that is the site's name or its domain's.
fn without_site(title: &str, site: Option<&str>, base: &Url) -> String {
    let plain = |it: &str| it.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let host = plain(base.host_str().unwrap_or_default().trim_start_matches("www."));
    for separator in [" | ", " - ", " – ", " — ", " · ", " :: "] {
        let Some((rest, tail)) = title.rsplit_once(separator) else { continue };
        let tail = plain(tail);
        if !tail.is_empty() && (site.is_some_and(|it| plain(it) == tail) || host.starts_with(&tail)) {
            return rest.trim().to_owned();
        }
    }
    title.to_owned()
}

/// The elements of the page's head.
struct Tags<'a>(&'a Document);

impl Tags<'_> {
    /// The first of these `<meta>` names or properties that says something.
    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| {
            let selector = format!("meta[property=\"{name}\" i], meta[name=\"{name}\" i], meta[http-equiv=\"{name}\" i]");
            let found = self.0.try_select(&selector)?;
            found.iter().filter_map(|it| it.attr("content")).map(|it| collapse(&it)).find(|it| !it.is_empty())
        })
    }

    fn text(&self, selector: &str) -> Option<String> {
        Some(collapse(&self.0.select_single(selector).text())).filter(|it| !it.is_empty())
    }

    fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        self.0.select_single(selector).attr(name).map(|it| it.trim().to_owned()).filter(|it| !it.is_empty())
    }

    fn link(&self, rel: &str) -> Option<String> {
        self.attribute(&format!("link[rel~=\"{rel}\" i]"), "href")
    }

    fn time(&self) -> Option<String> {
        self.attribute("article time[datetime], main time[datetime], time[datetime]", "datetime")
    }
}
