//! The JSON documents inside an Artifact.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::error::{FormatError, shown};

/// Reads the JSON object that `bytes` begin with. What follows it is ignored, as everywhere else
/// that reads Artifacts.
pub(super) fn object<'de, T: Deserialize<'de>>(member: &str, bytes: &'de [u8]) -> Result<T, FormatError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    match Object::deserialize(&mut deserializer) {
        Ok(Object(value)) => Ok(value),
        Err(error) => Err(FormatError::malformed(
            member,
            format!("not the JSON expected: {}", shown(&error.to_string())),
        )),
    }
}

/// A value that is written as a JSON object. Structs would also be read from arrays, which
/// nothing else does.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Object)
    }
}
