//! `deployments log -O DIR`.

use sandbox::Fault;
use serde_json::json;

use super::log::failed;
use super::verbs::run;
use super::{V1, id};

#[test]
fn each_log_gets_a_file_in_a_directory_that_is_made() {
    let (fleet, _) = failed(&["first\r\n", "second"]);
    let before = fleet.home.files();
    let outcome = run(&fleet, "log roll --failed -O logs/roll").succeeds().prints("");
    let (one, two) = (format!("logs/roll/{}.log", id(0)), format!("logs/roll/{}.log", id(1)));
    let says = |name: &str, number: usize, path: &str| format!("{name} ({}): {path}\n", id(number));
    let path = |text: &str| {
        text.replace('/', std::path::MAIN_SEPARATOR_STR).replacen(std::path::MAIN_SEPARATOR, "/", 1)
    };
    let expected = says("one", 0, &path(&one)) + &says("two", 1, &path(&two));
    outcome.says_exactly(&expected);
    assert_eq!((fleet.home.read(&one).as_str(), fleet.home.read(&two).as_str()), ("first\r\n", "second"));
    let mut now = fleet.home.files();
    now.retain(|file| !before.contains(file));
    assert_eq!(now, [one.clone(), two], "and nothing else");
    #[cfg(unix)]
    assert_eq!((fleet.home.mode(&one), fleet.home.mode("logs/roll")), (0o600, 0o700));
}

#[test]
fn programs_are_told_where_each_is() {
    let (fleet, _) = failed(&["first\n", "second\n"]);
    let json = run(&fleet, "log roll one -O logs -o json --quiet").succeeds().says_exactly("").json();
    let file = std::path::Path::new("logs").join(format!("{}.log", id(0)));
    assert_eq!(json, json!({ "id": id(0), "file": file }));
    let lines = run(&fleet, "log roll --failed -O logs -o jsonl").succeeds();
    assert_eq!(lines.stdout.lines().count(), 2);
    run(&fleet, "log roll --failed -O logs -q").succeeds().prints(&format!("{}\n{}\n", id(0), id(1)));
}

#[test]
fn a_file_that_is_there_is_replaced_as_a_whole() {
    let (fleet, _) = failed(&["new\n"]);
    let file = format!("logs/{}.log", id(0));
    fleet.home.write(&file, "an old and much longer log\n".repeat(100));
    fleet.home.write("logs/other.log", "other");
    run(&fleet, "log roll -O logs").succeeds();
    assert_eq!(
        (fleet.home.read(&file).as_str(), fleet.home.read("logs/other.log").as_str()),
        ("new\n", "other")
    );
}

#[test]
fn where_no_file_can_be_that_is_said() {
    let (fleet, _) = failed(&["first\n", "second\n"]);
    fleet.home.write("file", "x");
    run(&fleet, "log roll --failed -O file").fails().prints("").says("file");
    assert_eq!(fleet.home.read("file"), "x");
    // One that cannot be written does not keep the other back.
    std::fs::create_dir_all(fleet.home.path(format!("logs/{}.log", id(0)))).unwrap();
    let outcome = run(&fleet, "log roll --failed -O logs").exits_with(3);
    outcome.says(&format!("1 of 2 were not read: one ({})", id(0)));
    assert_eq!(fleet.home.read(&format!("logs/{}.log", id(1))), "second\n");
}

/// A server must not choose where we write.
#[test]
fn an_id_is_never_a_path() {
    for hostile in ["../escaped", "/absolute", "..", "a/b", "a\\b", "x\ny", "", "C:x", ".hidden"] {
        let (fleet, roll) = failed(&["x"]);
        let absolute = fleet.home.path("absolute").display().to_string();
        let hostile = if hostile == "/absolute" { &absolute } else { hostile };
        let listed = json!([
            { "id": hostile, "status": "failure", "log": true },
            { "id": id(0), "status": "failure", "log": true },
        ]);
        let devices = format!("{V1}/{roll}/devices/");
        let list = Fault::on("GET", &format!("{devices}list"));
        fleet.server.fault(list.body("application/json", listed.to_string()));
        fleet.server.fault(Fault::on("GET", &devices).body("text/plain", "a log\n").times(2));
        let before = fleet.home.files();
        let outcome = run(&fleet, "log roll --failed -O logs").exits_with(3);
        assert_eq!(outcome.stderr.matches("FAILURE").count(), 2, "{}", outcome.transcript());
        assert!(outcome.stderr.lines().count() <= 4, "{}", outcome.transcript());
        let mut now = fleet.home.files();
        now.retain(|file| !before.contains(file));
        assert_eq!(now, [format!("logs/{}.log", id(0))], "{hostile:?}");
    }
}
