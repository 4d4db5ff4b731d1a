//! The HTTP API: what it does, what it refuses, and that its document is true.

use std::{fs, io::Write as _, net::TcpStream, path::Path};

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::{
    client::{Client, TOKEN},
    support::{Answer as Page, Nashra, Site, command, get, lines, until},
};

/// A daemon with the feeds `one` and `two`, and the address of its API's host.
fn daemon(token: Option<&str>) -> (Site, TempDir, Nashra, Client) {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    for name in ["one", "two", "three"] {
        site.feed(&format!("/{name}"), &[(name, &name.to_uppercase())]);
        site.page(name, &name.to_uppercase(), "It began.");
    }
    let list = ["one", "two"].map(|name| {
        format!(
            "[[source]]\nid = \"{name}\"\nurl = \"{}/{name}?key=hidden\"\nkind = \"feed\"\n",
            site.base
        )
    });
    fs::write(dir.path().join("list.toml"), list.concat()).unwrap();
    if let Some(token) = token {
        fs::write(dir.path().join("token"), token).unwrap();
    }
    let token_file = token.map_or("", |_| "token_file = \"token\"\n");
    let config = format!(
        "data_dir = \"data\"\nsources = [\"list.toml\"]\n\
        [poll]\nmin_interval = \"200ms\"\nmax_interval = \"400ms\"\nbudget = 864000\n\
        [fetch]\ncontact = \"mailto:news@a.example\"\nallow_addresses = [\"127.0.0.0/8\"]\n\
        [sink]\nkind = \"file\"\n[admin]\nlisten = \"127.0.0.1:0\"\n{token_file}"
    );
    fs::write(dir.path().join("nashra.toml"), config).unwrap();
    let nashra = Nashra::start(dir.path(), &["run", "--config", "nashra.toml"]);
    let api = Client::of(&nashra);
    until("both are read", || (lines(dir.path()).len() == 2).then_some(()));
    (site, dir, nashra, api)
}

