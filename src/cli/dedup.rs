//! `nashra dedup`: articles in the order in which they came → what each is to those before it, as
//! JSON lines. The identity and the stories are those of the daemon, with everything in memory.

use std::{
    collections::HashMap,
    io::{self, BufWriter, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Instant,
};

use clap::Args;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::{
    filter::{FilterStats, cpu_time},
    lines::{self, LinesError},
};
use crate::{
    config::ByteSize,
    dates::moment,
    model::{identity, story::Role},
    policy::story::{
        self, Assignment, ExactCopy, KnownStory, KnownText, NewText, Signer, StoryIndex, TextKey,
    },
    text::{self, tokens},
};

const SECONDS_A_DAY: i64 = 86_400;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// JSON lines with `id`, `url`, `source`, `published`, `title`, `text`; records of nashra are
    /// such lines. `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Answers at the end, when all copies are known: each article has the story that it belongs to
    /// after all merges.
    #[arg(long)]
    r#final: bool,
    /// Compares a text with those of the last days alone, by the times of publication.
    #[arg(long, value_name = "DAYS")]
    days: Option<u32>,
    /// The most memory for the texts that are compared; the oldest go first.
    #[arg(long, value_name = "SIZE", default_value = "2GiB")]
    memory: ByteSize,
    /// At the end, one JSON object on standard error: items, bytes, seconds and `cpu_seconds` of
    /// the work itself.
    #[arg(long)]
    stats: bool,
}

/// An article as far as it is needed to tell it from others.
#[derive(Debug, Deserialize)]
struct GivenArticle {
    id: String,
    url: Option<String>,
    title: Option<String>,
    text: Option<String>,
    published: Option<String>,
    first_seen: Option<String>,
}

/// What an article is to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum DedupVerdict {
    New,
    Duplicate,
    Revision,
    Copy,
    Excerpt,
}

/// A line of the output; articles are named by their places.
struct DedupAnswer {
    verdict: DedupVerdict,
    story: Uuid,
    of: Option<Uuid>,
    similarity: Option<f32>,
}

#[derive(Serialize)]
struct OutputLine<'a> {
    id: &'a str,
    verdict: DedupVerdict,
    story: &'a str,
    of: Option<&'a str>,
    similarity: Option<f32>,
}

pub(super) fn run(options: &Options) -> ExitCode {
    let mut run = DedupRun::new(options);
    let outcome =
        lines::read(&options.file, |article, _| run.process(article)).and_then(|()| run.finish());
    if options.stats {
        say!("{}", serde_json::to_string(&run.stats).unwrap_or_default());
    }
    outcome.map_or_else(|error| ExitCode::from(error.tell()), |()| ExitCode::SUCCESS)
}

struct DedupRun {
    articles: DedupArticles,
    out: BufWriter<io::StdoutLock<'static>>,
    /// The answers that wait for the end.
    waiting: Option<Vec<DedupAnswer>>,
    stats: FilterStats,
}

impl DedupRun {
    fn new(options: &Options) -> Self {
        Self {
            articles: DedupArticles {
                ids: Vec::new(),
                known: HashMap::new(),
                merged: HashMap::new(),
                stories: HashMap::new(),
                texts: HashMap::new(),
                index: StoryIndex::new(options.memory.as_usize()),
                signer: Signer::default(),
                days: options.days,
                now: 0,
            },
            out: BufWriter::new(io::stdout().lock()),
            waiting: options.r#final.then(Vec::new),
            stats: FilterStats::default(),
        }
    }

