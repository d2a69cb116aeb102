//! Serde for types whose wire form is their text, checked when it is read.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::de;

use super::HostError;

/// Reads any text into a `T` by its `FromStr`.
pub(super) struct TextVisitor<T> {
    pub(super) expecting: &'static str,
    pub(super) target: PhantomData<T>,
}

impl<T: FromStr<Err = HostError>> de::Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// `Serialize` as the `Display` text and `Deserialize` by `FromStr`.
macro_rules! text_form {
    ($name:ident, $expecting:literal) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::host::text::TextVisitor {
                    expecting: $expecting,
                    target: std::marker::PhantomData,
                })
            }
        }
    };
}

pub(super) use text_form;
