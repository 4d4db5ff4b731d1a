//! The parts of a text, and the entries of a live blog, which are runs of them.
//!
//! What must stay true: an entry of a live blog begins at the same block as before, whatever is
//! left out. So a block is emptied where it may not stay, and [`leave_out`] alone removes blocks.

use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Content, Image, Item};
use crate::{
    dates::stamp,
    model::{
        bounds::{ADDRESS, NAME, TITLE, cut_some, whole},
        clean,
    },
};

/// One part of the text, in reading order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Block {
    /// A paragraph of running text.
    Paragraph {
        /// The text of the block.
        text: String,
    },
    /// A heading within the text.
    Heading {
        /// The text of the block.
        text: String,
    },
    /// A block quotation.
    Quote {
        /// The text of the block.
        text: String,
    },
    /// A list, one item per line.
    List {
        /// The text of the block.
        text: String,
    },
    /// A table, one row per line, with a tab between cells.
    Table {
        /// The text of the block.
        text: String,
    },
    /// An inline image.
    Image(Image),
    /// Content embedded from another address, such as a video.
    Embed {
        /// The address of the embedded content.
        url: String,
    },
}

impl Block {
    /// The text of a text block.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Paragraph { text }
            | Self::Heading { text }
            | Self::Quote { text }
            | Self::List { text }
            | Self::Table { text } => Some(text),
            Self::Image(_) | Self::Embed { .. } => None,
        }
    }

    /// Whether it shows a reader anything. Texts always count, also empty ones.
    fn is_useful(&self) -> bool {
        match self {
            Self::Image(image) => image.is_useful(),
            Self::Embed { url } => !url.is_empty(),
            _ => true,
        }
    }
}

impl Item for Block {
    /// Bounds all but the texts: `commit::fit` cuts those together with the whole text.
    fn bound(&mut self) -> bool {
        match self {
            Self::Image(image) => {
                image.bound();
            }
            Self::Embed { url } if url.len() > ADDRESS => url.clear(),
            _ => {}
        }
        true
    }

    fn clean(&mut self) -> bool {
        match self {
            Self::Paragraph { text }
            | Self::Heading { text }
            | Self::Quote { text }
            | Self::List { text }
            | Self::Table { text } => clean::text(text),
            Self::Image(image) => {
                image.clean();
            }
            Self::Embed { url } => *url = clean::address(url).unwrap_or_default(),
        }
        true
    }
}

/// Removes pictures without address and caption, and embeds without a usable address, so that
/// entries of a live blog still begin at the same block.
pub(in crate::model) fn leave_out(content: &mut Content) {
    let kept: Vec<bool> = content.blocks.iter().map(Block::is_useful).collect();
    if kept.iter().all(|kept| *kept) {
        return;
    }
    for update in &mut content.updates {
        let before = kept.iter().take(update.block as usize).filter(|kept| !**kept).count();
        update.block = update.block.saturating_sub(u32::try_from(before).unwrap_or(u32::MAX));
    }
    let mut kept = kept.into_iter();
    content.blocks.retain(|_| kept.next().unwrap_or(true));
}

/// An entry of a live blog. Its blocks are those from `block` up to the next entry's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Update {
    /// When it was written, to the minute at least.
    #[serde(with = "stamp", default)]
    #[schemars(with = "Option<DateTime<FixedOffset>>")]
    pub published: Option<DateTime<FixedOffset>>,
    /// The time as the page writes it.
    pub time: Option<String>,
    /// The headline of the entry; `null` if it has none.
    pub title: Option<String>,
    /// The address of the entry itself.
    pub url: Option<String>,
    /// The index of its first block, from 0.
    pub block: u32,
}

impl Item for Update {
    fn bound(&mut self) -> bool {
        let Self { published: _, time, title, url, block: _ } = self;
        whole(time, NAME);
        cut_some(title, TITLE);
        whole(url, ADDRESS);
        true
    }

    fn clean(&mut self) -> bool {
        let Self { published: _, time, title, url, block: _ } = self;
        clean::optional(time);
        clean::optional(title);
        *url = url.take().and_then(|url| clean::address(&url));
        true
    }
}
