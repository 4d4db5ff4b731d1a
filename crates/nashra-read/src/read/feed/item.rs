//! Reads the elements of an entry, whatever dialects they are from.

use std::borrow::Cow;

use super::{
    bases,
    best::Best,
    geo, media,
    model::{Item, Person},
    names::{Field, Namespace},
    parts::{self, add},
    person, source,
    text::Text,
    tree::Element,
};
use crate::model::entry::{Date, Link};

mod finish;

/// An entry that is being read. Several elements may give one field; the best of them counts.
#[derive(Debug, Default)]
struct Draft {
    item: Item,
    title: Best<Text>,
    /// `description`, and what stands for it.
    summary: Best<Text>,
    /// `summary`, beside which a `description` is the text.
    teaser: Best<Text>,
    content: Best<Text>,
    link: Best<String>,
    id: Best<String>,
    published: Best<Date>,
    updated: Best<Date>,
    image: Best<String>,
    /// Persons who count as authors only where no author is named.
    performers: Vec<Person>,
    latitude: Option<String>,
    longitude: Option<String>,
    original_enclosure: Option<String>,
}

/// Reads an entry from its element.
pub(super) fn parse(root: Element<'_, '_>) -> Item {
    let mut draft = Draft::default();
    draft.root(root);
    for child in root.children() {
        draft.add_element(child);
    }
    draft.finish(root)
}

impl Draft {
    fn root(&mut self, root: Element<'_, '_>) {
        let about = root.prefixed("about").map(Cow::into_owned);
        self.id.offer(3, || about.clone());
        self.link.offer(8, || about.filter(|address| is_page(address)));
        if let Some(url) = root.attribute("href") {
            self.link.offer(3, || Some(root.resolve(&url)));
            add(&mut self.item.links, Some(parts::link(root)));
        }
        if let Some(changed) = root.attribute("lastmod") {
            self.updated.offer(5, || Some(super::dates::parse(&changed)));
        }
    }

    fn add_element(&mut self, element: Element<'_, '_>) {
        match element.namespace() {
            Namespace::Core | Namespace::Atom | Namespace::Atom03 => self.core_field(element),
            Namespace::Dc | Namespace::DcTerms => self.dublin_core(element),
            Namespace::Content if element.field() == Field::Content => {
                self.content.offer(0, || Text::parse(element));
            }
            Namespace::Xhtml if element.field() == Field::Content => {
                self.content.offer(1, || Text::parse(element));
            }
            Namespace::Media => self.media(element),
            Namespace::Itunes | Namespace::GooglePlay => self.podcast(element),
            Namespace::GeoRss | Namespace::Gml => self.place(element),
            Namespace::Geo => self.coordinate(element),
            Namespace::FeedBurner if element.field() == Field::OriginalLink => {
                self.original(element);
            }
            Namespace::FeedBurner if element.field() == Field::OriginalEnclosure => {
                self.original_enclosure = parts::owned(element);
            }
            _ => {}
        }
    }

    fn core_field(&mut self, element: Element<'_, '_>) {
        match element.field() {
            Field::Title => self.title.offer(0, || Text::parse_title(element)),
            Field::Link => self.link(element),
            Field::Description => self.summary.offer(1, || Text::parse(element)),
            Field::Summary => self.teaser.offer(0, || Text::parse(element)),
            Field::Content => self.full_text(element),
            Field::Id => self.id(element),
            Field::Author | Field::Creator => add(&mut self.item.authors, person::parse(element)),
            Field::Contributor => add(&mut self.item.contributors, person::parse(element)),
            Field::Category | Field::Subject | Field::Keywords => {
                parts::categories(element, &mut self.item.categories);
            }
            Field::Published => parts::date(&mut self.published, 0, element),
            Field::Issued => parts::date(&mut self.published, 1, element),
            Field::Created => parts::date(&mut self.published, 4, element),
            Field::Date => parts::date(&mut self.published, 3, element),
            Field::Updated => parts::date(&mut self.updated, 0, element),
            Field::Enclosure => self.enclosure(element),
            Field::Comments => {
                self.item.comments = self
                    .item
                    .comments
                    .take()
                    .or_else(|| parts::owned(element).map(|url| element.resolve(&url)));
            }
            Field::Source => self.item.source = source::parse(element),
            Field::Rights => {
                self.item.rights = self.item.rights.take().or_else(|| Text::parse(element));
            }
            Field::Language => self.language(element),
            Field::Image => self.image.offer(1, || media::image(element)),
            Field::Thumbnail => add(&mut self.item.thumbnails, media::thumbnail(element)),
            Field::Latitude | Field::Longitude => self.coordinate(element),
            _ => {}
        }
    }

    fn dublin_core(&mut self, element: Element<'_, '_>) {
        match element.field() {
            Field::Title => self.title.offer(1, || Text::parse_title(element)),
            Field::Description => self.summary.offer(2, || Text::parse(element)),
            Field::Author | Field::Creator => add(&mut self.item.authors, person::parse(element)),
            Field::Contributor => add(&mut self.item.contributors, person::parse(element)),
            Field::Subject | Field::Category => {
                parts::categories(element, &mut self.item.categories);
            }
            Field::Published | Field::Issued => parts::date(&mut self.published, 1, element),
            Field::Date => parts::date(&mut self.published, 2, element),
            Field::Created => parts::date(&mut self.published, 5, element),
            Field::Updated => parts::date(&mut self.updated, 1, element),
            Field::Rights => {
                self.item.rights = self.item.rights.take().or_else(|| Text::parse(element));
            }
            Field::Language => self.language(element),
            Field::Identifier => self.id.offer(4, || parts::owned(element)),
            _ => {}
        }
    }

