//! The words of an article: sentences that say nothing, and that no other article has.

use crate::rng::Rng;

const WORDS: &str = "council harbour ferry bridge winter market river station school valley teacher \
    captain engine garden summer letter window doctor island village mountain evening morning \
    airport minister budget museum library theatre orchestra painter carpenter baker tower castle \
    forest meadow railway tunnel harvest storm weather lighthouse fisherman cargo warehouse factory \
    mayor festival parade stadium referee striker goalkeeper league season victory defeat coach";

/// What stands between the words.
const BETWEEN: &str =
    "the a of with near from before after under beside and then said told saw left";

/// The paragraphs of the article with this number.
pub(super) fn paragraphs(number: u64) -> impl Iterator<Item = String> {
    let mut rng = Rng::new(number);
    let (words, between): (Vec<&str>, Vec<&str>) =
        (WORDS.split_whitespace().collect(), BETWEEN.split_whitespace().collect());
    (0..5).map(move |_| {
        let sentences = (0..3).map(|_| {
            let clause = (0..7)
                .map(|_| {
                    [between[rng.index(between.len())], words[rng.index(words.len())]].join(" ")
                })
                .collect::<Vec<_>>();
            format!("On that day {}, {}. ", clause[..4].join(" "), clause[4..].join(" "))
        });
        sentences.collect::<String>().trim_end().to_owned()
    })
}
