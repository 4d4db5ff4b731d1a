//! The signature of a text: what is kept of it to recognise its copies.
//!
//! It has the smallest hashes of the text's shingles (three words in a row, or six characters of a
//! script without spaces), and its numbers with the words beside them. The smallest hashes of two
//! texts are a fair sample of what they share, also where one is a part of the other (Broder, "On
//! the resemblance and containment of documents", 1997).
//!
//! What must stay true: the work and the size are bounded whatever the text is, and a signature that
//! was stored compares with one that is made now.

use crate::text::tokens::{Token, TokenKind, chain, mix};

/// The most hashes of shingles that are kept of a text.
const SKETCH: usize = 160;
/// A text with fewer shingles is too short to be told from others: it is a story by itself.
const LEAST_SHINGLES: u32 = 6;
/// The most numbers that are kept of a text.
const NUMBERS: usize = 32;
/// How much the tokens of a shingle weigh together at least.
const SHINGLE: u32 = 6;
/// The most tokens that are read of a text: what comes after them is not compared.
const MAX_TOKENS: usize = 1 << 18;

/// What is kept of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signature {
    /// Different shingles of the text.
    pub shingles: u32,
    /// The smallest hashes of its shingles, ascending.
    pub sketch: Box<[u32]>,
    /// Its numbers, by the hash of what is beside them.
    pub numbers: Box<[Number]>,
}

/// A number of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number {
    /// A hash of the tokens beside it, in which all numbers are the same.
    pub beside: u16,
    /// A hash of the number.
    pub value: u16,
}

impl Signature {
    /// The largest hash up to which the sketch has every shingle of the text.
    #[must_use]
    pub fn limit(&self) -> u32 {
        match self.sketch.last() {
            Some(last) if (self.shingles as usize) > self.sketch.len() => *last,
            _ => u32::MAX,
        }
    }

    /// Whether the text is long enough to be told from others.
    #[must_use]
    pub fn is_comparable(&self) -> bool {
        self.shingles >= LEAST_SHINGLES
    }

    /// Bytes that it takes in memory, beside the value itself.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.sketch) + size_of_val(&*self.numbers)
    }

    /// As a row of the store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + self.heap_bytes());
        bytes.extend(self.shingles.to_le_bytes());
        bytes.extend(u16::try_from(self.sketch.len()).unwrap_or(u16::MAX).to_le_bytes());
        self.sketch.iter().for_each(|hash| bytes.extend(hash.to_le_bytes()));
        for number in &self.numbers {
            bytes.extend(number.beside.to_le_bytes());
            bytes.extend(number.value.to_le_bytes());
        }
        bytes
    }

    /// From a row of the store; `None` where it is none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (shingles, bytes) = bytes.split_first_chunk()?;
        let (count, bytes) = bytes.split_first_chunk()?;
        let (sketch, numbers) =
            bytes.split_at_checked(usize::from(u16::from_le_bytes(*count)) * 4)?;
        let (sketch, []) = sketch.as_chunks::<4>() else { return None };
        let (numbers, []) = numbers.as_chunks::<4>() else { return None };
        Some(Self {
            shingles: u32::from_le_bytes(*shingles),
            sketch: sketch.iter().map(|hash| u32::from_le_bytes(*hash)).collect(),
            numbers: numbers
                .iter()
                .map(|[a, b, c, d]| Number {
                    beside: u16::from_le_bytes([*a, *b]),
                    value: u16::from_le_bytes([*c, *d]),
                })
                .collect(),
        })
    }
}

/// Makes signatures, and keeps its memory from one to the next.
#[derive(Debug, Default)]
pub struct Signer {
    shingles: Vec<u32>,
    numbers: Vec<(u32, Number)>,
}

impl Signer {
    /// The signature of a text, given its tokens. Titles are left out by those who call: copies get
    /// new ones.
    pub fn sign(&mut self, text: &[Token]) -> Signature {
        let tokens = text.get(..MAX_TOKENS).unwrap_or(text);
        self.find_shingles(tokens);
        self.find_numbers(tokens);
        let kept = self.shingles.len().min(SKETCH);
        let mut numbers: Vec<Number> =
            self.numbers.iter().take(NUMBERS).map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        Signature {
            shingles: u32::try_from(self.shingles.len()).unwrap_or(u32::MAX),
            sketch: self.shingles.get(..kept).unwrap_or_default().into(),
            numbers: numbers.into(),
        }
    }

    fn find_shingles(&mut self, tokens: &[Token]) {
        self.shingles.clear();
        let mut rest = tokens;
        let (mut length, mut weight) = (0, 0);
        // Each shingle is as short as its weight allows, and begins one token after the one before.
        while let Some((first, after)) = rest.split_first() {
            while weight < SHINGLE {
                let Some(next) = rest.get(length) else { break };
                (length, weight) = (length + 1, weight + token_weight(*next));
            }
            if weight < SHINGLE {
                break;
            }
            let shingle = rest.iter().take(length);
            self.shingles.push(mix(shingle.fold(0, |hash, token| chain(hash, token.hash))));
            (rest, length, weight) = (after, length - 1, weight - token_weight(*first));
        }
        self.shingles.sort_unstable();
        self.shingles.dedup();
    }

    fn find_numbers(&mut self, tokens: &[Token]) {
        self.numbers.clear();
        let beside = |token: Option<&Token>| match token {
            None => 1,
            Some(token) if token.kind == TokenKind::Number => 2,
            Some(token) => token.hash,
        };
        for (index, token) in tokens.iter().enumerate() {
            if token.kind != TokenKind::Number {
                continue;
            }
            let before = index.checked_sub(1).and_then(|before| tokens.get(before));
            let around = mix(chain(beside(before), beside(tokens.get(index + 1))));
            let number = Number { beside: half(around), value: half(mix(token.hash)) };
            self.numbers.push((around, number));
        }
        // Those with the smallest hashes are kept, so that two texts keep the same ones.
        self.numbers.sort_unstable();
        self.numbers.dedup();
    }
}

/// A word weighs as much as two characters of a script without spaces.
fn token_weight(token: Token) -> u32 {
    if token.kind == TokenKind::Character { 1 } else { 2 }
}

/// The low half of a hash.
#[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
fn half(hash: u32) -> u16 {
    hash as u16
}
