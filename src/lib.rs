//! nashra: polls news sources, turns what they publish into clean article records, and publishes
//! each record exactly once. The modules stand in the order of the data; `ARCHITECTURE.md` draws the flow.

pub mod article;
pub mod clock;
pub mod fetch;
pub mod page;
