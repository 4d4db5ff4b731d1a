//! Measures each address of a page: its form, the words that name it, the places of its links, and
//! how it compares with the others. The model decides, nothing here.

use url::Url;

use super::{
    address::{self, AddressForm, Hash},
    compare,
    gather::{Gathered, NamedBy, Occurrence, Target, picture},
    survey::{Survey, width},
    words::Region,
};
use crate::html::{NodeId, Tag};

/// Declares the measures: their names, and a field for each.
macro_rules! measures {
    ($($name:ident,)+) => {
        /// The measures of one address.
        #[derive(Debug, Clone, Copy, Default, PartialEq)]
        pub(super) struct Measures {
            $(pub(super) $name: f32,)+
        }

        /// The names of the measures, in the order of [`Measures::values`].
        pub(super) const NAMES: &[&str] = &[$(stringify!($name)),+];

        impl Measures {
            /// The values, in the order of [`NAMES`].
            pub(super) fn values(&self) -> [f32; NAMES.len()] {
                [$(self.$name),+]
            }
        }
    };
}

measures! {
    // The address.
    site, host_share, depth, last_len, words, digits, date, ending, parameters, number_parameter, mixed_id, hubs, media, articles, hub_words, length,
    below, beside, shape_share, head_share, parent_linked, above_page, overlap, words_rank, length_rank, social, page_words,
    // The name.
    width, anchor_width, tokens, same_name, punctuation, digits_in_name, width_rank, named, alt_width, rel_bad, rel_good,
    // The place.
    image, card_image, card_width, card_free, item_links, item_width, item_density, item_longest, item_headings, item_repeats, card_repeats, time,
    occurrences, position, order, depth_in_page, block_density, in_list, in_table,
    nav, footer, header, aside, main, card_region, ad, share, comments, label, author, pager, titled, teaser, medium, rank, service, related,
    outside_nav,
    // The others.
    path_size, path_width, path_words, path_spread, path_dated, path_nav,
    form_size, form_width, form_headed, form_imaged, form_spread, form_nav, form_overlap, form_longest,
    head_size, head_width, head_words, head_headed, head_dated, head_nav, host_width, host_words, host_headed,
    item_size, item_path_width, item_path_words,
    page_targets, page_width, page_dated, page_headed,
}

/// What addresses are compared by: the form, the name and the places of one.
pub(super) struct AddressKey {
    pub(super) form: AddressForm,
    pub(super) name: u64,
    pub(super) path: u64,
    pub(super) item_path: u64,
    /// Equal for links of the same kind in the items of one list.
    pub(super) group: u64,
}

/// Measures all addresses of a page; with each the group that its link is in: links in the same
/// place of the items of one list, titles apart from others.
pub(super) fn measure(
    survey: &Survey<'_, '_>,
    gathered: &Gathered,
    page: &Url,
) -> Vec<(u64, Measures)> {
    let meter = PageMeasurer { survey, gathered, page, page_form: address::form(page) };
    let mut all: Vec<(AddressKey, Measures)> =
        gathered.targets.iter().map(|target| meter.alone(target)).collect();
    compare::compare(&mut all, &gathered.targets);
    all.into_iter().map(|(known, measures)| (known.group, measures)).collect()
}

struct PageMeasurer<'s, 't, 'a> {
    survey: &'s Survey<'t, 'a>,
    gathered: &'s Gathered,
    page: &'s Url,
    page_form: AddressForm,
}

