//! The element names that the tree distinguishes, and what the parser needs to know of each.

macro_rules! tags {
    ($($variant:ident $name:literal,)+) => {
        /// The kind of a node. Elements that no code asks for are [`Tag::Other`];
        /// [`super::Tree::name`] gives their name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each is the element of its name")]
        pub enum Tag {
            /// The root of the tree.
            Document,
            /// A run of text.
            Text,
            /// An element of another name.
            Other,
            $($variant,)+
        }

        impl Tag {
            /// The tag of a name in lower case.
            fn from_lower(name: &[u8]) -> Self {
                match name {
                    $($name => Self::$variant,)+
                    _ => Self::Other,
                }
            }

            /// The element's name; empty for the root, for text and for other elements.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => {
                        const NAME: &str = match std::str::from_utf8($name) { Ok(name) => name, Err(_) => "" };
                        NAME
                    })+
                    _ => "",
                }
            }
        }
    };
}

tags! {
    A b"a", Abbr b"abbr", Address b"address", AmpImg b"amp-img", Area b"area", Article b"article", Aside b"aside", Audio b"audio",
    B b"b", Base b"base", Blockquote b"blockquote", Body b"body", Br b"br", Button b"button", Canvas b"canvas",
    Caption b"caption", Center b"center", Cite b"cite", Code b"code", Col b"col", Dd b"dd", Del b"del", Details b"details",
    Dialog b"dialog", Div b"div", Dl b"dl", Dt b"dt", Em b"em", Embed b"embed", Fieldset b"fieldset",
    Figcaption b"figcaption", Figure b"figure", Font b"font", Footer b"footer", Form b"form", Frameset b"frameset",
    H1 b"h1", H2 b"h2", H3 b"h3", H4 b"h4", H5 b"h5", H6 b"h6", Head b"head", Header b"header", Hgroup b"hgroup",
    Hr b"hr", Html b"html", I b"i", Iframe b"iframe", Img b"img", Input b"input", Ins b"ins", Label b"label",
    Legend b"legend", Li b"li", Link b"link", Main b"main", Mark b"mark", Math b"math", Menu b"menu", Meta b"meta",
    Nav b"nav", Noembed b"noembed", Noframes b"noframes", Noscript b"noscript", Object b"object", Ol b"ol",
    Optgroup b"optgroup", Option b"option", P b"p", Param b"param", Picture b"picture", Plaintext b"plaintext",
    Pre b"pre", Q b"q", Rp b"rp", Rt b"rt", S b"s", Script b"script", Search b"search", Section b"section", Select b"select",
    Small b"small", Source b"source", Span b"span", Strike b"strike", Strong b"strong", Style b"style", Sub b"sub",
    Summary b"summary", Sup b"sup", Svg b"svg", Table b"table", Tbody b"tbody", Td b"td", Template b"template",
    Textarea b"textarea", Tfoot b"tfoot", Th b"th", Thead b"thead", Time b"time", Title b"title", Tr b"tr",
    Track b"track", Tt b"tt", U b"u", Ul b"ul", Var b"var", Video b"video", Wbr b"wbr", Xmp b"xmp",
}

/// Bytes of the longest name that [`Tag`] knows.
const LONGEST: usize = 10;

