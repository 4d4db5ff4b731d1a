//! The pictures of an article, and the articles that its page links, which have one each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Item;
use crate::model::{
    bounds::{ADDRESS, CAPTION, NAME, SUBTITLE, TITLE, TOKEN, cut_some, whole},
    clean,
};

/// A picture of an article.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Image {
    /// The absolute address of the picture.
    pub url: Option<String>,
    /// The caption, without the credit.
    pub caption: Option<String>,
    /// The photographer or agency, as the page writes it.
    pub credit: Option<String>,
    /// The news agency that the credit names, by its canonical name.
    pub agency: Option<String>,
    /// Whether the page says that it is an archive picture.
    pub archive: bool,
    /// When it was taken, in ISO 8601, possibly partial (`2025-06`).
    pub taken: Option<String>,
    /// The width in pixels.
    pub width: Option<u32>,
    /// The height in pixels.
    pub height: Option<u32>,
}

impl Image {
    /// Whether it shows a reader anything.
    pub(super) fn is_useful(&self) -> bool {
        self.url.is_some() || self.caption.is_some()
    }
}

impl Item for Image {
    fn bound(&mut self) -> bool {
        let Self { url, caption, credit, agency, archive: _, taken, width: _, height: _ } = self;
        let fits = url.as_ref().is_none_or(|url| url.len() <= ADDRESS);
        whole(url, ADDRESS);
        cut_some(caption, CAPTION);
        cut_some(credit, NAME);
        cut_some(agency, NAME);
        whole(taken, TOKEN);
        fits
    }

    fn clean(&mut self) -> bool {
        let Self { url, caption, credit, agency, archive: _, taken, width: _, height: _ } = self;
        *url = url.take().and_then(|url| clean::address(&url));
        for text in [caption, credit, agency, taken] {
            clean::optional(text);
        }
        self.is_useful()
    }
}

/// An item of the page's own list of related articles.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Related {
    /// The headline of the item.
    pub title: Option<String>,
    /// The absolute address of the article.
    pub url: Option<String>,
    /// The section that the item names.
    pub section: Option<String>,
    /// The teaser of the item.
    pub summary: Option<String>,
    /// The author that the item names.
    pub byline: Option<String>,
    /// The place of writing that the item names.
    pub place: Option<String>,
    /// The picture of the item.
    pub image: Option<Image>,
}

impl Item for Related {
    fn bound(&mut self) -> bool {
        let Self { title, url, section, summary, byline, place, image } = self;
        cut_some(title, TITLE);
        whole(url, ADDRESS);
        cut_some(section, NAME);
        cut_some(summary, SUBTITLE);
        cut_some(byline, NAME);
        cut_some(place, NAME);
        if let Some(image) = image {
            image.bound();
        }
        true
    }

    fn clean(&mut self) -> bool {
        let Self { title, url, section, summary, byline, place, image } = self;
        *url = url.take().and_then(|url| clean::address(&url));
        for text in [&mut *title, section, summary, byline, place] {
            clean::optional(text);
        }
        image.take_if(|image| !image.clean());
        url.is_some() || title.is_some()
    }
}
