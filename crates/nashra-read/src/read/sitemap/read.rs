//! Parses one sitemap. Pure and tolerant: prefixes, namespaces and the order of elements do not
//! matter, an end tag may be missing; an entry that the end of the file cuts off is left out.

use hashbrown::HashSet;

use chrono::{DateTime, FixedOffset};
use url::Url;

use super::{Child, Sitemap, SitemapError};
use crate::{
    dates::moment,
    model::{
        bounds,
        entry::{Entry, Feed},
        identity,
        record::Image,
    },
    read::feed::{
        self,
        flat::{self, FlatReader, FlatTag},
        with_ampersands,
    },
    text::collapse,
};

/// The most entries of one sitemap (the limit of sitemaps.org).
pub const MAX_ENTRIES: usize = 50_000;
/// The longest address, in bytes; browsers and servers take no more.
const MAX_ADDRESS: usize = 4_096;
/// The longest headline or caption, in bytes.
const MAX_TEXT: usize = 2_000;
/// The most pictures of one entry (Google's format allows a thousand; an article has a few).
const MAX_IMAGES: usize = 20;
/// The most keywords of one entry.
const MAX_KEYWORDS: usize = 50;
/// The number of entries with the same second as date from which on it is the date of the file.
const MANY: usize = 10;

/// Parses a sitemap, or an index of sitemaps. A feed is accepted as a sitemap (sitemaps.org).
///
/// # Errors
/// Says what the body is instead.
pub fn parse(bytes: &[u8], content_type: Option<&str>, url: &Url) -> Result<Sitemap, SitemapError> {
    let text = flat::to_text(bytes, content_type, url.host_str());
    if !text.contains('<') {
        return lines(&text).map(|line| Sitemap::Entries(Box::new(line)));
    }
    let mut reader = Reader::new(&text, url);
    reader.run();
    let first = reader.first.to_ascii_lowercase();
    match first.as_str() {
        "rss" | "rdf" | "feed" => {
            let read = feed::parse(bytes, content_type, url)
                .map_err(|error| SitemapError::Malformed(error.to_string()));
            read.map(|read| Sitemap::Entries(Box::new(read)))
        }
        "html" if !reader.found => Err(SitemapError::Html),
        _ if !reader.found => Err(SitemapError::Malformed(if first.is_empty() {
            "no element".to_owned()
        } else {
            format!(
                "the root is <{}>",
                first.chars().filter(char::is_ascii_graphic).take(40).collect::<String>()
            )
        })),
        _ => reader.finish(),
    }
}

/// Parses a list of addresses, one on each line.
fn lines(text: &str) -> Result<Feed, SitemapError> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(MAX_ENTRIES);
    let first = lines.next().ok_or_else(|| SitemapError::Malformed("empty".to_owned()))?;
    let first = address(first, None)
        .ok_or_else(|| SitemapError::Malformed("neither XML nor a list of addresses".to_owned()))?;
    let others = lines.filter_map(|line| address(line, None));
    let entries = std::iter::once(first)
        .chain(others)
        .map(|url| Draft { url: Some(url), ..Draft::default() }.entry());
    Ok(settle(entries.flatten().collect(), None, false))
}

/// The element that the fields belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Group {
    #[default]
    Own,
    News,
    Image,
    Video,
}

/// An entry or a child that is being read.
#[derive(Debug, Default)]
struct Draft {
    is_child: bool,
    url: Option<Url>,
    modified: Option<DateTime<FixedOffset>>,
    published: Option<DateTime<FixedOffset>>,
    date_note: Option<String>,
    title: Option<String>,
    language: Option<String>,
    keywords: Vec<String>,
    images: Vec<Image>,
}

impl Draft {
    fn entry(self) -> Option<Entry> {
        let url = identity::clean(&self.url?);
        Some(Entry {
            identity: uuid::Uuid::from_bytes(identity::of_url(&url)).to_string(),
            link: Some(url),
            title: self.title,
            published: self.published,
            date_note: self.date_note,
            modified: self.modified,
            categories: self.keywords,
            images: self.images.into_iter().filter(|image| image.url.is_some()).collect(),
            language: self.language,
            ..Entry::default()
        })
    }
}

