//! Joins a further page of an article to the pages before it.
//!
//! What must stay true: only a page of the same article is joined, and what publishers repeat on
//! every page stands once.

use std::collections::HashSet;

use url::Url;

use crate::{
    model::{
        bounds, identity,
        page::Page,
        record::{Block, Content},
    },
    read::page::parts,
    text::fold,
};

/// The least letters of a headline that is the start or a part of another.
const LEAST_TITLE: usize = 12;
/// Blocks at the end of a page that may stand at the end of every page.
const MAX_FOOT: usize = 4;

/// Why a page is not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// Its headline and its address are those of something else.
    #[error("it is another article")]
    Other,
    /// All of its text stood on the pages before.
    #[error("it repeats the pages before")]
    Nothing,
}

/// Joins a page to those before it, the first of which was read at `url`; what it links to as the
/// next one is the next one of all.
///
/// # Errors
/// Says why it is not joined; then `page` is as it was.
pub fn join(page: &mut Page, url: &Url, further: Page) -> Result<(), JoinError> {
    let same_address = further.canonical.as_ref().is_some_and(|claimed| {
        let own = page.canonical.as_ref().unwrap_or(url);
        [own, url].iter().any(|own| identity::clean(own) == identity::clean(claimed))
    });
    let ([first], Ok([next])) = (&mut page.articles[..], <[_; 1]>::try_from(further.articles))
    else {
        return Err(JoinError::Other);
    };
    let titles = [&first.content.title, &next.content.title];
    if !same_address && !titles[0].as_ref().zip(titles[1].as_ref()).is_some_and(is_same_title) {
        return Err(JoinError::Other);
    }
    join_content(&mut first.content, next.content)?;
    first.evidence.credits.extend(next.evidence.credits);
    page.next = further.next;
    bounds::page(page);
    Ok(())
}

/// Whether one headline is the other, or a part of it: many name the page behind it.
fn is_same_title((one, other): (&String, &String)) -> bool {
    let (one, other) = (fold(one), fold(other));
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    short == long || short.chars().count() >= LEAST_TITLE && long.contains(&short)
}

fn join_content(content: &mut Content, next: Content) -> Result<(), JoinError> {
    let key = |block: &Block| match block {
        Block::Image(image) => image.url.clone().unwrap_or_default(),
        Block::Embed { url } => url.clone(),
        block => block.text().map(fold).unwrap_or_default(),
    };
    let mut known: HashSet<String> = content.blocks.iter().map(key).collect();
    known.extend([&content.title, &content.subtitle].into_iter().flatten().map(|text| fold(text)));
    let on_next: HashSet<String> = next.blocks.iter().map(key).collect();
    let is_new = |block: &Block| !known.contains(&key(block));
    let has_text =
        |block: &&Block| is_new(block) && block.text().is_some_and(|text| !text.is_empty());
    if next.blocks.iter().find(has_text).is_none() {
        return Err(JoinError::Nothing);
    }
    // What ends every page is no part of the text between them.
    let repeated = |block: &&Block| block.text().is_some() && on_next.contains(&key(block));
    let foot = content.blocks.iter().rev().take(MAX_FOOT).take_while(repeated).count();
    let foot = content.blocks.split_off(content.blocks.len() - foot);
    content.blocks.extend(next.blocks.into_iter().filter(is_new));
    content.blocks.extend(foot);
    for image in next.images {
        if !content.images.iter().any(|known| known.url == image.url) {
            content.images.push(image);
        }
    }
    content.text = parts::text(content);
    content.quality.paywalled |= next.quality.paywalled;
    content.quality.truncated |= next.quality.truncated;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::page::{NextPage, PageKind, Part};

    fn page(title: &str, paragraphs: &[&str]) -> Page {
        let text = |text: &&str| Block::Paragraph { text: (*text).to_owned() };
        let content = Content {
            title: Some(title.to_owned()),
            blocks: paragraphs.iter().map(text).collect(),
            ..Content::default()
        };
        Page {
            canonical: None,
            alternates: Vec::new(),
            site_name: None,
            kind: PageKind::Article,
            articles: vec![Part { content, ..Part::default() }],
            next: None,
        }
    }

    fn joined(mut first: Page, further: Page) -> Result<String, JoinError> {
        let url = Url::parse("https://paper.example/harbour").unwrap();
        join(&mut first, &url, further)?;
        Ok(first.articles[0].content.text.clone().unwrap())
    }

    #[test]
    fn a_further_page_follows_without_what_every_page_repeats() {
        let first = page("The harbour opens again", &["It began.", "It went on.", "Write to us."]);
        let second = page(
            "The harbour opens again (page 2)",
            &["It began.", "It went further.", "It ended.", "Write to us."],
        );
        assert_eq!(
            joined(first, second).unwrap(),
            "It began.\n\nIt went on.\n\nIt went further.\n\nIt ended.\n\nWrite to us."
        );
    }

    #[test]
    fn the_next_page_of_the_last_one_is_the_next_page_of_all() {
        let next = NextPage {
            url: Url::parse("https://paper.example/harbour/3").unwrap(),
            number: 3,
            why: None,
        };
        let (mut first, mut second) =
            (page("The harbour opens", &["One."]), page("The harbour opens", &["Two."]));
        second.next = Some(next.clone());
        join(&mut first, &Url::parse("https://paper.example/harbour").unwrap(), second).unwrap();
        assert_eq!(first.next, Some(next));
    }

    #[test]
    fn another_article_and_the_same_page_once_more_are_not_joined() {
        let first = || page("The harbour opens again", &["It began.", "It went on."]);
        assert_eq!(joined(first(), page("The bridge is closed", &["Two."])), Err(JoinError::Other));
        assert_eq!(
            joined(first(), page("The harbour opens again", &["It went on."])),
            Err(JoinError::Nothing)
        );
        let mut two = page("The harbour opens again", &["Two."]);
        two.articles.push(Part::default());
        assert_eq!(joined(first(), two), Err(JoinError::Other));
    }

    #[test]
    fn a_page_under_a_heading_of_its_own_is_joined_where_it_claims_the_address_of_the_first() {
        let mut second = page("What comes next", &["Two."]);
        second.canonical = Url::parse("https://paper.example/harbour").ok();
        assert_eq!(
            joined(page("The harbour opens again", &["One."]), second).unwrap(),
            "One.\n\nTwo."
        );
    }
}
