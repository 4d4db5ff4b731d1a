//! Query parameters that tell where a reader came from and nothing about the page.
//!
//! The list is our own: names that the vendors themselves document for their links (Google Analytics
//! and Ads, Meta, Microsoft Advertising, Yandex, X, `TikTok`, `LinkedIn`, Mailchimp, `HubSpot`, Marketo,
//! Matomo, AT Internet, Webtrekk, Alibaba, Yahoo, AMP viewers), and those that newspapers add to the
//! links of their own feeds and newsletters. No other project's list was copied.
//!
//! What must stay true: a parameter that any site uses to name a page (`id`, `p`, `cid`, `ref` with
//! another value) is not listed. A name that is added is added to [`SINCE_FORMAT_4`], so that
//! articles that were named with it are found.

/// Names that were listed from the start.
const FROM_THE_START: [&str; 15] = [
    "fbclid",
    "gclid",
    "dclid",
    "msclkid",
    "yclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "ref_src",
    "cmpid",
    "ocid",
    "ns_mchannel",
    "ns_campaign",
    "wt_mc",
    // Where on a page of Alibaba's or Sohu's the link stood, anew at each request: no poll would
    // find an entry again.
    "spm",
];
const PREFIXES_FROM_THE_START: [&str; 4] = ["utm_", "at_medium", "at_campaign", "pk_"];

/// Names that were listed later.
const SINCE_FORMAT_4: [&str; 58] = [
    "__hsfp",
    "__hssc",
    "__hstc",
    "__twitter_impression",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_openstat",
    "amp_gsa",
    "amp_js_v",
    "at_creation",
    "at_format",
    "at_link_id",
    "at_link_origin",
    "at_link_type",
    "at_ptr_name",
    "at_bbc_team",
    "cx_testid",
    "cx_testvariant",
    "cx_artpos",
    "dicbo",
    "emc",
    "fb_action_ids",
    "fb_action_types",
    "fb_ref",
    "fb_source",
    "gbraid",
    "gclsrc",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "hsctatracking",
    "icid",
    "igsh",
    "li_fat_id",
    "mbid",
    "mkt_tok",
    "ncid",
    "ns_fee",
    "ns_linkname",
    "ns_source",
    "oly_anon_id",
    "oly_enc_id",
    "ref_url",
    "sc_cid",
    "scm",
    "smid",
    "smtyp",
    "soc_src",
    "soc_trk",
    "srsltid",
    "ttclid",
    "twclid",
    "usqp",
    "wbraid",
    "wt_zmc",
    "ysclid",
];
const PREFIXES_SINCE_FORMAT_4: [&str; 5] = ["mtm_", "piwik_", "hmb_", "vero_", "xtor"];

/// Parameters that name a page on some sites, and tell only the way to it with these values.
const WAYS: [&str; 6] = ["ref", "source", "src", "from", "via", "partner"];
const FEEDS_AND_NETWORKS: [&str; 17] = [
    "rss",
    "rss2",
    "rss20",
    "rssfeed",
    "rss-feed",
    "rss_feed",
    "feed",
    "feeds",
    "atom",
    "twitter",
    "facebook",
    "fb",
    "telegram",
    "whatsapp",
    "newsletter",
    "email",
    "homepage",
];

/// Whether a `name=value` tells only where a reader came from.
pub(super) fn is_tracking(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let name = name.to_ascii_lowercase();
    was_tracking_from_the_start(&name)
        || SINCE_FORMAT_4.contains(&name.as_str())
        || PREFIXES_SINCE_FORMAT_4.iter().any(|prefix| name.starts_with(prefix))
        || WAYS.contains(&name.as_str())
            && FEEDS_AND_NETWORKS.iter().any(|way| value.eq_ignore_ascii_case(way))
}

/// Whether the first list has this name, given in lower case.
pub(super) fn was_tracking_from_the_start(name: &str) -> bool {
    FROM_THE_START.contains(&name)
        || PREFIXES_FROM_THE_START.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a fragment tells only where a reader came from, or a place to scroll to that the reader's
/// search chose (`:~:text=`).
pub(super) fn is_tracking_fragment(fragment: &str) -> bool {
    fragment.is_empty()
        || fragment.starts_with(":~:")
        || fragment.contains('=') && !fragment.contains('/') && fragment.split('&').all(is_tracking)
}
