//! Flags that all or several commands share, and how their values are read. Parsing reads nothing else.

use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::jq;
use super::profiles::ProfileName;

/// Flags of every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Address of the server [default: https://hosted.mender.io]
    #[arg(long, global = true, value_name = "URL", allow_hyphen_values = true)]
    pub server: Option<String>,

    /// Do not check the server's certificate
    #[arg(short = 'k', long, global = true)]
    pub skip_verify: bool,

    /// File with the token
    // Empty is as good as none, as in the official client; a path in clap's own sense is not.
    #[arg(long, global = true, value_name = "FILE", allow_hyphen_values = true, value_parser = any_path())]
    pub token: Option<PathBuf>,

    /// The token itself; the variable MENDER_ACCESS_TOKEN does not show in the list of processes
    #[arg(long, global = true, value_name = "TOKEN", allow_hyphen_values = true)]
    pub token_value: Option<SecretArg>,

    /// Use this profile
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<ProfileName>,

    /// File with further certificate authorities, PEM
    #[arg(long, global = true, value_name = "FILE", alias = "cacert")]
    pub ca_cert: Option<PathBuf>,

    /// File with the client certificate, PEM
    #[arg(long, global = true, value_name = "FILE")]
    pub client_cert: Option<PathBuf>,

    /// File with the key of the client certificate, PEM
    #[arg(long, global = true, value_name = "FILE")]
    pub client_key: Option<PathBuf>,

    /// Form of the output
    #[arg(short = 'o', long, global = true, value_name = "FORM")]
    pub output: Option<Format>,

    /// Filter the JSON output by a jq expression; a result a line, strings as they are, the rest as compact JSON
    ///
    /// With -o jsonl it runs on every item by itself. There is no env, input and import of jq.
    #[arg(long, global = true, value_name = "EXPR", allow_hyphen_values = true, value_parser = jq::Filter::compile)]
    pub jq: Option<jq::Filter>,

    /// Ids alone on stdout, no notices on stderr
    #[arg(short = 'q', long, global = true)]
    pub quiet: bool,

    /// No colours
    #[arg(long, global = true)]
    pub no_color: bool,

    /// Show each request on stderr, without its secrets
    #[arg(short = 'v', long, global = true)]
    pub verbose: bool,
}

/// Any path, also the empty one.
pub fn any_path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

impl GlobalArgs {
    /// Flags that cannot be together, whatever the command.
    pub fn contradiction(&self) -> Option<&'static str> {
        self.jq.as_ref()?;
        match self.output {
            Some(Format::Table | Format::Text) => Some("--jq is for JSON, not for -o table or -o text"),
            _ if self.quiet => Some("--jq is for JSON, not for -q"),
            _ => None,
        }
    }

    /// The file that `--token` names. An empty name is none, as in the official client.
    pub fn token_file(&self) -> Option<&Path> {
        self.token.as_deref().filter(|path| !path.as_os_str().is_empty())
    }
}

/// A secret on the command line: it must not come back in a debug dump.
#[derive(Clone)]
pub struct SecretArg(secrecy::SecretString);

impl SecretArg {
    pub fn secret(&self) -> &secrecy::SecretString {
        &self.0
    }
}

impl From<String> for SecretArg {
    fn from(text: String) -> Self {
        SecretArg(text.into())
    }
}

impl std::fmt::Debug for SecretArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretArg(...)")
    }
}

/// Forms of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns
    Table,
    /// The blocks of the official client (lists of Artifacts and devices)
    Text,
    /// One JSON value
    Json,
    /// One JSON value a line
    Jsonl,
}

/// Which page of a list, in the official client's way.
#[derive(Clone, Debug, Args)]
pub struct PageArgs {
    /// Details: 0 to 3
    #[arg(short, long, value_name = "N", value_parser = integer, allow_negative_numbers = true)]
    pub detail: Option<i64>,

    /// Items a page, up to 500 [default: 20]
    #[arg(short = 'N', long, value_name = "N", value_parser = integer, allow_negative_numbers = true)]
    pub per_page: Option<i64>,

    /// Page to show [default: 1]
    #[arg(short = 'P', long, value_name = "N", value_parser = integer, allow_negative_numbers = true)]
    pub page: Option<i64>,

    /// The server's answer as it came
    #[arg(short, long)]
    pub raw: bool,

    /// All pages
    #[arg(long, conflicts_with_all = ["page", "per_page", "raw"])]
    pub all: bool,

    /// Words that the official client ignores
    #[arg(hide = true)]
    pub ignored: Vec<String>,
}

/// Consent to something that cannot be undone.
#[derive(Clone, Copy, Debug, Args)]
pub struct ConsentArgs {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// How many requests may be under way at once.
#[derive(Clone, Copy, Debug, Args)]
pub struct JobsArgs {
    /// Send so many requests at once
    #[arg(short, long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
}

impl JobsArgs {
    pub fn at_once(self) -> usize {
        self.jobs.into()
    }
}

/// A whole number as Go reads it with base 0: `10`, `0x1f`, `0b11`, `0o17`, `017`, `1_000`.
pub fn integer(text: &str) -> Result<i64, String> {
    let fault = || format!("{text:?} is not a whole number");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    // A sign must not come a second time.
    if digits.starts_with(['+', '-']) {
        return Err(fault());
    }
    let value = i64::from_str_radix(&digits.replace('_', ""), radix).map_err(|_| fault())?;
    Ok(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::integer;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        for (text, expected) in [
            ("10", 10),
            ("0x1f", 31),
            ("0b11", 3),
            ("010", 8),
            ("0o17", 15),
            ("1_000", 1000),
            ("-3", -3),
            ("0", 0),
        ] {
            assert_eq!(integer(text), Ok(expected), "{text}");
        }
        for text in ["", "x", "08", "1.5", "--1", "0x", "99999999999999999999"] {
            assert!(integer(text).is_err(), "{text}");
        }
    }
}
