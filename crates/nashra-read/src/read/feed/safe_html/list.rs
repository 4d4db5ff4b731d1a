//! The elements and attributes that safe HTML may have.

/// The type of an attribute's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    Text,
    Address,
    /// A list of addresses with sizes, as in `srcset`.
    Addresses,
}

macro_rules! elements {
    ($($variant:ident $name:literal,)+) => {
        /// Elements for reading. None of them has content that is not parsed as HTML.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Element {
            $($variant,)+
        }

        impl Element {
            fn from_lower(name: &[u8]) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }

            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => {
                        const NAME: &str = match std::str::from_utf8($name) { Ok(name) => name, Err(_) => "" };
                        NAME
                    })+
                }
            }
        }
    };
}

elements! {
    A b"a", Abbr b"abbr", Acronym b"acronym", Address b"address", Article b"article", Aside b"aside", Audio b"audio", B b"b", Bdi b"bdi",
    Bdo b"bdo", Big b"big", Blockquote b"blockquote", Br b"br", Caption b"caption", Center b"center", Cite b"cite", Code b"code",
    Col b"col", Colgroup b"colgroup", Dd b"dd", Del b"del", Details b"details", Dfn b"dfn", Div b"div", Dl b"dl", Dt b"dt", Em b"em",
    Figcaption b"figcaption", Figure b"figure", Font b"font", Footer b"footer", H1 b"h1", H2 b"h2", H3 b"h3", H4 b"h4", H5 b"h5",
    H6 b"h6", Header b"header", Hr b"hr", I b"i", Img b"img", Ins b"ins", Kbd b"kbd", Li b"li", Main b"main", Mark b"mark", Nav b"nav",
    Ol b"ol", P b"p", Picture b"picture", Pre b"pre", Q b"q", Rp b"rp", Rt b"rt", Ruby b"ruby", S b"s", Samp b"samp", Section b"section",
    Small b"small", Source b"source", Span b"span", Strike b"strike", Strong b"strong", Sub b"sub", Summary b"summary", Sup b"sup",
    Table b"table", Tbody b"tbody", Td b"td", Tfoot b"tfoot", Th b"th", Thead b"thead", Time b"time", Tr b"tr", Tt b"tt", U b"u",
    Ul b"ul", Var b"var", Video b"video", Wbr b"wbr",
}

/// Attributes of all elements.
const GLOBAL: [&str; 3] = ["dir", "lang", "title"];

/// Elements that are left out with all that is in them.
const DROPPED: [&str; 11] = [
    "applet",
    "iframe",
    "noembed",
    "noframes",
    "object",
    "plaintext",
    "script",
    "style",
    "textarea",
    "title",
    "xmp",
];

/// The longest name of the list.
const LONGEST: usize = 10;

/// Whether an element is left out with all that is in it.
pub(super) fn is_dropped(name: &str) -> bool {
    DROPPED.iter().any(|dropped| dropped.eq_ignore_ascii_case(name))
}

impl Element {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let mut lower = [0; LONGEST];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        Self::from_lower(lower)
    }

    pub(super) fn is_void(self) -> bool {
        matches!(self, Self::Br | Self::Col | Self::Hr | Self::Img | Self::Source | Self::Wbr)
    }

    /// Whether its start ends the open element, whose end tag is left out.
    pub(super) fn ends(self, open: Self) -> bool {
        use Element::{
            Address, Article, Aside, Blockquote, Center, Dd, Details, Div, Dl, Dt, Figure, Footer,
            H1, H2, H3, H4, H5, H6, Header, Hr, Li, Main, Nav, Ol, P, Pre, Section, Table, Td, Th,
            Tr, Ul,
        };
        match self {
            Li | Tr => open == self,
            Dd | Dt => matches!(open, Dd | Dt),
            Td | Th => matches!(open, Td | Th),
            Address | Article | Aside | Blockquote | Center | Details | Div | Dl | Figure
            | Footer | H1 | H2 | H3 | H4 | H5 | H6 | Header | Hr | Main | Nav | Ol | P | Pre
            | Section | Table | Ul => open == P,
            _ => false,
        }
    }
}

/// The attribute as the list has it, and what its value is; none where the element may not have it.
pub(super) fn attribute(element: Element, name: &str) -> Option<(&'static str, ValueKind)> {
    let own: &[(&'static str, ValueKind)] = match element {
        Element::A => &[
            ("href", ValueKind::Address),
            ("hreflang", ValueKind::Text),
            ("name", ValueKind::Text),
            ("rel", ValueKind::Text),
        ],
        Element::Img => &[
            ("align", ValueKind::Text),
            ("alt", ValueKind::Text),
            ("border", ValueKind::Text),
            ("height", ValueKind::Text),
            ("longdesc", ValueKind::Address),
            ("sizes", ValueKind::Text),
            ("src", ValueKind::Address),
            ("srcset", ValueKind::Addresses),
            ("width", ValueKind::Text),
        ],
        Element::Audio | Element::Video => &[
            ("controls", ValueKind::Text),
            ("height", ValueKind::Text),
            ("poster", ValueKind::Address),
            ("src", ValueKind::Address),
            ("width", ValueKind::Text),
        ],
        Element::Source => &[
            ("media", ValueKind::Text),
            ("sizes", ValueKind::Text),
            ("src", ValueKind::Address),
            ("srcset", ValueKind::Addresses),
            ("type", ValueKind::Text),
        ],
        Element::Blockquote | Element::Q => &[("cite", ValueKind::Address)],
        Element::Del | Element::Ins => {
            &[("cite", ValueKind::Address), ("datetime", ValueKind::Text)]
        }
        Element::Time => &[("datetime", ValueKind::Text)],
        Element::Td | Element::Th => &[
            ("align", ValueKind::Text),
            ("colspan", ValueKind::Text),
            ("rowspan", ValueKind::Text),
            ("scope", ValueKind::Text),
        ],
        Element::Col | Element::Colgroup => &[("span", ValueKind::Text)],
        Element::Ol => {
            &[("reversed", ValueKind::Text), ("start", ValueKind::Text), ("type", ValueKind::Text)]
        }
        Element::Div | Element::P | Element::Table => &[("align", ValueKind::Text)],
        _ => &[],
    };
    let own = own.iter().find(|(attribute, _)| attribute.eq_ignore_ascii_case(name)).copied();
    own.or_else(|| {
        GLOBAL
            .iter()
            .find(|global| global.eq_ignore_ascii_case(name))
            .map(|global| (*global, ValueKind::Text))
    })
}
