//! Reads what a feed says of itself, element by element.

use super::{
    best::Best,
    media,
    model::{Channel, Person},
    names::{Field, Namespace},
    parts::{self, add},
    person,
    text::Text,
    tree::Element,
};
use crate::model::entry::{Cloud, Date};

/// A channel that is being read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    channel: Channel,
    title: Best<Text>,
    description: Best<Text>,
    link: Best<String>,
    image: Best<String>,
    language: Best<String>,
    published: Best<Date>,
    updated: Best<Date>,
    /// Persons who count as authors only where no author is named.
    performers: Vec<Person>,
}

impl Draft {
    /// The address of the site, where an element named it already.
    pub(super) fn site(&self) -> Option<&str> {
        self.link.value().map(String::as_str)
    }

    /// The authors that were named so far.
    pub(super) fn authors(&self) -> &[Person] {
        &self.channel.authors
    }

    /// Reads the attributes of the root or the channel: `rdf:about`, `HREF`, `LASTMOD`, `xml:lang`.
    pub(super) fn root(&mut self, root: Element<'_, '_>) {
        let about = root.prefixed("about").map(std::borrow::Cow::into_owned);
        self.channel.id = self.channel.id.take().or(about);
        if let Some(url) = root.attribute("href") {
            let link = parts::link(root);
            self.link.offer(3, || Some(root.resolve(&url)));
            add(&mut self.channel.links, Some(link));
        }
        if let Some(changed) = root.attribute("lastmod") {
            self.updated.offer(5, || Some(super::dates::parse(&changed)));
        }
        self.language.offer(2, || parts::language(root.node().language));
    }

    pub(super) fn add_element(&mut self, element: Element<'_, '_>) {
        match element.namespace() {
            Namespace::Core | Namespace::Atom | Namespace::Atom03 => self.core_field(element),
            Namespace::Dc | Namespace::DcTerms => self.dublin_core(element),
            Namespace::Itunes | Namespace::GooglePlay => self.podcast(element),
            Namespace::Media if element.field() == Field::Thumbnail => {
                self.image.offer(6, || media::image(element));
            }
            Namespace::Media => parts::categories_only(element, &mut self.channel.categories),
            Namespace::Syndication => self.syndication(element),
            Namespace::History if element.field() == Field::Complete => {
                self.channel.rhythm.complete = true;
            }
            Namespace::History if element.field() == Field::Archive => {
                self.channel.rhythm.archive = true;
            }
            Namespace::Other if element.field() == Field::GeneratorAgent => {
                let agent = element.prefixed("resource").map(std::borrow::Cow::into_owned);
                self.channel.generator = self.channel.generator.take().or(agent);
            }
            _ => {}
        }
    }

    fn core_field(&mut self, element: Element<'_, '_>) {
        let channel = &mut self.channel;
        match element.field() {
            Field::Title => self.title.offer(0, || Text::parse_title(element)),
            Field::Link => self.link(element),
            Field::Description | Field::Summary => {
                self.description.offer(0, || Text::parse(element));
            }
            Field::Id => channel.id = parts::owned(element).or(channel.id.take()),
            Field::Author => add(&mut channel.authors, person::parse(element)),
            Field::WebMaster => add(&mut self.performers, person::parse(element)),
            Field::Contributor => add(&mut channel.contributors, person::parse(element)),
            Field::Category | Field::Keywords => {
                parts::categories(element, &mut channel.categories);
            }
            Field::Published => parts::date(&mut self.published, 0, element),
            Field::Issued => parts::date(&mut self.published, 1, element),
            Field::Updated | Field::LastBuild => parts::date(&mut self.updated, 0, element),
            Field::Date => parts::date(&mut self.updated, 3, element),
            Field::Rights => {
                channel.rights = channel.rights.take().or_else(|| Text::parse(element));
            }
            Field::Language => {
                self.language
                    .offer(0, || parts::owned(element).and_then(|text| parts::language(&text)));
            }
            Field::Generator => {
                channel.generator = channel.generator.take().or_else(|| generator(element));
            }
            Field::Image => self.image.offer(0, || media::image(element)),
            Field::Logo => {
                self.image.offer(1, || parts::owned(element).map(|url| element.resolve(&url)));
            }
            Field::Icon => {
                channel.icon = parts::owned(element).map(|url| element.resolve(&url));
                self.image.offer(5, || channel.icon.clone());
            }
            _ => self.rhythm(element),
        }
    }