impl Tag {
    /// The tag of a name in any case.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Self {
        let mut lower = [0; LONGEST];
        let Some(lower) = lower.get_mut(..name.len()) else { return Self::Other };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        Self::from_lower(lower)
    }

    /// Whether it is an element without content (HTML Living Standard §13.1.2).
    #[must_use]
    pub fn is_void(self) -> bool {
        use Tag::{
            AmpImg, Area, Base, Br, Col, Embed, Hr, Img, Input, Link, Meta, Param, Source, Track,
            Wbr,
        };
        // The content of AMP's picture is for browsers without scripts alone.
        matches!(
            self,
            AmpImg
                | Area
                | Base
                | Br
                | Col
                | Embed
                | Hr
                | Img
                | Input
                | Link
                | Meta
                | Param
                | Source
                | Track
                | Wbr
        )
    }

    /// Whether its content is text alone (§13.2.5).
    #[must_use]
    pub fn is_raw(self) -> bool {
        matches!(
            self,
            Self::Script
                | Self::Style
                | Self::Textarea
                | Self::Title
                | Self::Xmp
                | Self::Iframe
                | Self::Noembed
                | Self::Noframes
        )
    }

    /// Whether it is a block: a line of text ends before and after it.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "one list")]
    pub fn is_block(self) -> bool {
        use Tag::{
            Address, Article, Aside, Blockquote, Body, Caption, Center, Dd, Details, Dialog, Div,
            Dl, Document, Dt, Fieldset, Figcaption, Figure, Footer, Form, Frameset, H1, H2, H3, H4,
            H5, H6, Header, Hgroup, Hr, Html, Legend, Li, Main, Menu, Nav, Ol, Optgroup, Option, P,
            Plaintext, Pre, Search, Section, Summary, Table, Tbody, Td, Tfoot, Th, Thead, Tr, Ul,
            Xmp,
        };
        matches!(
            self,
            Address
                | Article
                | Aside
                | Blockquote
                | Body
                | Caption
                | Center
                | Dd
                | Details
                | Dialog
                | Div
                | Dl
                | Document
                | Dt
                | Fieldset
                | Figcaption
                | Figure
                | Footer
                | Form
                | Frameset
                | H1
                | H2
                | H3
                | H4
                | H5
                | H6
                | Header
                | Hgroup
                | Hr
                | Html
                | Legend
                | Li
                | Main
                | Menu
                | Nav
                | Ol
                | Optgroup
                | Option
                | P
                | Plaintext
                | Pre
                | Search
                | Section
                | Summary
                | Table
                | Tbody
                | Td
                | Tfoot
                | Th
                | Thead
                | Tr
                | Ul
                | Xmp
        )
    }

    /// The level of a heading, 1 for `h1` to 6 for `h6`; `None` for other elements.
    #[must_use]
    pub fn heading_level(self) -> Option<u8> {
        matches!(self, Self::H1 | Self::H2 | Self::H3 | Self::H4 | Self::H5 | Self::H6)
            .then(|| self as u8 - Self::H1 as u8 + 1)
    }

    /// Whether its start tag ends an open paragraph (§13.1.2.4).
    pub(super) fn ends_paragraph(self) -> bool {
        use Tag::{
            Address, Article, Aside, Blockquote, Center, Dd, Details, Dialog, Div, Dl, Dt,
            Fieldset, Figcaption, Figure, Footer, Form, Header, Hgroup, Hr, Li, Main, Menu, Nav,
            Ol, P, Plaintext, Pre, Search, Section, Summary, Table, Ul, Xmp,
        };
        self.heading_level().is_some()
            || matches!(
                self,
                Address
                    | Article
                    | Aside
                    | Blockquote
                    | Center
                    | Dd
                    | Details
                    | Dialog
                    | Div
                    | Dl
                    | Dt
                    | Fieldset
                    | Figcaption
                    | Figure
                    | Footer
                    | Form
                    | Header
                    | Hgroup
                    | Hr
                    | Li
                    | Main
                    | Menu
                    | Nav
                    | Ol
                    | P
                    | Plaintext
                    | Pre
                    | Search
                    | Section
                    | Summary
                    | Table
                    | Ul
                    | Xmp
            )
    }

    /// Whether an end tag does not look for its start beyond it (§13.2.4.2, "in scope").
    pub(super) fn bounds_scope(self) -> bool {
        matches!(
            self,
            Self::Document
                | Self::Html
                | Self::Table
                | Self::Td
                | Self::Th
                | Self::Caption
                | Self::Template
                | Self::Object
        )
    }

    /// Whether it may be in the head of a page.
    pub(super) fn belongs_to_head(self) -> bool {
        use Tag::{Base, Link, Meta, Noscript, Script, Style, Template, Title};
        matches!(self, Base | Link | Meta | Noscript | Script | Style | Template | Title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_in_any_case_and_others_are_others() {
        assert_eq!(Tag::from_name(b"BlockQuote"), Tag::Blockquote);
        assert_eq!(Tag::from_name(b"amp-ad"), Tag::Other);
        assert_eq!(Tag::from_name(b"a-name-longer-than-any"), Tag::Other);
        assert_eq!(Tag::Figcaption.name(), "figcaption");
        assert_eq!(
            (Tag::H1.heading_level(), Tag::H6.heading_level(), Tag::Hr.heading_level()),
            (Some(1), Some(6), None)
        );
    }
}
