//! Upload past the server, straight into its storage: link, file, report, and a look whether it was taken.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Artifacts, V1, one};
use crate::artifact::{FileInfo, Head, payload_files};
use crate::client::error::{Error, Result};
use crate::client::http::Streamed;
use crate::client::transfer::{Progress, Source};
use crate::client::url::segment;

/// The server reads no more of the report (and only if it was told to trust reports).
const LARGEST_REPORT: usize = 2048;
/// Between two looks whether the Artifact is there.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct Link {
    id: String,
    uri: String,
    #[serde(default)]
    header: Option<BTreeMap<String, String>>,
}

impl Artifacts<'_> {
    /// Sends an Artifact to the storage by a presigned link, and waits until the server shows it, for up to
    /// `patience`. The payloads' files are looked at meanwhile, for the report to the server.
    ///
    /// # Errors
    ///
    /// [`Refused`](Error::Refused): 404 or 405 where the server has direct upload switched off.
    /// [`NotProcessed`](Error::NotProcessed) if the Artifact does not appear: the server tells nobody why.
    pub async fn upload_direct(
        &self,
        source: &Source,
        head: &Head,
        patience: Duration,
        progress: Arc<dyn Progress>,
    ) -> Result<String> {
        let length = source.length().ok_or_else(|| Error::Source {
            name: source.name().to_owned(),
            cause: std::io::Error::other("a direct upload needs a file, whose length is known"),
        })?;
        let begin: Vec<&str> = V1.into_iter().chain(["directupload"]).collect();
        let link: Link = self.0.post(&begin).send().await?.json()?;
        let (files, ()) = tokio::try_join!(files(source, head), self.put(source, length, &link, progress))?;
        let complete: Vec<&str> = begin.into_iter().chain([segment(&link.id)?, "complete"]).collect();
        self.0.post(&complete).json(&report(length, head, &files)).send().await?;
        self.appears(&link.id, patience).await?;
        Ok(link.id)
    }

    async fn put(
        &self,
        source: &Source,
        length: u64,
        link: &Link,
        progress: Arc<dyn Progress>,
    ) -> Result<()> {
        let (body, watch) = source.body(progress)?;
        let mut call = self
            .0
            .storage(Method::PUT, &link.uri)?
            .header(CONTENT_TYPE, HeaderValue::from_static("application/vnd.mender-artifact"))
            .header(CONTENT_LENGTH, HeaderValue::from(length));
        for (name, value) in link.header.iter().flatten() {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                call = call.header(name, value);
            }
        }
        call.send_watched(Streamed::Raw(body), &watch).await?;
        Ok(())
    }

    async fn appears(&self, id: &str, patience: Duration) -> Result<()> {
        let until = tokio::time::Instant::now() + patience;
        loop {
            match self.0.get(&one(id)?).send().await {
                Ok(_) => return Ok(()),
                Err(error) if error.status() == Some(404) => {}
                Err(error) => return Err(error),
            }
            if tokio::time::Instant::now() + LOOK_EVERY > until {
                return Err(Error::NotProcessed { id: id.to_owned(), seconds: patience.as_secs() });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Name, size and date of every file, a list a payload. Read beside the sending: the data may be compressed.
async fn files(source: &Source, head: &Head) -> Result<Vec<Vec<FileInfo>>> {
    let (reader, head) = (source.reopen(), head.clone());
    let reading = tokio::task::spawn_blocking(move || Ok::<_, Error>(payload_files(&mut reader?, &head)?));
    reading.await.expect("reading does not panic")
}

/// The report; without what does not fit, since a cut report is thrown away by the server.
fn report(size: u64, head: &Head, files: &[Vec<FileInfo>]) -> Value {
    let update = |payload: &crate::artifact::Payload, files: &[FileInfo]| {
        let files: Vec<Value> = files
            .iter()
            .map(|file| {
                serde_json::json!({
                    "name": file.name, "checksum": file.checksum, "size": file.size,
                    "date": file.modified.to_string(),
                })
            })
            .collect();
        let mut update = Map::new();
        update.insert("type_info".into(), serde_json::json!({ "type": payload.kind }));
        update.insert("files".into(), files.into());
        if let Some(metadata) = &payload.metadata {
            update.insert("metadata".into(), Value::Object(metadata.clone()));
        }
        Value::Object(update)
    };
    let updates: Vec<Value> = head
        .payloads
        .iter()
        .enumerate()
        .map(|(index, payload)| update(payload, files.get(index).map_or(&[], Vec::as_slice)))
        .collect();
    let whole = serde_json::json!({ "size": size, "updates": updates });
    if whole.to_string().len() <= LARGEST_REPORT { whole } else { serde_json::json!({ "size": size }) }
}
