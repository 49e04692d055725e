//! `--jq`: a filter on whatever a command prints as JSON.

#[cfg(feature = "jq")]
mod filters;
#[cfg(all(feature = "jq", unix))]
mod unix;

/// Run by `cargo test --no-default-features --features cli --test it jq`.
#[cfg(not(feature = "jq"))]
#[test]
fn a_build_without_filters_says_so() {
    let home = crate::support::Home::new();
    home.cli(["profile", "list", "--jq", "."]).run().exits_with(2).prints("").says("has no jq filters");
    home.cli(["profile", "list", "-o", "json"]).run().succeeds().shows("default");
}
