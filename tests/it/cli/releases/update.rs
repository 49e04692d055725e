//! `releases update`.

use super::*;

fn update(fleet: &Fleet, args: &[&str]) -> Outcome {
    releases(fleet, &[&["update", "r1"], args].concat())
}

fn of_r1(fleet: &Fleet) -> (Value, Value) {
    let object = releases(fleet, &["show", "r1", "-o", "json"]).succeeds().json();
    (object["tags"].clone(), object["notes"].clone())
}

#[test]
fn tags_are_added_to_those_that_are_there_and_removed_from_them() {
    let fleet = named(&["r1", "r2"]);
    let run = update(&fleet, &["--tag", "LTS", "--tag", "a.b_c-1", "--tag", "lts"]).succeeds().prints("");
    run.says_exactly("r1 has the tags: lts, a.b_c-1\n");
    let put = "PUT v2/deployments/deployments/releases/r1/tags";
    assert_eq!(fleet.changes(), [format!(r#"{put} ["lts","a.b_c-1"]"#)]);
    update(&fleet, &["--tag", "new", "--untag", "Lts", "--untag", "absent"]).succeeds();
    assert_eq!(of_r1(&fleet), (json!(["a.b_c-1", "new"]), json!("")));
    let run = update(&fleet, &["--untag", "new", "--untag", "a.b_c-1"]).succeeds();
    run.says_exactly("r1 has no tags any more\n");
    assert_eq!(of_r1(&fleet).0, json!([]));
    assert_eq!(fleet.changes().last().unwrap(), &format!("{put} []"));
}

#[test]
fn what_is_so_already_is_not_sent() {
    let fleet = named(&["r1"]);
    update(&fleet, &["--tag", "a", "--notes", "n"]).succeeds();
    fleet.server.clear_requests();
    for args in [&["--tag", "A"][..], &["--untag", "b"], &["--notes", "n"], &["--tag", "a", "--notes", "n"]] {
        let run = update(&fleet, args).succeeds();
        run.prints("").says_exactly("nothing to do: r1 is so already\n");
    }
    assert!(fleet.changes().is_empty());
    let run = update(&fleet, &["--tag", "a", "--notes", "m", "-o", "json"]).succeeds();
    assert_eq!(run.json(), json!({ "name": "r1", "tags": ["a"], "notes": "m" }));
    assert_eq!(fleet.changes(), [r#"PATCH v2/deployments/deployments/releases/r1 {"notes":"m"}"#]);
    update(&fleet, &["--notes", "m", "-q"]).succeeds().prints("r1\n").says_exactly("");
}

#[test]
fn notes_are_replaced_and_removed() {
    let fleet = named(&["r1"]);
    let most = "ä".repeat(512);
    for notes in ["--dashes", "\"quoted\" \\ 漢字 🚀", "  ", &most] {
        let run = update(&fleet, &["--notes", notes]).succeeds();
        run.says_exactly(&format!("r1 has the notes: {notes}\n"));
        assert_eq!(of_r1(&fleet).1, json!(notes));
    }
    update(&fleet, &["--notes", ""]).succeeds().says_exactly("r1 has no notes any more\n");
    assert_eq!(of_r1(&fleet).1, json!(""));
}

/// The server refuses some of that only in the middle, and changes some without a word.
#[test]
fn what_the_server_would_not_take_is_found_before_it_is_asked() {
    let fleet = named(&["r1"]);
    let (long, long_notes) = ("x".repeat(1025), "ä".repeat(513));
    let many: Vec<String> = (0..21).map(|number| format!("--tag=t{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (args, words) in [
        (&[][..], "there is nothing to change: --tag, --untag or --notes say what"),
        (&["--tag", ""], "a tag cannot be empty"),
        (&["--untag", ""], "a tag cannot be empty"),
        (&["--tag", "a b"], "the tag \"a b\" has ' ' in it: only A-Z, a-z, 0-9, '-', '_' and '.' may be"),
        (&["--tag", "ä"], "has 'ä' in it"),
        (&["--tag", "a,b"], "has ',' in it"),
        (&["--untag", "a\u{1b}[2Jb"], r"has '\u{1b}' in it"),
        (&["--tag", &long], "a tag has at most 1024 bytes, this one 1025"),
        (&["--tag", "x", "--untag", "X"], "the tag \"x\" is to be added and removed"),
        (&many, "a release has at most 20 tags"),
        (&["--notes", &long_notes], "notes have at most 1024 bytes, these 1026"),
        (&["--notes", "a\nb"], "there is a line break at byte 1"),
        (&["--notes", "\tb"], "there is a tab at byte 0"),
        (&["--notes", "ä\u{200d}"], "there is a U+200D at byte 2"),
        (&["--tag", "good", "--notes", "a\u{7}"], "there is a U+0007 at byte 1"),
    ] {
        let run = update(&fleet, args).exits_with(2).says("FAILURE: ");
        assert!(run.stderr.contains(words), "{args:?}: {}", run.stderr);
    }
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn no_more_tags_than_a_release_may_have() {
    let fleet = named(&["r1"]);
    let tags: Vec<String> = (0..20).map(|number| format!("--tag=t{number}")).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    update(&fleet, &tags).succeeds();
    fleet.server.clear_requests();
    let run = update(&fleet, &["--tag", "more", "--notes", "n"]).fails();
    run.says("FAILURE: r1: it would have 21 tags, and can have 20\n").says("hint: it has t0, t1, ");
    assert!(fleet.changes().is_empty());
    update(&fleet, &["--tag", "more", "--untag", "t0"]).succeeds();
    assert_eq!(of_r1(&fleet).0.as_array().unwrap().len(), 20);
}

#[test]
fn more_different_tags_than_the_server_takes() {
    let fleet = named(&["r1"]);
    let body = r#"{"error":"the total number of unique tags (100) has been exceeded"}"#;
    fleet.server.fault(Fault::on("PUT", ALL).status(409).body("application/json", body));
    let run = update(&fleet, &["--tag", "x", "--notes", "n"]).fails();
    run.says("the total number of unique tags (100) has been exceeded")
        .says("hint: all releases together have at most 100 different tags; releases tags shows them");
    assert_eq!(of_r1(&fleet), (json!([]), json!("")), "the notes are not sent after that");
}

#[test]
fn what_was_done_before_a_failure_is_told() {
    let fleet = named(&["r1"]);
    let notes_fail =
        || Fault::on("PATCH", ALL).status(400).body("application/json", r#"{"error":"bad notes"}"#);
    fleet.server.fault(notes_fail());
    let run = update(&fleet, &["--tag", "x", "--notes", "n"]).exits_with(3).prints("");
    run.says("FAILURE: the tags are set, the notes are not: ").says("bad notes");
    assert_eq!(of_r1(&fleet), (json!(["x"]), json!("")));
    // Nothing was done if the tags were so already.
    fleet.server.fault(notes_fail());
    let run = update(&fleet, &["--tag", "x", "--notes", "n"]).fails();
    run.says("bad notes").does_not_say("the tags are set");
}

#[test]
fn an_unknown_release_is_none() {
    let fleet = named(&["r10"]);
    let run = update(&fleet, &["--tag", "x"]).fails();
    run.says("FAILURE: no release is named \"r1\"\n").says("hint: there is \"r10\"\n");
    assert!(fleet.changes().is_empty());
    // It went while it was looked at.
    let fleet = named(&["r1"]);
    let body = r#"{"error":"release not found"}"#;
    fleet.server.fault(Fault::on("PUT", ALL).status(404).body("application/json", body));
    update(&fleet, &["--tag", "x"]).fails().says("status 404: release not found");
}