    fn podcast(&mut self, element: Element<'_, '_>) {
        match element.field() {
            Field::Title => self.title.offer(3, || Text::parse_title(element)),
            Field::Summary | Field::Description => {
                self.summary.offer(if element.field() == Field::Summary { 3 } else { 4 }, || {
                    Text::parse(element)
                });
            }
            Field::Author => add(&mut self.performers, person::parse(element)),
            Field::Image => self.image.offer(0, || media::image(element)),
            Field::Explicit => self.item.explicit = parts::explicit(element),
            Field::Category | Field::Keywords => {
                parts::categories(element, &mut self.item.categories);
            }
            _ => {}
        }
    }

    fn media(&mut self, element: Element<'_, '_>) {
        match element.field() {
            Field::Title => self.title.offer(2, || Text::parse_title(element)),
            Field::Description => self.summary.offer(5, || Text::parse(element)),
            Field::Category | Field::Keywords => {
                parts::categories(element, &mut self.item.categories);
            }
            Field::Group => element.children().for_each(|child| self.media(child)),
            Field::Content => {
                if let Some(media) = media::content(element) {
                    self.item.credits.extend(media.credits.iter().take(parts::MAX_LIST).cloned());
                    add(&mut self.item.media, Some(media));
                }
                for child in element.children().filter(|child| child.field() == Field::Thumbnail) {
                    add(&mut self.item.thumbnails, media::thumbnail(child));
                }
            }
            Field::Thumbnail => add(&mut self.item.thumbnails, media::thumbnail(element)),
            Field::Credit => add(&mut self.item.credits, media::credit(element)),
            _ => {}
        }
    }

    fn link(&mut self, element: Element<'_, '_>) {
        let link = parts::link(element);
        match link.rel.as_str() {
            "enclosure" => add(&mut self.item.enclosures, parts::enclosure(&link)),
            "replies"
                if link
                    .media_type
                    .as_deref()
                    .is_some_and(|media_type| media_type.contains("html")) =>
            {
                self.item.comments = self.item.comments.take().or_else(|| link.href.clone());
            }
            _ => {}
        }
        parts::offer_link(&mut self.link, element, &link);
        add(&mut self.item.links, Some(link));
    }

    /// The page behind a link that counts readers (`FeedBurner`).
    fn original(&mut self, element: Element<'_, '_>) {
        let href = parts::owned(element).map(|url| element.resolve(&url));
        add(
            &mut self.item.links,
            href.map(|href| Link {
                href: Some(href),
                rel: "canonical".to_owned(),
                ..Link::default()
            }),
        );
    }

    fn full_text(&mut self, element: Element<'_, '_>) {
        let src = element
            .attribute("src")
            .or_else(|| element.attribute("url"))
            .map(|url| element.resolve(&url));
        self.item.content_src = self.item.content_src.take().or(src);
        self.content
            .offer(u8::from(element.namespace() == Namespace::Core), || Text::parse(element));
    }

    fn id(&mut self, element: Element<'_, '_>) {
        let Some(id) = parts::owned(element) else { return };
        let permanent = element.attribute("isPermaLink");
        let is_link = match permanent.as_deref().map(str::trim) {
            Some(value) if value.eq_ignore_ascii_case("false") => false,
            Some(_) => true,
            None => is_page(&id),
        };
        if is_link && element.namespace() == Namespace::Core {
            self.link.offer(6, || Some(element.resolve(&id)).filter(|url| is_page(url)));
        }
        self.id.offer(u8::from(element.namespace() == Namespace::Core), || Some(id));
    }

    fn enclosure(&mut self, element: Element<'_, '_>) {
        let mut link = parts::link(element);
        if let Some(url) = element.attribute("url") {
            link.href = Some(element.resolve(&url));
        }
        link.length = link.length.or_else(|| parts::attribute(element, "size"));
        let enclosure = parts::enclosure(&link);
        if let Some(enclosure) = enclosure.filter(|enclosure| {
            !self.item.enclosures.iter().any(|known| known.url == enclosure.url)
        }) {
            add(&mut self.item.enclosures, Some(enclosure));
            add(&mut self.item.links, Some(Link { rel: "enclosure".to_owned(), ..link }));
        }
    }

    fn place(&mut self, element: Element<'_, '_>) {
        self.item.geo = self.item.geo.take().or_else(|| geo::parse(element));
    }

    fn coordinate(&mut self, element: Element<'_, '_>) {
        match element.field() {
            Field::Latitude => self.latitude = parts::owned(element),
            Field::Longitude => self.longitude = parts::owned(element),
            _ => self.place(element),
        }
    }

    fn language(&mut self, element: Element<'_, '_>) {
        self.item.language = parts::owned(element).and_then(|text| parts::language(&text));
    }
}

/// Whether an address is http or https.
fn is_page(address: &str) -> bool {
    let scheme = address.get(..8).unwrap_or(address).to_ascii_lowercase();
    bases::has_scheme(address) && (scheme.starts_with("http://") || scheme.starts_with("https://"))
}
