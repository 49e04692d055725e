//! Filters, as the server decides and where it is too old to decide.

use super::*;

#[test]
fn filters_are_the_servers_own() {
    let (server, home) = filterable();
    filters(&server, &home);
    let asked = server.requests();
    assert!(asked.iter().all(|request| request.path == V2), "{asked:?}");
    assert_eq!(asked[0].query, "page=1&per_page=20&name=app-1");
}

#[test]
fn filters_that_the_server_refuses_say_why() {
    let (server, home) = filterable();
    home.at(&server, ["artifacts", "list", "--name", "a", "--name", "b*"])
        .run()
        .fails()
        .says("status 400: invalid filter: cannot filter by both exact names and name prefix");
}

/// D14: the newer call where there is one, else the older one, whose filters mean something else.
#[test]
fn an_older_server_is_asked_by_its_own_call_and_filtered_here() {
    for status in [404, 405] {
        let (server, home) = filterable();
        server.fault(Fault::on("GET", V2).status(status).times(100));
        filters(&server, &home);
        assert_eq!(names(&server, &home, &[]).len(), 5);
        let last = server.requests().pop().unwrap();
        assert_eq!((last.path.as_str(), last.query.as_str()), (V1, "page=1&per_page=20"));
    }
}

/// A page is one of what was asked for, not of what an older server cannot tell from it.
#[test]
fn pages_of_an_older_server_are_pages_of_the_filtered_list() {
    let (server, home) = filterable();
    server.fault(Fault::on("GET", V2).status(404).times(100));
    let page = |number: &str, per_page: &str| {
        names(&server, &home, &["--name", "app*", "-P", number, "-N", per_page])
    };
    assert_eq!(page("1", "2"), ["app-1", "app-2"]);
    assert_eq!(page("2", "2"), ["apple"]);
    assert_eq!(page("3", "2"), [""; 0]);
    let raw = home
        .at(&server, ["artifacts", "list", "--raw", "--name", "app-2", "--name", "app-1", "-P2", "-N1"])
        .run()
        .succeeds()
        .json();
    assert_eq!(raw[0]["name"], "app-2");
    assert_eq!(raw.as_array().unwrap().len(), 1);
}

#[test]
fn raw_of_an_older_server_is_its_body() {
    let (server, home) = filterable();
    server.fault(Fault::on("GET", V2).status(404));
    server.fault(Fault::on("GET", V1).body("application/json", " [ ] "));
    home.at(&server, ["artifacts", "list", "-r"]).run().succeeds().prints(" [ ] ");
}

fn filterable() -> (Sandbox, Home) {
    let server = Sandbox::start();
    for (name, device_type) in
        [("app-1", "pi"), ("app-2", "qemu"), ("apple", "pi"), ("my-app-1", "pi"), ("odd&name=x*", "pi3")]
    {
        server.add_artifact(&Artifact::new(name).device_type(device_type).build());
    }
    let home = Home::logged_in(&server);
    home.at(&server, ["artifacts", "update", "app-1", "--description", "the first"]).run().succeeds();
    server.clear_requests();
    (server, home)
}

/// What each filter lets through, as the server decides, and alike where the server is too old to decide.
fn filters(server: &Sandbox, home: &Home) {
    let rows: [(&[&str], &[&str]); 9] = [
        (&["--name", "app-1"], &["app-1"]),
        (&["--name", "APP-1"], &[]),
        (&["--name", "app-1", "--name", "apple"], &["app-1", "apple"]),
        (&["--name", "APP-*"], &["app-1", "app-2"]),
        (&["--name", "odd&name=x\\*"], &["odd&name=x*"]),
        (&["--device-type", "pi"], &["app-1", "apple", "my-app-1"]),
        (&["--device-type", "pi*", "--name", "app*"], &["app-1", "apple"]),
        (&["--description", "the first"], &["app-1"]),
        (&["--description", "the f*", "--device-type", "qemu"], &[]),
    ];
    for (args, expected) in rows {
        assert_eq!(names(server, home, args), expected, "{args:?}");
    }
}

/// Names that a home's list shows, in order.
fn names(server: &Sandbox, home: &Home, args: &[&str]) -> Vec<String> {
    let args = ["artifacts", "list", "-o", "json"].iter().chain(args);
    let listed = home.at(server, args.copied()).run().succeeds().json();
    let name = |item: &Value| item["name"].as_str().unwrap().to_owned();
    listed.as_array().unwrap().iter().map(name).collect()
}

/// An unset variable of a script must not select everything.
#[test]
fn an_empty_filter_is_none() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    for flag in ["--name", "--description", "--device-type"] {
        home.at(&server, ["artifacts", "list", flag, ""]).run().exits_with(2).prints("");
    }
    assert!(server.requests().is_empty());
}