    fn process(&mut self, article: GivenArticle) -> Result<(), LinesError> {
        let (started, cpu) = (Instant::now(), cpu_time());
        self.stats.bytes += article.text.as_ref().map_or(0, String::len) as u64;
        let answer = self.articles.judge(article);
        self.stats.add(started, cpu);
        match &mut self.waiting {
            Some(waiting) => waiting.push(answer),
            None => self.write(self.articles.ids.len() - 1, &answer)?,
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), LinesError> {
        for (place, mut answer) in self.waiting.take().unwrap_or_default().into_iter().enumerate() {
            answer.story = self.articles.final_story(answer.story);
            self.write(place, &answer)?;
        }
        self.out.flush().map_err(LinesError::Output)
    }

    fn write(&mut self, place: usize, answer: &DedupAnswer) -> Result<(), LinesError> {
        let articles = &self.articles;
        let line = OutputLine {
            id: articles.ids.get(place).map(String::as_str).unwrap_or_default(),
            verdict: answer.verdict,
            story: articles.id(answer.story),
            of: answer.of.map(|of| articles.id(of)),
            similarity: answer.similarity,
        };
        serde_json::to_writer(&mut self.out, &line)
            .map_err(io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"))
            .map_err(LinesError::Output)
    }
}

/// The articles so far.
struct DedupArticles {
    /// Their ids, by place. In the index an article's id is its place.
    ids: Vec<String>,
    /// What is known by an address: the article, the hash of its content, its story.
    known: HashMap<[u8; 16], (Uuid, String, Uuid)>,
    /// The story that one was merged into.
    merged: HashMap<Uuid, Uuid>,
    /// The stories with several articles.
    stories: HashMap<Uuid, KnownStory>,
    /// What is known of texts by their keys, where texts leave the index.
    texts: HashMap<TextKey, KnownText>,
    index: StoryIndex,
    signer: Signer,
    days: Option<u32>,
    /// The latest time of publication so far, in seconds since 1970.
    now: i64,
}

impl DedupArticles {
    fn judge(&mut self, article: GivenArticle) -> DedupAnswer {
        let GivenArticle { id, url, title, text, published, first_seen } = article;
        let place = Uuid::from_u128(self.ids.len() as u128);
        self.ids.push(id);
        let time = published.or(first_seen).and_then(|time| moment::parse(&time, None));
        let published = time.map(|time| time.time.timestamp());
        self.now = self.now.max(published.unwrap_or(self.now));
        let address = url.and_then(|url| Url::parse(&url).ok()).map(|url| identity::of_url(&url));
        let content_hash = address.map(|_| text::content_hash(title.as_deref(), text.as_deref()));
        let before = address.and_then(|address| self.known.get(&address));
        if let Some((of, hash, story)) = before {
            let same = content_hash.as_ref() == Some(hash);
            let verdict = if same { DedupVerdict::Duplicate } else { DedupVerdict::Revision };
            return DedupAnswer { verdict, story: *story, of: Some(*of), similarity: None };
        }
        let day = self.now.div_euclid(SECONDS_A_DAY);
        let day = u32::try_from(day).unwrap_or(0);
        if let Some(days) = self.days {
            self.index.forget_before(day.saturating_sub(days));
        }
        let tokens = tokens::read(text.as_deref().unwrap_or_default());
        let signature = self.signer.sign(&tokens);
        let key = story::key(&tokens, &signature).filter(|_| self.days.is_some());
        let text = NewText { article: place, published, day, signature };
        let assigned = self.assign(text, key);
        for story in &assigned.changed {
            self.stories.insert(story.id, *story);
            if let Some(into) = story.merged_into {
                self.merged.insert(story.id, into);
            }
        }
        if let (Some(address), Some(content_hash)) = (address, content_hash) {
            self.known.insert(address, (place, content_hash, assigned.story));
        }
        let verdict = match (assigned.role, assigned.like) {
            (Role::Excerpt, _) => DedupVerdict::Excerpt,
            (_, Some(_)) => DedupVerdict::Copy,
            (_, None) => DedupVerdict::New,
        };
        DedupAnswer {
            verdict,
            story: assigned.story,
            of: assigned.like.map(|(of, _)| of),
            similarity: assigned.like.map(|(_, overlap)| overlap.contained),
        }
    }

    /// The story of a text, as the committing task finds it.
    fn assign(&mut self, text: NewText, key: Option<TextKey>) -> Assignment {
        let (article, published, day) = (text.article, text.published, text.day);
        let before = key.and_then(|key| self.texts.get(&key)).copied();
        let is_unlike = std::cell::Cell::new(false);
        let copy = before.filter(|before| !before.is_template()).map(|before| {
            let id = self.final_story(before.story);
            let alone = KnownStory {
                id,
                merged_into: None,
                size: 1,
                original: (before.article, before.published),
            };
            let story = self.stories.get(&id).copied().unwrap_or(alone);
            ExactCopy { of: before.article, story }
        });
        let assigned = self.index.assign(text, || {
            is_unlike.set(true);
            copy
        });
        let compared = (!is_unlike.get()).then(|| assigned.is_of_same_text());
        let new = KnownText { article, story: assigned.story, published, day, times: 1 };
        let known = KnownText::replace(before, compared, new);
        self.texts.extend(key.zip(known));
        assigned
    }

    fn final_story(&self, mut story: Uuid) -> Uuid {
        while let Some(into) = self.merged.get(&story) {
            story = *into;
        }
        story
    }

    fn id(&self, place: Uuid) -> &str {
        let place = usize::try_from(place.as_u128()).unwrap_or(usize::MAX);
        self.ids.get(place).map(String::as_str).unwrap_or_default()
    }
}
