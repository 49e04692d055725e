//! jq filters: an expression, checked once, and its results on JSON. Pure; the one user of `jaq`.

use std::fmt;
use std::sync::Arc;

use jaq_all::jaq_core::data::JustLut;
use jaq_all::jaq_core::{self, Ctx, Vars, load};
use jaq_all::json::{self, Val};
use jaq_all::load::FileReportsDisp;
use jaq_all::{compile_with, jaq_std};

use super::error::{CliError, Result};

/// Reading and filtering go down into a value by calling themselves, and no server nests deeper.
const DEEPEST: usize = 512;
/// What runs a filter needs so much stack for values of that depth.
pub const STACK: usize = 32 << 20;
/// An error quotes values whole; more than so much of one is noise, and may be a secret.
const LONGEST_QUOTE: usize = 60;

/// A filter that can be run any number of times.
#[derive(Clone)]
pub struct Filter(Arc<jaq_core::Filter<JustLut<Val>>>);

/// One result of a filter.
pub enum Found {
    /// A string, without quotes and escapes.
    Text(String),
    /// Any other value, on one line.
    Json(String),
}

impl Filter {
    /// Checks an expression.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn compile(code: &str) -> Result<Self, String> {
        // The environment may hold secrets, and is read elsewhere.
        let functions =
            jaq_core::funs().chain(jaq_std::funs()).chain(json::funs()).filter(|(name, ..)| *name != "env");
        let own = load::parse(include_str!("definitions.jq"), |parser| parser.defs());
        let definitions = jaq_all::defs().chain(own.expect("our own definitions are sound"));
        let compiled = compile_with(code, definitions, functions, &[]);
        compiled.map(|filter| Filter(Arc::new(filter))).map_err(|reports| {
            let text: String = reports.iter().map(|file| FileReportsDisp::new(file).to_string()).collect();
            text.strip_prefix("Error: ").unwrap_or(&text).trim_end().to_owned()
        })
    }

    /// Runs it on each of the JSON values in `json` and hands out the results one by one.
    ///
    /// # Errors
    ///
    /// If that is no JSON, the filter fails on it, or `take` does.
    pub fn run(&self, json: &[u8], mut take: impl FnMut(Found) -> Result<()>) -> Result<()> {
        if depth(json) > DEEPEST {
            return Err(CliError::failed(format!(
                "--jq: the JSON is nested more than {DEEPEST} levels deep"
            )));
        }
        for value in json::read::parse_many(json) {
            let value = value.map_err(|error| {
                CliError::failed(format!("--jq: what the server sent is not JSON ({error})"))
            })?;
            let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
            for result in self.0.id.run((context, value)) {
                match result {
                    Ok(Val::TStr(text)) => take(Found::Text(String::from_utf8_lossy(&text).into_owned()))?,
                    Ok(other) => take(Found::Json(other.to_string()))?,
                    Err(exception) => return stopped(exception),
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter(...)")
    }
}

/// The end of a filter before its time: an error, or its own `halt`.
fn stopped(exception: jaq_core::Exn<'_, Val>) -> Result<()> {
    let text = match exception.get_err().map_err(jaq_core::Exn::get_halt) {
        Ok(error) => shortened(&error.to_string()),
        Err(Ok(0)) => return Ok(()),
        Err(Ok(code)) => format!("the filter stopped itself with code {code}"),
        Err(Err(_)) => "the filter broke off".to_owned(),
    };
    Err(CliError::failed(format!("--jq: {text}")))
}

/// `cannot index <value> with "name"`: what comes after a long value says what was wrong.
fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST_QUOTE {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST_QUOTE).collect();
    let rest = &text[start.len()..];
    let end = [" with ", " as "].iter().filter_map(|word| rest.rfind(word)).max().map(|at| &rest[at..]);
    let end = end.filter(|end| end.chars().count() <= LONGEST_QUOTE).unwrap_or_default();
    format!("{start}...{end}")
}

/// How deep arrays and objects are nested.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(code: &str, json: &str) -> Vec<String> {
        let filter = Filter::compile(code).unwrap_or_else(|error| panic!("{code}: {error}"));
        let mut found = Vec::new();
        let outcome = filter.run(json.as_bytes(), |item| {
            found.push(match item {
                Found::Text(text) => text,
                Found::Json(json) => format!("json {json}"),
            });
            Ok(())
        });
        found.extend(outcome.err().map(|error| error.message()));
        found
    }

    #[test]
    fn strings_come_raw_and_the_rest_as_compact_json() {
        let json = r#"[{"a": "x\n\"y"}, {"a": {"b": [1, null]}}]"#;
        assert_eq!(results(".[].a", json), ["x\n\"y", r#"json {"b":[1,null]}"#]);
        assert_eq!(results(".", "1 [2]\n\"3\""), ["json 1", "json [2]", "3"]);
    }

    #[test]
    fn numbers_keep_all_their_digits() {
        let json = r#"[9223372036854775807,18446744073709551615,12345678901234567890123,1.10,-0.0]"#;
        assert_eq!(results(".", json), [format!("json {json}")]);
    }

    #[test]
    fn rows_can_be_made() {
        let json = r#"["a\tb\\\n", 1.50, null, true, "say \"x\""]"#;
        assert_eq!(results("@tsv", json), ["a\\tb\\\\\\n\t1.50\t\ttrue\tsay \"x\""]);
        assert_eq!(results("@csv", json), ["\"a\tb\\\n\",1.50,,true,\"say \"\"x\"\"\""]);
        assert_eq!(results("[[1]] | @tsv", "0"), ["--jq: \"[1] cannot be in a row\""]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let error = Filter::compile(".a | nope").unwrap_err();
        assert!(error.starts_with("undefined filter\n"), "{error}");
        assert!(error.contains("1 │ .a | nope\n  ┆      ──┬─"), "{error}");
        for code in ["", ".[", "env", "env.PATH", "$ENV.PATH", "input", "import \"a\" as a; ."] {
            assert!(Filter::compile(code).is_err(), "{code}");
        }
    }

    #[test]
    fn a_failure_comes_after_what_was_found_and_quotes_little() {
        assert_eq!(
            results(".[] | .a", r#"[{"a":1},"x"]"#),
            ["json 1", "--jq: cannot index \"x\" with \"a\""]
        );
        let long = format!(r#""{}secret""#, "x".repeat(200));
        let error = results(".a", &long).remove(0);
        assert!(error.ends_with("xxx... with \"a\"") && !error.contains("secret"), "{error}");
        assert_eq!(results("1, halt, 2", "0"), ["json 1"]);
        assert_eq!(
            results("1, halt_error, 2", "0"),
            ["json 1", "--jq: the filter stopped itself with code 5"]
        );
        assert!(results(".", "[1,")[0].starts_with("--jq: what the server sent is not JSON"));
    }

    #[test]
    fn values_may_be_deep_but_not_endlessly() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        let on_its_stack = |json: String| {
            let work = move || results("[..] | length", &json).remove(0);
            std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap()
        };
        assert_eq!(on_its_stack(nested(DEEPEST)), format!("json {DEEPEST}"));
        assert!(on_its_stack(nested(DEEPEST + 1)).contains("nested more than"));
        assert_eq!(depth(br#"["[[[\"[[", {"a": []}]"#), 3);
    }
}
