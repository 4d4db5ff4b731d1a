//! Makes the dashboards for Grafana of their short form in `deploy/grafana/dashboards.toml`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Value, json};

/// The version of Grafana's dashboard schema that the files are written in.
const SCHEMA: u32 = 39;
/// Grafana's grid is so wide.
const WIDTH: u32 = 24;
const SELECTION: &str = r#"job=~"$job", instance=~"$instance""#;

/// All dashboards.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    annotation: Vec<Annotation>,
    dashboard: Vec<Dashboard>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Annotation {
    name: String,
    colour: String,
    expression: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dashboard {
    uid: String,
    title: String,
    description: String,
    row: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    title: String,
    panels: Vec<Panel>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Panel {
    kind: Kind,
    width: u32,
    title: String,
    help: String,
    unit: String,
    /// Colours, and between them the numbers at which the next one begins.
    #[serde(default)]
    steps: Vec<Value>,
    /// Legends and expressions.
    queries: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Stat,
    Lines,
    Bars,
    States,
    Table,
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn spec() -> Spec {
    toml::from_str(&fs::read_to_string(root().join("deploy/grafana/dashboards.toml")).unwrap())
        .unwrap()
}

/// The file of each dashboard, and what it holds.
pub(crate) fn files() -> Vec<(PathBuf, String)> {
    let Spec { annotation, dashboard } = spec();
    let annotations: Vec<Value> = annotation.iter().map(annotation_json).collect();
    let file = |dashboard: &Dashboard| {
        let path = format!("deploy/grafana/dashboards/{}.json", dashboard.uid);
        let text = serde_json::to_string_pretty(&dashboard_json(dashboard, &annotations)).unwrap();
        (root().join(path), text + "\n")
    };
    dashboard.iter().map(file).collect()
}

/// Every expression of panels and annotations, with where it is.
pub(crate) fn expressions() -> Vec<(String, String)> {
    let Spec { annotation, dashboard } = spec();
    let mut all: Vec<(String, String)> =
        annotation.into_iter().map(|one| (one.name, one.expression)).collect();
    for Dashboard { uid, row, .. } in dashboard {
        for Panel { title, queries, .. } in row.into_iter().flat_map(|row| row.panels) {
            let at = |(_, expression)| (format!("{uid}: {title}"), expression);
            all.extend(queries.into_iter().map(at));
        }
    }
    all
}

fn selected(expression: &str) -> String {
    expression.replace("$s", SELECTION)
}

fn source() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

fn annotation_json(Annotation { name, colour, expression }: &Annotation) -> Value {
    json!({
        "name": name, "datasource": source(), "enable": true, "hide": false, "iconColor": colour,
        "expr": selected(expression), "step": "30s", "titleFormat": name, "textFormat": "{{instance}}",
        "tagKeys": "instance", "useValueForTime": false
    })
}

fn dashboard_json(dashboard: &Dashboard, annotations: &[Value]) -> Value {
    let Dashboard { uid, title, description, row } = dashboard;
    json!({
        "uid": uid, "id": null, "title": title, "description": description, "tags": ["nashra"],
        "schemaVersion": SCHEMA, "version": 1, "editable": true, "graphTooltip": 1, "refresh": "30s",
        "time": { "from": "now-6h", "to": "now" }, "timepicker": {}, "timezone": "", "weekStart": "",
        "fiscalYearStartMonth": 0, "liveNow": false, "preload": false,
        "links": [{
            "type": "dashboards", "tags": ["nashra"], "title": "nashra", "asDropdown": false, "icon": "external link",
            "includeVars": true, "keepTime": true, "targetBlank": false, "tooltip": "", "url": ""
        }],
        "annotations": { "list": annotations },
        "templating": { "list": variables() },
        "panels": panels(row)
    })
}

/// Where Prometheus is, and which jobs and instances are shown.
fn variables() -> Vec<Value> {
    let of = |name: &str, label: &str, query: &str| {
        json!({
            "name": name, "label": label, "type": "query", "datasource": source(),
            "query": { "qryType": 1, "query": query, "refId": name }, "refresh": 2, "sort": 1, "regex": "", "hide": 0,
            "multi": true, "includeAll": true, "allValue": ".*", "skipUrlSync": false, "options": [],
            "current": { "selected": true, "text": ["All"], "value": ["$__all"] }
        })
    };
    vec![
        json!({
            "name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1, "regex": "",
            "hide": 0, "multi": false, "includeAll": false, "skipUrlSync": false, "options": [],
            "current": { "selected": true, "text": "Prometheus", "value": "prometheus" }
        }),
        of("job", "Job", "label_values(nashra_build_info, job)"),
        of("instance", "Instance", r#"label_values(nashra_build_info{job=~"$job"}, instance)"#),
    ]
}

/// The panels, each row under its heading.
fn panels(rows: &[Row]) -> Vec<Value> {
    let (mut all, mut y) = (Vec::new(), 0);
    for Row { title, panels } in rows {
        let id = all.len() + 1;
        let place = json!({ "x": 0, "y": y, "w": WIDTH, "h": 1 });
        all.push(json!({ "id": id, "type": "row", "title": title, "collapsed": false, "gridPos": place, "panels": [] }));
        y += 1;
        let (mut x, mut below) = (0, y);
        for panel in panels {
            if x + panel.width > WIDTH {
                (x, y) = (0, below);
            }
            let height = if panel.kind == Kind::Stat { 4 } else { 8 };
            let place = json!({ "x": x, "y": y, "w": panel.width, "h": height });
            all.push(panel_json(panel, all.len() + 1, &place));
            (x, below) = (x + panel.width, below.max(y + height));
        }
        y = below;
    }
    all
}

fn panel_json(panel: &Panel, id: usize, place: &Value) -> Value {
    let Panel { kind, title, help, unit, queries, .. } = panel;
    let is_table = *kind == Kind::Table;
    let target = |(at, (legend, expression)): (usize, &(String, String))| {
        let letter = char::from(b'A' + u8::try_from(at).unwrap());
        json!({
            "refId": letter.to_string(), "datasource": source(), "expr": selected(expression), "legendFormat": legend,
            "editorMode": "code", "instant": is_table, "range": !is_table, "format": if is_table { "table" } else { "time_series" }
        })
    };
    let targets: Vec<Value> = queries.iter().enumerate().map(target).collect();
    let (name, options, custom) = look(*kind);
    json!({
        "id": id, "type": name, "title": title, "description": help, "gridPos": place, "datasource": source(),
        "targets": targets, "options": options, "transparent": false, "transformations": transformations(*kind),
        "fieldConfig": {
            "defaults": {
                "unit": unit, "mappings": [], "thresholds": thresholds(&panel.steps), "custom": custom,
                "color": { "mode": if panel.steps.is_empty() { "palette-classic" } else { "thresholds" } }
            },
            "overrides": []
        }
    })
}

/// The columns of a table are the labels.
fn transformations(kind: Kind) -> Value {
    if kind != Kind::Table {
        return json!([]);
    }
    let hidden = json!({ "Time": true, "Value": true, "__name__": true });
    json!([{ "id": "organize", "options": { "excludeByName": hidden, "indexByName": {}, "renameByName": {} } }])
}

fn thresholds(steps: &[Value]) -> Value {
    let mut made =
        vec![json!({ "color": steps.first().unwrap_or(&json!("green")), "value": null })];
    for step in steps.get(1..).unwrap_or_default().chunks(2) {
        made.push(json!({ "value": step[0], "color": step[1] }));
    }
    json!({ "mode": "absolute", "steps": made })
}

/// The type of a panel in Grafana, its options, and how its fields are drawn.
fn look(kind: Kind) -> (&'static str, Value, Value) {
    let legend =
        json!({ "showLegend": true, "displayMode": "list", "placement": "bottom", "calcs": [] });
    let tooltip = json!({ "mode": "multi", "sort": "desc" });
    let series = |style: &str, fill: u32, stacking: &str| {
        json!({
            "drawStyle": style, "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": fill, "showPoints": "auto",
            "spanNulls": false, "axisPlacement": "auto", "stacking": { "mode": stacking, "group": "A" }
        })
    };
    match kind {
        Kind::Stat => {
            let reduce = json!({ "calcs": ["lastNotNull"], "fields": "", "values": false });
            let options = json!({
                "reduceOptions": reduce, "colorMode": "value", "graphMode": "area", "justifyMode": "auto", "orientation": "auto",
                "textMode": "value", "wideLayout": true, "showPercentChange": false,
                "percentChangeColorMode": "standard"
            });
            ("stat", options, json!({}))
        }
        Kind::Lines => (
            "timeseries",
            json!({ "legend": legend, "tooltip": tooltip }),
            series("line", 10, "none"),
        ),
        Kind::Bars => (
            "timeseries",
            json!({ "legend": legend, "tooltip": tooltip }),
            series("bars", 60, "normal"),
        ),
        Kind::States => {
            let options = json!({
                "legend": legend, "tooltip": { "mode": "single", "sort": "none" }, "mergeValues": true, "showValue": "never",
                "alignValue": "left", "rowHeight": 0.9
            });
            ("state-timeline", options, json!({ "fillOpacity": 70, "lineWidth": 0 }))
        }
        Kind::Table => (
            "table",
            json!({ "showHeader": true, "cellHeight": "sm", "frameIndex": 0 }),
            json!({ "align": "auto", "inspect": false }),
        ),
    }
}
