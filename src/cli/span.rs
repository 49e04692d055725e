//! Lengths of time as users write them.

use std::time::Duration;

/// `30d`, `1h 30m`, `500ms`, or a number of seconds.
pub fn span(text: &str) -> Result<Duration, String> {
    let fault = || format!("{text:?} is no time such as 30d, 12h, 1h 30m or a number of seconds");
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(fault());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(fault)?;
        let count: u32 = rest[..digits].parse().map_err(|_| fault())?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" | "min" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            "d" => Duration::from_hours(24),
            "w" => Duration::from_hours(7 * 24),
            "y" => Duration::from_hours(365 * 24),
            _ => return Err(fault()),
        };
        rest = rest[letters..].trim_start();
        total = unit.checked_mul(count).and_then(|part| total.checked_add(part)).ok_or_else(fault)?;
    }
    Ok(total)
}

/// A length of time that is one.
pub fn some_time(text: &str) -> Result<Duration, String> {
    match span(text)? {
        Duration::ZERO => Err(format!("{text:?} is no time at all")),
        span => Ok(span),
    }
}

/// An age. A number alone would mean seconds, which nobody means of a fleet.
pub fn age(text: &str) -> Result<Duration, String> {
    if text.trim().parse::<u64>().is_ok() {
        return Err(format!("{text:?} has no unit, such as {text}d"));
    }
    some_time(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_in_the_usual_units() {
        for (text, seconds) in [
            ("0", 0),
            ("3600", 3600),
            ("30d", 2_592_000),
            ("12h", 43_200),
            ("1y", 31_536_000),
            ("1h 30m", 5400),
            ("2w", 1_209_600),
        ] {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(span("250ms"), Ok(Duration::from_millis(250)));
        for text in ["", "x", "-1", "1.5h", "30 days", "99999999999999999999d"] {
            assert!(span(text).is_err(), "{text}");
        }
        assert!(some_time("0d").is_err());
        assert!(age("7").is_err() && age("7d").is_ok());
    }
}
