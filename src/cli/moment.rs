//! Points in time as users write them: a date, a date with a time, or how far away it is.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::span::age;

/// A moment, mostly one that has been: `7d` ago, `2026-11-25`, `2026-11-25T13:30`, or RFC 3339. Without a zone it is the user's.
pub fn past(text: &str) -> Result<Timestamp, String> {
    match age(text) {
        Ok(age) => Timestamp::now().checked_sub(age).map_err(|_| "there was no time so long ago".into()),
        Err(_) => fixed(text),
    }
}

/// A moment to come: in `2h`, or as in [`past`].
pub fn future(text: &str) -> Result<Timestamp, String> {
    let moment = match age(text) {
        Ok(span) => {
            Timestamp::now().checked_add(span).map_err(|_| "there is no time so far away".to_owned())?
        }
        Err(_) => fixed(text)?,
    };
    if moment <= Timestamp::now() { Err(format!("{text:?} has been")) } else { Ok(moment) }
}

fn fixed(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let local = match text.parse::<DateTime>() {
        Ok(local) => Ok(local),
        Err(_) => text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)),
    };
    let zoned = local.ok().and_then(|local| local.to_zoned(TimeZone::system()).ok());
    zoned.map(|zoned| zoned.timestamp()).ok_or_else(|| {
        format!("{text:?} is no time such as 7d, 2026-11-25, 2026-11-25T13:30 or 2026-11-25T13:30:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_or_distances() {
        assert_eq!(past("2026-01-02T03:04:05Z").unwrap().to_string(), "2026-01-02T03:04:05Z");
        let (day, hour) = (past("2026-01-02").unwrap(), past("2026-01-02T01:00").unwrap());
        assert_eq!(hour.duration_since(day).as_hours(), 1);
        let week_ago = past("7d").unwrap();
        assert_eq!(Timestamp::now().duration_since(week_ago).as_hours(), 7 * 24);
        for text in ["", "7", "soon", "2026-13-01", "999999y"] {
            assert!(past(text).is_err(), "{text}");
        }
        assert!(future("2h").is_ok() && future("2001-01-01").is_err());
    }
}
