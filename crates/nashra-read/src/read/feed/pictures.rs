//! The pictures of an entry outside its texts: Media RSS, enclosures, an `image` of any dialect,
//! thumbnails.
//!
//! A picture is known by its type, its medium or its address. Each is there once: of the sizes of one
//! picture the widest. Who made one is said of it, or of all pictures of the entry.

use super::{
    convert::plain_of,
    model::{Item, Media},
};
use crate::model::{
    bounds,
    media::{self, Kind},
    record::{Enclosure, Image},
};

/// Takes the pictures and the files of an entry. Enclosed pictures stay among the files, too.
pub(super) fn take(item: &mut Item) -> (Vec<Enclosure>, Vec<Image>) {
    let credit = std::mem::take(&mut item.credits).into_iter().next();
    let credit = credit.and_then(|credit| plain_of(credit.content));
    let mut pictures = Pictures { credit, images: Vec::new() };
    let mut files: Vec<Enclosure> = Vec::new();
    for enclosure in std::mem::take(&mut item.enclosures) {
        if is_picture(enclosure.media_type.as_deref(), None, &enclosure.url) {
            pictures.add(Image { url: Some(enclosure.url.clone()), ..Image::default() });
        }
        files.push(Enclosure {
            url: enclosure.url,
            media_type: enclosure.media_type,
            bytes: enclosure.length.and_then(|length| length.parse().ok()),
        });
    }
    for media in std::mem::take(&mut item.media) {
        pictures.add_media(media, &mut files);
    }
    if let Some(url) = item.image.take() {
        pictures.add(Image { url: Some(url), ..Image::default() });
    }
    for thumbnail in std::mem::take(&mut item.thumbnails) {
        let (width, height) = (thumbnail.width, thumbnail.height);
        pictures.add(Image { url: Some(thumbnail.url), width, height, ..Image::default() });
    }
    (files, pictures.images)
}

fn is_picture(media_type: Option<&str>, medium: Option<&str>, url: &str) -> bool {
    match medium.map(str::trim) {
        Some(medium) if medium.eq_ignore_ascii_case("image") => return true,
        Some("video" | "audio" | "document" | "executable") => return false,
        _ => {}
    }
    let is_bare = media_type.is_some_and(|name| name.trim().eq_ignore_ascii_case("image"));
    is_bare || media::of(media_type, url) == Some(Kind::Picture)
}

struct Pictures {
    /// Who made them, where that is said of the entry.
    credit: Option<String>,
    images: Vec<Image>,
}

impl Pictures {
    fn add_media(&mut self, media: Media, files: &mut Vec<Enclosure>) {
        let Some(url) = media.url else { return };
        let (media_type, medium) = (media.media_type.as_deref(), media.medium.as_deref());
        // Without a type and a known ending: only pictures are given with their measures alone.
        let is_bare = media_type.is_none()
            && medium.is_none()
            && media.length.is_none()
            && media.width.or(media.height).is_some()
            && media::of_address(&url).is_none();
        if is_picture(media_type, medium, &url) || is_bare {
            let credit = media.credits.into_iter().next();
            self.add(Image {
                url: Some(url),
                caption: media.description.or(media.title).and_then(plain_of),
                credit: credit.and_then(|credit| plain_of(credit.content)).or(media.copyright),
                width: media.width,
                height: media.height,
                ..Image::default()
            });
        } else if files.len() < bounds::ENCLOSURES && !files.iter().any(|file| file.url == url) {
            files.push(Enclosure {
                url,
                media_type: media.media_type,
                bytes: media.length.and_then(|length| length.parse().ok()),
            });
        }
    }

    /// Adds a picture, or what it says beside one that is there already.
    fn add(&mut self, mut image: Image) {
        image.credit = image.credit.or_else(|| self.credit.clone());
        if self.images.len() >= bounds::IMAGES {
            return;
        }
        let known = self.images.iter_mut().find(|known| is_same(known, &image));
        let Some(known) = known else { return self.images.push(image) };
        if image.width > known.width && known.width.is_some() {
            (known.url, known.width, known.height) = (image.url, image.width, image.height);
        }
        known.caption = known.caption.take().or(image.caption);
        known.credit = known.credit.take().or(image.credit);
    }
}

/// Whether two are one picture: the same address, or one file in two sizes.
fn is_same(one: &Image, other: &Image) -> bool {
    let (Some(first), Some(second)) = (&one.url, &other.url) else { return false };
    let sized = one.width.is_some() && other.width.is_some();
    let is_one_file = || first.split('?').next() == second.split('?').next();
    first == second || sized && is_one_file() && media::of_address(first) == Some(Kind::Picture)
}
