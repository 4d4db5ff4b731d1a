use uuid::Uuid;

use super::*;
use crate::{model::story::Role, text::tokens::read};

/// Text of `count` words that no other seed gives, in sentences.
fn words(seed: u64, count: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::new();
    for index in 0..count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let mut rest = state % 40_000;
        for _ in 0..4 {
            text.push(char::from(b'a' + u8::try_from(rest % 23).unwrap()));
            rest /= 23;
        }
        text.push_str(if index % 12 == 11 { ".\n" } else { " " });
    }
    text
}

fn part(text: &str, from: usize, to: usize) -> String {
    text.split(' ').skip(from).take(to - from).collect::<Vec<_>>().join(" ")
}

fn new(article: Uuid, published: Option<i64>, day: u32, signature: Signature) -> NewText {
    NewText { article, published, day, signature }
}

struct Stream {
    index: StoryIndex,
    signer: Signer,
    next: u128,
}

impl Stream {
    fn new() -> Self {
        Self { index: StoryIndex::new(64 << 20), signer: Signer::default(), next: 1 }
    }

    /// The next article, published at an hour.
    fn publish(&mut self, text: &str, hour: i64) -> Assignment {
        let article = Uuid::from_u128(self.next);
        self.next += 1;
        let day = u32::try_from(hour / 24).unwrap();
        let text = new(article, Some(hour * 3_600), day, self.signer.sign(&read(text)));
        self.index.assign(text, || None)
    }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

#[test]
fn a_copy_an_excerpt_and_an_extension_are_one_story_with_their_original() {
    let mut stream = Stream::new();
    let text = words(1, 300);
    let original = stream.publish(&text, 1);
    assert_eq!((original.story, original.role, original.size), (id(1), Role::Original, 1));
    let other = stream.publish(&words(2, 300), 1);
    assert_eq!(other.story, id(2));
    let copy = stream.publish(&format!("LONDON (Agency) - {text}"), 2);
    assert_eq!((copy.story, copy.role, copy.size), (id(1), Role::Copy, 2));
    assert_eq!(copy.like.map(|(article, _)| article), Some(id(1)));
    let excerpt = stream.publish(&part(&text, 0, 60), 3);
    assert_eq!((excerpt.story, excerpt.role), (id(1), Role::Excerpt));
    let extension = stream.publish(&format!("{text} {}", words(3, 150)), 4);
    assert_eq!((extension.story, extension.role, extension.size), (id(1), Role::Copy, 4));
}

#[test]
fn an_edited_copy_in_another_spelling_is_found() {
    let mut stream = Stream::new();
    let text = words(5, 400);
    stream.publish(&text, 1);
    let edited: Vec<&str> = text
        .split(' ')
        .enumerate()
        .map(|(index, word)| if index % 10 == 9 { "other" } else { word })
        .collect();
    assert_eq!(stream.publish(&edited.join(" ").to_uppercase(), 2).story, id(1));
}

#[test]
fn an_article_that_comes_late_and_was_published_first_is_the_original() {
    let mut stream = Stream::new();
    let text = words(1, 200);
    stream.publish(&text, 10);
    let late = stream.publish(&text, 4);
    assert_eq!((late.story, late.role), (id(1), Role::Original));
    assert_eq!(late.changed[0].original, (id(2), Some(4 * 3_600)));
}

#[test]
fn reports_from_one_template_with_other_numbers_are_no_copies() {
    let mut stream = Stream::new();
    let report = |day: u32| {
        let (one, two, three) = (100 + day * 7, 20 + day * 3, 900 + day * 11);
        format!(
            "The exchange said on Monday that its index closed at {one} points after {two} shares \
             rose and {three} fell in moderate trade with turnover of {day} million in all, while \
             the market for bonds was closed for the day and brokers expected {two} to {one} issues \
             to be offered when it opens again."
        )
    };
    assert_eq!(stream.publish(&report(1), 1).story, id(1));
    assert_eq!(stream.publish(&report(2), 25).story, id(2));
    assert_eq!(stream.publish(&report(3), 49).story, id(3));
}

#[test]
fn a_long_text_with_a_few_numbers_brought_up_to_date_is_a_copy_and_a_short_one_is_not() {
    let edition = |number: u32, count: usize| {
        let (one, two) = (words(count as u64, count), words(count as u64 + 1, count));
        format!(
            "The council counted {number} boats. {one} By noon {number} ferries left, and {number} \
             came back late. {two} In all {number} people waited, {number} of them in the hall."
        )
    };
    let mut stream = Stream::new();
    stream.publish(&edition(1, 150), 1);
    assert_eq!(stream.publish(&edition(2, 150), 2).story, id(1));
    stream.publish(&edition(1, 12), 3);
    assert_eq!(stream.publish(&edition(2, 12), 4).story, id(4));
}

#[test]
fn a_text_that_was_rewritten_is_found_by_its_present_words() {
    let mut stream = Stream::new();
    stream.publish(&words(9, 200), 1);
    stream.publish(&words(1, 60), 1);
    stream.publish(&words(8, 200), 1);
    let revised = stream.signer.sign(&read(&words(2, 60)));
    assert_eq!(stream.index.revise(id(2), &revised), Some((Some(3_600), 0)));
    assert_eq!(stream.index.revise(id(2), &revised), None);
    assert_eq!(stream.index.revise(id(7), &revised), None);
    let bytes = stream.index.bytes();
    let before = stream.signer.sign(&read(&words(1, 60)));
    for _ in 0..100 {
        assert!(stream.index.revise(id(2), &before).is_some());
        assert!(stream.index.revise(id(2), &revised).is_some());
    }
    assert_eq!(stream.index.bytes(), bytes);
    assert_eq!(stream.publish(&words(2, 60), 2).story, id(2));
    assert_eq!(stream.publish(&words(1, 60), 3).story, id(5));
    // In a story of several articles, and a text that is too short to take another's place.
    let third = stream.signer.sign(&read(&words(3, 60)));
    assert!(stream.index.revise(id(2), &third).is_some());
    assert_eq!(stream.index.revise(id(2), &stream.signer.sign(&read("word"))), None);
    let copy = stream.publish(&words(3, 60), 4);
    assert_eq!((copy.story, copy.size), (id(2), 3));
    stream.index.forget(id(2));
    assert_eq!(stream.publish(&words(3, 60), 5).story, id(2));
    assert_eq!(stream.publish(&words(2, 60), 6).story, id(2));
}

#[test]
fn a_roundup_does_not_make_one_story_of_the_articles_that_it_quotes() {
    let mut stream = Stream::new();
    let (one, other) = (words(1, 200), words(2, 200));
    let first = stream.publish(&one, 1);
    let roundup = stream.publish(&format!("{one} {other} {}", words(3, 200)), 2);
    let second = stream.publish(&other, 3);
    assert_eq!((first.story, roundup.story), (id(1), id(1)));
    assert_eq!(second.story, id(3));
}

#[test]
fn stories_that_turn_out_to_be_one_are_merged_and_keep_the_older_id() {
    let mut stream = Stream::new();
    let text = words(1, 400);
    // The two parts share a third, which is too little for a copy.
    let (head, tail) = (part(&text, 0, 230), part(&text, 150, 400));
    assert_eq!(stream.publish(&head, 1).story, id(1));
    assert_eq!(stream.publish(&tail, 2).story, id(2));
    let whole = stream.publish(&text, 3);
    assert_eq!((whole.story, whole.size), (id(1), 3));
    let merged = whole.changed.iter().find(|story| story.id == id(2)).unwrap();
    assert_eq!(merged.merged_into, Some(id(1)));
    assert_eq!(stream.publish(&tail, 4).story, id(1));
}

#[test]
fn texts_without_words_and_texts_of_one_word_are_stories_by_themselves() {
    let mut stream = Stream::new();
    for (number, text) in ["", "…", "word", &"word ".repeat(1_000_000), ""].iter().enumerate() {
        assert_eq!(stream.publish(text, 1).story, id(number as u128 + 1));
        assert!(!stream.signer.sign(&read(text)).is_comparable());
    }
    assert!(stream.index.is_empty());
}

#[test]
fn a_text_of_megabytes_has_a_small_signature() {
    let signature = Signer::default().sign(&read(&words(1, 1_000_000)));
    assert!(signature.heap_bytes() <= 160 * 4 + 32 * 4);
}

#[test]
fn a_signature_is_read_as_it_was_written() {
    let signature =
        Signer::default().sign(&read(&format!("{} 12 of 30, then 45 more", words(1, 300))));
    assert_eq!(Signature::from_bytes(&signature.to_bytes()), Some(signature.clone()));
    for cut in 0..signature.to_bytes().len() {
        let cut = Signature::from_bytes(&signature.to_bytes()[..cut]);
        assert_ne!(cut, Some(signature.clone()));
    }
}

#[test]
fn an_index_that_is_restored_decides_as_the_one_before() {
    let mut stream = Stream::new();
    let mut kept = Vec::new();
    let mut stories = std::collections::BTreeMap::new();
    let text = |number: u64| match number % 4 {
        0 => words(number, 200),
        1 => part(&words(number - 1, 200), 0, 120),
        2 => part(&words(number - 2, 200), 80, 200),
        _ => words(number - 3, 200),
    };
    for number in 0..40 {
        let signature = stream.signer.sign(&read(&text(number)));
        let article = id(u128::from(number) + 1);
        let assigned = stream.index.assign(new(article, Some(0), 0, signature.clone()), || None);
        stories.extend(assigned.changed.iter().map(|story| (story.id, *story)));
        let story = assigned.story;
        kept.push(IndexedText { article, story, published: Some(0), day: 0, signature });
    }
    let mut restored = StoryIndex::restore(64 << 20, stories.into_values(), kept);
    assert_eq!(restored.len(), stream.index.len());
    for number in 0..40 {
        let signature = stream.signer.sign(&read(&text(number)));
        let article = id(u128::from(number) + 1_000);
        assert_eq!(
            restored.assign(new(article, Some(0), 0, signature.clone()), || None),
            stream.index.assign(new(article, Some(0), 0, signature), || None),
            "{number}"
        );
    }
}

#[test]
fn memory_stays_within_its_limit_and_what_is_forgotten_leaves_nothing() {
    let mut stream = Stream::new();
    stream.index = StoryIndex::new(1 << 20);
    for number in 0..4_000 {
        stream.publish(&words(number / 2, 100), i64::try_from(number).unwrap() / 100);
        assert!(stream.index.bytes() <= 1 << 20);
    }
    assert!(stream.index.len() > 500);
    stream.index.forget_before(u32::MAX);
    assert!(stream.index.is_empty());
    assert_eq!(stream.publish(&words(1_999, 100), 50).size, 1);
}

#[test]
fn ten_thousand_articles_of_one_template_are_compared_with_few() {
    let mut stream = Stream::new();
    let template = words(1, 80);
    for number in 0..10_000_u64 {
        stream.publish(&format!("{template} {}", words(number + 10, 30)), 1);
    }
    assert_eq!(stream.index.len(), 10_000);
}

#[test]
fn a_text_that_was_known_before_joins_its_story_and_those_that_came_since() {
    let mut stream = Stream::new();
    let text = words(1, 100);
    let story =
        KnownStory { id: id(900), merged_into: None, size: 3, original: (id(900), Some(0)) };
    let known = || Some(ExactCopy { of: id(901), story });
    let signature = stream.signer.sign(&read(&text));
    let again = stream.index.assign(new(id(1), Some(9), 50, signature), known);
    assert_eq!((again.story, again.role, again.size), (id(900), Role::Copy, 4));
    assert_eq!(again.like.map(|(of, overlap)| (of, overlap.is_same())), Some((id(901), true)));
    assert_eq!(again.changed.iter().map(|story| story.size).collect::<Vec<_>>(), [4]);
    // From then on it is found in the index, and another text of the story has the same group.
    stream.next = 2;
    let copy = stream.publish(&text, 51 * 24);
    assert_eq!((copy.story, copy.size), (id(900), 5));
    let signature = stream.signer.sign(&read(&words(7, 100)));
    let other = stream.index.assign(new(id(3), Some(9), 51, signature), known);
    assert_eq!((other.story, other.size), (id(900), 6));
}
