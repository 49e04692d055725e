//! What deployments are called that nobody has named. Pure.

use mender::deployments::LONGEST_NAME;
use sha2::{Digest as _, Sha256};

use super::candidates::Whom;
use crate::cli::fleet::Target;
use crate::cli::fleet::bulk::counted;

/// By what it does: the same line gives the same name.
pub fn of(release: &str, whom: &Whom, targets: &[Target]) -> String {
    let text = match (whom, targets) {
        (Whom::All, _) => format!("{release} to all devices"),
        (Whom::Group(group), _) => format!("{release} to group {group}"),
        (Whom::Fitting { described, .. }, _) => format!("{release} to devices with {described}"),
        (Whom::Listed, [only]) => format!("{release} to {}", only.name.as_ref().unwrap_or(&only.id)),
        (Whom::Listed, several) => {
            // The mark is what tells one list from another.
            let end = format!(" to {} ({})", counted(several.len()), mark(several));
            return shortened(release, LONGEST_NAME - end.len()) + &end;
        }
    };
    shortened(&text, LONGEST_NAME)
}

/// Tells lists of devices apart, in few characters.
fn mark(targets: &[Target]) -> String {
    let mut ids: Vec<&str> = targets.iter().map(|target| target.id.as_str()).collect();
    ids.sort_unstable();
    let digest = Sha256::digest(ids.join("\n"));
    digest.iter().take(3).map(|byte| format!("{byte:02x}")).collect()
}

/// `x (retry)`, `x (retry 2)`, ...
pub fn retried(name: &str) -> String {
    let counted = name.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (retry"));
    let (base, suffix) = match counted {
        Some((base, "")) => (base, " (retry 2)".to_owned()),
        Some((base, count)) => match count.trim_start().parse::<u32>() {
            Ok(count) => (base, format!(" (retry {})", count.saturating_add(1))),
            Err(_) => (name, " (retry)".to_owned()),
        },
        None => (name, " (retry)".to_owned()),
    };
    shortened(base, LONGEST_NAME.saturating_sub(suffix.len())) + &suffix
}

/// As much of a text as has room in so many bytes.
fn shortened(text: &str, most: usize) -> String {
    let mut text = text.to_owned();
    while text.len() > most {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::retried;

    #[test]
    fn retries_are_counted_in_the_name() {
        assert_eq!(retried("x"), "x (retry)");
        assert_eq!(retried("x (retry)"), "x (retry 2)");
        assert_eq!(retried("x (retry 9)"), "x (retry 10)");
        assert_eq!(retried("x (retry later)"), "x (retry later) (retry)");
        let long = retried(&"ä".repeat(128));
        assert_eq!((long.len(), long.ends_with("ä (retry)")), (256, true));
    }
}
