//! Local names, told apart without regard to case.

macro_rules! fields {
    ($($variant:ident $($name:literal)|+,)+) => {
        /// What a local name means; the namespace says whose word it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::read::feed) enum Field {
            $($variant,)+
            Other,
        }

        impl Field {
            fn from_lower(name: &[u8]) -> Self {
                match name {
                    $($($name)|+ => Self::$variant,)+
                    _ => Self::Other,
                }
            }
        }
    };
}

fields! {
    Rss b"rss",
    Rdf b"rdf",
    Feed b"feed",
    Channel b"channel",
    Item b"item" | b"entry",
    Html b"html",
    Title b"title",
    Link b"link",
    Description b"description" | b"abstract" | b"tagline" | b"subtitle",
    Summary b"summary",
    Content b"content" | b"encoded" | b"body" | b"fullitem",
    Id b"id" | b"guid",
    Identifier b"identifier",
    Author b"author" | b"managingeditor",
    Creator b"creator",
    WebMaster b"webmaster",
    Contributor b"contributor",
    Owner b"owner",
    Name b"name",
    Email b"email",
    Address b"uri" | b"url" | b"homepage",
    Category b"category",
    Subject b"subject",
    Keywords b"keywords" | b"tags",
    Published b"pubdate" | b"published",
    Issued b"issued",
    Updated b"updated" | b"modified" | b"lastmod",
    LastBuild b"lastbuilddate",
    Created b"created",
    Date b"date",
    Enclosure b"enclosure",
    Comments b"comments",
    Source b"source",
    Rights b"rights" | b"copyright",
    Language b"language",
    Generator b"generator",
    GeneratorAgent b"generatoragent",
    Image b"image" | b"img" | b"picture" | b"imageurl" | b"image_url" | b"featured_image",
    Logo b"logo",
    Icon b"icon",
    Ttl b"ttl",
    SkipHours b"skiphours",
    Hour b"hour",
    SkipDays b"skipdays",
    Day b"day",
    Cloud b"cloud",
    Explicit b"explicit",
    Group b"group",
    Thumbnail b"thumbnail" | b"thumb" | b"thumbnail_url",
    Credit b"credit",
    OriginalLink b"origlink",
    OriginalEnclosure b"origenclosurelink",
    UpdatePeriod b"updateperiod",
    UpdateFrequency b"updatefrequency",
    UpdateBase b"updatebase",
    Complete b"complete",
    Archive b"archive",
    Where b"where",
    Point b"point",
    Line b"line" | b"linestring",
    Polygon b"polygon",
    Box b"box" | b"envelope",
    Position b"pos" | b"poslist" | b"coordinates",
    Latitude b"lat",
    Longitude b"long" | b"lon",
    Division b"div",
}

/// The longest name that [`Field`] knows.
const LONGEST: usize = 17;

impl Field {
    pub(in crate::read::feed) fn from_name(local: &str) -> Self {
        let mut lower = [0; LONGEST];
        let Some(lower) = lower.get_mut(..local.len()) else { return Self::Other };
        lower.copy_from_slice(local.as_bytes());
        lower.make_ascii_lowercase();
        Self::from_lower(lower)
    }
}
