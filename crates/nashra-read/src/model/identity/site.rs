//! Which addresses a page may claim as its own.

use url::Url;

use super::{address::base_form, bare_host};

/// Whether a page that was read at `read` may claim the address `claimed`.
///
/// A claim of another site's address is not believed (syndicated copies name their original), nor
/// is one of a front page, which is a mistake of a template: neither is an identity. A site is what
/// one owner registers, by the public suffix list. A page that came without an address has none but
/// the one it claims.
#[must_use]
pub fn believable(claimed: &Url, read: Option<&Url>) -> bool {
    if !matches!(claimed.scheme(), "http" | "https") {
        return false;
    }
    let Some(read) = read else { return !is_root(claimed) };
    // A cache of AMP pages shows pages of others.
    let read = &if read.host_str().is_some_and(is_cache) { base_form(read) } else { read.clone() };
    is_same_site(claimed, read) && !is_front_of(claimed, read)
}

fn is_cache(host: &str) -> bool {
    host.ends_with("cdn.ampproject.org") || host.starts_with("www.google.")
}

/// Whether two addresses are of one site: of hosts below one registered domain, on the same port.
fn is_same_site(one: &Url, other: &Url) -> bool {
    let ports = one.port_or_known_default() == other.port_or_known_default()
        || one.port().is_none() && other.port().is_none();
    ports && site_of(one) == site_of(other)
}

/// What names the site of an address: the domain that its owner registered, by the public suffix list;
/// else its host.
#[must_use]
pub fn site_of(url: &Url) -> Option<&str> {
    let Some(domain) = url.domain() else { return url.host_str() };
    let domain = domain.trim_end_matches('.');
    Some(psl::domain_str(domain).unwrap_or(domain))
}

fn is_root(url: &Url) -> bool {
    matches!(url.path(), "" | "/" | "/index.html" | "/index.htm" | "/index.php")
        && url.query().is_none()
        && url.fragment().is_none_or(|fragment| !fragment.starts_with(['!', '/']))
}

/// Whether an address is that of the front page of a site or of a section that another address lies
/// in: `/`, or `/sport` for `/sport/football/final`.
#[must_use]
pub fn is_front_of(front: &Url, page: &Url) -> bool {
    if is_root(front) {
        return !is_root(page);
    }
    let (front, page) = (base_form(front), base_form(page));
    if front.query().is_some() || bare_host(&front) != bare_host(&page) {
        return false;
    }
    let path = front.path().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    // An id or a headline is that of an article, whatever follows it.
    let is_word = last.len() < 32
        && !last.contains(|c: char| c.is_ascii_digit() || matches!(c, '.' | '%'))
        && last.matches(['-', '_']).count() < 2;
    is_word
        && page
            .path()
            .strip_prefix(path)
            .is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
}
