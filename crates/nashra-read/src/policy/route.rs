//! Routes: which further topics the records of an article go to. Pure.
//!
//! What must stay true: an article that is in a topic stays in it, so that whoever reads the topic
//! hears of each revision and of the withdrawal.

use super::label::{Country, LabelName, LanguageRange, Scope, country};
use crate::model::routing::Routing;

/// A topic, and which articles go there: those of which all holds that the route says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Route {
    /// The topic, without the prefix.
    pub topic: String,
    /// Labels of which the article must have one, where there are some.
    pub labels: Vec<LabelName>,
    /// Languages of which the article must have one, where there are some.
    pub languages: Vec<LanguageRange>,
    /// Ids of sources of which it must come from one, where there are some.
    pub sources: Vec<String>,
    /// Tags of which its source must have one, where there are some.
    pub tags: Vec<String>,
    /// Countries of which the site must be of one, where there are some.
    pub countries: Vec<Country>,
    /// Whether its records are not in the topic of articles then.
    pub instead: bool,
}

/// What routes look at.
#[derive(Debug, Clone, Copy, Default)]
pub struct RouteInput<'a> {
    /// Its labels.
    pub labels: &'a [String],
    /// Its language, as a tag of BCP 47.
    pub language: Option<&'a str>,
    /// The id of its source.
    pub source: &'a str,
    /// The tags of its source.
    pub tags: &'a [String],
    /// Its address, and that of its source: the first that tells a country does.
    pub addresses: [Option<&'a str>; 2],
}

impl Route {
    fn takes(&self, article: &RouteInput<'_>) -> bool {
        let scope =
            Scope { languages: &self.languages, tags: &self.tags, countries: &self.countries };
        let has_label = |label: &LabelName| article.labels.iter().any(|own| own == label.as_str());
        (self.labels.is_empty() || self.labels.iter().any(has_label))
            && (self.sources.is_empty() || self.sources.iter().any(|id| id == article.source))
            && scope.holds(article.language, article.tags, || {
                article.addresses.into_iter().flatten().find_map(country)
            })
    }
}

/// Routes in the order of the config.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes(Vec<Route>);

impl Routes {
    /// Begins with these.
    #[must_use]
    pub fn new(routes: Vec<Route>) -> Self {
        Self(routes)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their topics without the prefix, sorted, each once.
    #[must_use]
    pub fn topics(&self) -> Vec<String> {
        let mut topics: Vec<String> = self.0.iter().map(|route| route.topic.clone()).collect();
        topics.sort_unstable();
        topics.dedup();
        topics
    }

    /// Where an edition goes; `before` is where those before it went, `None` of a first one. Topics
    /// that no route names any more are left out.
    #[must_use]
    pub fn of(&self, article: &RouteInput<'_>, before: Option<&Routing>) -> Routing {
        let taking = || self.0.iter().filter(|route| route.takes(article));
        let mut topics: Vec<String> = taking().map(|route| route.topic.clone()).collect();
        topics.extend(before.map(|before| self.kept(before).topics).unwrap_or_default());
        topics.sort_unstable();
        topics.dedup();
        let instead = before.map_or_else(
            || taking().any(|route| route.instead),
            |before| before.instead && !topics.is_empty(),
        );
        Routing { topics, instead }
    }

    /// Where an article went, without topics that no route names any more.
    #[must_use]
    pub fn kept(&self, before: &Routing) -> Routing {
        let is_known = |topic: &&String| self.0.iter().any(|route| route.topic == **topic);
        let topics: Vec<String> = before.topics.iter().filter(is_known).cloned().collect();
        Routing { instead: before.instead && !topics.is_empty(), topics }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(topic: &str, change: impl FnOnce(&mut Route)) -> Route {
        let mut route = Route { topic: topic.to_owned(), ..Route::default() };
        change(&mut route);
        route
    }

    fn routes() -> Routes {
        Routes::new(vec![
            route("floods", |route| route.labels = vec!["flood".parse().unwrap()]),
            route("german", |route| route.languages = vec!["de".parse().unwrap()]),
            route("wire", |route| {
                route.tags = vec!["wire".to_owned()];
                route.sources = vec!["a".to_owned(), "b".to_owned()];
                route.instead = true;
            }),
            route("egypt", |route| route.countries = vec!["EG".parse().unwrap()]),
        ])
    }

    #[test]
    fn an_article_goes_where_all_holds_that_a_route_says() {
        let (flood, wire) = (["flood".to_owned()], ["wire".to_owned(), "x".to_owned()]);
        let plain = RouteInput { source: "a", ..RouteInput::default() };
        let of = |input: RouteInput<'_>| routes().of(&input, None);
        assert!(of(plain).is_plain());
        let german = RouteInput { language: Some("de-AT"), labels: &flood, ..plain };
        assert_eq!(
            of(german),
            Routing { topics: vec!["floods".into(), "german".into()], instead: false }
        );
        assert_eq!(
            of(RouteInput { tags: &wire, ..plain }),
            Routing { topics: vec!["wire".into()], instead: true }
        );
        assert!(of(RouteInput { tags: &wire, source: "c", ..plain }).is_plain());
        let site = [Some("https://a.de/1"), Some("https://news.eg/feed")];
        assert!(
            of(RouteInput { addresses: site, ..plain }).is_plain(),
            "the article's own site is elsewhere"
        );
        let site = [Some("https://news.com.eg/1"), None];
        assert_eq!(of(RouteInput { addresses: site, ..plain }).topics, ["egypt"]);
    }

    #[test]
    fn an_article_stays_in_its_topics_as_long_as_a_route_names_them() {
        let before = Routing { topics: vec!["floods".into(), "gone".into()], instead: false };
        let german = RouteInput { language: Some("de"), ..RouteInput::default() };
        let now = routes().of(&german, Some(&before));
        assert_eq!(now, Routing { topics: vec!["floods".into(), "german".into()], instead: false });
        let only = Routing { topics: vec!["wire".into()], instead: true };
        assert_eq!(routes().of(&RouteInput::default(), Some(&only)), only);
        let gone = Routing { topics: vec!["gone".into()], instead: true };
        assert!(routes().kept(&gone).is_plain(), "its readers hear of it in the topic of articles");
        let (tags, a) = (["wire".to_owned()], "a");
        let wire = RouteInput { tags: &tags, source: a, ..RouteInput::default() };
        let moved = routes().of(&wire, Some(&Routing::default()));
        assert_eq!(moved, Routing { topics: vec!["wire".into()], instead: false });
    }
}
