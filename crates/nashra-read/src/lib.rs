//! What nashra reads and how it decides: bytes, facts and times in, records and decisions out. No
//! network, no store, no configuration, no stage; the package `nashra` has those.

pub mod base;

pub mod text;

pub mod html;

pub mod dates;

pub mod model;

pub mod read;

pub mod policy;
