//! Names that may have been meant.

/// More would be no help.
const MOST: usize = 5;
/// Fewer characters are in too many names.
const SHORTEST: usize = 3;
/// How alike two names have to be, from 0 to 1.
const ALIKE: f64 = 0.8;

/// Of these names those that are most like the wanted one, the nearest first, each once.
fn near<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let folded = wanted.to_lowercase();
    let likeness = |name: &str| {
        let name = name.to_lowercase();
        let long = |text: &str| text.len() >= SHORTEST;
        let holds = (long(&folded) && name.contains(&folded)) || (long(&name) && folded.contains(&name));
        strsim::jaro_winkler(&name, &folded).max(if holds { ALIKE } else { 0.0 })
    };
    let mut found: Vec<(f64, &str)> = names.into_iter().map(|name| (likeness(name), name)).collect();
    found.retain(|(likeness, _)| *likeness >= ALIKE);
    found.sort_by(|(one, a), (other, b)| other.total_cmp(one).then(a.cmp(b)));
    found.dedup_by(|one, other| one.1 == other.1);
    found.into_iter().map(|(_, name)| name).take(MOST).collect()
}

/// The hint after a name that nothing has: names that are like it, or the command that lists all.
pub fn there_are<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>, list: &str) -> String {
    let found = near(wanted, names);
    if found.is_empty() {
        return format!("{list} shows those that there are");
    }
    let quoted: Vec<String> = found.iter().map(|name| format!("{name:?}")).collect();
    format!("there is {}", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn what_is_like_it_or_holds_it_comes_back_the_nearest_first() {
        let names =
            ["release-2.0", "release-2.1", "kiosk", "Release-20", "release-2.1", "x", "the-kiosk-image"];
        assert_eq!(near("release-2.o", names)[0], "release-2.0");
        assert_eq!(near("kiosk", names), ["kiosk", "the-kiosk-image"]);
        assert!(near("unlike", names).is_empty());
        assert!(near("kiosk", [""]).is_empty());
        assert_eq!(near("release-2.1", names).iter().filter(|name| **name == "release-2.1").count(), 1);
    }
}
