//! Places: `GeoRSS` in its simple form and as GML, and the W3C's points. Feeds write latitude
//! first, `GeoJSON` longitude.

use serde_json::json;

use super::{
    model::Geo,
    names::{Field, Namespace},
    text,
    tree::Element,
};

/// Points of one place.
const MAX_POINTS: usize = 10_000;

/// The place that an element names; `None` where its coordinates are missing or invalid.
pub(super) fn parse(element: Element<'_, '_>) -> Option<Geo> {
    match element.field() {
        Field::Where => element.children().find_map(parse),
        Field::Point => shape("Point", element),
        Field::Line => shape("LineString", element),
        Field::Polygon => shape("Polygon", element),
        Field::Box => shape("Box", element),
        _ => None,
    }
}

/// `geo:lat` and `geo:long` of an entry, or of a point in it.
pub(super) fn pair(latitude: &str, longitude: &str) -> Option<Geo> {
    let (latitude, longitude) = (number(latitude)?, number(longitude)?);
    Some(Geo { kind: "Point", coordinates: json!([longitude, latitude]) })
}

fn shape(kind: &'static str, element: Element<'_, '_>) -> Option<Geo> {
    if element.namespace() == Namespace::Geo {
        let part = |field| element.child(field).and_then(text::trimmed_string);
        return pair(&part(Field::Latitude)?, &part(Field::Longitude)?);
    }
    let position =
        element.descendants().find(|node| node.field() == Field::Position).unwrap_or(element);
    let sizes = [position.attribute("srsDimension"), element.attribute("srsDimension")];
    let size = sizes
        .into_iter()
        .flatten()
        .find_map(|size| size.parse().ok())
        .filter(|size| matches!(size, 2 | 3))
        .unwrap_or(2);
    let values = text::string(position);
    let numbers: Option<Vec<f64>> = values
        .split(|c: char| c.is_ascii_whitespace() || c == ',')
        .filter(|part| !part.is_empty())
        .take(MAX_POINTS * size)
        .map(number)
        .collect();
    let points: Vec<Vec<f64>> = numbers?
        .chunks_exact(size)
        .map(|chunk| match chunk {
            [latitude, longitude, rest @ ..] => [&[*longitude, *latitude], rest].concat(),
            _ => Vec::new(),
        })
        .collect();
    let first = points.first()?;
    let coordinates = match kind {
        "Point" => json!(first),
        "Polygon" => json!([points]),
        _ => json!(points),
    };
    Some(Geo { kind, coordinates })
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}