impl PageMeasurer<'_, '_, '_> {
    /// The measures of an address by itself, and what it is compared by.
    fn alone(&self, target: &Target) -> (AddressKey, Measures) {
        let form = address::form(&target.url);
        let places = || {
            target.places.iter().filter_map(|index| self.gathered.occurrences.get(*index as usize))
        };
        let weight = |link: &Occurrence| (link.named, self.survey.inside(link.title).text.min(300));
        // There is one at least.
        let best = places()
            .copied()
            .max_by(|one, other| weight(one).cmp(&weight(other)).then(other.node.cmp(&one.node)));
        let best = best.unwrap_or(Occurrence {
            node: 0,
            target: 0,
            card: 0,
            item: 0,
            title: 0,
            named: NamedBy::Text,
        });
        let mut measures =
            Measures { occurrences: ratio(target.places.len(), 1), ..Measures::default() };
        self.address(&mut measures, &form, target);
        self.name(&mut measures, target, &best);
        self.place(&mut measures, target, &best);
        self.regions(&mut measures, target, &best);
        let name = self.name_hash(best.title);
        let (path, item_path) = (self.survey.path(best.node), self.survey.path(best.item));
        let list = (u64::from(self.survey.tree.parent(best.item)) << 2) | best.named as u64;
        let group = Hash::join(path, list);
        (AddressKey { form, name, path, item_path, group }, measures)
    }

    fn address(&self, measures: &mut Measures, form: &AddressForm, target: &Target) {
        let (host, own) = (host(&target.url), host(self.page));
        measures.site = if host == own {
            2.0
        } else if site(host) == site(own) {
            1.0
        } else {
            0.0
        };
        measures.social = flag(SOCIAL.contains(&site(host)));
        measures.depth = count(form.depth);
        measures.last_len = count(form.last_len);
        measures.words = count(form.words);
        measures.digits = count(form.digits);
        measures.date = count(form.date);
        measures.ending = count(form.ending);
        measures.parameters = count(form.parameters);
        measures.number_parameter = flag(form.number_parameter);
        measures.mixed_id = flag(form.mixed_id);
        measures.hubs = count(form.hubs);
        measures.media = count(form.media);
        measures.articles = count(form.articles);
        measures.hub_words = count(form.hub_words);
        measures.length = count(form.len);
        measures.page_words = count(self.page_form.words);
        let path = target.url.path().trim_end_matches('/');
        measures.above_page = flag(host == own && self.page.path().starts_with(path));
    }

    fn name(&self, measures: &mut Measures, target: &Target, best: &Occurrence) {
        let tree = self.survey.tree;
        let places =
            || target.places.iter().filter_map(|at| self.gathered.occurrences.get(*at as usize));
        measures.width = count(self.survey.inside(best.title).text.min(400));
        measures.anchor_width =
            count(places().map(|at| self.survey.inside(at.node).text).max().unwrap_or(0).min(600));
        measures.named = f32::from(best.named as u8);
        let text = self.text(best.title, 400);
        measures.tokens = count(crate::text::word_count(&text));
        measures.punctuation = count(
            text.chars()
                .filter(|c| PUNCTUATION.contains(*c))
                .count()
                .try_into()
                .unwrap_or(9_u32)
                .min(9),
        );
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count().max(1);
        measures.digits_in_name = ratio(text.chars().filter(|c| c.is_numeric()).count(), letters);
        measures.overlap = overlap(&text, &target.url);
        for at in places().take(8) {
            if let Some(alt) =
                picture(tree, at.node).and_then(|picture| tree.attribute(picture, "alt"))
            {
                measures.alt_width = measures.alt_width.max(count(width(&alt).min(400)));
            }
            let rel = tree.attribute(at.node, "rel").unwrap_or_default().to_ascii_lowercase();
            measures.rel_bad = measures.rel_bad.max(flag(
                ["sponsored", "nofollow", "tag", "author", "next", "prev", "category"]
                    .iter()
                    .any(|word| rel.contains(word)),
            ));
            measures.rel_good = measures.rel_good.max(flag(rel.contains("bookmark")));
        }
    }

    fn place(&self, measures: &mut Measures, target: &Target, best: &Occurrence) {
        let (survey, tree) = (self.survey, self.survey.tree);
        let places =
            || target.places.iter().filter_map(|at| self.gathered.occurrences.get(*at as usize));
        let (card, item, all) =
            (survey.inside(best.card), survey.inside(best.item), survey.inside(0));
        measures.image = flag(places().any(|at| survey.inside(at.node).images > 0));
        measures.card_image = flag(card.images > 0);
        measures.card_width = count(card.text.min(1_500));
        measures.card_free = count((card.text - card.linked).min(1_500));
        measures.item_links = count(item.links.min(50));
        measures.item_width = count(item.text.min(1_500));
        measures.item_density = ratio(item.linked as usize, item.text.max(1) as usize);
        measures.item_headings = count(item.headings.min(5));
        measures.item_repeats = count(survey.repeats(best.item).min(100));
        measures.card_repeats = count(survey.repeats(best.card).min(100));
        measures.time = flag(item.times > 0 && item.links <= 8);
        measures.position = ratio(survey.before(best.node).text as usize, all.text.max(1) as usize);
        measures.order = ratio(survey.before(best.node).links as usize, all.links.max(1) as usize);
        measures.depth_in_page = f32::from(tree.depth(best.node));
        measures.item_longest = flag(self.longest_in(best));
        let block = tree
            .ancestors(best.card)
            .find(|at| tree.tag(*at).is_block() && survey.inside(*at).links >= 5);
        let block = survey.inside(block.unwrap_or(0));
        measures.block_density = ratio(block.linked as usize, block.text.max(1) as usize);
        let inside = |tag: Tag| tree.ancestors(best.node).take(12).any(|at| tree.tag(at) == tag);
        measures.in_list = flag(inside(Tag::Li));
        measures.in_table = flag(inside(Tag::Td));
    }

    /// Whether no other link of the item has a longer text.
    fn longest_in(&self, best: &Occurrence) -> bool {
        let (survey, all) = (self.survey, &self.gathered.occurrences);
        let own = survey.inside(best.node).text;
        let from = all.partition_point(|occurrence| occurrence.node < best.item);
        let end = survey.tree.end(best.item);
        all[from..].iter().take(32).take_while(|occurrence| occurrence.node < end).all(
            |occurrence| {
                occurrence.target == best.target || survey.inside(occurrence.node).text <= own
            },
        )
    }

    fn regions(&self, measures: &mut Measures, target: &Target, best: &Occurrence) {
        let survey = self.survey;
        let own = survey.region(best.node);
        let own = survey
            .tree
            .children(best.node)
            .take(3)
            .fold(own, |all, child| all.with(survey.region(child)));
        let is = |region: Region| flag(own.is(region));
        measures.nav = is(Region::NAV);
        measures.footer = is(Region::FOOTER);
        measures.header = is(Region::HEADER);
        measures.aside = is(Region::ASIDE);
        measures.main = is(Region::MAIN);
        measures.card_region = is(Region::CARD);
        measures.ad = is(Region::AD);
        measures.share = is(Region::SHARE);
        measures.comments = is(Region::COMMENTS);
        measures.label = is(Region::LABEL);
        measures.author = is(Region::AUTHOR);
        measures.pager = is(Region::PAGER);
        measures.titled = is(Region::TITLE);
        measures.teaser = is(Region::TEASER);
        measures.medium = is(Region::MEDIUM);
        measures.rank = is(Region::RANK);
        measures.service = is(Region::SERVICE);
        measures.related = is(Region::RELATED);
        let places =
            target.places.iter().filter_map(|at| self.gathered.occurrences.get(*at as usize));
        let outside = places
            .filter(|at| !survey.region(at.node).is(Region::NAV.with(Region::FOOTER)))
            .count();
        measures.outside_nav = ratio(outside, target.places.len().max(1));
    }

    fn text(&self, node: NodeId, longest: usize) -> String {
        let tree = self.survey.tree;
        let mut text = String::new();
        for node in tree.subtree(node).filter(|node| tree.tag(*node) == Tag::Text) {
            if text.len() >= longest {
                break;
            }
            let part = tree.text(node);
            text.push_str(&part[..part.floor_char_boundary(longest)]);
            text.push(' ');
        }
        text
    }

    fn name_hash(&self, node: NodeId) -> u64 {
        let tree = self.survey.tree;
        let mut hash = Hash::new();
        let texts = tree.subtree(node).take(64).filter(|node| tree.tag(*node) == Tag::Text);
        for word in
            texts.flat_map(|text| tree.raw_text(text).split_ascii_whitespace().take(16)).take(32)
        {
            hash.word(word.as_bytes());
        }
        hash.0
    }
}

