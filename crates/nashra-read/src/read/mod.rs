//! Bytes in, model out: feeds, sitemaps, listings and pages. Pure; it knows nothing of store,
//! config, network or stages.

pub mod feed;
pub mod listing;
pub mod entries;
pub mod blocks;
pub mod encoding;
pub mod guard;
mod borders;
mod embeds;
pub mod language;
pub mod lines;
mod trees;
pub mod page;
pub mod sitemap;
pub mod credits;
