//! What was published of an article: its last editions with what each changed, and the way of each
//! from the poll that found it to its acknowledgement.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ExplainedArticle, Facts};
use crate::{
    base::private::shown,
    model::{
        article::ArticleState,
        record::{Article, Change, TextChange},
        story::{StoryMember, StoryState},
    },
    policy::difference,
    store::{KeptEdition, PastPoll, Store, StoreError},
};

/// An article with what was published of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ArticleHistory {
    /// What is known of it.
    #[serde(flatten)]
    pub article: ExplainedArticle,
    /// Its last editions, the latest first, as far as they are kept (`editions` in the config). A
    /// withdrawal is none.
    pub editions: Vec<ExplainedEdition>,
    /// The articles of its story, as far as they are named, this one included.
    pub members: Vec<StoryMember>,
}

/// An edition of an article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedEdition {
    /// Its way.
    pub way: EditionWay,
    /// Where its title differs from that of the edition before, word by word; `null` where that is
    /// not kept, or they differ in very many places.
    pub title_changes: Option<Vec<TextChange>>,
    /// The same of its text.
    pub text_changes: Option<Vec<TextChange>>,
    /// Its record, as it was published.
    pub record: Article,
}

/// When an edition passed each stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EditionWay {
    /// When the poll began that listed it; `null` where that is not known any more.
    pub polled: Option<DateTime<Utc>>,
    /// When its source listed it; of a look at its page, when the article was listed last before.
    pub listed: DateTime<Utc>,
    /// When its page was asked for; `null` where it was made of what its feed says.
    pub fetched: Option<DateTime<Utc>>,
    /// When it had been read and was decided on.
    pub decided: DateTime<Utc>,
    /// When the sink acknowledged its record; `null` where it has not yet, and of older records.
    pub acknowledged: Option<DateTime<Utc>>,
}

impl ArticleHistory {
    /// What is known of an article of the store, and was published of it.
    pub fn new(store: &Store, id: Uuid, state: ArticleState) -> Result<Self, StoreError> {
        let kept = store.editions_of(id)?;
        let polls = store.polls().past_polls(&state.source)?;
        let of_story = match &state.story {
            Some(joined) => store.stories().view()?.story(joined.id)?,
            None => None,
        };
        let mut editions: Vec<ExplainedEdition> = Vec::new();
        // From the first one on, each beside the one before it.
        for kept in kept.iter().rev() {
            // A row of a program whose records were others is not shown.
            let Ok(record) = kept.record() else { continue };
            let before = editions.last().map(|edition| &edition.record);
            let before = before.filter(|before| before.revision + 1 == record.revision);
            let differs = |field: fn(&Article) -> Option<&str>| {
                let (before, now) = (field(before?), field(&record));
                difference::difference(before.unwrap_or_default(), now.unwrap_or_default())
            };
            editions.push(ExplainedEdition {
                way: way(store, kept, &record, &polls)?,
                title_changes: differs(|record| record.content.title.as_deref()),
                text_changes: differs(|record| record.content.text.as_deref()),
                record,
            });
        }
        editions.reverse();
        Ok(Self {
            article: ExplainedArticle::new(store, id, state),
            editions,
            members: of_story.map(hidden).unwrap_or_default(),
        })
    }

    pub(super) fn facts(&self, out: &mut Facts) {
        self.article.facts(out);
        for ExplainedEdition { way, record, .. } in &self.editions {
            let change = match record.change {
                Change::New => "new",
                Change::Revised => "revised",
                Change::Withdrawn => "withdrawn",
            };
            out.line(format!("revision {}, {change}: {}", record.revision, way.words()));
        }
    }
}

impl EditionWay {
    /// The stages that it passed, each with its time.
    #[must_use]
    pub fn stages(&self) -> Vec<(&'static str, DateTime<Utc>)> {
        let Self { polled, listed, fetched, decided, acknowledged } = self;
        let stages = [
            ("polled", *polled),
            ("listed", Some(*listed)),
            ("page asked for", *fetched),
            ("read and decided on", Some(*decided)),
            ("acknowledged", *acknowledged),
        ];
        stages.into_iter().filter_map(|(name, at)| Some((name, at?))).collect()
    }

    fn words(&self) -> String {
        let at = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let stages: Vec<String> =
            self.stages().into_iter().map(|(name, time)| format!("{name} {}", at(time))).collect();
        stages.join(", ")
    }
}

/// The members of a story, without what is secret in their addresses.
fn hidden(story: StoryState) -> Vec<StoryMember> {
    let mut members = story.members;
    for member in &mut members {
        member.url = member.url.take().map(|url| shown(&url).into_owned());
    }
    members
}

fn way(
    store: &Store,
    kept: &KeptEdition,
    record: &Article,
    polls: &[PastPoll],
) -> Result<EditionWay, StoreError> {
    let listed = kept.listed;
    let poll = polls.iter().find(|poll| {
        let took = TimeDelta::milliseconds(i64::from(poll.took_ms) + 1_000);
        poll.at <= listed && listed <= poll.at + took
    });
    let acknowledged = store.outbox().acknowledged_at(kept.seq)?;
    Ok(EditionWay {
        polled: poll.map(|poll| poll.at),
        listed,
        fetched: record.fetched_url.as_ref().map(|_| record.fetched),
        decided: kept.decided,
        acknowledged: acknowledged.filter(|at| *at >= kept.decided),
    })
}
