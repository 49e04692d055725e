//! `api`: any call of the API, with the login of the profile.

mod curl;
mod fields;
mod input;
mod paginate;

use std::path::PathBuf;

use clap::Args;
use mender::ServerUrl;
use mender::raw::{Method, RawAnswer, RawRequest, RequestError};

use self::curl::Extras;
use self::fields::Fields;
use self::input::Inputs;
use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};

const METHODS: [Method; 6] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD];

/// Make any call of the API.
#[derive(Debug, Args)]
#[command(allow_missing_positional = true, after_long_help = EXAMPLES)]
pub struct ApiArgs {
    /// GET, POST, PUT, PATCH, DELETE or HEAD [default: GET, or POST if there is something to send]
    #[arg(value_parser = method)]
    method: Option<Method>,

    /// Path: /api/management/v2/devauth/devices, or short v2/devauth/devices; v1 may be left out
    path: String,

    /// Add a text: to the query of a GET, HEAD or DELETE, to the JSON object of others; a[b]=c and a[]=c go deeper
    #[arg(short = 'f', long, value_name = "KEY=TEXT", allow_hyphen_values = true)]
    raw_field: Vec<String>,

    /// The same with a value: true, false, null and numbers are of that type, @FILE is what is in the file, @- stdin
    #[arg(short = 'F', long, value_name = "KEY=VALUE", allow_hyphen_values = true)]
    field: Vec<String>,

    /// Send what is in the file, - is stdin; fields go to the query then
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,

    /// Add a header
    #[arg(short = 'H', long, value_name = "NAME: VALUE", allow_hyphen_values = true)]
    header: Vec<String>,

    /// Print the status and the headers too
    #[arg(short = 'i', long)]
    include: bool,

    /// Get all pages of a list, as one JSON array; with -o jsonl an item a line, with --jq each page is filtered
    #[arg(long, conflicts_with = "include")]
    paginate: bool,

    /// Print the curl line that does the same, with $TOKEN for the token, and send nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  mender-cli api GET v2/devauth/devices -f status=pending
  mender-cli api --paginate deployments/deployments --jq '.[].id'
  mender-cli api PUT inventory/devices/ID/group -f group=test
  mender-cli api v2/inventory/filters/search --paginate --input search.json -o jsonl";

pub async fn run(args: ApiArgs, ctx: &Context) -> Result<()> {
    if let Some(Format::Table | Format::Text) = ctx.flags().output {
        return Err(CliError::usage("api prints what the server sends: no -o table and no -o text"));
    }
    let server = &ctx.settings()?.server.value;
    let method = chosen(&args)?;
    let mut inputs = Inputs::default();
    let fields = Fields::read(&args.raw_field, &args.field, &mut inputs).await?;
    let mut request = head(server, method, &args.path, &args.header)?;
    if args.input.is_some() || is_bare(request.method()) {
        request = fields.parameters().fold(request, |request, (name, value)| request.query(name, value));
    } else if !fields.is_empty() {
        request = request.body(fields.into_json()?);
    }
    if args.dry_run {
        if args.input.is_some() {
            // What is in the file is curl's business, but not that it is JSON.
            request = request.body(Vec::new());
        }
        let extras = Extras { input: args.input.as_deref(), head: args.include, settings: ctx.settings()? };
        return ctx.out().foreign(&curl::line(&request, &extras));
    }
    if let Some(path) = &args.input {
        request = request.body(inputs.body(path).await?);
    }
    let client = ctx.client()?;
    if args.paginate {
        return paginate::run(client.raw().pages(request).map_err(unusable)?, ctx).await;
    }
    show(&client.raw().send(&request).await?, args.include, ctx)
}

fn method(word: &str) -> Result<Method, String> {
    let known = METHODS.into_iter().find(|method| word.eq_ignore_ascii_case(method.as_str()));
    known.ok_or_else(|| "the methods are GET, POST, PUT, PATCH, DELETE and HEAD".into())
}

/// What the line asks for; a path alone is asked for, or sent to if there is something to send.
fn chosen(args: &ApiArgs) -> Result<Method> {
    let sends = args.input.is_some() || !args.raw_field.is_empty() || !args.field.is_empty();
    match &args.method {
        Some(bodiless) if args.input.is_some() && matches!(*bodiless, Method::GET | Method::HEAD) => {
            Err(CliError::usage(format!("a {bodiless} has no body"))
                .hint("-f and -F make parameters of its query"))
        }
        Some(method) => Ok(method.clone()),
        None if method(&args.path).is_ok() => Err(CliError::usage("the path is missing")),
        None => Ok(if sends { Method::POST } else { Method::GET }),
    }
}

/// Whether such a request has its parameters in the query.
fn is_bare(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::DELETE)
}

/// The request without its parameters.
fn head(server: &ServerUrl, method: Method, path: &str, headers: &[String]) -> Result<RawRequest> {
    let mut request = RawRequest::new(server, method, path).map_err(unusable)?;
    for header in headers {
        // The value may be a secret: it is not repeated.
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| CliError::usage("a header has the form 'NAME: VALUE'; this one has no ':'"))?;
        request = request.header(name.trim(), value.trim()).map_err(unusable)?;
    }
    Ok(request)
}

/// What cannot be sent was wrong on the line.
fn unusable(error: RequestError) -> CliError {
    let hint = match &error {
        RequestError::OwnHeader(name) if name.eq_ignore_ascii_case("authorization") => {
            Some("--token-value or MENDER_ACCESS_TOKEN gives another token")
        }
        RequestError::NoPages => Some("with fields alone it is a POST; write GET before the path"),
        _ => None,
    };
    let error = CliError::usage(error.to_string());
    hint.into_iter().fold(error, CliError::hint)
}

/// Prints an answer. A refusal shows what came with it, and is the failure that it always is.
fn show(answer: &RawAnswer, with_head: bool, ctx: &Context) -> Result<()> {
    if with_head {
        ctx.out().foreign(&head_of(answer))?;
    }
    match answer.refusal() {
        None => ctx.out().answer(answer.body()),
        Some(refusal) => {
            // That it could not be shown would hide what is worse.
            let _ = ctx.out().body(answer.body());
            Err(refusal.into())
        }
    }
}

/// Status and headers, as HTTP has them. A cookie is a login: it is named only.
fn head_of(answer: &RawAnswer) -> String {
    let mut text = format!("{}\n", answer.status_line());
    for (name, value) in answer.headers() {
        let value = match (name, value.split_once('=')) {
            ("set-cookie", Some((cookie, _))) => format!("{cookie}=(not shown)").into(),
            _ => value,
        };
        text.push_str(&format!("{}: {value}\n", title(name)));
    }
    text + "\n"
}

/// `content-type` as people write it.
fn title(name: &str) -> String {
    name.split_inclusive('-').map(|part| part[..1].to_ascii_uppercase() + &part[1..]).collect()
}
