//! `releases delete` of releases that are selected.

use super::delete::deletions;
use super::*;

/// Releases with tags, as the server keeps them.
fn tagged(of: &[(&str, &[&str])]) -> Fleet {
    let fleet = named(&of.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (name, tags) in of.iter().filter(|(_, tags)| !tags.is_empty()) {
        let tags = tags.iter().flat_map(|tag| ["--tag", *tag]);
        releases(&fleet, &["update", *name].into_iter().chain(tags).collect::<Vec<_>>()).succeeds();
    }
    fleet.server.clear_requests();
    fleet
}

/// A list in which releases changed so many hours ago; without a number nobody knows.
fn changed(of: &[(&str, Option<i64>)]) -> String {
    let ago = |hours: i64| (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours)).to_string();
    let items =
        of.iter().map(|(name, hours)| json!({ "name": name, "modified": hours.map(ago), "tags": ["x"] }));
    Value::from(items.collect::<Vec<_>>()).to_string()
}

#[test]
fn a_tag_selects() {
    let fleet = tagged(&[("r1", &["old", "x"]), ("r2", &["x"]), ("r3", &["older"]), ("r4", &[])]);
    let refused = releases(&fleet, &["delete", "--tag", "OLD"]).fails();
    refused
        .says("To delete: 1 release, selected: tag OLD\n  r1 (1 Artifact for qemu)\n")
        .says("nobody can be asked here: Delete the release r1 (1 Artifact for qemu) on ");
    let dry = releases(&fleet, &["delete", "--tag", "old", "--tag", "older", "--dry-run", "-q"]).succeeds();
    dry.prints("r1\nr3\n").says("would delete 2 releases");
    assert!(deletions(&fleet).is_empty());
    releases(&fleet, &["delete", "--tag", "OLD", "--tag", "older", "-y"])
        .succeeds()
        .says("deleted 2 releases");
    assert_eq!(deletions(&fleet), ["?name=r1&name=r3"]);
    assert_eq!(left(&fleet), ["r2", "r4"]);
    let none = releases(&fleet, &["delete", "--tag", "old", "-y"]).succeeds().prints("");
    none.says_exactly("nothing to do: no release fits\n");
    let none = releases(&fleet, &["delete", "--tag", "old", "-y", "-o", "json"]).succeeds();
    assert_eq!(none.json(), json!([]));
    assert_eq!(deletions(&fleet).len(), 1);
}

/// A server that knows no tags would pass over the filter, and give all releases.
#[test]
fn what_does_not_have_the_tag_stays_whatever_the_server_says() {
    let fleet = tagged(&[("r1", &["old"]), ("r2", &[])]);
    let body = r#"[{"name":"r1","tags":["old"]},{"name":"r2","tags":["new"]},{"name":"r3"}]"#;
    fleet.server.fault(Fault::on("GET", ALL).body("application/json", body));
    releases(&fleet, &["delete", "--tag", "old", "--yes"]).succeeds();
    assert_eq!(deletions(&fleet), ["?name=r1"]);
}

#[test]
fn age_selects_by_the_last_change() {
    let list = [("r1", Some(91 * 24)), ("r2", Some(89 * 24)), ("r3", None), ("r4", Some(9000))];
    let fleet = named(&["r1", "r2", "r3", "r4"]);
    let all = || Fault::on("GET", ALL).body("application/json", changed(&list));
    fleet.server.fault(all());
    let run = releases(&fleet, &["delete", "--older-than", "90d", "--yes"]).succeeds();
    run.says("To delete: 2 releases, selected: unchanged for 90 d\n")
        .says("\nLeft out, without a time of change: 1 release\n");
    assert_eq!(deletions(&fleet), ["?name=r1&name=r4"]);
    // Nobody means seconds of releases, and no time at all is none.
    for (time, words) in [("90", "\"90\" has no unit"), ("0d", "no time at all"), ("x", "no time such as")] {
        releases(&fleet, &["delete", "--older-than", time]).exits_with(2).says(words);
    }
    releases(&fleet, &["delete", "--older-than", "300000y"]).exits_with(2).says("no time so long ago");
    // Those that were made just now.
    releases(&fleet, &["delete", "--older-than", "1h", "-y"]).succeeds().says("nothing to do");
}

