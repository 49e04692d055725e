//! Where a request goes, and where the token never does.

use sandbox::{Fault, Sandbox};

use super::{ME, api, logged_in, sent};
use crate::support::Home;

#[test]
fn a_path_may_be_short_whole_or_an_address() {
    let (server, home) = logged_in();
    let address = format!("{}{ME}", server.url());
    for path in
        [ME, "useradm/users/me", "v1/useradm/users/me", "api/management/v1/useradm/users/me", &address]
    {
        let request = sent(&server, &home, &[path]);
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", ME), "{path}");
        assert_eq!(request.status, Some(200), "{path}");
        let token = format!("Bearer {}", home.read(Home::TOKEN));
        assert_eq!(request.header("authorization"), Some(&*token), "{path}");
    }
    let request = sent(&server, &home, &["v2/devauth/devices?status=pending&per_page=5"]);
    assert_eq!(request.path, "/api/management/v2/devauth/devices");
    assert_eq!(request.query, "status=pending&per_page=5");
    assert_eq!(request.status, Some(200));
}

#[test]
fn the_prefix_of_the_server_is_kept() {
    let (server, home) = logged_in();
    server.fault(Fault::on("GET", "/prefix/").body("application/json", "{}").times(9));
    let prefixed = format!("{}/prefix", server.url());
    let line = |path: &str| {
        server.clear_requests();
        let args = ["api", path, "--server", &prefixed, "--token-value", "t"];
        home.cli(args).run().succeeds().prints("{}");
        server.requests().remove(0).path
    };
    assert_eq!(line("useradm/users/me"), format!("/prefix{ME}"));
    assert_eq!(line(ME), format!("/prefix{ME}"));
    assert_eq!(line(&format!("{prefixed}{ME}")), format!("/prefix{ME}"));
}

#[test]
fn what_cannot_stand_in_an_address_is_escaped() {
    let (server, home) = logged_in();
    let request = sent(&server, &home, &["inventory/groups/größe 1/x%2Fy?q=ä b"]);
    assert_eq!(request.path, "/api/management/v1/inventory/groups/gr%C3%B6%C3%9Fe%201/x%2Fy");
    assert_eq!(request.query, "q=%C3%A4%20b");
}

#[test]
fn a_path_that_means_another_one_is_refused() {
    let (server, home) = logged_in();
    for path in [
        "../x",
        "useradm/../../../x",
        "useradm/%2e%2E/x",
        "a%2f..%2Fb",
        "a\\..\\b",
        "x\ny",
        "x\ty",
        "x\ry",
        "x#y",
        "",
    ] {
        api(&server, &home, &[path]).exits_with(2).prints("").says("FAILURE: the path ");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn the_token_goes_to_no_other_server() {
    let (server, home) = logged_in();
    let other = Sandbox::start();
    let port_alone = server.url().replace("127.0.0.1", "localhost");
    for address in [other.url(), &server.url().replace("http:", "https:"), &port_alone] {
        api(&server, &home, &[&format!("{address}{ME}?jwt=secret")])
            .exits_with(2)
            .prints("")
            .says(&format!("FAILURE: {address} is another server; the token is not sent there\n"))
            .keeps_secret("secret");
    }
    assert_eq!((server.requests().len(), other.requests().len()), (0, 0));
}

#[test]
fn a_get_follows_on_the_same_server_alone() {
    let (server, home) = logged_in();
    let other = Sandbox::start();
    server.fault(Fault::on("GET", ME).redirect("/api/management/v1/useradm/users/me?x", 301));
    // The sandbox does not like the superfluous parameter, which shows that it was asked for.
    api(&server, &home, &["useradm/users/me"]).fails().says("superfluous query parameter");
    let queries: Vec<_> = server.requests().into_iter().map(|request| request.query).collect();
    assert_eq!(queries, ["", "x"]);

    server.fault(Fault::on("GET", ME).redirect(&format!("{}{ME}?jwt=secret", other.url()), 302));
    api(&server, &home, &["useradm/users/me"])
        .fails()
        .says(&format!("the server redirects to {}{ME}\n", other.url()))
        .keeps_secret("secret");

    for (method, code) in [("POST", 307), ("PUT", 308), ("DELETE", 302), ("HEAD", 301)] {
        server.clear_requests();
        server.fault(Fault::on(method, ME).redirect("/elsewhere", code));
        api(&server, &home, &[method, "useradm/users/me"]).fails().says("the server redirects to");
        assert_eq!(server.requests().len(), 1, "{method}");
    }
    assert_eq!(other.requests().len(), 0);
}
