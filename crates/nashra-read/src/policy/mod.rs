//! The pure deciders: facts and time in, decision and reason out.

pub mod enrich;
pub mod assemble;
pub mod evidence;
pub mod freshness;
pub mod decide;
pub mod doubt;
pub mod trust;
pub mod retry;
pub mod route;
pub mod looks;
pub mod difference;
pub mod story;
pub mod label;
pub mod polling;
pub mod hub;