#[test]
fn both_have_to_hold() {
    let fleet = named(&["r1", "r2", "r3"]);
    let body = changed(&[("r1", Some(48)), ("r2", Some(1)), ("r3", Some(48))]);
    let body = body.replacen("[\"x\"]", "[]", 1);
    fleet.server.fault(Fault::on("GET", ALL).body("application/json", body));
    let run = releases(&fleet, &["delete", "--tag", "x", "--older-than", "1d", "--yes"]).succeeds();
    run.says("selected: tag x, unchanged for 24 h\n");
    assert_eq!(deletions(&fleet), ["?name=r3"]);
    let asked = calls(&fleet).remove(0);
    assert!(asked.ends_with("&tag=x"), "{asked}");
}

#[test]
fn the_line_is_for_names_or_for_a_selection() {
    let fleet = named(&["r1"]);
    releases(&fleet, &["delete"])
        .exits_with(2)
        .says("no release is named or selected")
        .says("hint: name rel");
    releases(&fleet, &["delete", "--yes"]).exits_with(2).says("no release is named or selected");
    for both in [&["--tag", "x"][..], &["--older-than", "1d"]] {
        let run = releases(&fleet, &[&["delete", "r1"], both].concat()).exits_with(2);
        run.says("either name releases or select them, not both");
    }
    releases(&fleet, &["delete", "--tag", ""]).exits_with(2);
    assert!(calls(&fleet).is_empty());
}

#[test]
fn a_selection_is_over_all_pages() {
    let names: Vec<String> = (0..101).map(|number| format!("r{number:03}")).collect();
    let fleet = named(&names);
    let page = |numbers: std::ops::Range<usize>| {
        let of: Vec<(&str, Option<i64>)> =
            names[numbers].iter().map(|name| (name.as_str(), Some(48))).collect();
        changed(&of)
    };
    let next = format!("<{ALL}?page=2&per_page=100>; rel=\"next\"");
    let first = Fault::on("GET", &format!("{ALL}?page=1")).body("application/json", page(0..100));
    let spoil = || {
        fleet.server.fault(first.clone().header("Link", &next));
        fleet
            .server
            .fault(Fault::on("GET", &format!("{ALL}?page=2")).body("application/json", page(100..101)));
    };
    spoil();
    let dry = releases(&fleet, &["delete", "--older-than", "1d", "--dry-run"]).succeeds();
    assert_eq!(dry.stdout.lines().count(), 101);
    // A list that breaks off is no selection.
    fleet.server.fault(first.clone().header("Link", &next));
    fleet.server.fault(Fault::on("GET", &format!("{ALL}?page=2")).status(500).times(99));
    releases(&fleet, &["delete", "--older-than", "1d", "--yes"]).fails().says("status 500");
    assert!(deletions(&fleet).is_empty());
    fleet.server.clear_faults();
    spoil();
    releases(&fleet, &["delete", "--older-than", "1d", "--yes"]).succeeds().says("deleted 101 releases");
    assert_eq!(fleet.server.artifact_count(), 0);
}

#[test]
fn a_selection_can_be_gone_on_with() {
    let names: Vec<String> = (0..30).map(|number| format!("{number:02}-{}", "n".repeat(247))).collect();
    let fleet = named(&names);
    let of: Vec<(&str, Option<i64>)> = names.iter().map(|name| (name.as_str(), Some(48))).collect();
    fleet.server.fault(Fault::on("GET", ALL).body("application/json", changed(&of)));
    fleet.server.fault(Fault::on("DELETE", ALL).status(500).after(1));
    let run = releases(&fleet, &["delete", "--older-than", "1d", "--yes"]).exits_with(3);
    run.says(" of 30 releases were deleted: ").says("the same command goes on with the rest");
}

#[cfg(unix)]
#[test]
fn a_person_sees_what_goes_and_is_asked() {
    for (answer, code, left) in [("n\r", 1, 6), ("\r", 1, 6), ("\x03", 130, 6), ("y\r", 0, 0)] {
        let names = ["r1", "r2", "r3", "r4", "r5", "r6"];
        let fleet = tagged(&names.map(|name| (name, &["old"][..])));
        let mut terminal = fleet.terminal(160, "releases delete --tag old -q");
        // Also if quiet: who decides has to see it.
        terminal.wait_for("To delete: 6 releases, selected: tag old");
        terminal.wait_for("  r5 (1 Artifact for qemu)");
        terminal.wait_for("  and 1 more");
        terminal.wait_for("Delete 6 releases with their 6 Artifacts on ");
        terminal.wait_for("? [y/N] ");
        terminal.type_in(answer);
        assert_eq!(terminal.end(), code, "{}", terminal.screen());
        assert_eq!(fleet.server.artifact_count(), left, "{answer:?}");
    }
}
