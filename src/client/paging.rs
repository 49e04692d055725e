//! What comes after a page of a list. Pure: who asks is `page`, and for any list `raw`.
//!
//! Most lists go on while their answer has a `Link` to the next page. Only the number of that page is taken from it,
//! since the path in it lacks the prefix that a server may be reached under. Where there are no links the total tells.

use std::hash::{DefaultHasher, Hasher as _};

use reqwest::header::{HeaderMap, LINK};

/// A page of a list, and how much of the list was seen before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// Its number; the first is 1.
    pub(crate) page: u64,
    pub(crate) per_page: u64,
    seen: u64,
}

/// What it means if an answer has neither links nor a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untold {
    /// That was all.
    Ends,
    /// A full page may have another one behind it.
    GoesOnWhileFull,
}

impl Position {
    pub(crate) fn at(page: u64, per_page: u64) -> Self {
        Position { page, per_page, seen: per_page.saturating_mul(page.saturating_sub(1)) }
    }

    /// The page after this one, which came with so many items.
    ///
    /// # Errors
    ///
    /// In words, if there is more but not where: the list would be cut short, or never end.
    pub(crate) fn after(
        self,
        headers: &HeaderMap,
        items: usize,
        untold: Untold,
    ) -> Result<Option<Position>, String> {
        let items = items as u64;
        let seen = self.seen.saturating_add(items);
        let here = self.page;
        let next = if headers.contains_key(LINK) {
            match next_link(headers) {
                None => None,
                Some(target) => match number(target) {
                    None => {
                        return Err(format!(
                            "after page {here} the server points to a page without a number"
                        ));
                    }
                    Some(next) if next <= here => {
                        return Err(format!("after page {here} the server points to page {next}"));
                    }
                    next => next,
                },
            }
        } else {
            let is_more = match total(headers) {
                // A total that is too large has no more pages than those with items; one that is less than what came
                // is none.
                Some(total) if total >= seen => items > 0 && seen < total,
                _ => untold == Untold::GoesOnWhileFull && items >= self.per_page,
            };
            here.checked_add(1).filter(|_| is_more)
        };
        Ok(next.map(|page| Position { page, seen, ..self }))
    }
}

/// Tells whether a server sends the same page again, whatever it is asked for: such a list would never end.
#[derive(Debug, Default)]
pub(crate) struct Sameness(Option<u64>);

impl Sameness {
    /// Takes the next page, behind which there is another.
    ///
    /// # Errors
    ///
    /// In words, if it is the one before.
    pub(crate) fn check(&mut self, body: &[u8]) -> Result<(), String> {
        let mut hasher = DefaultHasher::new();
        hasher.write(body);
        let now = hasher.finish();
        if self.0.replace(now) == Some(now) {
            return Err("the server sends the same page again".into());
        }
        Ok(())
    }
}

/// How many items the list has, where a service says so.
pub(crate) fn total(headers: &HeaderMap) -> Option<u64> {
    headers.get("x-total-count")?.to_str().ok()?.trim().parse().ok()
}

/// Where the link `<path?query>; rel="next"` points to, of which there may be one a header or several.
fn next_link(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let mut links = values.flat_map(|value| value.split('<').skip(1)).filter_map(|link| link.split_once('>'));
    let is_next = |parameter: &str| matches!(parameter.trim(), "rel=\"next\"" | "rel=next");
    links.find(|(_, parameters)| parameters.split([';', ',']).any(is_next)).map(|(target, _)| target)
}

