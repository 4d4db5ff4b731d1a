//! The names under which publishers put a date or a writer into `<meta>`.
//!
//! Content systems differ in dots, colons, dashes and capitals alone: `article:published_time`,
//! `article.published-time`. Names are compared by their letters and digits.

/// When an article was published, the most exact names first.
const PUBLISHED: [&str; 40] = [
    "articlepublishedtime",
    "ogarticlepublishedtime",
    "ogpublishedtime",
    "publishedtime",
    "datepublished",
    "ogdatepublished",
    "rnewsdatepublished",
    "articlepublished",
    "ogarticlepublished",
    "articlepublisheddate",
    "articlepublicationdate",
    "originalpublicationdate",
    "publicationdate",
    "publishdate",
    "publisheddate",
    "publishtime",
    "parselypubdate",
    "pubdate",
    "sailthrudate",
    "cxenseparserecspublishtime",
    "citationpublicationdate",
    "citationonlinedate",
    "citationdate",
    "dcdateissued",
    "dctermsissued",
    "dcissued",
    "twtpublishedat",
    "analyticsattributesarticledate",
    "articledateoriginal",
    "articlepostdate",
    "dateposted",
    "fieldnamepostdate",
    "displaydate",
    "pdate",
    "ptime",
    "docdate",
    "ogregdate",
    "dcdate",
    "dctermsdate",
    "date",
];
/// How many of them, the last, say little: many systems put the day of the last change there.
const WEAK: usize = 3;
/// When an article was made, or the page was: the day of publication where no other is known.
const MADE: [&str; 13] = [
    "weiboarticlecreateat",
    "articlecreated",
    "contentcreatedate",
    "datecreated",
    "createdate",
    "dcdatecreated",
    "dctermscreated",
    "dccreated",
    "created",
    "dcsextarticlefirstpublished",
    "releasedate",
    "gentime",
    "timestamp",
];
/// Endings of further names of publication.
const ENDS_PUBLISHED: [&str; 8] = [
    "publishedtime",
    "publishtime",
    "publishdate",
    "publisheddate",
    "publicationdate",
    "datepublished",
    "pubdate",
    "publishedat",
];
/// When an article was changed.
const MODIFIED: [&str; 14] = [
    "articlemodifiedtime",
    "ogarticlemodifiedtime",
    "articlemodified",
    "articlemodifieddate",
    "ogupdatedtime",
    "ogmodifiedtime",
    "datemodified",
    "dctermsmodified",
    "dcmodified",
    "dcdatemodified",
    "lastupdated",
    "lastupdate",
    "revisiondate",
    "lastmodified",
];
const ENDS_MODIFIED: [&str; 8] = [
    "modifiedtime",
    "modifieddate",
    "postmodified",
    "updatedtime",
    "datemodified",
    "modificationdate",
    "moddate",
    "lastmod",
];
/// Parts of names that belong to something else than the article.
const NOT_OF_ARTICLES: [&str; 6] = ["video", "image", "comment", "event", "expir", "site"];
/// Who wrote an article.
const WRITERS: [&str; 30] = [
    "byl",
    "parselyauthor",
    "articleauthor",
    "articleauthorname",
    "author",
    "authors",
    "authorname",
    "byline",
    "dccreator",
    "dctermscreator",
    "dcauthor",
    "creator",
    "citationauthor",
    "citationauthors",
    "ogauthor",
    "sailthruauthor",
    "cxenseparseauthor",
    "cxenseparserecsauthor",
    "rbauthors",
    "vrauthor",
    "btauthor",
    "mediatorauthor",
    "shareaholicarticleauthorname",
    "pageauthor",
    "storyauthor",
    "postauthor",
    "contentauthor",
    "newsauthor",
    "writer",
    "ogarticleauthor",
];

/// How exactly a name says when an article was published, the least number most exactly.
pub(super) fn published(name: &str) -> Option<usize> {
    rank(name, &PUBLISHED, &ENDS_PUBLISHED)
}

/// Whether the name of a rank says little: the day may be that of a change.
pub(super) fn is_weak(rank: usize) -> bool {
    rank >= 2 * (PUBLISHED.len() - WEAK)
}

/// The same for when it was made.
pub(super) fn made(name: &str) -> Option<usize> {
    rank(name, &MADE, &[])
}

/// The same for when it was changed.
pub(super) fn modified(name: &str) -> Option<usize> {
    rank(name, &MODIFIED, &ENDS_MODIFIED)
}

/// The same for who wrote it.
pub(super) fn writer(name: &str) -> Option<usize> {
    rank(name, &WRITERS, &[])
}

fn rank(name: &str, names: &[&str], endings: &[&str]) -> Option<usize> {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let ends = || {
        endings.iter().any(|ending| plain.ends_with(ending))
            && !NOT_OF_ARTICLES.iter().any(|other| plain.contains(other))
    };
    names
        .iter()
        .position(|known| *known == plain)
        // Behind the names that are known to be exact, before those that say little.
        .map(|place| 2 * place)
        .or_else(|| ends().then_some(ENDING_RANK))
}

/// The rank of a name that is known by its ending alone: behind `parsely-pub-date`, before `date`.
const ENDING_RANK: usize = 51;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_whatever_stands_between_their_words() {
        for name in [
            "article:published_time",
            "article.published",
            "publish-date",
            "sailthru.date",
            "dcterms.created",
            "DC.date.issued",
            "cXenseParse:recs:publishtime",
            "og:article:published_time",
            "rnews:datePublished",
            "bytedance:published_time",
            "vr:published_time",
            "mediator_published_time",
            "bt:pubDate",
            "rbpubdate",
            "shareaholic:article_published_time",
        ] {
            assert!(published(name).or(made(name)).is_some(), "{name}");
        }
        for name in ["og:updated_time", "article:modified_time", "bt:modDate", "last-modified"] {
            assert!(modified(name).is_some() && published(name).is_none(), "{name}");
        }
        for name in ["og:video:published_time", "expires", "site_publication_date", "viewport"] {
            assert!(published(name).is_none(), "{name}");
        }
        assert!(published("article:published_time") < published("date"));
        assert!(published("xyz:publishdate") < published("date"));
        assert!(published("article:published_time") < published("xyz:publishdate"));
    }
}
