//! Reasons with stable codes.
//!
//! A refusal or a wait is a value of an enum. One place, the `reasons!` table, holds its code, its sentence and its hint.
//! The comment, the JSON and the exit status all render that same value.

use std::fmt;

/// A reason that a person can act on and a program can match.
pub trait Reason: fmt::Display {
    /// Returns the stable code, such as `promote.head-moved`: flow, dot, reason.
    fn code(&self) -> &'static str;
    /// Returns what to do next, as one sentence.
    fn hint(&self) -> String;
}

/// Declares an enum of reasons: each variant with its fields, code, sentence and hint.
#[macro_export]
macro_rules! reasons {
    (
        $(#[$outer:meta])*
        pub enum $name:ident {
            $(
                $(#[$doc:meta])*
                $variant:ident $({ $($(#[$fdoc:meta])* $field:ident : $ty:ty),* $(,)? })? =>
                    $code:literal, $summary:literal, $hint:literal;
            )*
        }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $(
                $(#[$doc])*
                $variant $({ $($(#[$fdoc])* $field : $ty),* })?
            ),*
        }

        impl $name {
            /// Every code of this enum, for the page that documents them.
            pub const CODES: &'static [&'static str] = &[$($code),*];
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    $(Self::$variant $({ $($field),* })? => {
                        $($(let _ = $field;)*)?
                        write!(f, $summary)
                    })*
                }
            }
        }

        impl ::std::error::Error for $name {}

        impl $crate::reason::Reason for $name {
            fn code(&self) -> &'static str {
                match self { $(Self::$variant $({ $($field: _),* })? => $code),* }
            }

            fn hint(&self) -> String {
                match self {
                    $(Self::$variant $({ $($field),* })? => {
                        $($(let _ = $field;)*)?
                        format!($hint)
                    })*
                }
            }
        }
    };
}
pub use crate::reasons;