#[test]
fn sources_are_listed_added_changed_paused_polled_and_removed() {
    let (site, dir, nashra, api) = daemon(Some(TOKEN));
    let list = api.read("/api/v1/sources").json();
    assert_eq!((&list["total"], &list["next"]), (&json!(2), &Value::Null), "{list}");
    let one = &list["sources"][0];
    assert_eq!((&one["id"], &one["state"]), (&json!("one"), &json!("ok")));
    assert!(!list.to_string().contains("hidden"), "{list}");
    assert_eq!(one["settings"]["url"], json!(format!("{}/one?key=***", site.base)));

    // Added, with settings as in a list.
    let url = format!("{}/three", site.base);
    let three = json!({ "sources": [{ "id": "three", "url": url, "tags": ["x"], "allow_addresses": ["127.0.0.1"] }] });
    let look = api.write("POST", "/api/v1/sources?dry_run=true", &three);
    assert_eq!((look.0, &look.json()["done"]), (200, &json!(["three"])));
    assert_eq!(api.read("/api/v1/sources/three").0, 404);
    assert_eq!(api.write("POST", "/api/v1/sources", &three).0, 200);
    until("it is read", || (lines(dir.path()).len() == 3).then_some(()));
    let known = api.write("POST", "/api/v1/sources", &three).json();
    assert_eq!(
        (known["done"].as_array().unwrap().len(), known["known"].as_array().unwrap().len()),
        (0, 1)
    );

    // Changed.
    let changed = api.write(
        "PATCH",
        "/api/v1/sources/three",
        &json!({ "name": "Three", "tags": null, "min_interval": "1s" }),
    );
    assert_eq!(changed.0, 200, "{}", changed.2);
    let three = api.read("/api/v1/sources/three").json();
    assert_eq!(three["settings"]["min_interval"], "1s", "{three}");
    assert_eq!(
        (&three["name"], &three["settings"]["tags"], &three["settings"]["url"]),
        (&json!("Three"), &Value::Null, &json!(url))
    );
    assert_eq!(api.write("PATCH", "/api/v1/sources/one", &json!({ "name": "x" })).0, 409);
    assert_eq!(api.write("PATCH", "/api/v1/sources/three", &json!({ "id": "four" })).0, 422);
    let taken = json!({ "url": format!("{}/one?key=hidden", site.base) });
    assert_eq!(api.write("PATCH", "/api/v1/sources/three", &taken).0, 409);

    // Paused and polled.
    let pause = api.write(
        "POST",
        "/api/v1/sources/one/pause",
        &json!({ "reason": "holidays", "for": "2d" }),
    );
    assert_eq!((pause.0, &pause.json()["done"]), (200, &json!(["one"])));
    let one = api.read("/api/v1/sources/one").json();
    assert_eq!((&one["state"], &one["pause"]["reason"]), (&json!("paused"), &json!("holidays")));
    assert_eq!(api.write("POST", "/api/v1/sources/one/poll", &json!({})).0, 409);
    assert_eq!(api.write("POST", "/api/v1/sources/one/resume", &json!({})).0, 200);
    let poll = api.write("POST", "/api/v1/sources/one/poll", &json!({})).json();
    assert_eq!(poll["polls"][0]["id"], "one", "{poll}");

    // Removed.
    assert_eq!(api.write("DELETE", "/api/v1/sources/three", &json!(null)).0, 200);
    assert_eq!(api.write("DELETE", "/api/v1/sources/one", &json!(null)).0, 409);
    assert_eq!(api.write("DELETE", "/api/v1/sources/nobody", &json!(null)).0, 404);
    until("it is gone", || (api.read("/api/v1/sources/three").0 == 404).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn the_list_of_sources_is_searched_and_paged() {
    let (_site, _dir, nashra, api) = daemon(None);
    // Pages of the list.
    let first = api.read("/api/v1/sources?limit=1&order=name").json();
    let next = first["next"].as_str().unwrap();
    let second = api.read(&format!("/api/v1/sources?limit=1&order=name&cursor={next}")).json();
    assert_eq!(
        (first["sources"].as_array().unwrap().len(), second["sources"].as_array().unwrap().len()),
        (1, 1)
    );
    assert_eq!(api.read(&format!("/api/v1/sources?cursor={next}")).0, 409, "that is another order");
    assert_eq!(api.read("/api/v1/sources?cursor=x").0, 400);
    assert_eq!(api.read("/api/v1/sources?q=two").json()["total"], 1);
    assert_eq!(api.read("/api/v1/sources?state=gone").json()["total"], 0);
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn what_is_wrong_is_named_by_its_field() {
    let (_site, _dir, nashra, api) = daemon(Some(TOKEN));
    let wrong = json!({ "sources": [{ "url": "https://a.example/", "urll": "x" }, { "url": "ftp://b.example/" }, { "kind": "kafka", "topic": "t" }] });
    let refused = api.write("POST", "/api/v1/sources", &wrong);
    let problem = refused.json();
    assert!(
        refused.0 == 422 && refused.1.contains("content-type: application/problem+json"),
        "{problem}"
    );
    let told = problem["errors"].to_string();
    assert!(
        told.contains("urll") && told.contains("sources[1].url") && told.contains("scheme ftp"),
        "{told}"
    );
    assert!(told.contains("file of this machine"), "{told}");
    let unknown = api.write("POST", "/api/v1/sources/one/pause", &json!({ "reson": "x" }));
    assert!(unknown.0 == 422 && unknown.2.contains("reson"), "{}", unknown.2);
    let broken = api.send(
        "POST",
        "/api/v1/reload",
        &[("Authorization", &format!("Bearer {TOKEN}")), ("Content-Type", "application/json")],
        "{",
    );
    assert_eq!(broken.0, 400, "{}", broken.2);
    let query = api.read("/api/v1/sources?limit=0&page=2&order=size");
    let told = query.json()["errors"].to_string();
    assert!(
        query.0 == 400 && ["limit", "page", "order"].iter().all(|name| told.contains(name)),
        "{told}"
    );
    let method = api.send("PUT", "/api/v1/sources/one", &[], "");
    assert!(
        method.0 == 405 && method.1.contains("allow: get, patch, delete, head"),
        "{}",
        method.1
    );
    let head = api.send("HEAD", "/api/v1/state", &[], "");
    assert!(head.0 == 200 && head.2.is_empty());
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn articles_are_found_by_page_id_and_address_and_explained() {
    let (site, dir, nashra, api) = daemon(None);
    let first = api.read("/api/v1/articles?limit=1").json();
    let next = first["next"].as_str().unwrap();
    let second = api.read(&format!("/api/v1/articles?limit=1&cursor={next}")).json();
    assert_eq!((second["articles"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
    let id = first["articles"][0]["id"].as_str().unwrap();
    let one = api.read(&format!("/api/v1/articles/{id}")).json();
    assert_eq!((&one["id"], &one["verdict"]), (&id.into(), &first["articles"][0]["verdict"]));
    let found = api.read(&format!("/api/v1/articles?address={}/a/one", site.base)).json();
    let source = found["articles"][0]["source"].as_str().unwrap();
    assert_eq!(source, "one");
    assert_eq!(api.read("/api/v1/articles/nobody").0, 404);
    let explained = api.read("/api/v1/explain?of=one").json();
    assert_eq!(explained["source"]["state"], "ok");
    assert_eq!(api.read("/api/v1/explain?of=nobody").0, 404);
    // The command line says the same.
    let words = command(dir.path(), &["explain", "one", "--config", "nashra.toml"]).1;
    assert!(
        words.starts_with("source one ") && words.contains("\nstate: ok, 0 failures in a row\n"),
        "{words}"
    );
    let state = api.read("/api/v1/state").json();
    assert_eq!((&state["ready"], &state["sources"]["ok"]), (&json!(true), &json!(2)), "{state}");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_reload_is_tried_and_done() {
    let (_site, dir, nashra, api) = daemon(Some(TOKEN));
    let list = fs::read_to_string(dir.path().join("list.toml")).unwrap();
    let (one, _) = list.split_at(list.rfind("[[source]]").unwrap());
    fs::write(dir.path().join("list.toml"), one).unwrap();
    let look = api.write("POST", "/api/v1/reload?dry_run=true", &json!({})).json();
    assert_eq!(look["sources"]["removed"], json!(["two"]), "{look}");
    assert_eq!(api.read("/api/v1/sources").json()["total"], 2);
    assert_eq!(api.write("POST", "/api/v1/reload", &json!({})).json(), look);
    assert_eq!(api.read("/api/v1/sources").json()["total"], 1);
    fs::write(dir.path().join("list.toml"), "[[source]]\nurl = \"ftp://a.example/\"\n").unwrap();
    let refused = api.write("POST", "/api/v1/reload", &json!({}));
    assert!(refused.0 == 422 && refused.2.contains("list.toml:2:7"), "{}", refused.2);
    fs::write(dir.path().join("list.toml"), "").unwrap();
    let refused = api.write("POST", "/api/v1/reload", &json!({}));
    assert!(refused.0 == 422 && refused.2.contains("gives no source now"), "{}", refused.2);
    let done = api.write("POST", "/api/v1/reload?allow_empty=true", &json!({})).json();
    assert_eq!(done["sources"]["removed"], json!(["one"]), "{done}");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn without_a_token_or_with_another_one_and_from_other_sites_nothing_is_changed() {
    let (_site, dir, nashra, api) = daemon(Some(TOKEN));
    let (bearer, json_type) = (format!("Bearer {TOKEN}"), ("Content-Type", "application/json"));
    let pause =
        |headers: &[(&str, &str)]| api.send("POST", "/api/v1/sources/one/pause", headers, "{}").0;
    let own = ("Authorization", bearer.as_str());
    assert_eq!(pause(&[json_type]), 401);
    assert_eq!(pause(&[json_type, ("Authorization", "Bearer something else of it")]), 401);
    assert_eq!(pause(&[json_type, ("Authorization", "Basic eDp5")]), 401);
    assert_eq!(pause(&[json_type, own, ("Origin", "http://evil.example")]), 403);
    assert_eq!(pause(&[json_type, own, ("Origin", "null")]), 403);
    assert_eq!(pause(&[json_type, own, ("Sec-Fetch-Site", "cross-site")]), 403);
    assert_eq!(pause(&[json_type, own, ("Host", "evil.example")]), 403);
    assert_eq!(pause(&[own, ("Content-Type", "text/plain")]), 415);
    assert_eq!(pause(&[own]), 415);
    assert_eq!(api.read("/api/v1/sources?state=paused").json()["total"], 0);
    assert_eq!(api.send("GET", "/api/v1/sources", &[("Host", "evil.example")], "").0, 403);
    // One that tries many is held off, and the operator is not.
    until("too many were tried", || {
        (pause(&[json_type, ("Authorization", "Bearer something else of it")]) == 429).then_some(())
    });
    assert_eq!(pause(&[json_type, own, ("Origin", &format!("http://{}", api.0))]), 200);
    let busy = until("there are too many changes", || {
        let answer = api.write("POST", "/api/v1/sources/one/poll?dry_run=true", &json!({}));
        (answer.0 == 429).then_some(answer)
    });
    assert!(busy.1.contains("retry-after: "), "{}", busy.1);
    assert!(!nashra.log().contains(TOKEN));
    assert_eq!(nashra.stop(), Some(0));

    fs::remove_file(dir.path().join("token")).unwrap();
    let config = fs::read_to_string(dir.path().join("nashra.toml")).unwrap();
    fs::write(dir.path().join("nashra.toml"), config.replace("token_file = \"token\"\n", ""))
        .unwrap();
    let nashra = Nashra::start(dir.path(), &["run", "--config", "nashra.toml"]);
    let api = Client::of(&nashra);
    let closed = api.write("POST", "/api/v1/reload", &json!({}));
    assert!(closed.0 == 403 && closed.2.contains("NASHRA_ADMIN_TOKEN"), "{}", closed.2);
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn bodies_that_are_too_large_and_paths_that_are_tricks_get_nowhere() {
    let (_site, _dir, nashra, api) = daemon(Some(TOKEN));
    let head = |path: &str, length: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
        )
    };
    let large = api.raw(head("/api/v1/reload", "Content-Length: 1073741824").as_bytes());
    assert!(large.0 == 413 && large.1.contains("connection: close"), "{}", large.1);
    // Its length is not said before.
    let mut chunked = head("/api/v1/reload", "Transfer-Encoding: chunked").into_bytes();
    for _ in 0..3 {
        chunked.extend_from_slice(b"8000\r\n");
        chunked.extend(std::iter::repeat_n(b' ', 0x8000));
        chunked.extend_from_slice(b"\r\n");
    }
    assert_eq!(api.raw(&chunked).0, 413);
    let broken = api.raw(
        head("/api/v1/reload", "Connection: close\r\nContent-Length: 2")
            .as_bytes()
            .strip_suffix(b"\r\n")
            .unwrap(),
    );
    assert_ne!(broken.0, 200);
    for path in [
        "/api/v1/sources/../state",
        "/api/v1/sources/%2e%2e/state",
        "/api/v1/sources/%2e%2e%2fstate",
        "/api/v1//state",
        "//api/v1/state",
        "/api/v1/state/",
        "/api/v1/sources/a%00b",
        "/api/v1/articles/..%5c..%5cetc",
        "/api/v2/state",
        "/api/",
    ] {
        assert_eq!(api.read(path).0, 404, "{path}");
    }
    let nul =
        api.raw(b"GET /api/v1/state\0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(nul.0 == 400 || nul.0 == 0, "{}", nul.0);
    let deep = format!("{{\"sources\":{}", "[".repeat(50_000));
    let deep = api.send(
        "POST",
        "/api/v1/sources",
        &[("Authorization", &format!("Bearer {TOKEN}")), ("Content-Type", "application/json")],
        &deep,
    );
    assert!(deep.0 == 400 || deep.0 == 422, "{}", deep.2);
    assert_eq!(api.send("POST", "/healthz", &[], "").0, 405);
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_thousand_idle_connections_and_slow_bodies_keep_nobody_from_health_and_metrics() {
    let (_site, _dir, nashra, api) = daemon(Some(TOKEN));
    let slow = format!(
        "POST /api/v1/reload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    let mut held = Vec::new();
    for number in 0..1000 {
        let mut stream = TcpStream::connect(&api.0).unwrap();
        if number % 50 == 0 {
            stream.write_all(slow.as_bytes()).ok();
        }
        held.push(stream);
    }
    for path in ["healthz", "metrics"] {
        let (status, body) = get(&format!("http://{}/{path}", api.0));
        assert!(status == 200 && !body.is_empty(), "{path}");
    }
    drop(held);
    until("the API answers again", || (api.read("/api/v1/state").0 == 200).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
}

/// Whether a value is what a schema of the document says.
fn check(document: &Value, schema: &Value, value: &Value, what: &str) {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{what}: {errors:?} in {value}");
}

/// A request to each route of the document: method, path, body.
fn asked(document: &Value, three: &Value, letter: &str) -> Vec<(&'static str, String, Value)> {
    // In the order in which they can follow each other.
    let mut asked: Vec<(&'static str, String, Value)> = vec![
        ("patch", "/api/v1/sources/{id}".to_owned(), json!({ "name": "x" })),
        ("post", "/api/v1/sources/{id}/pause".to_owned(), json!({ "reason": "x" })),
        ("post", "/api/v1/sources/{id}/resume".to_owned(), json!({})),
        ("post", "/api/v1/sources/{id}/poll".to_owned(), json!({})),
        ("post", "/api/v1/sources".to_owned(), three.clone()),
        ("post", "/api/v1/reload".to_owned(), json!({})),
        ("post", "/api/v1/deadletters/{id}/retry".to_owned(), json!({})),
        ("post", "/api/v1/deadletters/retry".to_owned(), json!({ "ids": [letter] })),
        ("delete", "/api/v1/sources/{id}".to_owned(), Value::Null),
    ];
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            if method == "get" {
                asked.insert(0, ("get", path.clone(), Value::Null));
            } else {
                assert!(
                    asked.iter().any(|(known, at, _)| known == method && at == path),
                    "{method} {path} is tried here"
                );
            }
        }
    }
    asked
}

#[test]
fn the_document_describes_all_that_is_served_and_answers_are_as_it_says() {
    let (site, dir, nashra, api) = daemon(Some(TOKEN));
    let document = api.read("/api/v1/openapi.json").json();
    let printed = command(dir.path(), &["schema", "api"]).1;
    assert_eq!(document, serde_json::from_str::<Value>(&printed).unwrap());
    let article =
        api.read("/api/v1/articles").json()["articles"][0]["id"].as_str().unwrap().to_owned();
    site.put("/a/three", Page::status(410));
    let three = json!({ "sources": [{ "id": "three", "url": format!("{}/three", site.base), "listing": null, "tags": [] }] });
    let declared = &document["components"]["schemas"]["AddOrder"];
    check(&document, declared, &three, "a body");
    assert_eq!(api.write("POST", "/api/v1/sources", &three).0, 200);
    let letter = until("its page is a dead letter", || {
        let letters = api.read("/api/v1/deadletters").json();
        letters["letters"][0]["id"].as_str().map(str::to_owned)
    });
    let asked = asked(&document, &three, &letter);
    let mut count = asked.len();
    for (method, path, body) in asked {
        let operation = &document["paths"][&path][method];
        assert!(operation["operationId"].is_string(), "{method} {path} is described");
        let id = match path.split('/').nth(3) {
            Some("articles") => article.as_str(),
            Some("deadletters") => letter.as_str(),
            _ => "three",
        };
        let query = if path.ends_with("explain") { "?of=three" } else { "" };
        let at = path.replace("{id}", id) + query;
        let answer = if method == "get" {
            api.read(&at)
        } else {
            api.write(&method.to_uppercase(), &at, &body)
        };
        assert_eq!(answer.0, 200, "{method} {at}: {}", answer.2);
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        check(&document, schema, &answer.json(), &at);
        count -= 1;
    }
    assert_eq!(count, 0);
    for what in ["one", &article] {
        let schema = &document["paths"]["/api/v1/explain"]["get"]["responses"]["200"]["content"]["application/json"]
            ["schema"];
        check(&document, schema, &api.read(&format!("/api/v1/explain?of={what}")).json(), what);
    }
    let problem = &document["components"]["responses"]["Problem"]["content"]["application/problem+json"]
        ["schema"];
    check(&document, problem, &api.read("/api/v1/explain").json(), "a problem");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn the_page_of_the_api_names_every_route() {
    let printed = command(Path::new("."), &["schema", "api"]).1;
    let document: Value = serde_json::from_str(&printed).unwrap();
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/api.md")).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let line = format!("`{} {path}`", method.to_uppercase());
            assert!(text.contains(&line), "docs/api.md has no {line}");
        }
    }
}
