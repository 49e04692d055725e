//! What the header and the augmented header say of each payload, put together.

use serde_json::{Map, Value};

use super::error::{FormatError, shown};
use super::header::{Bucket, Header, Info, Kind, ROOTFS_IMAGE, TypeInfo, augment_types};

/// What the header says of one payload.
pub(super) struct Part {
    pub(super) index: usize,
    pub(super) kind: Option<String>,
    pub(super) bucket: Bucket,
}

impl Part {
    fn malformed(&self, problem: &str) -> FormatError {
        FormatError::malformed(format!("headers/{:04}", self.index), problem)
    }

    /// Refuses what does not go with the type of the payload.
    pub(super) fn check(&self) -> Result<(), FormatError> {
        match self.kind.as_deref() {
            None if self.bucket.meta_data.is_some() => {
                Err(self.malformed("an empty payload cannot have meta-data"))
            }
            None | Some(ROOTFS_IMAGE) => Ok(()),
            Some(_) if self.bucket.type_info.is_none() => Err(self.malformed("there is no type-info")),
            Some(_) => Ok(()),
        }
    }
}

/// Assigns the buckets of the header to the payloads of its header-info.
pub(super) fn take_buckets(header: &mut Header, info: &Info, kind: Kind) -> Result<Vec<Part>, FormatError> {
    let mut parts = Vec::new();
    for (index, payload_type) in info.payload_types.iter().enumerate() {
        let mut part = Part { index, kind: payload_type.clone(), bucket: Bucket::default() };
        part.bucket = header
            .buckets
            .remove(&index)
            .ok_or_else(|| part.malformed("is missing, though there is such a payload"))?;
        if kind == Kind::Version2 {
            if part.kind.is_none() {
                return Err(part.malformed("format version 2 has no empty payloads"));
            }
            // May be missing, and has nothing of use.
            part.bucket.type_info = Some(TypeInfo::default());
        }
        parts.push(part);
    }
    no_more_buckets(header)?;
    Ok(parts)
}

fn no_more_buckets(header: &Header) -> Result<(), FormatError> {
    match header.buckets.keys().next() {
        Some(index) => Err(FormatError::malformed(format!("headers/{index:04}"), "there is no such payload")),
        None => Ok(()),
    }
}

/// Merges the augmented header into what the header says.
pub(super) fn add_augment(parts: &mut [Part], mut augment: Header) -> Result<(), FormatError> {
    let types = augment_types(&augment)?;
    if types.len() > parts.len() {
        return Err(FormatError::malformed(&augment.info_name, "there are more payloads than in the header"));
    }
    for (part, payload_type) in parts.iter_mut().zip(types) {
        // An empty type is for a payload that is not augmented.
        if payload_type.is_empty() {
            continue;
        }
        if part.kind.is_none() {
            return Err(part.malformed("an empty payload cannot be augmented"));
        }
        let bucket = augment.buckets.remove(&part.index).unwrap_or_default();
        let replace = payload_type == ROOTFS_IMAGE;
        part.kind = Some(payload_type);
        if let Some(type_info) = bucket.type_info {
            let own = part.bucket.type_info.get_or_insert_default();
            merge_type_info(own, type_info, replace).map_err(|key| {
                FormatError::malformed(
                    format!("headers/{:04}/type-info", part.index),
                    format!("`{}` has another type in the augmented one", shown(&key)),
                )
            })?;
        }
        if let Some(Some(meta_data)) = bucket.meta_data {
            let own = part.bucket.meta_data.get_or_insert_default();
            merge_meta_data(own.get_or_insert_default(), meta_data).map_err(|key| {
                FormatError::malformed(
                    format!("headers/{:04}/meta-data", part.index),
                    format!("`{}` has another type in the augmented one", shown(&key)),
                )
            })?;
        }
    }
    no_more_buckets(&augment)
}

/// The augmented values win; a string and a list under one key is an error, with the key.
fn merge_type_info(own: &mut TypeInfo, added: TypeInfo, replace: bool) -> Result<(), String> {
    if replace {
        own.provides = added.provides;
        own.depends = added.depends;
    } else {
        let provides = own.provides.get_or_insert_default();
        provides.extend(added.provides.unwrap_or_default());
        let depends = own.depends.get_or_insert_default();
        for (key, value) in added.depends.unwrap_or_default() {
            let before = depends.get(&key).map(std::mem::discriminant);
            if before.is_some_and(|before| before != std::mem::discriminant(&value)) {
                return Err(key);
            }
            depends.insert(key, value);
        }
    }
    if added.clears_provides.is_some() {
        own.clears_provides = added.clears_provides;
    }
    Ok(())
}

fn merge_meta_data(own: &mut Map<String, Value>, added: Map<String, Value>) -> Result<(), String> {
    let shape = |value: &Value| (value.is_object(), value.is_array());
    for (key, value) in added {
        if own.get(&key).is_some_and(|own| shape(own) != shape(&value)) {
            return Err(key);
        }
        own.insert(key, value);
    }
    Ok(())
}