    fn rhythm(&mut self, element: Element<'_, '_>) {
        let rhythm = &mut self.channel.rhythm;
        match element.field() {
            Field::Ttl => rhythm.ttl = parts::owned(element).and_then(|text| text.parse().ok()),
            Field::SkipHours => {
                let hours = element
                    .descendants()
                    .filter(|node| node.field() == Field::Hour)
                    .filter_map(parts::owned);
                rhythm.skip_hours = hours
                    .filter_map(|hour| hour.parse().ok())
                    .filter(|hour| *hour <= 24)
                    .take(24)
                    .collect();
            }
            Field::SkipDays => {
                let days = element
                    .descendants()
                    .filter(|node| node.field() == Field::Day)
                    .filter_map(parts::owned);
                rhythm.skip_days = days.take(7).collect();
            }
            Field::Cloud => {
                rhythm.cloud = Some(Cloud {
                    domain: parts::attribute(element, "domain"),
                    port: parts::attribute(element, "port"),
                    path: parts::attribute(element, "path"),
                    register_procedure: parts::attribute(element, "registerProcedure"),
                    protocol: parts::attribute(element, "protocol"),
                });
            }
            _ => {}
        }
    }

    fn syndication(&mut self, element: Element<'_, '_>) {
        let rhythm = &mut self.channel.rhythm;
        match element.field() {
            Field::UpdatePeriod => rhythm.update_period = parts::owned(element),
            Field::UpdateFrequency => {
                rhythm.update_frequency = parts::owned(element).and_then(|text| text.parse().ok());
            }
            Field::UpdateBase => {
                rhythm.update_base = parts::owned(element).map(|text| super::dates::parse(&text));
            }
            _ => {}
        }
    }

    fn dublin_core(&mut self, element: Element<'_, '_>) {
        let channel = &mut self.channel;
        match element.field() {
            Field::Title => self.title.offer(1, || Text::parse_title(element)),
            Field::Description => self.description.offer(1, || Text::parse(element)),
            Field::Author | Field::Creator => add(&mut channel.authors, person::parse(element)),
            Field::Contributor => add(&mut channel.contributors, person::parse(element)),
            Field::Subject | Field::Category => parts::categories(element, &mut channel.categories),
            Field::Published | Field::Issued => parts::date(&mut self.published, 1, element),
            Field::Updated => parts::date(&mut self.updated, 1, element),
            Field::Date => parts::date(&mut self.updated, 2, element),
            Field::Rights => {
                channel.rights = channel.rights.take().or_else(|| Text::parse(element));
            }
            Field::Language => {
                self.language
                    .offer(1, || parts::owned(element).and_then(|text| parts::language(&text)));
            }
            _ => {}
        }
    }

    fn podcast(&mut self, element: Element<'_, '_>) {
        match element.field() {
            Field::Title => self.title.offer(2, || Text::parse_title(element)),
            Field::Summary => self.description.offer(2, || Text::parse(element)),
            Field::Description => self.description.offer(3, || Text::parse(element)),
            Field::Author => self.performers.splice(..0, person::parse(element)).for_each(drop),
            Field::Image => self.image.offer(2, || media::image(element)),
            Field::Explicit => self.channel.explicit = parts::explicit(element),
            _ => parts::categories_only(element, &mut self.channel.categories),
        }
    }

    fn link(&mut self, element: Element<'_, '_>) {
        let link = parts::link(element);
        if link.rel == "hub" {
            add(&mut self.channel.rhythm.hubs, link.href.clone());
        }
        parts::offer_link(&mut self.link, element, &link);
        add(&mut self.channel.links, Some(link));
    }

    pub(super) fn finish(self) -> Channel {
        let mut channel = self.channel;
        if channel.authors.is_empty() {
            channel.authors = self.performers;
        }
        (channel.title, channel.description, channel.link) =
            (self.title.take(), self.description.take(), self.link.take());
        (channel.image, channel.language) = (self.image.take(), self.language.take());
        (channel.published, channel.updated) = (self.published.take(), self.updated.take());
        channel
    }
}

fn generator(element: Element<'_, '_>) -> Option<String> {
    parts::owned(element)
        .or_else(|| parts::attribute(element, "uri"))
        .or_else(|| parts::attribute(element, "url"))
}
