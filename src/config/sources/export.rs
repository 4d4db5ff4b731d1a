//! Sources as lists: TOML with all that they say, OPML for feed readers.
//!
//! What must stay true: a TOML list that was written here is read back as the same sources, and
//! under the same ids. So these lists hold addresses with all that is in them, as the lists of the
//! config do.

use std::fmt::Write as _;

use quick_xml::escape::escape;
use serde_json::{Map, Value};
use url::Url;

use super::{Location, Source, Sources, added, tables::write};

/// A list with all settings. Ids are written also where they were made, so that an address may
/// change later.
#[must_use]
pub fn to_toml(sources: &Sources) -> String {
    let polled = sources.polled.iter().map(write::polled);
    polled.chain(sources.topics.iter().map(write::topic)).collect::<Vec<_>>().join("\n")
}

/// Feeds as OPML, which knows nothing else; how many other sources it leaves out.
#[must_use]
pub fn to_opml(sources: &Sources) -> (String, usize) {
    let mut out =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n  <head><title>nashra</title></head>\n  <body>\n".to_owned();
    let mut left_out = sources.topics.len();
    for source in &sources.polled {
        let (true, Location::Url(url)) = (source.kind.properties().in_opml, &source.at) else {
            left_out += 1;
            continue;
        };
        let name = attribute(&source.name.clone().unwrap_or_else(|| url.to_string()));
        let tags = if source.tags.is_empty() {
            String::new()
        } else {
            format!(" category=\"{}\"", attribute(&source.tags.join(",")))
        };
        writeln!(
            out,
            "    <outline type=\"rss\" text=\"{name}\" title=\"{name}\" xmlUrl=\"{}\"{tags}/>",
            attribute(url.real().as_str())
        )
        .ok();
    }
    out.push_str("  </body>\n</opml>\n");
    (out, left_out)
}

fn attribute(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    escape(text).into_owned()
}

/// One source as a TOML list, without what is secret in its address: to be looked at, not to be
/// read back.
pub(crate) fn shown(source: &Source) -> String {
    let at = match &source.at {
        Location::Url(url) => Url::parse(&url.to_string())
            .map_or_else(|_| source.at.clone(), |url| Location::Url(url.into())),
        Location::File { .. } => source.at.clone(),
    };
    write::polled(&Source { at, ..source.clone() })
}

/// The settings of one source, likewise.
pub(crate) fn settings_shown(source: &Source) -> Map<String, Value> {
    added::table(&shown(source)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Place, sources};

    fn shipped(name: &str) -> Sources {
        sources::load(&[format!("{}/config/{name}", env!("CARGO_MANIFEST_DIR"))]).unwrap().0
    }

    fn back(text: &str) -> Sources {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        std::fs::write(&path, text).unwrap();
        sources::load(&[path]).unwrap().0
    }

    fn without_places(mut sources: Sources) -> Sources {
        let nowhere = || Place::whole("");
        sources.polled.iter_mut().for_each(|source| source.place = nowhere());
        sources.topics.iter_mut().for_each(|topic| topic.place = nowhere());
        sources
    }

    #[test]
    fn a_toml_list_is_read_back_as_the_same_sources() {
        let all = "[[source]]\nurl = \"https://example.org/a?x=\\\"1\\\"\"\nname = \"A \\\\ \\\"B\\\" نشرة\"\ntags = [\"one\", \"two\"]\nmin_interval = \"90s\"\nmax_interval = \"2h\"\nentries_per_poll = 10\nentries_per_day = 20\nentries_pending = 30\npaused = true\npages = \"feed\"\nrobots = \"ignore\"\nallow_addresses = [\"10.1.0.0/16\", \"::1/128\"]\n\
            [[source]]\nid = \"l\"\nkind = \"listing\"\nurl = \"https://example.org/\"\n[source.listing]\nitem = \"li[class='x y']\"\nlink = \"h3 > a\"\n\
            [[source]]\nkind = \"sitemap\"\nurl = \"https://example.org/news.xml\"\n\
            [[source]]\nkind = \"kafka\"\ntopic = \"handed.over\"\nbrokers = [\"kafka:9092\"]\nfrom = \"end\"\nrobots = \"obey\"\n";
        for sources in
            [back(all), shipped("sources.toml"), shipped("sources.opml"), shipped("sources.txt")]
        {
            assert_eq!(without_places(back(&to_toml(&sources))), without_places(sources));
        }
    }

    #[test]
    fn an_opml_list_is_read_back_with_addresses_names_and_tags_and_says_what_it_leaves_out() {
        let sources = back(
            "[[source]]\nurl = \"https://example.org/a?x=1&y=2\"\nname = \"A & <B> \\\"C\\\"\"\ntags = [\"one\", \"two\"]\n[[source]]\nkind = \"page\"\nurl = \"https://example.org/\"\n",
        );
        let (text, left_out) = to_opml(&sources);
        let again = back(&text);
        assert_eq!((left_out, again.polled.len()), (1, 1));
        let told = |sources: &Sources| {
            (
                sources.polled[0].at.to_string(),
                sources.polled[0].name.clone(),
                sources.polled[0].tags.clone(),
            )
        };
        assert_eq!(told(&again), told(&sources));
    }
}
