//! JSON Schemas (2020-12) of the records that are published, made from the types that make the
//! records, so that neither can change without the other.

use schemars::{JsonSchema, generate::SchemaSettings};

use crate::{
    model::{poll_record::PollRecord, record::Article, story::StoryRecord},
    stages::commit::DeadLetter,
};

/// A record that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Record {
    /// An article, in the topic `nashra.articles`.
    Article,
    /// The outcome of one poll, in the topic `nashra.polls`.
    Poll,
    /// A set of articles that carry the same text, in the topic `nashra.stories`.
    Story,
    /// What could not be published as an article, in the topic `nashra.deadletters`.
    #[value(name = "deadletter")]
    DeadLetter,
}

/// The schema of a record. Other fields than those it names may be added within a version, so it
/// allows them.
#[must_use]
pub fn json_schema(record: Record) -> serde_json::Value {
    match record {
        Record::Article => schema::<Article>(),
        Record::Poll => schema::<PollRecord>(),
        Record::Story => schema::<StoryRecord>(),
        Record::DeadLetter => schema::<DeadLetter>(),
    }
}

fn schema<T: JsonSchema>() -> serde_json::Value {
    // As it is written: every field is there, also where it is null.
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write as _, path::Path};

    use super::*;
    use crate::model::record::Content;

    #[test]
    fn every_field_of_a_record_is_required_and_explained() {
        for record in [Record::Article, Record::Story, Record::Poll, Record::DeadLetter] {
            let schema = json_schema(record);
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            let fields = schema["properties"].as_object().unwrap();
            let required = schema["required"].as_array().unwrap();
            // A story has ten in all.
            let few = if record == Record::Story { 9 } else { 10 };
            assert!(fields.len() > few, "{record:?}");
            for (name, field) in fields {
                // It is there only where the config asks for it.
                let is_optional = name == "difference";
                assert!(
                    is_optional || required.iter().any(|required| required == name),
                    "{record:?}: {name} is not required"
                );
                assert!(field["description"].is_string(), "{record:?}: {name} is not explained");
            }
        }
    }

    /// `docs/record.md`, made of the schema and of the list of fields.
    fn document() -> String {
        let schema = json_schema(Record::Article);
        let fields = schema["properties"].as_object().unwrap();
        let meaning = |name: &str| fields[name]["description"].as_str().unwrap().replace('\n', " ");
        let list = Content::list();
        let mut out = String::from(
            "# The article record\n\nThe fields of `nashra.article.v1`, generated from the same list as the JSON Schema that `nashra schema article`\n\
             prints. A missing value is `null`, never an empty string; dates are RFC 3339. Fields may be added within a version, so\n\
             consumers must ignore those that they do not know.\n\n\
             ## What the article says\n\nThe column `from` says whose value is taken if both the page and the feed were read. If a field with `yes` in the last\n\
             column changed, or `url` did, the revision names it in `changed_fields`. A field that a release adds is not named in the\n\
             first revision after the upgrade.\n\n\
             | field | meaning | from | in `changed_fields` |\n|---|---|---|---|\n",
        );
        for field in &list {
            let told = if field.is_told { "yes" } else { "" };
            writeln!(
                out,
                "| `{}` | {} | {} | {told} |",
                field.name,
                meaning(field.name),
                field.merge.words()
            )
            .unwrap();
        }
        out.push_str("\n## What nashra adds\n\n| field | meaning |\n|---|---|\n");
        for name in fields.keys().filter(|name| list.iter().all(|list| list.name != *name)) {
            writeln!(out, "| `{name}` | {} |", meaning(name)).unwrap();
        }
        out
    }

    #[test]
    fn the_document_of_the_record_is_made_of_its_schema() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/record.md");
        if std::env::var_os("NASHRA_WRITE_DOCS").is_some() {
            std::fs::write(&path, document()).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(kept, document(), "NASHRA_WRITE_DOCS=1 cargo test --lib schema writes it anew");
    }
}
