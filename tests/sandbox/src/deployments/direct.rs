//! Direct upload: a link to the storage, and a check afterwards that never tells its outcome.

use std::time::Duration;

use serde_json::json;

use super::artifacts::{self, Record, unknown};
use super::reader;
use crate::answer::{Reply, empty, json_answer};
use crate::call::Call;
use crate::state::{State, time};

/// An upload that was begun.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    completed: bool,
}

const LIFETIME: Duration = Duration::from_hours(1);

pub(crate) async fn begin(mut call: Call) -> Reply {
    call.json().await?;
    let id = uuid::Uuid::new_v4().to_string();
    call.state.data().uploads.insert(id.clone(), Upload { completed: false });
    let (uri, expires) = call.state.links.upload(&id, LIFETIME);
    Ok(json_answer(200, &json!({ "id": id, "uri": uri, "expire": time(expires), "method": "PUT" })))
}

pub(crate) async fn complete(mut call: Call) -> Reply {
    // The metadata in the body is not looked at: neither does the real server, as it is usually set up.
    call.json().await?;
    let id = call.param(0).to_string();
    {
        let mut data = call.state.data();
        let upload = data.uploads.get_mut(&id).filter(|upload| !upload.completed).ok_or_else(unknown)?;
        if !call.state.incoming(&id).exists() {
            return Err(unknown());
        }
        upload.completed = true;
    }
    let state = call.state.clone();
    tokio::task::spawn_blocking(move || process(&state, &id));
    Ok(empty(202))
}

/// What is no Artifact, or one too many, silently goes.
fn process(state: &State, id: &str) {
    let path = state.incoming(id);
    let read = std::fs::File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
    if let Ok((size, file)) = read
        && let Ok(content) = reader::verify(file)
        && std::fs::rename(&path, state.content(id)).is_ok()
    {
        let modified = jiff::Timestamp::now();
        let _ =
            artifacts::insert(state, Record { id: id.into(), description: None, content, size, modified });
    }
    let _ = std::fs::remove_file(path);
}