fn number(target: &str) -> Option<u64> {
    let (_, query) = target.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("page=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    /// The number of the page after page 2, of 10 items at most.
    fn after_second(headers: &HeaderMap, items: usize, untold: Untold) -> Result<Option<u64>, String> {
        Ok(Position::at(2, 10).after(headers, items, untold)?.map(|next| next.page))
    }

    #[test]
    fn a_link_leads_on_whatever_else_is_told() {
        let separate: &[_] = &[
            ("link", "</a?page=1&per_page=2>; rel=\"first\""),
            ("link", "</a?page=3&per_page=2>; rel=\"next\""),
        ];
        for (values, expected) in [
            (separate, Some(3)),
            (&[("link", "</a?page=1>; rel=\"prev\", </a?name=x,y&page=7>; rel=\"next\"")], Some(7)),
            (&[("link", "</a?page=1>;rel=prev,</a?page=7>;title=x;rel=next")], Some(7)),
            (&[("link", "</a?page=3>; rel=\"next\""), ("x-total-count", "5")], Some(3)),
            (&[("link", "</a?page=1>; rel=\"first\""), ("x-total-count", "99")], None),
            (&[("link", "junk")], None),
        ] {
            for items in [0, 10] {
                for untold in [Untold::Ends, Untold::GoesOnWhileFull] {
                    assert_eq!(after_second(&headers(values), items, untold), Ok(expected), "{values:?}");
                }
            }
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_is_an_error() {
        for (target, expected) in [
            ("/a?page=2", "after page 2 the server points to page 2"),
            ("/a?page=1", "after page 2 the server points to page 1"),
            ("/a?page=x", "after page 2 the server points to a page without a number"),
            ("/a", "after page 2 the server points to a page without a number"),
        ] {
            let link = headers(&[("link", &format!("<{target}>; rel=\"next\""))]);
            assert_eq!(after_second(&link, 10, Untold::Ends), Err(expected.to_owned()));
        }
    }

    #[test]
    fn without_links_the_total_tells() {
        for (total, items, expected) in [
            ("21", 10, Some(3)),
            (" 21 ", 10, Some(3)),
            ("20", 10, None),
            // Shorter than it might be, or behind the end.
            ("21", 9, Some(3)),
            ("99", 0, None),
            ("18446744073709551615", 0, None),
        ] {
            for untold in [Untold::Ends, Untold::GoesOnWhileFull] {
                let headers = headers(&[("x-total-count", total)]);
                assert_eq!(after_second(&headers, items, untold), Ok(expected), "{total}, {items}");
            }
        }
    }

    #[test]
    fn where_nothing_is_told_the_service_decides() {
        for total in [&[][..], &[("x-total-count", "many")], &[("x-total-count", "-1")]] {
            for (items, expected) in [(10, Some(3)), (9, None), (0, None)] {
                assert_eq!(after_second(&headers(total), items, Untold::GoesOnWhileFull), Ok(expected));
                assert_eq!(after_second(&headers(total), items, Untold::Ends), Ok(None));
            }
        }
    }

    #[test]
    fn what_was_seen_is_counted_over_the_pages() {
        let headers = headers(&[("x-total-count", "12")]);
        let mut position = Position::at(1, 10);
        // A server that gives fewer a page than it was asked for.
        for page in 2..=3 {
            position = position.after(&headers, 5, Untold::Ends).unwrap().unwrap();
            assert_eq!(position.page, page);
        }
        assert_eq!(position.after(&headers, 2, Untold::Ends), Ok(None));
        assert_eq!(Position::at(u64::MAX, 10).after(&headers, 10, Untold::GoesOnWhileFull), Ok(None));
    }

    #[test]
    fn a_total_below_what_came_is_none() {
        let headers = headers(&[("x-total-count", "3")]);
        assert_eq!(after_second(&headers, 10, Untold::GoesOnWhileFull), Ok(Some(3)));
        assert_eq!(after_second(&headers, 9, Untold::GoesOnWhileFull), Ok(None));
        assert_eq!(after_second(&headers, 10, Untold::Ends), Ok(None));
    }

    #[test]
    fn the_same_page_is_noticed_once_it_comes_again() {
        let mut sameness = Sameness::default();
        assert!(sameness.check(b"[1]").is_ok() && sameness.check(b"[2]").is_ok());
        assert!(sameness.check(b"[1]").is_ok() && sameness.check(b"[1]").is_err());
    }
}
