//! Routes: the `[[route]]` tables of the config.
//!
//! What must stay true: a setting of a route is in one table, [`RouteTable`], and the way from there
//! to a [`Route`] names each setting.

use toml::{Spanned, de::DeValue};

use super::{
    SettingEntry, TopicName,
    reader::Reader,
    setting::{Setting, settings},
    sources::{SourceId, label},
};
use crate::policy::{
    label::{Country, LabelName, LanguageRange},
    route::{Route, Routes},
};

/// Topics that nashra writes by itself, or as another setting says.
const OWN: [&str; 6] = ["articles", "stories", "deadletters", "positions", "polls", "latest"];

settings! {
    /// One route: the records of the articles of which all holds that it says go to `topic`, too.
    RouteTable {
        /// The topic, without `kafka.topic_prefix`. nashra makes it as it makes `articles`. Several
        /// routes may name one topic: it has each record once.
        topic: Option<TopicName> = None;
        /// Labels, of which the article must have one.
        label: Vec<LabelName> = Vec::new();
        /// Languages, of which the article must have one: "pt" is Portuguese of all regions,
        /// "pt-BR" that of Brazil.
        language: Vec<LanguageRange> = Vec::new();
        /// Ids of sources, of which it must come from one.
        source: Vec<SourceId> = Vec::new();
        /// Tags, of which its source must have one.
        tags: Vec<String> = Vec::new();
        /// Countries by their codes of ISO 3166, such as "EG", of which the site must be of one, as
        /// far as the end of its name tells.
        country: Vec<Country> = Vec::new();
        /// true: the records are not in the topic `articles`.
        instead: bool = false;
    }
}

/// What is said of each setting of a route.
#[must_use]
pub fn settings() -> Vec<SettingEntry> {
    let mut entries = Vec::new();
    let section = SettingEntry { key: "route".to_owned(), ..SettingEntry::default() };
    RouteTable::default().describe(section, &mut entries);
    entries
}

/// The routes of a config.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteTables(Vec<Route>);

impl RouteTables {
    /// As they are followed.
    #[must_use]
    pub fn routes(&self) -> Routes {
        Routes::new(self.0.clone())
    }
}

impl Setting for RouteTables {
    fn from_spanned(
        value: &Spanned<DeValue<'_>>,
        key: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        reader.tables(value, (key, &Self::expected()), RouteTable::into_route).map(Self)
    }

    fn expected() -> String {
        "`[[route]]` tables".to_owned()
    }

    fn written(&self) -> Option<String> {
        self.0.is_empty().then(|| "[]".to_owned())
    }
}

impl RouteTable {
    /// The route, or what is wrong with it as a whole.
    fn into_route(self) -> Result<Route, String> {
        let topic = self.topic.ok_or("this route has no topic")?.to_string();
        if OWN.contains(&topic.as_str()) {
            return Err(format!("nashra writes the topic {topic:?} by itself: name another one"));
        }
        Ok(Route {
            topic,
            labels: self.label,
            languages: self.language,
            sources: self.source.iter().map(ToString::to_string).collect(),
            tags: self.tags.iter().filter_map(|tag| label(tag)).collect(),
            countries: self.country,
            instead: self.instead,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, reader};

    #[test]
    fn routes_are_read_and_what_is_wrong_with_one_is_told_with_its_place() {
        let good = "[[route]]\ntopic = \"floods\"\nlabel = [\"flood\"]\n[[route]]\ntopic = \"wire\"\nsource = [\"a\"]\ntags = [\"x\"]\n\
            language = [\"de\"]\ncountry = [\"de\"]\ninstead = true\n";
        let (config, _, errors) = reader::parse_settings::<Config>("n.toml", good);
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(config.route.routes().topics(), ["floods", "wire"]);
        let wrong = "[[route]]\nlabel = [\"flood\"]\n[[route]]\ntopic = \"articles\"\n[[route]]\ntopic = \"a b\"\n[[route]]\ntopic = \"c\"\nlabels = []\n";
        let (_, _, errors) = reader::parse_settings::<Config>("n.toml", wrong);
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "n.toml:1:1: route[0]: this route has no topic",
                "n.toml:3:1: route[1]: nashra writes the topic \"articles\" by itself: name another one",
                "n.toml:6:9: route[2].topic: \"a b\" cannot be a topic's name: 1 to 249 letters, digits, `.`, `_` and `-`",
                "n.toml:9:1: route[3].labels: unknown setting; did you mean `label`?",
            ]
        );
    }
}
