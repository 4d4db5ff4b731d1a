//! The base addresses of relative ones: `xml:base`, else the request's address, else the site's
//! own link.

use std::{borrow::Cow, cell::Cell, sync::Arc};

use url::Url;

/// The longest base, in bytes; a longer one is ignored.
const MAX_BASE: usize = 1_024;
/// The most bases of one document; further ones are ignored.
const MAX_BASES: usize = 65_536;
/// How often an address may have been escaped.
const MAX_ESCAPED: usize = 4;
/// Bytes of all bases of one document.
const MAX_TOTAL: usize = 8 << 20;
/// Bytes that resolving may add to one document: a long base before many short addresses would add
/// gigabytes.
const MAX_ADDED: usize = 64 << 20;

/// A base of a document: its place in [`Bases`]. The document's own is 0.
pub(super) type BaseId = u32;

#[derive(Debug)]
pub(super) struct Bases {
    urls: Vec<Arc<Url>>,
    total: usize,
    added: Cell<usize>,
}

impl Bases {
    /// The bases of a document that was read from this address.
    pub(super) fn new(request: &Url) -> Self {
        Self { urls: vec![Arc::new(request.clone())], total: 0, added: Cell::new(0) }
    }

    /// Notes the channel's link: a feed that another host serves is relative to the site that it is
    /// about.
    pub(super) fn set_site(&mut self, link: &str) {
        if let Ok(site) = Url::parse(link)
            && let Some(own) = self.urls.first_mut()
            && site.has_host()
            && site.as_str().len() <= MAX_BASE
            && site.host() != own.host()
        {
            *own = Arc::new(site);
        }
    }

    /// The base inside an element whose `xml:base` is `value` and whose own base is `parent`.
    pub(super) fn within(&mut self, parent: BaseId, value: &str) -> BaseId {
        if self.urls.len() >= MAX_BASES || self.total >= MAX_TOTAL {
            return parent;
        }
        let joined = self.get(parent).join(value.trim()).ok();
        let usable = joined.filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_BASE
        });
        let Some(url) = usable.filter(|url| *url != **self.get(parent)) else {
            return parent;
        };
        self.total += url.as_str().len();
        self.urls.push(Arc::new(url));
        BaseId::try_from(self.urls.len() - 1).unwrap_or(parent)
    }

    pub(super) fn get(&self, base: BaseId) -> &Arc<Url> {
        self.urls.get(base as usize).unwrap_or(&self.urls[0])
    }

    /// The base of the document, outside of any `xml:base`.
    pub(super) fn own(&self) -> &Url {
        self.get(0)
    }

    /// An address made absolute; as it is written where it is absolute already, or cannot be
    /// resolved.
    pub(super) fn resolve(&self, base: BaseId, address: &str) -> String {
        self.resolve_against(self.get(base), address)
    }

    /// The same, against any base.
    pub(super) fn resolve_against(&self, base: &Url, address: &str) -> String {
        let address = with_ampersands(address.trim());
        let address = address.as_ref();
        if has_scheme(address) || self.added.get() > MAX_ADDED {
            return address.to_owned();
        }
        let Ok(absolute) = base.join(address) else { return address.to_owned() };
        self.added.set(self.added.get() + absolute.as_str().len());
        absolute.into()
    }
}

/// An address that was escaped once more than it was decoded: `?a=1&amp;b=2`.
pub(crate) fn with_ampersands(address: &str) -> Cow<'_, str> {
    const ESCAPED: [&str; 5] = ["&amp;", "&#38;", "&#038;", "&#x26;", "&AMP;"];
    if memchr::memchr(b'&', address.as_bytes()).is_none() {
        return Cow::Borrowed(address);
    }
    let mut whole = Cow::Borrowed(address);
    for _ in 0..MAX_ESCAPED {
        let Some(escaped) = ESCAPED.iter().find(|escaped| whole.contains(**escaped)) else { break };
        whole = Cow::Owned(whole.replace(escaped, "&"));
    }
    whole
}

/// Whether an address begins with a scheme (RFC 3986 §3.1).
pub(super) fn has_scheme(address: &str) -> bool {
    let end = address
        .bytes()
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')))
        .unwrap_or(address.len());
    end > 1
        && address.as_bytes().get(end) == Some(&b':')
        && address.as_bytes()[0].is_ascii_alphabetic()
}