/// Punctuation that sentences have and labels have not.
const PUNCTUATION: &str = ",:;?!.\"“”„«»‘’'–—…،؛؟。，、：；？！「」『』《》|।";

/// Hosts to which readers are sent to share something or to follow.
const SOCIAL: &[&str] = &[
    "facebook.com",
    "twitter.com",
    "x.com",
    "instagram.com",
    "youtube.com",
    "linkedin.com",
    "pinterest.com",
    "whatsapp.com",
    "t.me",
    "telegram.me",
    "telegram.org",
    "tiktok.com",
    "reddit.com",
    "threads.net",
    "bsky.app",
    "vk.com",
    "ok.ru",
    "weibo.com",
    "line.me",
    "flipboard.com",
    "apple.com",
    "google.com",
    "play.google.com",
    "mailto",
    "wa.me",
    "snapchat.com",
    "xing.com",
    "tumblr.com",
];

pub(super) fn host(url: &Url) -> &str {
    let host = url.host_str().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host)
}

/// The domain of a host: its last two labels, or three where the last but one is as short as in
/// `co.uk`.
fn site(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (last, second, third) = (dots.next(), dots.next(), dots.next());
    match (last, second) {
        (Some(last), Some(second)) if last - second <= 4 && host.len() - last <= 3 => {
            &host[third.map_or(0, |third| third + 1)..]
        }
        (_, Some(second)) => &host[second + 1..],
        _ => host,
    }
}

/// The number of words of a name that are in the address, up to eight.
fn overlap(name: &str, url: &Url) -> f32 {
    let mut path = address::decode(url.path()).to_lowercase();
    path.push_str(&address::decode(url.query().unwrap_or_default()).to_lowercase());
    let found = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| part.chars().count() >= 3 && part.chars().any(char::is_alphabetic))
        .take(16)
        .filter(|part| path.contains(&part.to_lowercase()))
        .count();
    ratio(found.min(8), 1)
}

pub(super) fn flag(is: bool) -> f32 {
    f32::from(u8::from(is))
}

#[allow(clippy::cast_precision_loss, reason = "a measure needs no more than 24 bits")]
pub(super) fn count(number: u32) -> f32 {
    number as f32
}

#[allow(clippy::cast_precision_loss, reason = "a measure needs no more than 24 bits")]
pub(super) fn ratio(part: usize, whole: usize) -> f32 {
    part as f32 / whole as f32
}
