//! The core's enumerations as numbers: each value has a constant in C.

use crate::error::{Error, Result, Status};

/// An enumeration that C knows as numbers.
pub trait Constants: Copy + Sized + 'static {
    /// What a sentence calls it.
    const WHAT: &str;
    /// Every value with its constant.
    const ALL: &[(Self, i32)];

    /// The constant of a value.
    fn constant(self) -> i32;

    /// The value of a number that the caller passed.
    fn of(number: i32) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, constant)| *constant == number);
        let unknown = || Error::new(Status::Range, format!("there is no {} {number}", Self::WHAT));
        found.map(|(value, _)| *value).ok_or_else(unknown)
    }
}

/// Pairs every value of an enumeration with its constant. It does not compile if one is missing.
macro_rules! constants {
    ($values:ident, $what:literal: $($value:ident = $constant:ident,)+) => {
        impl $crate::ffi::constants::Constants for $values {
            const WHAT: &str = $what;
            const ALL: &[(Self, i32)] = &[$((Self::$value, $constant),)+];

            fn constant(self) -> i32 {
                match self {
                    $(Self::$value => $constant,)+
                }
            }
        }
    };
}
pub(super) use constants;
