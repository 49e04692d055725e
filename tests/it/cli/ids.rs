//! Ids and names as parts of a path (D11).

use sandbox::Sandbox;

use crate::support::Home;

/// D11: an id is one part of the path, whatever it holds, and an empty one is none.
#[test]
fn d11_ids_are_escaped() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let users = "/api/management/v1/useradm/users/";
    for (id, path) in [
        ("a/b", "a%2Fb"),
        ("a?b=c", "a%3Fb=c"),
        ("a#b", "a%23b"),
        ("a b", "a%20b"),
        ("a%2Fb", "a%252Fb"),
        ("../../x", "..%2F..%2Fx"),
    ] {
        server.clear_requests();
        home.at(&server, ["users", "show", id]).run().fails().says(&format!("no user is named {id:?}"));
        let request = &server.requests()[0];
        assert_eq!((request.path.as_str(), request.query.as_str()), (&*format!("{users}{path}"), ""), "{id}");
    }
    server.clear_requests();
    for id in [".", ".."] {
        home.at(&server, ["users", "show", id]).run().fails().says(&format!("FAILURE: {id:?} is no id\n"));
        home.at(&server, ["users", "delete", id, "--yes"]).run().fails();
    }
    assert!(server.requests().iter().all(|request| request.path == format!("{users}me")));
    // Nothing of the other kinds either: `artifacts delete ""` was sent to all of them.
    server.clear_requests();
    for line in ["artifacts delete", "artifacts show", "artifacts download"] {
        for id in ["", ".", ".."] {
            let run = home.at(&server, line.split(' ').chain([id])).run();
            run.exits_with(if id.is_empty() { 2 } else { 1 });
        }
    }
    assert!(server.requests().iter().all(|request| request.method == "GET"), "{:#?}", server.requests());
}
