//! From what somebody calls a path to an address on the server.

use reqwest::Url;

use super::RequestError;
use crate::client::url::ServerUrl;

/// What all calls have in front.
pub(super) const API: &str = "/api/management/";

/// The address that is meant by `/api/...`, by `service/...`, by `v2/service/...`, or by a whole address.
pub(super) fn resolve(server: &ServerUrl, text: &str) -> Result<Url, RequestError> {
    // The parser of addresses drops some of these without a word.
    if text.chars().any(char::is_control) {
        return Err(RequestError::Character);
    }
    if text.contains('#') {
        return Err(RequestError::Fragment);
    }
    let below = |path: &str| format!("{}{path}", server.prefix());
    let (path, query) = match after_scheme(text) {
        Some(rest) => {
            let url = Url::parse(text).map_err(|_| RequestError::Malformed)?;
            if !url.username().is_empty() || url.password().is_some() {
                return Err(RequestError::Malformed);
            }
            if !server.same_origin(&url) {
                return Err(RequestError::Elsewhere(url.origin().ascii_serialization()));
            }
            let start = rest.find(['/', '\\', '?']).unwrap_or(rest.len());
            let (path, query) = split(&rest[start..]);
            (path.to_owned(), query)
        }
        None => {
            let (path, query) = split(text);
            let path = if path.is_empty() {
                return Err(RequestError::Empty);
            } else if path.starts_with('/') {
                below(path)
            } else if path.starts_with("api/") {
                below(&format!("/{path}"))
            } else if has_version(path) {
                below(&format!("{API}{path}"))
            } else {
                below(&format!("{API}v1/{path}"))
            };
            (path, query)
        }
    };
    if has_steps(&path) {
        return Err(RequestError::Steps);
    }
    Ok(server.at(&path.replace('\\', "%5C"), query))
}

/// What follows the scheme, if there is one.
fn after_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)).then_some(rest)
}

fn split(text: &str) -> (&str, Option<&str>) {
    text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)))
}

/// `v2/...`, `v1alpha1/...`
fn has_version(path: &str) -> bool {
    let segment = path.split('/').next().unwrap_or_default();
    let Some(version) = segment.strip_prefix('v') else { return false };
    let stage = version.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = stage.trim_start_matches(|c: char| c.is_ascii_lowercase());
    stage.len() < version.len() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a segment is `.` or `..`, to us or to a server that decodes before it looks.
fn has_steps(path: &str) -> bool {
    let decoded = path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    decoded.split(['/', '\\']).any(|segment| matches!(segment, "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(server: &str, text: &str) -> Result<String, RequestError> {
        resolve(&server.parse().unwrap(), text).map(String::from)
    }

    #[test]
    fn paths_are_completed() {
        for (given, expected) in [
            ("/api/management/v1/useradm/users/me", "/api/management/v1/useradm/users/me"),
            ("api/management/v1/useradm/users/me", "/api/management/v1/useradm/users/me"),
            ("useradm/users/me", "/api/management/v1/useradm/users/me"),
            ("v2/inventory/filters/search", "/api/management/v2/inventory/filters/search"),
            ("v1/x", "/api/management/v1/x"),
            ("v2alpha1/x", "/api/management/v2alpha1/x"),
            ("v1beta/x", "/api/management/v1beta/x"),
            ("video/x", "/api/management/v1/video/x"),
            ("v/x", "/api/management/v1/v/x"),
            ("/health", "/health"),
            ("x?a=b&c=d%20e", "/api/management/v1/x?a=b&c=d%20e"),
            ("x?url=http://other/", "/api/management/v1/x?url=http://other/"),
            ("https://h/api/x?y=1", "/api/x?y=1"),
            ("HTTPS://H:443/x", "/x"),
            ("https://h", "/"),
            ("https://h?a=1", "/?a=1"),
            ("//other/x", "//other/x"),
        ] {
            assert_eq!(at("https://h", given).unwrap(), format!("https://h{expected}"), "{given}");
        }
    }

    #[test]
    fn the_servers_prefix_is_kept() {
        assert_eq!(at("https://h/p", "useradm/x").unwrap(), "https://h/p/api/management/v1/useradm/x");
        assert_eq!(at("https://h/p/", "/api/x").unwrap(), "https://h/p/api/x");
        assert_eq!(at("https://h/p", "https://h/p/api/x").unwrap(), "https://h/p/api/x");
    }

    #[test]
    fn what_cannot_stand_in_an_address_is_escaped_once() {
        for (given, expected) in [
            ("a b", "a%20b"),
            ("a%20b", "a%20b"),
            ("a%2Fb", "a%2Fb"),
            ("grüße", "gr%C3%BC%C3%9Fe"),
            ("a\\b", "a%5Cb"),
            ("a?q=ü ö", "a?q=%C3%BC%20%C3%B6"),
            ("a...b/.../..c", "a...b/.../..c"),
        ] {
            assert_eq!(at("https://h", given).unwrap(), format!("https://h/api/management/v1/{expected}"));
        }
    }

    #[test]
    fn no_other_server_is_reached() {
        for (given, origin) in [
            ("http://h/x", "http://h"),
            ("https://h:444/x", "https://h:444"),
            ("https://h.example/x", "https://h.example"),
            ("https://other/x", "https://other"),
            ("ftp://h/x", "ftp://h"),
        ] {
            assert_eq!(at("https://h", given), Err(RequestError::Elsewhere(origin.into())), "{given}");
        }
        // Where an address has ended, what would be another host is a part of the path.
        assert_eq!(at("https://h", "https://h\\@other/x").unwrap(), "https://h/%5C@other/x");
        for given in ["https://user:geheim@h/x", "https://geheim@other/x"] {
            let error = at("https://h", given).unwrap_err().to_string();
            assert!(!error.contains("geheim"), "{error}");
        }
    }

    #[test]
    fn steps_and_invisible_characters_are_refused() {
        for given in [
            "a/../b",
            "..",
            "a/..",
            "./a",
            "/api/%2e%2e/x",
            "/api/.%2E/x",
            "a%2f..%2fb",
            "a\\..\\b",
            "a%5C..%5cb",
            "https://h/a/../b",
        ] {
            assert_eq!(at("https://h", given), Err(RequestError::Steps), "{given}");
        }
        for given in ["a\nb", "\ta", "a\u{7f}", "a?b=\r\n", "\u{85}"] {
            assert_eq!(at("https://h", given), Err(RequestError::Character), "{given:?}");
        }
        assert_eq!(at("https://h", "a#b"), Err(RequestError::Fragment));
        assert_eq!(at("https://h", ""), Err(RequestError::Empty));
        assert_eq!(at("https://h", "?a=b"), Err(RequestError::Empty));
    }
}
