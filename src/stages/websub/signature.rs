//! Whether content is signed with the secret that only its hub knows: `X-Hub-Signature: method=hex`
//! (`WebSub` §7.1). Pure.
//!
//! SHA-256 and better make content that is believed. Hubs in wide use still sign with SHA-1 alone;
//! that proves well enough that something happened, so such a push leads to a poll of the source
//! and its content is not read.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// What a signature proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureCheck {
    /// The content is the hub's.
    Content,
    /// The hub told of something: SHA-1.
    Ping,
    /// Nothing: it is missing, false, or of a method that nobody knows.
    Nothing,
}

/// What the header proves of the body. Comparisons take the same time wherever the first difference
/// is.
pub(super) fn proof(header: Option<&str>, secret: &str, body: &[u8]) -> SignatureCheck {
    let Some((method, digest)) = header.and_then(|header| header.trim().split_once('=')) else {
        return SignatureCheck::Nothing;
    };
    let Some(digest) = from_hex(digest) else { return SignatureCheck::Nothing };
    let (right, proof) = match method.to_ascii_lowercase().as_str() {
        "sha256" => (is_right::<Hmac<Sha256>>(secret, body, &digest), SignatureCheck::Content),
        "sha384" => (is_right::<Hmac<Sha384>>(secret, body, &digest), SignatureCheck::Content),
        "sha512" => (is_right::<Hmac<Sha512>>(secret, body, &digest), SignatureCheck::Content),
        "sha1" => (is_right::<Hmac<Sha1>>(secret, body, &digest), SignatureCheck::Ping),
        _ => (false, SignatureCheck::Nothing),
    };
    if right { proof } else { SignatureCheck::Nothing }
}

fn is_right<M: Mac + KeyInit>(secret: &str, body: &[u8], digest: &[u8]) -> bool {
    // A key of any length is one for HMAC (RFC 2104 §2).
    M::new_from_slice(secret.as_bytes())
        .is_ok_and(|mac| mac.chain_update(body).verify_slice(digest).is_ok())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let nibble =
        |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    // The longest digest has 64 bytes.
    if !rest.is_empty() || pairs.len() > 64 {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"what do ya want for nothing?";

    /// RFC 4231 §4.3 and RFC 2202 §3, test case 2.
    const SIGNED: [(&str, &str); 4] = [
        ("sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            "sha384",
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        ),
        (
            "sha512",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
        ("sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    ];

    #[test]
    fn the_vectors_of_the_rfcs_hold() {
        for (method, digest) in SIGNED {
            let expected =
                if method == "sha1" { SignatureCheck::Ping } else { SignatureCheck::Content };
            assert_eq!(
                proof(Some(&format!("{method}={digest}")), "Jefe", BODY),
                expected,
                "{method}"
            );
            assert_eq!(
                proof(
                    Some(&format!(" {}={} ", method.to_uppercase(), digest.to_uppercase())),
                    "Jefe",
                    BODY
                ),
                expected
            );
        }
    }

    #[test]
    fn what_is_not_signed_or_signed_falsely_proves_nothing() {
        for (method, digest) in SIGNED {
            let good = format!("{method}={digest}");
            assert_eq!(proof(Some(&good), "Jefa", BODY), SignatureCheck::Nothing, "another secret");
            assert_eq!(
                proof(Some(&good), "Jefe", b"what do ya want for nothing!"),
                SignatureCheck::Nothing,
                "another body"
            );
            assert_eq!(
                proof(Some(&good[..good.len() - 2]), "Jefe", BODY),
                SignatureCheck::Nothing,
                "a part of it"
            );
            assert_eq!(
                proof(Some(&good[..good.len() - 1]), "Jefe", BODY),
                SignatureCheck::Nothing,
                "half a byte"
            );
            assert_eq!(
                proof(Some(&format!("{good}00")), "Jefe", BODY),
                SignatureCheck::Nothing,
                "more than it"
            );
        }
        let sha256 = SIGNED[0].1;
        for header in [
            format!("md5={sha256}"),
            format!("sha1={sha256}"),
            format!("={sha256}"),
            sha256.to_owned(),
            "sha256=".into(),
            "sha256=Ж".into(),
        ] {
            assert_eq!(proof(Some(&header), "Jefe", BODY), SignatureCheck::Nothing, "{header}");
        }
        assert_eq!(proof(None, "Jefe", BODY), SignatureCheck::Nothing);
    }
}
