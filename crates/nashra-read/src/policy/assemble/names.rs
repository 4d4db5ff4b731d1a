//! The names under which an article is looked for, and how much each of them tells.

use url::Url;

use crate::model::{
    entry::{Entry, LinkRole},
    identity,
};

/// A name under which an article is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// What it is, for `nashra explain`.
    pub by: &'static str,
    /// Its key in the table of aliases.
    pub alias: [u8; 16],
    /// How much it tells.
    pub tells: Tells,
}

/// How much a name tells of which article it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// It identifies the article.
    Article,
    /// It is a guid: it identifies the article, unless the source gives it to another one.
    Guid,
    /// It is the key of an address, of which this is the exact digest: it identifies the article
    /// that has this very address, and is evidence for one that has another form of it.
    Address([u8; 16]),
    /// The same for an address with a fragment, which may be one of several places of its page.
    Place([u8; 16]),
    /// The key of another form of such an address.
    Form([u8; 16]),
    /// A key that is looked up and never given. With the digest of an address it identifies the
    /// article that has this very address.
    Lookup(Option<[u8; 16]>),
    /// Evidence by itself: others may have this name, too.
    Evidence,
}

impl Name {
    /// A name that identifies its article.
    #[must_use]
    pub fn of_article(by: &'static str, alias: [u8; 16]) -> Self {
        Self { by, alias, tells: Tells::Article }
    }

    /// The names of an address.
    pub fn of_address(by: &'static str, url: &Url) -> impl Iterator<Item = Self> + use<> {
        let (alias, exact) = (identity::of_url(url), identity::exact(url));
        let form = Some(identity::of_url(&identity::base_form(url))).filter(|form| *form != alias);
        let former = identity::formerly_of_url(url);
        let is_place = identity::place(url).fragment().is_some();
        [
            Some(Self {
                by,
                alias,
                tells: if is_place { Tells::Place(exact) } else { Tells::Address(exact) },
            }),
            form.map(|alias| Self { by, alias, tells: Tells::Form(exact) }),
            former.map(|alias| Self { by, alias, tells: Tells::Lookup(Some(exact)) }),
        ]
        .into_iter()
        .flatten()
    }

    /// The digest of the address that the name is of.
    #[must_use]
    pub fn exact(&self) -> Option<[u8; 16]> {
        match self.tells {
            Tells::Address(exact) | Tells::Place(exact) | Tells::Form(exact) => Some(exact),
            Tells::Lookup(exact) => exact,
            Tells::Article | Tells::Guid | Tells::Evidence => None,
        }
    }

    /// Whether its article is given this name.
    #[must_use]
    pub fn is_given(&self) -> bool {
        !matches!(self.tells, Tells::Lookup(_))
    }
}

/// The names of an entry, the strongest first: the guid, then what its link tells, then its words.
#[must_use]
pub fn of_entry(source: &str, entry: &Entry) -> Vec<Name> {
    let mut names = of_ids(source, entry);
    if entry.guid.is_none() && (entry.link.is_none() || entry.link_role == LinkRole::Shared) {
        names.extend(of_words(source, entry));
    }
    names
}

/// The names of an entry by its guid and its link.
#[must_use]
pub(super) fn of_ids(source: &str, entry: &Entry) -> Vec<Name> {
    let mut names = Vec::new();
    if let Some(guid) = &entry.guid {
        let alias = identity::of_guid(source, guid);
        names.push(Name { by: "guid", alias, tells: Tells::Guid });
    }
    let lookup =
        |link: &Url| Name { by: "link", alias: identity::of_url(link), tells: Tells::Lookup(None) };
    match (&entry.link, entry.link_role) {
        (Some(link), LinkRole::Page) => names.extend(Name::of_address("link", link)),
        (Some(link), LinkRole::Place) => {
            names.push(Name::of_article("place in a page", identity::of_place(link)));
            // An earlier document may have had no other place of this page.
            names.push(lookup(link));
        }
        // An earlier document may have had nothing else with this link; a later one is told that
        // several had it.
        (Some(link), LinkRole::Shared) => names.extend([
            lookup(link),
            Name {
                by: "shared link",
                alias: identity::of_shared_link(source, link),
                tells: Tells::Evidence,
            },
        ]),
        (None, _) => {}
    }
    names
}

/// What an entry is known by that neither a guid nor a link identifies.
fn of_words(source: &str, entry: &Entry) -> impl Iterator<Item = Name> {
    let says = [&entry.title, &entry.content, &entry.summary].into_iter().flatten().next();
    let date = entry.published.or(entry.modified).map(|date| date.timestamp());
    let alias = |title: &str, date| identity::of_item(source, entry.link.as_ref(), title, date);
    let dated = says
        .zip(date)
        .map(|(title, date)| Name::of_article("title and date", alias(title, Some(date))));
    // Without a date, what has a link is known by its title. What has none says what it is: the
    // content names it.
    let titled = says.map(|title| Name {
        by: "title",
        alias: alias(title, None),
        tells: if date.is_none() && entry.link.is_some() {
            Tells::Article
        } else {
            Tells::Evidence
        },
    });
    dated.into_iter().chain(titled)
}
