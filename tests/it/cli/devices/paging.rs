//! Long lists from a server in trouble: whole, or with an error, and never without an end.

use std::time::Duration;

use sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use super::{Fleet, PAGE, SEARCH, id, ids, lines};
use crate::support::several_at_once;

const COUNT: usize = 2 * PAGE + 100;

fn second_page() -> Fault {
    Fault::on("POST", SEARCH).after(1)
}

/// A page as a server might make it, of devices with these numbers.
fn page(numbers: std::ops::Range<usize>) -> Fault {
    let devices: Vec<Value> = numbers.map(|number| json!({ "id": id(number) })).collect();
    Fault::on("POST", SEARCH).body("application/json", Value::from(devices).to_string())
}

/// Nothing is lost and nothing comes twice.
#[test]
fn a_list_goes_on_after_passing_trouble() {
    let troubles = [
        ("haste, at once again", second_page().status(429).header("Retry-After", "0")),
        ("haste, several times", second_page().status(429).header("Retry-After", "0").times(5)),
        ("haste, a second", second_page().status(429).header("Retry-After", "1")),
        ("haste, no word of when", second_page().status(429)),
        ("overload", second_page().status(503)),
        ("a gateway without a server", second_page().status(502).body("text/html", "<html>")),
        ("a cut line", second_page().cut()),
        ("a cut answer", second_page().truncate(1000)),
    ];
    several_at_once(&troubles, |(what, fault)| {
        let fleet = Fleet::of(COUNT);
        for jobs in ["1", "4"] {
            fleet.server.fault(fault.clone());
            let run = fleet.cli(["devices", "list", "-q", "--all", "-j", jobs]).run().succeeds();
            assert_eq!(lines(&run), ids(0..COUNT), "{what}, {jobs} at once");
            fleet.server.clear_faults();
        }
    });
}

/// All that is under way waits together, whoever of it was refused.
#[test]
fn a_servers_limit_on_requests_costs_time_and_no_devices() {
    let server = Sandbox::builder().rate_limit(5, Duration::from_secs(1)).start();
    let fleet = Fleet::at(server);
    for number in 0..6 * PAGE {
        fleet.add(&id(number), json!({ "mac": number.to_string() }));
    }
    let run = fleet.cli(["devices", "list", "-q", "--all", "-j", "8"]).run().succeeds();
    assert_eq!(lines(&run), ids(0..6 * PAGE));
    assert!(fleet.server.requests().iter().any(|request| request.status == Some(429)));
}

#[test]
fn what_came_before_a_refusal_was_printed() {
    let fleet = Fleet::of(COUNT);
    for (form, printed) in [("-q", PAGE), ("-o jsonl", PAGE), ("--columns id", PAGE), ("-o table", 0)] {
        fleet.server.fault(second_page().status(401));
        let run = fleet.run(&format!("list --all --sort id -j 1 {form}")).fails().says("status 401");
        assert_eq!(run.stdout.lines().count(), printed, "{form}");
    }
    // A value that was begun is not one.
    fleet.server.fault(second_page().status(401));
    let run = fleet.run("list --all --sort id -j 1 -o json").fails();
    assert_eq!(run.json_error()["status"], 401);
    assert!(serde_json::from_str::<Value>(&run.stdout).is_err(), "{}", run.transcript());
    // What is filtered as a whole comes whole or not at all.
    fleet.server.fault(second_page().status(401));
    fleet
        .cli(["devices", "list", "--all", "-j", "1", "--sort", "id", "--jq", "length"])
        .run()
        .fails()
        .prints("");
    fleet.server.fault(second_page().status(401));
    fleet.run("count --by mac").fails().prints("").says("status 401");
}

#[test]
fn what_is_no_list_is_an_error_that_says_so() {
    let fleet = Fleet::of(COUNT);
    for (content_type, body, text) in [
        (
            "text/html",
            "<html>",
            "the server sent a web page instead of data; is this the address of a Mender server?",
        ),
        ("application/json", "[{\"id\":\"a\"},{\"id\"", "the server's answer is cut off"),
        ("application/json", "", "the server sent an empty answer"),
        ("application/json", "{\"id\":\"a\"}", "the server's answer is not what was expected: "),
        (
            "application/json",
            "[{\"name\":\"a\"}]",
            "the server's answer is not what was expected: missing field `id`",
        ),
        ("application/json", "[{\"id\":5}]", "the server's answer is not what was expected: "),
        ("text/plain", "oops", "the server's answer is not what was expected: "),
    ] {
        fleet.server.fault(second_page().body(content_type, body));
        let run = fleet
            .run("list -q --all --sort id -j 1")
            .fails()
            .says(&format!("FAILURE: POST {SEARCH} request failed: {text}"));
        assert_eq!(lines(&run), ids(0..PAGE), "{body}");
    }
    // Some services write an empty list so.
    fleet.server.fault(Fault::on("POST", SEARCH).body("application/json", "null"));
    assert_eq!(fleet.find(&["--all"]), [""; 0]);
}