struct Reader<'a> {
    flat: FlatReader<'a>,
    base: &'a Url,
    /// The name of the first element.
    first: &'a str,
    /// Whether an element of a sitemap was found.
    found: bool,
    /// Whether its root was closed.
    closed: bool,
    draft: Option<Draft>,
    group: Group,
    publication: Option<String>,
    entries: Vec<Entry>,
    children: Vec<Child>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, base: &'a Url) -> Self {
        Self {
            flat: FlatReader::new(text),
            base,
            first: "",
            found: false,
            closed: false,
            draft: None,
            group: Group::Own,
            publication: None,
            entries: Vec::new(),
            children: Vec::new(),
        }
    }

    fn run(&mut self) {
        while let Some(tag) = self.flat.next() {
            match tag {
                FlatTag::Start { name, text } => {
                    if self.first.is_empty() {
                        self.first = name;
                    }
                    self.start(&name.to_ascii_lowercase(), text);
                }
                FlatTag::End { name } => self.end(&name.to_ascii_lowercase()),
                FlatTag::Empty => {}
            }
            if self.entries.len() + self.children.len() >= MAX_ENTRIES {
                return;
            }
        }
    }

    fn start(&mut self, name: &str, text: &'a str) {
        match name {
            "urlset" | "sitemapindex" => self.found = true,
            "url" | "sitemap" => {
                // The end tag of the one before is missing.
                self.take();
                self.found = true;
                self.draft = Some(Draft { is_child: name == "sitemap", ..Draft::default() });
            }
            "news" => self.group = Group::News,
            "video" => self.group = Group::Video,
            "image" => {
                self.group = Group::Image;
                if let Some(draft) =
                    self.draft.as_mut().filter(|draft| draft.images.len() < MAX_IMAGES)
                {
                    draft.images.push(Image::default());
                }
            }
            _ => self.field(name, text),
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "url" | "sitemap" => self.take(),
            "news" | "video" | "image" => self.group = Group::Own,
            "urlset" | "sitemapindex" => {
                self.take();
                self.closed = true;
            }
            _ => {}
        }
    }

    fn field(&mut self, name: &str, text: &'a str) {
        let Some(draft) = self.draft.as_mut() else { return };
        let said = || bounded(&collapse(&self.flat.decode_words(text)), MAX_TEXT);
        match (self.group, name) {
            (Group::Own, "loc") => draft.url = address(&self.flat.decode(text), Some(self.base)),
            (Group::Own, "lastmod") => {
                draft.modified = said().and_then(|said| date(&said).ok()).map(|moment| moment.time);
            }
            (Group::News, "publication_date") => match said().map(|said| date(&said)) {
                Some(Ok(moment)) => {
                    (draft.published, draft.date_note) =
                        (Some(moment.time), moment.note().map(str::to_owned));
                }
                Some(Err(note)) => draft.date_note = Some(note),
                None => {}
            },
            (Group::News, "title") => draft.title = said(),
            (Group::News, "language") => {
                draft.language = said().filter(|said| (2..=35).contains(&said.len()));
            }
            (Group::News, "name") if self.publication.is_none() => self.publication = said(),
            (Group::News, "keywords") => {
                let keywords = said().unwrap_or_default();
                draft.keywords = keywords
                    .split([',', '،', '、', ';'])
                    .filter_map(|part| bounded(part.trim(), 200))
                    .take(MAX_KEYWORDS)
                    .collect();
            }
            (Group::Image, "loc") => {
                let url = address(&self.flat.decode(text), Some(self.base));
                if let Some(image) = draft.images.last_mut().filter(|image| image.url.is_none()) {
                    image.url = url.map(Into::into);
                }
            }
            (Group::Image, "caption" | "title") => {
                let caption = said();
                if let Some(image) = draft
                    .images
                    .last_mut()
                    .filter(|image| image.caption.is_none() || name == "caption")
                {
                    image.caption = caption;
                }
            }
            _ => {}
        }
    }

    /// Ends the entry that is open.
    fn take(&mut self) {
        self.group = Group::Own;
        match self.draft.take() {
            Some(Draft { is_child: true, url: Some(url), modified, .. }) => {
                self.children.push(Child { url, modified });
            }
            Some(draft) if !draft.is_child => self.entries.extend(draft.entry()),
            _ => {}
        }
    }

    fn finish(self) -> Result<Sitemap, SitemapError> {
        let truncated = !self.closed;
        if self.entries.is_empty() && !self.children.is_empty() {
            return Ok(Sitemap::Index(self.children));
        }
        if self.entries.is_empty() && truncated {
            return Err(SitemapError::Truncated);
        }
        Ok(Sitemap::Entries(Box::new(settle(self.entries, self.publication, truncated))))
    }
}

/// The entries as those of a feed.
fn settle(mut entries: Vec<Entry>, title: Option<String>, truncated: bool) -> Feed {
    let stamps: HashSet<_> = entries.iter().filter_map(|entry| entry.modified).collect();
    if stamps.len() == 1 && entries.iter().filter(|entry| entry.modified.is_some()).count() >= MANY
    {
        for entry in &mut entries {
            entry.modified = None;
        }
    }
    let mut known = HashSet::new();
    entries.retain(|entry| known.insert(entry.identity.clone()));
    let archive = entries.iter().all(|entry| entry.published.is_none() && entry.title.is_none());
    let language = entries.iter().find_map(|entry| entry.language.clone());
    let mut feed = Feed { title, language, truncated, archive, entries, ..Feed::default() };
    bounds::feed(&mut feed);
    feed
}

fn date(text: &str) -> Result<moment::Moment, String> {
    let read = moment::parse(text, None).filter(|moment| !moment.assumed.implausible);
    read.ok_or_else(|| format!("unreadable: {}", text.chars().take(40).collect::<String>()))
}

/// An address, if it can be fetched.
fn address(text: &str, base: Option<&Url>) -> Option<Url> {
    let text = with_ampersands(text.trim());
    let url = match base {
        Some(base) => base.join(&text),
        None => Url::parse(&text),
    };
    let usable =
        |url: &Url| matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_ADDRESS;
    url.ok().filter(usable).filter(|_| !text.is_empty())
}

/// The start of a text; `None` where there is none.
fn bounded(text: &str, longest: usize) -> Option<String> {
    Some(text[..text.floor_char_boundary(longest)].trim_end().to_owned())
        .filter(|text| !text.is_empty())
}
