//! A share, from 0 to 1.

use toml::de::DeValue;

use super::setting::{Scalar, ScalarError};

/// Millionths in the whole.
const WHOLE: u32 = 1_000_000;

/// A share of something, to a millionth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    /// From 0 to 1.
    #[must_use]
    pub fn get(self) -> f64 {
        f64::from(self.0) / f64::from(WHOLE)
    }
}

impl Scalar for Share {
    const EXPECTED: &'static str = "a number from 0 to 1, such as 0.01";

    fn from_toml(value: &DeValue<'_>) -> Result<Self, ScalarError> {
        let number: f64 = match (value.as_float(), value.as_integer()) {
            (Some(float), _) => float.as_str().parse().map_err(|_| ScalarError::Type)?,
            (None, Some(whole)) => whole.as_str().parse().map_err(|_| ScalarError::Type)?,
            (None, None) => return Err(ScalarError::Type),
        };
        if !(0.0..=1.0).contains(&number) {
            return Err(ScalarError::Value(format!("must be from 0 to 1, is {number}")));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is from 0 to a million"
        )]
        Ok(Self((number * f64::from(WHOLE)).round() as u32))
    }

    fn to_toml(&self) -> String {
        self.get().to_string()
    }
}
