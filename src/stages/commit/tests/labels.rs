//! Labels, as the committing task gives them.

use super::{
    erase::{TEXT, World},
    *,
};
use crate::policy::label::{LabelRule, Labels, StoryPart};

fn rule(name: &str, words: &[&str]) -> LabelRule {
    let any = words.iter().map(|word| word.parse().unwrap()).collect();
    LabelRule { any, ..LabelRule::new(name.parse().unwrap()) }
}

impl World {
    async fn decide_by(&mut self, rules: &[LabelRule], candidate: Candidate) {
        let labels = Arc::new(Labels::new(rules.to_vec()).unwrap());
        self.work(|decisions| {
            decisions.labels = labels;
            decisions.decide(candidate).map(drop)
        })
        .await;
    }
}

#[tokio::test]
async fn labels_follow_rules_and_story_and_go_with_the_content() {
    let copied = LabelRule { story: Some(StoryPart::Copy), ..rule("copied", &[]) };
    let rules = [rule("school", &["school"]), copied];
    let mut world = World::new();
    world.decide_by(&rules, handed(1, Some("7"), &[("A headline", TEXT)])).await;
    world.decide_by(&rules, handed(2, Some("8"), &[("Another headline", TEXT)])).await;
    let articles = world.articles();
    let given: Vec<&[String]> = articles.iter().map(|article| &*article.labels).collect();
    assert_eq!(given, [&["school"][..], &["copied", "school"]]);
    let id = articles[0].id;
    let kept: Vec<String> = world
        .state(id)
        .labels
        .iter()
        .flat_map(|label| &label.places)
        .map(ToString::to_string)
        .collect();
    assert_eq!(kept, ["text 59–65 “school”"]);

    world
        .decide_by(&[rule("mill", &["mill"])], handed(3, Some("7"), &[("A headline", TEXT)]))
        .await;
    assert_eq!(world.articles().len(), 2, "other rules make no revision");
    assert_eq!(world.state(id).labels[0].name, "school");

    world.erase(id).await.unwrap();
    let withdrawn = world.articles().into_iter().find(|article| article.id == id).unwrap();
    assert!(withdrawn.labels.is_empty() && world.state(id).labels.is_empty());
}

#[test]
fn each_label_keeps_some_places_and_all_keep_no_more_than_the_bound() {
    let many: Vec<LabelRule> =
        (0..100).map(|number| rule(&format!("{number:03}"), &["a", "b"])).collect();
    let labels = Labels::new(many).unwrap();
    let article = crate::policy::label::LabelInput { text: Some("a b"), ..Default::default() };
    let kept = crate::stages::commit::labels::kept(labels.give(&article));
    assert_eq!(kept.len(), 100);
    assert_eq!(kept.iter().map(|label| label.places.len()).sum::<usize>(), 40);
}