/// An answer that is cut off each time: a search changes nothing, and nobody has to look what it did.
#[test]
fn a_line_that_stays_cut_is_an_error() {
    let fleet = Fleet::of(1);
    fleet.server.fault(Fault::on("POST", SEARCH).truncate(5).times(4));
    let run = fleet.run("list -q --all").fails().prints("").says("FAILURE: ");
    run.does_not_say("it may have been done all the same");
}

/// A server that does not count is asked while its pages are full.
#[test]
fn without_a_total_the_last_page_is_the_first_that_is_not_full() {
    let fleet = Fleet::new();
    for (rest, requests) in [(3, 2), (0, 2), (PAGE, 3)] {
        fleet.server.clear_requests();
        fleet.server.fault(page(0..PAGE));
        fleet.server.fault(page(PAGE..PAGE + rest));
        // Where the second is full too, this is the third; elsewhere nobody comes for it.
        fleet.server.fault(page(0..0));
        assert_eq!(fleet.find(&["--all", "-j", "8"]), ids(0..PAGE + rest));
        assert_eq!(fleet.searches().len(), requests, "{rest}");
        fleet.server.clear_faults();
    }
    fleet.server.fault(page(0..PAGE).header("X-Total-Count", "many"));
    fleet.server.fault(page(PAGE..PAGE + 1).header("X-Total-Count", "-1"));
    assert_eq!(fleet.find(&["--all"]), ids(0..PAGE + 1));
}

#[test]
fn a_total_that_is_wrong_never_leads_into_a_circle() {
    let fleet = Fleet::of(PAGE + 1);
    for total in ["502", "100000", "18446744073709551615"] {
        for jobs in ["1", "8"] {
            fleet.server.clear_requests();
            fleet.server.fault(Fault::on("POST", SEARCH).header("X-Total-Count", total).times(100));
            let run = fleet.cli(["devices", "list", "-q", "--all", "-j", jobs]).run().succeeds();
            assert_eq!(lines(&run), ids(0..PAGE + 1), "{total}");
            let most = if jobs == "1" { 3 } else { 2 + 8 };
            assert!(fleet.searches().len() <= most, "{total}: {}", fleet.searches().len());
            fleet.server.clear_faults();
        }
    }
    // One that is less than what came with it is none.
    fleet.server.fault(Fault::on("POST", SEARCH).header("X-Total-Count", "3"));
    assert_eq!(fleet.find(&["--all"]).len(), PAGE + 1);
}

#[test]
fn a_server_that_ignores_the_page_is_left() {
    let fleet = Fleet::of(PAGE);
    let whole =
        fleet.cli(["api", "v2/inventory/filters/search", "-F", "per_page=500"]).run().succeeds().stdout;
    fleet.server.fault(Fault::on("POST", SEARCH).body("application/json", whole).times(100));
    for line in ["list --all -q", "count --filter mac!=x --inactive=1d"] {
        fleet.run(line).fails().says("the server sends the same page again");
    }
    fleet.home.write("all.json", "{}");
    let api = ["api", "--paginate", "v2/inventory/filters/search", "--input", "all.json"];
    fleet.cli(api).run().fails().says("the server sends the same page again");
}

/// The whole fleet is one total, and a page that shrinks meanwhile is no end.
#[test]
fn a_page_that_is_not_full_is_no_end_where_the_total_says_more() {
    let fleet = Fleet::of(COUNT);
    fleet.server.fault(page(0..PAGE - 1).header("X-Total-Count", &COUNT.to_string()));
    let found = fleet.find(&["--all", "--sort", "id"]);
    assert_eq!(found, [ids(0..PAGE - 1), ids(PAGE..COUNT)].concat());
}

#[cfg(unix)]
#[test]
fn whoever_reads_the_beginning_alone_is_not_complained_to() {
    let fleet = Fleet::of(COUNT);
    for form in ["-q", "-o jsonl", "-o json", "-o table", "-o text", "--columns id"] {
        let args = format!("devices list --all --sort id {form}");
        let run = fleet
            .cli(args.split(' '))
            .in_shell("{ \"$0\" \"$@\"; echo $? >&2; } | head -n 1")
            .run()
            .succeeds()
            .says_exactly("0\n");
        assert_eq!(run.stdout.lines().count(), 1, "{form}");
    }
}

/// Counting asks for nothing but the total.
#[test]
fn a_count_needs_a_total() {
    let fleet = Fleet::of(3);
    let count = "count --filter mac~02";
    fleet.run(count).succeeds().prints("3\n");
    let search = &fleet.searches()[0];
    assert_eq!((&search["page"], &search["per_page"]), (&json!(1), &json!(1)));
    fleet.server.fault(page(0..1));
    fleet.run(count).fails().prints("").says("FAILURE: the server does not say how many devices there are\n");
    fleet.server.fault(Fault::on("POST", SEARCH).status(429).header("Retry-After", "0"));
    fleet.run(count).succeeds().prints("3\n");
}
