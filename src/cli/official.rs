//! Texts to the byte as the official client writes them, where scripts read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::error::CliError;

/// The end of each block of a list.
pub const RULE: &str = "--------------------------------------------------------------------------------";

/// A time as Go prints one: `2024-05-06 07:08:09.123 +0000 UTC`.
///
/// A time that is none comes back as it is; the official client fails on the whole list there.
pub fn time(text: Option<&str>) -> String {
    in_zone(text, &TimeZone::system())
}

fn in_zone(text: Option<&str>, zone: &TimeZone) -> String {
    let Some(text) = text else { return "0001-01-01 00:00:00 +0000 UTC".into() };
    let Ok(moment) = text.parse::<Timestamp>() else { return text.to_owned() };
    let is_utc = text.ends_with(['Z', 'z']);
    let offset = offset_of(text);
    let local = moment.to_zoned(zone.clone());
    // Go knows a zone's name only if it is the machine's own at that moment.
    let name = if is_utc {
        "UTC".to_owned()
    } else if local.offset().seconds() == offset {
        local.strftime("%Z").to_string()
    } else {
        offset_text(offset)
    };
    let shown = moment
        .to_zoned(jiff::tz::Offset::from_seconds(offset).unwrap_or(jiff::tz::Offset::UTC).to_time_zone());
    let fraction = match shown.subsec_nanosecond() {
        0 => String::new(),
        nanoseconds => format!(".{nanoseconds:09}").trim_end_matches('0').to_owned(),
    };
    format!("{}{fraction} {} {name}", shown.strftime("%Y-%m-%d %H:%M:%S"), offset_text(offset))
}

/// The offset at the end of an RFC 3339 time, in seconds.
fn offset_of(text: &str) -> i32 {
    let Some(start) = text.len().checked_sub(6) else { return 0 };
    let Some(tail) = text.get(start..) else { return 0 };
    let sign = match tail.chars().next() {
        Some('+') => 1,
        Some('-') => -1,
        _ => return 0,
    };
    let number =
        |range: std::ops::Range<usize>| tail.get(range).and_then(|t| t.parse::<i32>().ok()).unwrap_or(0);
    sign * (number(1..3) * 3600 + number(4..6) * 60)
}

fn offset_text(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
}

/// A JSON value as Go's `%v` prints it once it is decoded.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".into(),
        Value::Bool(yes) => yes.to_string(),
        Value::String(text) => text.clone(),
        Value::Number(number) => float(number.as_f64().unwrap_or_default()),
        Value::Array(items) => format!("[{}]", items.iter().map(self::value).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.iter().collect();
            pairs.sort_by_key(|(key, _)| *key);
            let pairs: Vec<_> =
                pairs.into_iter().map(|(key, item)| format!("{key}:{}", self::value(item))).collect();
            format!("map[{}]", pairs.join(" "))
        }
    }
}

/// Go's shortest form of a 64-bit float: with an exponent below 1e-4 and from 1e+06 on.
fn float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(-4..6) | Err(_) => number.to_string(),
        Ok(exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
    }
}

/// The text that scripts look for when the server refuses a token.
pub fn unauthorized(error: CliError) -> CliError {
    if error.status() == Some(401) { error.reworded("Unauthorized. Please Login first") } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_go_writes_them() {
        let utc = |text| in_zone(Some(text), &TimeZone::UTC);
        assert_eq!(utc("2024-05-06T07:08:09.123Z"), "2024-05-06 07:08:09.123 +0000 UTC");
        assert_eq!(utc("2024-01-02T03:04:05Z"), "2024-01-02 03:04:05 +0000 UTC");
        assert_eq!(utc("2024-01-02T03:04:05.100200300Z"), "2024-01-02 03:04:05.1002003 +0000 UTC");
        assert_eq!(utc("2024-01-02T03:04:05+02:00"), "2024-01-02 03:04:05 +0200 +0200");
        assert_eq!(utc("2024-01-02T03:04:05-05:30"), "2024-01-02 03:04:05 -0530 -0530");
        assert_eq!(utc("not a time"), "not a time");
        assert_eq!(in_zone(None, &TimeZone::UTC), "0001-01-01 00:00:00 +0000 UTC");
    }

    #[test]
    fn the_zone_has_its_name_where_it_is_the_machines_own() {
        let zone = TimeZone::posix("EET-2").unwrap();
        assert_eq!(in_zone(Some("2024-01-02T03:04:05+02:00"), &zone), "2024-01-02 03:04:05 +0200 EET");
        assert_eq!(in_zone(Some("2024-01-02T03:04:05Z"), &zone), "2024-01-02 03:04:05 +0000 UTC");
    }

    #[test]
    fn values_are_written_as_go_writes_them() {
        for (json, expected) in [
            ("[]", "[]"),
            (r#"[{"k":"v","a":1.5},"x",null,[1]]"#, "[map[a:1.5 k:v] x <nil> [1]]"),
            (
                "[1,100000,1000000,123456789,0.0001,0.00001,-2.5,0]",
                "[1 100000 1e+06 1.23456789e+08 0.0001 1e-05 -2.5 0]",
            ),
            ("true", "true"),
        ] {
            assert_eq!(value(&serde_json::from_str(json).unwrap()), expected, "{json}");
        }
    }
}
