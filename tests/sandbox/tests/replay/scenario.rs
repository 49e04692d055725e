//! One transcript, step by step.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, redirect};
use sandbox::Sandbox;
use serde_json::{Map, Value};

use crate::compare::{Rules, differs, text_fits};
use crate::template::Variables;
use crate::{artifacts, devices};

/// The headers that transcripts name; `x-men-` is a beginning.
const COMPARED: [&str; 11] = [
    "content-type",
    "location",
    "link",
    "x-total-count",
    "etag",
    "www-authenticate",
    "retry-after",
    "content-disposition",
    "content-range",
    "accept-ranges",
    "allow",
];

pub(crate) struct Scenario {
    lines: String,
    steps: Vec<Value>,
}

pub(crate) struct Report {
    pub(crate) passed: usize,
    pub(crate) left_out: usize,
    pub(crate) problems: Vec<String>,
}

struct Run<'a> {
    server: &'a Sandbox,
    client: Client,
    variables: Variables,
    artifacts: BTreeMap<String, Vec<u8>>,
}

struct Received {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

fn file(name: &str) -> String {
    let path = format!("{}/transcripts/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether a pattern, with `*` for any end, means this step.
fn is_meant(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

impl Scenario {
    pub(crate) fn load(name: &str) -> Scenario {
        let lines = file(&format!("{name}.jsonl"));
        let steps = lines.lines().map(|line| serde_json::from_str(line).expect("a step")).collect();
        Scenario { lines, steps }
    }

    /// Runs all steps. A step that is left out must not pass: its place on the list would be a lie.
    pub(crate) async fn run(&self, server: &Sandbox, left_out: &[&str]) -> Report {
        let mut run = Run::new(server);
        devices::add_keys(&self.lines, &mut run.variables);
        let mut report = Report { passed: 0, left_out: 0, problems: Vec::new() };
        let known: Vec<&str> = self.steps.iter().filter_map(|step| step["step"].as_str()).collect();
        for pattern in left_out.iter().filter(|pattern| !known.iter().any(|name| is_meant(pattern, name))) {
            report.problems.push(format!("'{pattern}' is left out, but there is no such step"));
        }
        for step in &self.steps {
            let name = step["step"].as_str().expect("a name");
            let is_left_out = left_out.iter().any(|pattern| is_meant(pattern, name));
            match (run.step(step, !is_left_out).await, is_left_out) {
                (Ok(()), false) => report.passed += 1,
                (Err(_), true) => report.left_out += 1,
                (Ok(()), true) => report.problems.push(format!("'{name}' is left out, but it passes")),
                (Err(problem), false) => report.problems.push(format!("'{name}': {problem}")),
            }
        }
        report
    }
}

impl<'a> Run<'a> {
    fn new(server: &'a Sandbox) -> Run<'a> {
        // Needed by the client's TLS part, which is never used here.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client =
            Client::builder().redirect(redirect::Policy::none()).no_proxy().build().expect("a client");
        let mut variables = Variables::default();
        let run: String = uuid::Uuid::new_v4().simple().to_string().chars().take(12).collect();
        variables.set("run", format!("r{run}"));
        variables.set("admin", server.username());
        variables.set("admin_password", server.password());
        variables.set("own_id", uuid::Uuid::new_v4().to_string());
        let artifacts = artifacts::build(&file("artifacts.json"), &variables);
        for (key, bytes) in &artifacts {
            variables.set(&format!("size:{key}"), bytes.len().to_string());
        }
        Run { server, client, variables, artifacts }
    }

    async fn step(&mut self, step: &Value, patient: bool) -> Result<(), String> {
        if step["as"] == "device" {
            return devices::step(self.server, &mut self.variables, step);
        }
        let deadline = Instant::now() + Duration::from_secs(8);
        loop {
            let received = self.send(step).await?;
            self.save(step, &received)?;
            let problem = self.compare(step, &received);
            let again = patient && step["eventually"] == true && Instant::now() < deadline;
            if problem.is_ok() || !again {
                return problem;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn send(&self, step: &Value) -> Result<Received, String> {
        let request = &step["request"];
        let path = self.variables.text(request["path"].as_str().expect("a path"))?;
        let base = if step["server"] == "direct" { self.server.direct_url() } else { self.server.url() };
        let url = if path.starts_with("http") { path } else { format!("{base}{path}") };
        let method: Method = request["method"].as_str().expect("a method").parse().expect("a method");
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        match step["as"].as_str() {
            Some("user") => {
                drop(headers.insert("authorization".into(), self.variables.text("Bearer ${jwt}")?))
            }
            Some("pat") => {
                drop(headers.insert("authorization".into(), self.variables.text("Bearer ${pat}")?))
            }
            _ => {}
        }
        let body = match request.get("body") {
            None => None,
            Some(body) => {
                let (content_type, bytes) = self.body(&self.variables.request(body)?);
                if let Some(content_type) = content_type {
                    headers.insert("content-type".into(), content_type);
                }
                Some(bytes)
            }
        };
        for (name, value) in request["headers"].as_object().into_iter().flatten() {
            let value = self.variables.text(value.as_str().expect("a header"))?;
            headers.insert(name.to_lowercase(), encoded(value));
        }
        let mut builder = self.client.request(method, url);
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = body {
            builder = builder.body(body);
        }
        let response = builder.send().await.map_err(|error| format!("{error:?}"))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.map_err(|error| format!("{error:?}"))?.to_vec();
        Ok(Received { status, headers, body })
    }

    /// The bytes of a body and its media type, if it has one.
    fn body(&self, body: &Value) -> (Option<String>, Vec<u8>) {
        let keys: Vec<&str> =
            body.as_object().map(|map| map.keys().map(String::as_str).collect()).unwrap_or_default();
        match keys.as_slice() {
            ["text"] | ["artifact"] | ["artifact", "cut"] => (None, self.content(body)),
            ["multipart"] => {
                let boundary = "replayed-boundary-4711";
                let mut bytes = Vec::new();
                for part in body["multipart"].as_array().expect("parts") {
                    let mut head =
                        format!("--{boundary}\r\nContent-Disposition: form-data; name={}", part["name"]);
                    if let Some(name) = part.get("filename") {
                        head += &format!("; filename={name}");
                    }
                    if let Some(kind) = part["content_type"].as_str() {
                        head += &format!("\r\nContent-Type: {kind}");
                    }
                    bytes.extend_from_slice(format!("{head}\r\n\r\n").as_bytes());
                    bytes.extend_from_slice(&self.content(part));
                    bytes.extend_from_slice(b"\r\n");
                }
                bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
                (Some(format!("multipart/form-data; boundary={boundary}")), bytes)
            }
            _ => (Some("application/json".into()), body.to_string().into_bytes()),
        }
    }

    fn content(&self, form: &Value) -> Vec<u8> {
        if let Some(text) = form["text"].as_str() {
            return text.as_bytes().to_vec();
        }
        let whole = &self.artifacts[form["artifact"].as_str().expect("an Artifact")];
        let cut = form["cut"].as_u64().map_or(whole.len(), |cut| usize::try_from(cut).unwrap_or_default());
        whole[..cut].to_vec()
    }

    fn save(&mut self, step: &Value, received: &Received) -> Result<(), String> {
        for (variable, from) in step["save"].as_object().into_iter().flatten() {
            let from = from.as_str().expect("a source");
            let value = received.value(from).ok_or_else(|| {
                format!("nothing to save from {from}: {} {}", received.status, received.text())
            })?;
            self.variables.set(variable, value);
        }
        Ok(())
    }

    fn compare(&self, step: &Value, received: &Received) -> Result<(), String> {
        let wanted = &step["response"];
        let context = |what: String| format!("{what}\n    answer: {} {}", received.status, received.text());
        if wanted["status"] != received.status {
            return Err(context(format!("status: wanted {}", wanted["status"])));
        }
        self.compare_headers(wanted["headers"].as_object().unwrap_or(&Map::new()), received)
            .map_err(context)?;
        let list = |key: &str| -> Vec<String> {
            step[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(String::from).collect()
        };
        let rules = Rules { unordered: list("unordered"), subset: list("subset") };
        let Some(body) = wanted.get("body") else { return Ok(()) };
        let single = body.as_object().filter(|map| map.len() == 1);
        if let Some(text) = single.and_then(|map| map.get("text")) {
            let template = text.as_str().expect("a text");
            return if text_fits(template, &received.text(), &self.variables) {
                Ok(())
            } else {
                Err(context(format!("body: wanted {template}")))
            };
        }
        let (wanted, found) = match single.and_then(|map| map.get("bytes")) {
            Some(count) => (count, Value::from(received.body.len())),
            None => match serde_json::from_slice(&received.body) {
                Ok(found) => (body, found),
                Err(error) => return Err(context(format!("body: {error}"))),
            },
        };
        differs(wanted, &found, &rules, &self.variables, "")
            .map_or(Ok(()), |difference| Err(context(difference)))
    }

    /// Named headers are there, the others of the list are not.
    fn compare_headers(&self, wanted: &Map<String, Value>, received: &Received) -> Result<(), String> {
        let wanted: BTreeMap<String, Vec<&str>> = wanted
            .iter()
            .map(|(name, value)| {
                let lines = match value {
                    Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
                    other => other.as_str().into_iter().collect(),
                };
                (name.to_lowercase(), lines)
            })
            .collect();
        for name in received.headers.keys().map(|name| name.as_str()) {
            let compared = COMPARED.contains(&name) || name.starts_with("x-men-");
            if compared && !wanted.contains_key(name) {
                return Err(format!("header {name}: not wanted, found {:?}", received.headers.get(name)));
            }
        }
        for (name, lines) in wanted {
            let found: Vec<&str> =
                received.headers.get_all(&name).iter().filter_map(|value| value.to_str().ok()).collect();
            let any = lines == ["${any}"] && !found.is_empty();
            let fits = lines.len() == found.len()
                && lines.iter().zip(&found).all(|(wanted, found)| text_fits(wanted, found, &self.variables));
            if !fits && !any {
                return Err(format!("header {name}: wanted {lines:?}, found {found:?}"));
            }
        }
        Ok(())
    }
}

/// Credentials are written plainly in transcripts.
fn encoded(value: String) -> String {
    match value.strip_prefix("Basic ").filter(|rest| rest.contains(':')) {
        Some(credentials) => format!("Basic {}", STANDARD.encode(credentials)),
        None => value,
    }
}

impl Received {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What `save` names.
    fn value(&self, from: &str) -> Option<String> {
        if from == "text" {
            return Some(self.text());
        }
        if let Some(claim) = from.strip_prefix("claim:") {
            let claims = URL_SAFE_NO_PAD.decode(self.text().split('.').nth(1)?).ok()?;
            let claims: Value = serde_json::from_slice(&claims).ok()?;
            return Some(plain(&claims[claim]));
        }
        if let Some(name) = from.strip_prefix("header:") {
            let (name, last) = name.split_once('#').map_or((name, false), |(name, _)| (name, true));
            let value = self.headers.get(name)?.to_str().ok()?;
            return Some(if last { value.rsplit('/').next()?.to_string() } else { value.to_string() });
        }
        let pointer = from.strip_prefix("json:")?;
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        let mut at = &body;
        for segment in pointer.split('/').skip(1) {
            at = match segment.split_once('=') {
                Some((key, value)) => at.as_array()?.iter().find(|element| element[key] == value)?,
                None => match at {
                    Value::Array(list) => list.get(segment.parse::<usize>().ok()?)?,
                    other => other.get(segment)?,
                },
            };
        }
        Some(plain(at))
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}
