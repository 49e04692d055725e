//! The curl line that does the same as a request, for a shell.

use std::path::Path;

use mender::raw::{Method, RawRequest};

use super::title;
use crate::cli::settings::Settings;

/// What is not part of the request itself.
pub struct Extras<'a> {
    /// The file that the body comes from; `-` is stdin.
    pub input: Option<&'a Path>,
    /// Whether to print the head of the answer too.
    pub head: bool,
    pub settings: &'a Settings,
}

/// The line. The token stands in a variable, in double quotes, which the shell puts in its place.
pub fn line(request: &RawRequest, extras: &Extras<'_>) -> String {
    let mut line = "curl".to_owned();
    match *request.method() {
        Method::GET => {}
        Method::HEAD => line.push_str(" --head"),
        ref other => line.push_str(&format!(" -X {other}")),
    }
    if extras.head && request.method() != Method::HEAD {
        line.push_str(" -i");
    }
    let settings = extras.settings;
    if settings.skip_verify.is_some() {
        line.push_str(" -k");
    }
    let files =
        [("--cacert", &settings.ca_cert), ("--cert", &settings.client_cert), ("--key", &settings.client_key)];
    for (flag, file) in files {
        if let Some(file) = file {
            line.push_str(&format!(" {flag} {}", quoted(&file.value.to_string_lossy())));
        }
    }
    line.push_str(" -H \"Authorization: Bearer $TOKEN\"");
    for (name, value) in request.headers() {
        line.push_str(&format!(" -H {}", quoted(&format!("{}: {value}", title(name)))));
    }
    match (extras.input, request.content()) {
        (Some(file), _) => {
            line.push_str(&format!(" --data-binary {}", quoted(&format!("@{}", file.display()))))
        }
        (None, Some(body)) => {
            // A leading @ would name a file, but JSON has none.
            line.push_str(&format!(" --data-binary {}", quoted(&String::from_utf8_lossy(body))));
        }
        (None, None) => {}
    }
    // To curl these stand for several addresses.
    if request.url().contains(['[', ']', '{', '}']) {
        line.push_str(" -g");
    }
    line.push_str(&format!(" {}\n", quoted(request.url())));
    line
}

/// One word to a shell, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_one_word() {
        assert_eq!(quoted("a $b `c` \"d\" \\"), "'a $b `c` \"d\" \\'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
