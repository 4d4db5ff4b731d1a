//! An entry's elements to what they say, whatever dialects they are from.

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

/// What several elements may say, of which one counts.
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
    /// Who is named only where no one else is.
    performers: Vec<Person>,
    latitude: Option<String>,
    longitude: Option<String>,
    original_enclosure: Option<String>,
}

/// Reads an entry.
pub(super) fn parse(root: Element<'_, '_>) -> Item {
    let mut draft = Draft::default();
    draft.root(root);
    for child in root.children() {
        draft.take(child);
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

    fn take(&mut self, it: Element<'_, '_>) {
        match it.namespace() {
            Namespace::Core | Namespace::Atom | Namespace::Atom03 => self.own(it),
            Namespace::Dc | Namespace::DcTerms => self.dublin_core(it),
            Namespace::Content if it.field() == Field::Content => {
                self.content.offer(0, || Text::parse(it));
            }
            Namespace::Xhtml if it.field() == Field::Content => {
                self.content.offer(1, || Text::parse(it));
            }
            Namespace::Media => self.media(it),
            Namespace::Itunes | Namespace::GooglePlay => self.podcast(it),
            Namespace::GeoRss | Namespace::Gml => self.place(it),
            Namespace::Geo => self.coordinate(it),
            Namespace::FeedBurner if it.field() == Field::OriginalLink => self.original(it),
            Namespace::FeedBurner if it.field() == Field::OriginalEnclosure => {
                self.original_enclosure = parts::owned(it);
            }
            _ => {}
        }
    }

    fn own(&mut self, it: Element<'_, '_>) {
        match it.field() {
            Field::Title => self.title.offer(0, || Text::parse(it)),
            Field::Link => self.link(it),
            Field::Description => self.summary.offer(1, || Text::parse(it)),
            Field::Summary => self.teaser.offer(0, || Text::parse(it)),
            Field::Content => self.full_text(it),
            Field::Id => self.id(it),
            Field::Author | Field::Creator => add(&mut self.item.authors, person::parse(it)),
            Field::Contributor => add(&mut self.item.contributors, person::parse(it)),
            Field::Category | Field::Subject | Field::Keywords => {
                parts::categories(it, &mut self.item.categories);
            }
            Field::Published => parts::date(&mut self.published, 0, it),
            Field::Issued => parts::date(&mut self.published, 1, it),
            Field::Created => parts::date(&mut self.published, 4, it),
            Field::Date => parts::date(&mut self.published, 3, it),
            Field::Updated => parts::date(&mut self.updated, 0, it),
            Field::Enclosure => self.enclosure(it),
            Field::Comments => {
                self.item.comments = self
                    .item
                    .comments
                    .take()
                    .or_else(|| parts::owned(it).map(|url| it.resolve(&url)));
            }
            Field::Source => self.item.source = source::parse(it),
            Field::Rights => self.item.rights = self.item.rights.take().or_else(|| Text::parse(it)),
            Field::Language => self.language(it),
            Field::Image => self.image.offer(1, || media::image(it)),
            Field::Thumbnail => add(&mut self.item.thumbnails, media::thumbnail(it)),
            Field::Latitude | Field::Longitude => self.coordinate(it),
            _ => {}
        }
    }

    fn dublin_core(&mut self, it: Element<'_, '_>) {
        match it.field() {
            Field::Title => self.title.offer(1, || Text::parse(it)),
            Field::Description => self.summary.offer(2, || Text::parse(it)),
            Field::Author | Field::Creator => add(&mut self.item.authors, person::parse(it)),
            Field::Contributor => add(&mut self.item.contributors, person::parse(it)),
            Field::Subject | Field::Category => parts::categories(it, &mut self.item.categories),
            Field::Published | Field::Issued => parts::date(&mut self.published, 1, it),
            Field::Date => parts::date(&mut self.published, 2, it),
            Field::Created => parts::date(&mut self.published, 5, it),
            Field::Updated => parts::date(&mut self.updated, 1, it),
            Field::Rights => self.item.rights = self.item.rights.take().or_else(|| Text::parse(it)),
            Field::Language => self.language(it),
            Field::Identifier => self.id.offer(4, || parts::owned(it)),
            _ => {}
        }
    }

    fn podcast(&mut self, it: Element<'_, '_>) {
        match it.field() {
            Field::Title => self.title.offer(3, || Text::parse(it)),
            Field::Summary | Field::Description => self
                .summary
                .offer(if it.field() == Field::Summary { 3 } else { 4 }, || Text::parse(it)),
            Field::Author => add(&mut self.performers, person::parse(it)),
            Field::Image => self.image.offer(0, || media::image(it)),
            Field::Explicit => self.item.explicit = parts::explicit(it),
            Field::Category | Field::Keywords => parts::categories(it, &mut self.item.categories),
            _ => {}
        }
    }

    fn media(&mut self, it: Element<'_, '_>) {
        match it.field() {
            Field::Title => self.title.offer(2, || Text::parse(it)),
            Field::Description => self.summary.offer(5, || Text::parse(it)),
            Field::Category | Field::Keywords => parts::categories(it, &mut self.item.categories),
            Field::Group => it.children().for_each(|child| self.media(child)),
            Field::Content => {
                if let Some(media) = media::content(it) {
                    self.item.credits.extend(media.credits.iter().take(parts::MAX_LIST).cloned());
                    add(&mut self.item.media, Some(media));
                }
                for child in it.children().filter(|child| child.field() == Field::Thumbnail) {
                    add(&mut self.item.thumbnails, media::thumbnail(child));
                }
            }
            Field::Thumbnail => add(&mut self.item.thumbnails, media::thumbnail(it)),
            Field::Credit => add(&mut self.item.credits, media::credit(it)),
            _ => {}
        }
    }

    fn link(&mut self, it: Element<'_, '_>) {
        let link = parts::link(it);
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
        parts::offer_link(&mut self.link, it, &link);
        add(&mut self.item.links, Some(link));
    }

    /// The page behind a link that counts readers.
    fn original(&mut self, it: Element<'_, '_>) {
        let href = parts::owned(it).map(|url| it.resolve(&url));
        add(
            &mut self.item.links,
            href.map(|href| Link {
                href: Some(href),
                rel: "canonical".to_owned(),
                ..Link::default()
            }),
        );
    }

    fn full_text(&mut self, it: Element<'_, '_>) {
        let src = it.attribute("src").or_else(|| it.attribute("url")).map(|url| it.resolve(&url));
        self.item.content_src = self.item.content_src.take().or(src);
        self.content.offer(u8::from(it.namespace() == Namespace::Core), || Text::parse(it));
    }

    fn id(&mut self, it: Element<'_, '_>) {
        let Some(id) = parts::owned(it) else { return };
        let permanent = it.attribute("isPermaLink");
        let is_link = match permanent.as_deref().map(str::trim) {
            Some(it) if it.eq_ignore_ascii_case("false") => false,
            Some(_) => true,
            None => is_page(&id),
        };
        if is_link && it.namespace() == Namespace::Core {
            self.link.offer(6, || Some(it.resolve(&id)).filter(|it| is_page(it)));
        }
        self.id.offer(u8::from(it.namespace() == Namespace::Core), || Some(id));
    }

    fn enclosure(&mut self, it: Element<'_, '_>) {
        let mut link = parts::link(it);
        if let Some(url) = it.attribute("url") {
            link.href = Some(it.resolve(&url));
        }
        link.length = link.length.or_else(|| parts::attribute(it, "size"));
        let enclosure = parts::enclosure(&link);
        if let Some(enclosure) = enclosure.filter(|enclosure| {
            !self.item.enclosures.iter().any(|known| known.url == enclosure.url)
        }) {
            add(&mut self.item.enclosures, Some(enclosure));
            add(&mut self.item.links, Some(Link { rel: "enclosure".to_owned(), ..link }));
        }
    }

    fn place(&mut self, it: Element<'_, '_>) {
        self.item.geo = self.item.geo.take().or_else(|| geo::parse(it));
    }

    fn coordinate(&mut self, it: Element<'_, '_>) {
        match it.field() {
            Field::Latitude => self.latitude = parts::owned(it),
            Field::Longitude => self.longitude = parts::owned(it),
            _ => self.place(it),
        }
    }

    fn language(&mut self, it: Element<'_, '_>) {
        self.item.language = parts::owned(it).and_then(|text| parts::language(&text));
    }
}

/// Whether an address is one of a page.
fn is_page(address: &str) -> bool {
    let scheme = address.get(..8).unwrap_or(address).to_ascii_lowercase();
    bases::has_scheme(address) && (scheme.starts_with("http://") || scheme.starts_with("https://"))
}
