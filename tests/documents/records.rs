//! `docs/record.md` and `docs/other-records.md` are made of the schemas of records and of the list of an article's
//! fields; the example in each schema is a record as the schema says.

use std::fmt::Write as _;

use nashra::{
    cli::schema::{Record, json_schema},
    model::record::Content,
};
use serde_json::{Map, Value};

use crate::written::hold;

const HEAD: &str = r"# The article record

The fields of `nashra.article.v1`, generated from the same list as the JSON Schema that `nashra schema article`
prints, with values of the schema's own example. [For consumers](consuming.md) says how to read the records.

## What is promised

- **`id` never changes**: not when the title, the text or the address does. One article has one id, however many addresses and feeds
  lead to it ([when two entries are one article](identity.md)).
- **`revision` rises by one**: 1, 2, 3, …; `change` says why there is a further one, `changed_fields` where it differs. (One that was erased before it
  was sent is missing.)
- **Every field is there.** A missing value is `null`, never an empty string; a list without items is `[]`. Only `difference` is left out
  where the config does not ask for it.
- **Dates are RFC 3339.** `published` and `modified` keep the publisher's own offset; all others are UTC.
- **Texts are plain**, without markup and control characters; addresses are http or https, without user names. Each field has a bound, and a cut text has
  `quality.truncated`.
- **Fields may be added** within a version, so ignore those that you do not know. What a field means never changes within a version.
- **A withdrawn article's record** has its `id`, `revision`, addresses and source, and no content: `title`, `text` and the like are `null`.

## What the article says

The column `from` says whose value is taken if both the page and the feed were read. If a field with `yes` in the last
column changed, or `url` did, the revision names it in `changed_fields`. A field that a release adds is not named in the
first revision after the upgrade.

";

fn meaning(field: &Value) -> String {
    field["description"].as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|")
}

/// A value of the example in a table: cut where it is long.
fn example(value: &Value) -> String {
    const LONGEST: usize = 48;
    let text = value.to_string();
    let cut: String = text.chars().take(LONGEST).collect();
    let dots = if cut.len() < text.len() { "…" } else { "" };
    format!("`{}{dots}`", cut.replace('|', "\\|"))
}

/// The type that a field's values have, where it is one of the schema's own.
fn own_type(field: &Value) -> Option<String> {
    let one = |value: &Value| {
        value["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")).map(str::to_owned)
    };
    let any = field["anyOf"].as_array().into_iter().flatten().find_map(one);
    one(field).or_else(|| one(&field["items"])).or(any)
}

/// The example's value of a type, wherever a field holds one.
fn value_of<'v>(name: &str, fields: &Map<String, Value>, record: &'v Value) -> Option<&'v Value> {
    let (field, _) = fields.iter().find(|(_, field)| own_type(field).as_deref() == Some(name))?;
    match &record[field] {
        Value::Array(items) => items.first(),
        Value::Null => None,
        value => Some(value),
    }
}

/// The names of the fields that hold a type.
fn holders(name: &str, fields: &Map<String, Value>) -> String {
    let named = fields.iter().filter(|(_, field)| own_type(field).as_deref() == Some(name));
    named.map(|(field, _)| format!("`{field}`")).collect::<Vec<_>>().join(", ")
}

/// A table for each type of the schema that has fields or named values.
fn types(schema: &Value, record: &Value, out: &mut String) {
    let fields = schema["properties"].as_object().unwrap();
    for (name, of) in schema["$defs"].as_object().into_iter().flatten() {
        let holders = holders(name, fields);
        if holders.is_empty() {
            continue;
        }
        let shown = value_of(name, fields, record).unwrap_or(&Value::Null);
        write!(out, "\n### In {holders}\n\n{}\n\n", meaning(of)).unwrap();
        if let Some(inner) = of["properties"].as_object() {
            out.push_str("| field | meaning | example |\n|---|---|---|\n");
            for (field, of) in inner {
                let mut says = meaning(of);
                if says.is_empty() {
                    says = own_type(of)
                        .map_or_else(String::new, |kind| meaning(&schema["$defs"][kind]));
                }
                writeln!(out, "| `{field}` | {says} | {} |", example(&shown[field])).unwrap();
            }
        } else {
            out.push_str("| value | meaning |\n|---|---|\n");
            for choice in of["oneOf"].as_array().into_iter().flatten() {
                let value =
                    choice["const"].as_str().or(choice["properties"]["kind"]["const"].as_str());
                let inner = choice["properties"].as_object().into_iter().flatten();
                let inner: Vec<String> = inner
                    .filter(|(field, _)| *field != "kind")
                    .map(|(field, _)| format!("`{field}`"))
                    .collect();
                let with = if inner.is_empty() {
                    String::new()
                } else {
                    format!(" Has {}.", inner.join(", "))
                };
                writeln!(out, "| `{}` | {}{with} |", value.unwrap_or_default(), meaning(choice))
                    .unwrap();
            }
        }
    }
}

