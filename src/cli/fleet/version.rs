//! Which of two versions is the newer one, whatever scheme they follow.

use std::cmp::Ordering;

/// A part of a version. Numbers are compared as numbers, and come after words: `1.0.1` after `1.0.rc`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'v> {
    Word(&'v str),
    // As text without leading zeros: a number may be of any length.
    Number(usize, &'v str),
}

const ZERO: Part<'static> = Part::Number(0, "");

/// Words that make a version an earlier one: `2.0-rc1` comes before `2.0`.
const BEFORE: [&str; 9] = ["alpha", "beta", "dev", "nightly", "pre", "preview", "rc", "snapshot", "testing"];

/// Compares two versions. `None` if one of them has no number: then it is none.
///
/// What stands before the first number (`v`, `release-`) counts only if both have it.
pub fn compare(one: &str, other: &str) -> Option<Ordering> {
    let (mut ours, mut theirs) = (parts(one), parts(other));
    let (first, second) = (leading_words(&ours)?, leading_words(&theirs)?);
    if first == 0 || second == 0 {
        ours.drain(..first);
        theirs.drain(..second);
    }
    let longest = ours.len().max(theirs.len());
    for index in 0..longest {
        let ordering = match (ours.get(index), theirs.get(index)) {
            (Some(a), Some(b)) => a.cmp(b),
            (Some(a), None) => against_the_end(a),
            (None, Some(b)) => against_the_end(b).reverse(),
            (None, None) => Ordering::Equal,
        };
        if ordering != Ordering::Equal {
            return Some(ordering);
        }
    }
    Some(Ordering::Equal)
}

/// How a version goes on compares with one that has ended: `2.0` is `2.0.0`.
fn against_the_end(part: &Part<'_>) -> Ordering {
    match part {
        Part::Word(word) if BEFORE.contains(&word.to_ascii_lowercase().as_str()) => Ordering::Less,
        Part::Word(_) => Ordering::Greater,
        number => number.cmp(&ZERO),
    }
}

fn leading_words(parts: &[Part<'_>]) -> Option<usize> {
    parts.iter().position(|part| matches!(part, Part::Number(..)))
}

fn parts(version: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = version;
    while let Some(first) = rest.chars().next() {
        let is_number = first.is_ascii_digit();
        let is_same = |c: char| if is_number { c.is_ascii_digit() } else { c.is_alphabetic() };
        let length = rest.find(|c| !is_same(c)).unwrap_or(rest.len());
        if length == 0 {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (part, after) = rest.split_at(length);
        if is_number {
            let digits = part.trim_start_matches('0');
            parts.push(Part::Number(digits.len(), digits));
        } else {
            parts.push(Part::Word(part));
        }
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_people_mean_them() {
        for (earlier, later) in [
            ("2.9", "2.10"),
            ("2.9.9", "2.10"),
            ("1.0-rc1", "1.0"),
            ("1.0-rc1", "1.0-rc2"),
            ("1.0-rc9", "1.0-rc10"),
            ("1.0-beta", "1.0-rc"),
            ("1.0", "1.0-hotfix"),
            ("1.0", "1.0.1"),
            ("release-2.9", "release-2.10"),
            ("release-2.9", "2.10"),
            ("v2.9", "2.10"),
            ("2026-01-31", "2026-02-01"),
            ("99999999999999999998", "99999999999999999999"),
            ("9", "10000000000000000000000"),
        ] {
            assert_eq!(compare(earlier, later), Some(Ordering::Less), "{earlier} {later}");
            assert_eq!(compare(later, earlier), Some(Ordering::Greater), "{later} {earlier}");
        }
        for (one, other) in
            [("2.9", "2.9"), ("2.9", "2.9.0"), ("02.9", "2.9"), ("v2.9", "2.9"), ("2-9", "2.9")]
        {
            assert_eq!(compare(one, other), Some(Ordering::Equal), "{one} {other}");
        }
    }

    #[test]
    fn what_has_no_number_is_no_version() {
        for (one, other) in [("", "1"), ("unknown", "1"), ("1", "-")] {
            assert_eq!(compare(one, other), None, "{one} {other}");
        }
    }
}
