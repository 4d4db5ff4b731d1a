//! The news agencies that an article credits: with its pictures, its writers, in its text, and in
//! lines that name sources.

use crate::{
    model::{content::Content, page::Evidence},
    read::credits::agency,
};

pub(super) fn enrich(content: &mut Content, evidence: &Evidence) {
    let mut agencies: Vec<String> = Vec::new();
    let mut add = |agency: &str| {
        if !agencies.iter().any(|known| known == agency) {
            agencies.push(agency.to_owned());
        }
    };
    content.images.iter().filter_map(|image| image.agency.as_deref()).for_each(&mut add);
    content.bylines.iter().filter_map(|byline| agency::in_credit(&byline.name)).for_each(&mut add);
    agency::credited_in(content.text.as_deref().unwrap_or_default()).into_iter().for_each(&mut add);
    evidence.credits.iter().filter_map(|credit| agency::in_credit(credit)).for_each(&mut add);
    content.agencies = agencies;
}
