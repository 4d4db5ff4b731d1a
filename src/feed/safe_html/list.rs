//! The elements and attributes that safe HTML may have.

/// What an attribute's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Address,
    /// `srcset`
    Addresses,
}

/// Elements for reading, in the order of their names. None of them has content that is not parsed as HTML.
const ELEMENTS: [&str; 80] = [
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "audio",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "nav",
    "ol",
    "p",
    "picture",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
];

/// Attributes of all elements, in the order of their names.
const GLOBAL: [&str; 3] = ["dir", "lang", "title"];

/// Elements that are left out with all that is in them.
const DROPPED: [&str; 11] =
    ["applet", "iframe", "noembed", "noframes", "object", "plaintext", "script", "style", "textarea", "title", "xmp"];

/// The longest name of the list.
const LONGEST: usize = 10;

/// An element of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element(u8);

/// The name of the element with the id.
pub(super) fn name(id: u8) -> &'static str {
    ELEMENTS.get(usize::from(id)).copied().unwrap_or_default()
}

/// Whether an element is left out with all that is in it.
pub(super) fn is_dropped(name: &str) -> bool {
    DROPPED.iter().any(|it| it.eq_ignore_ascii_case(name))
}

impl Element {
    pub(super) fn of(name: &str) -> Option<Self> {
        let mut lower = [0; LONGEST];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        let place = ELEMENTS.binary_search_by(|it| it.as_bytes().cmp(lower)).ok()?;
        u8::try_from(place).ok().map(Self)
    }

    pub(super) fn id(self) -> u8 {
        self.0
    }

    pub(super) fn name(self) -> &'static str {
        name(self.0)
    }

    pub(super) fn is_void(self) -> bool {
        matches!(self.name(), "br" | "col" | "hr" | "img" | "source" | "wbr")
    }

    pub(super) fn is_picture(self) -> bool {
        self.name() == "img"
    }

    /// Whether its start ends the open element with the id, whose end tag is left out.
    pub(super) fn ends(self, open: u8) -> bool {
        let open = name(open);
        match self.name() {
            "li" => open == "li",
            "dd" | "dt" => matches!(open, "dd" | "dt"),
            "td" | "th" => matches!(open, "td" | "th"),
            "tr" => open == "tr",
            "address" | "article" | "aside" | "blockquote" | "center" | "details" | "div" | "dl" | "figure" | "footer" | "h1" | "h2"
            | "h3" | "h4" | "h5" | "h6" | "header" | "hr" | "main" | "nav" | "ol" | "p" | "pre" | "section" | "table" | "ul" => open == "p",
            _ => false,
        }
    }
}

/// The attribute as the list has it, and what its value is; none where the element may not have it.
pub(super) fn attribute(element: Element, name: &str) -> Option<(&'static str, Kind)> {
    let own: &[(&'static str, Kind)] = match element.name() {
        "a" => &[("href", Kind::Address), ("hreflang", Kind::Text), ("name", Kind::Text), ("rel", Kind::Text)],
        "img" => &[
            ("align", Kind::Text),
            ("alt", Kind::Text),
            ("border", Kind::Text),
            ("height", Kind::Text),
            ("longdesc", Kind::Address),
            ("sizes", Kind::Text),
            ("src", Kind::Address),
            ("srcset", Kind::Addresses),
            ("width", Kind::Text),
        ],
        "audio" | "video" => {
            &[("controls", Kind::Text), ("height", Kind::Text), ("poster", Kind::Address), ("src", Kind::Address), ("width", Kind::Text)]
        }
        "source" => {
            &[("media", Kind::Text), ("sizes", Kind::Text), ("src", Kind::Address), ("srcset", Kind::Addresses), ("type", Kind::Text)]
        }
        "blockquote" | "q" => &[("cite", Kind::Address)],
        "del" | "ins" => &[("cite", Kind::Address), ("datetime", Kind::Text)],
        "time" => &[("datetime", Kind::Text)],
        "td" | "th" => &[("align", Kind::Text), ("colspan", Kind::Text), ("rowspan", Kind::Text), ("scope", Kind::Text)],
        "col" | "colgroup" => &[("span", Kind::Text)],
        "ol" => &[("reversed", Kind::Text), ("start", Kind::Text), ("type", Kind::Text)],
        "div" | "p" | "table" => &[("align", Kind::Text)],
        _ => &[],
    };
    let own = own.iter().find(|(it, _)| it.eq_ignore_ascii_case(name)).copied();
    own.or_else(|| GLOBAL.iter().find(|it| it.eq_ignore_ascii_case(name)).map(|it| (*it, Kind::Text)))
}