/// `docs/record.md`.
fn article() -> String {
    let schema = json_schema(Record::Article);
    let fields = schema["properties"].as_object().unwrap();
    let record = &schema["examples"][0];
    let list = Content::list();
    let mut out = HEAD.to_owned();
    out.push_str(
        "| field | meaning | example | from | in `changed_fields` |\n|---|---|---|---|---|\n",
    );
    for field in &list {
        let (says, value) = (meaning(&fields[field.name]), example(&record[field.name]));
        let told = if field.is_told { "yes" } else { "" };
        writeln!(out, "| `{}` | {says} | {value} | {} | {told} |", field.name, field.merge.words())
            .unwrap();
    }
    out.push_str("\n## What nashra adds\n\n| field | meaning | example |\n|---|---|---|\n");
    for (name, field) in
        fields.iter().filter(|(name, _)| list.iter().all(|list| list.name != *name))
    {
        writeln!(out, "| `{name}` | {} | {} |", meaning(field), example(&record[name])).unwrap();
    }
    out.push_str("\n## Types\n");
    types(&schema, record, &mut out);
    out
}

/// `docs/other-records.md`.
fn others() -> String {
    let mut out = "# Stories, dead letters and polls\n\nThe fields of the other records, generated from their JSON Schemas, with values of the schemas' own examples. \
        [Topics](topics.md)\nsays which topic has which, and what is promised.\n"
        .to_owned();
    for (title, name, record) in [
        ("Stories", "story", Record::Story),
        ("Dead letters", "deadletter", Record::DeadLetter),
        ("Polls", "poll", Record::Poll),
    ] {
        let schema = json_schema(record);
        let fields = schema["properties"].as_object().unwrap();
        let shown = &schema["examples"][0];
        write!(out, "\n## {title}\n\n{} (`nashra schema {name}`)\n\n| field | meaning | example |\n|---|---|---|\n", meaning(&schema)).unwrap();
        for (name, field) in fields {
            writeln!(out, "| `{name}` | {} | {} |", meaning(field), example(&shown[name])).unwrap();
        }
        types(&schema, shown, &mut out);
    }
    out
}

#[test]
fn the_document_of_the_article_record_is_made_of_its_schema() {
    hold("docs/record.md", &article(), "records");
}

#[test]
fn the_document_of_the_other_records_is_made_of_their_schemas() {
    hold("docs/other-records.md", &others(), "records");
}

#[test]
fn every_schema_has_an_id_a_title_and_an_example_that_is_as_it_says() {
    for record in Record::ALL {
        let schema = json_schema(record);
        let version = schema["properties"]["schema"]["const"].as_str().unwrap();
        assert_eq!(schema["$id"], format!("urn:nashra:schema:{version}"));
        assert!(schema["title"].is_string(), "{record:?}");
        let validator = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap();
        let examples = schema["examples"].as_array().unwrap();
        for example in examples {
            let wrong: Vec<String> =
                validator.iter_errors(example).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{record:?}: {wrong:?}");
            let fields = schema["properties"].as_object().unwrap();
            for field in fields.keys() {
                assert!(
                    !example[field].is_null() || field == "merged_into",
                    "{record:?}: the example has no {field}"
                );
            }
            for field in example.as_object().unwrap().keys() {
                assert!(
                    fields.contains_key(field),
                    "{record:?}: {field} of the example is no field"
                );
            }
        }
        assert!(!examples.is_empty());
    }
}
