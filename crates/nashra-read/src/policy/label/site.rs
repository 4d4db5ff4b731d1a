//! The country of a site, as far as the end of its name tells.

use url::{Host, Url};

use super::rule::Country;

/// Domains of countries in their own scripts.
const OWN_SCRIPTS: &str = include_str!("site.txt");
/// Domains that belong to a country, and that sites of all countries have.
const EVERYBODYS: [&str; 34] = [
    "ac", "ag", "ai", "as", "bz", "cc", "cf", "co", "dj", "eu", "fm", "ga", "gg", "gl", "gq", "im",
    "io", "la", "ly", "me", "ml", "ms", "nu", "pw", "sc", "sh", "so", "st", "su", "tk", "to", "tv",
    "vc", "ws",
];
/// What stands before such a domain where the site is of the country: `example.com.co`.
const REGISTRIES: [&str; 10] =
    ["com", "org", "net", "gov", "gob", "gouv", "edu", "mil", "info", "press"];

/// The country of the site at an address; `None` where its name does not tell.
pub(in crate::policy) fn country(address: &str) -> Option<Country> {
    let url = Url::parse(address).ok()?;
    let Some(Host::Domain(host)) = url.host() else { return None };
    let mut names = host.trim_end_matches('.').rsplit('.');
    let (last, before) = (names.next()?, names.next()?);
    if last.starts_with("xn--") {
        let row = OWN_SCRIPTS.lines().filter_map(|line| line.split_once(": "));
        let (code, _) = row.into_iter().find(|(_, own)| own.split("; ").any(|own| own == last))?;
        return code.parse().ok();
    }
    match last {
        "uk" => "GB".parse().ok(),
        "eu" | "su" => None,
        _ if EVERYBODYS.contains(&last) && !REGISTRIES.contains(&before) => None,
        _ => last.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_country_where_only_sites_of_the_country_have_such_a_name() {
        for (address, code) in [
            ("https://www.spiegel.de/x", Some("DE")),
            ("https://www.bbc.co.uk/", Some("GB")),
            ("http://youm7.com/", None),
            ("https://a.tv/", None),
            ("https://radio.io./", None),
            ("https://diario.com.co/", Some("CO")),
            ("https://news.eu/", None),
            ("https://новости.рф/", Some("RU")),
            ("https://أخبار.مصر/", Some("EG")),
            ("https://127.0.0.1/", None),
            ("https://localhost/", None),
            ("kafka:topic", None),
            ("", None),
        ] {
            let found = country(address);
            assert_eq!(found.as_ref().map(Country::as_str), code, "{address}");
        }
        for line in OWN_SCRIPTS.lines() {
            let (code, own) = line.split_once(": ").unwrap();
            for own in own.split("; ") {
                let found = country(&format!("https://a.{own}/"));
                assert_eq!(found.as_ref().map(Country::as_str), Some(code), "{own}");
            }
        }
    }
}
