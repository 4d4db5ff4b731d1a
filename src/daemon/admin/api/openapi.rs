//! The `OpenAPI` 3.1 document, made of the list of routes and of the types of bodies and answers.

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    problem::Problem,
    routes::{Form, Operation, Parameter, ROUTES, Route},
};

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Problem>();
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation(route, &mut generator);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "nashra",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Sources, articles, dead letters and state of a running nashra. Fields may be added within a version.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "responses": { "Problem": {
                "description": "Why it was not done",
                "content": { "application/problem+json": { "schema": problem } },
            } },
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> = route.parameters.iter().map(parameter).collect();
    if route.path.contains("{id}") {
        parameters.push(json!({
            "name": "id",
            "in": "path",
            "required": true,
            "schema": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" },
        }));
    }
    let answer = (route.answer)(generator);
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "Done",
                "content": { "application/json": { "schema": answer } },
            },
        },
    });
    for status in statuses(route) {
        operation["responses"][status] = json!({ "$ref": "#/components/responses/Problem" });
    }
    if let Some(body) = route.body {
        let schema = body(generator);
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    if route.is_write() {
        operation["security"] = json!([{ "token": [] }]);
    }
    operation
}

/// The statuses of its problems.
fn statuses(route: &Route) -> Vec<&'static str> {
    let mut statuses = vec!["400", "503"];
    if route.path.contains("{id}") || route.name == "explain" {
        statuses.push("404");
    }
    if route.operation == Operation::Sources {
        statuses.push("409");
    }
    if route.is_write() {
        statuses.extend(["401", "403", "409", "422", "429"]);
    }
    if route.body.is_some() {
        statuses.extend(["408", "413", "415"]);
    }
    statuses
}

fn parameter(Parameter { name, about, form, required }: &Parameter) -> Value {
    let schema = match form {
        Form::Text => json!({ "type": "string" }),
        Form::Words => json!({ "type": "string", "pattern": "\\S" }),
        Form::Like(pattern, _) => json!({ "type": "string", "pattern": pattern }),
        Form::Time => json!({ "type": "string", "format": "date-time" }),
        Form::Uuid => json!({ "type": "string", "format": "uuid" }),
        Form::Flag => json!({ "type": "boolean" }),
        Form::Number { least, most } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Form::Choice(choices) => json!({ "type": "string", "enum": choices() }),
    };
    json!({ "name": name, "in": "query", "description": about, "required": required, "schema": schema })
}
