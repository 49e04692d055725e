//! A number of devices, or a share of them.

use std::str::FromStr;

/// So many, or so many in a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Portion {
    Count(u64),
    /// From 0 to 100.
    Percent(u8),
}

impl FromStr for Portion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_suffix('%') {
            Some(share) => share
                .parse()
                .ok()
                .filter(|percent| *percent <= 100)
                .map(Portion::Percent)
                .ok_or_else(|| format!("{text:?} is no share from 0% to 100%")),
            None => text
                .parse()
                .map(Portion::Count)
                .map_err(|_| format!("{text:?} is neither a number of devices nor a share such as 5%")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Portion;

    #[test]
    fn a_portion_is_a_number_or_a_share() {
        assert_eq!("3".parse(), Ok(Portion::Count(3)));
        assert_eq!("5%".parse(), Ok(Portion::Percent(5)));
        for text in ["", "%", "101%", "-1", "1.5%", "x"] {
            assert!(text.parse::<Portion>().is_err(), "{text}");
        }
    }
}
