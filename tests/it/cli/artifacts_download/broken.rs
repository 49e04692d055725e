//! Lines that break, storages that lie, redirects.

use super::*;

/// D22: the storage's refusals as such, not as those of a device.
#[test]
fn what_the_storage_refuses_is_said() {
    for status in [400, 403, 404, 409, 500] {
        let it = stored();
        it.server.fault(Fault::on("GET", "/mender/").server(Server::Storage).status(status));
        it.download(&["r1"])
            .run()
            .fails()
            .says(&format!(
                "FAILURE: GET {}/mender/{} request failed with status {status}",
                it.server.storage_url(),
                it.id
            ))
            .does_not_say("X-Amz")
            .does_not_say("device");
        it.left_nothing();
    }
}

/// D22: the statuses of the server's own calls are looked at too.
#[test]
fn what_the_server_refuses_is_said() {
    let it = stored();
    let link = format!("{ONE}{}/download", it.id);
    it.server.fault(Fault::on("GET", &link).status(500));
    it.download(&["r1"])
        .run()
        .fails()
        .says("/download request failed with status 500: internal server error");
    it.server.fault(Fault::on("GET", &link).body("application/json", r#"{"uri":"file:///etc/passwd"}"#));
    it.download(&["r1"]).run().fails().says("the server gave a link that is no address");
    it.server.fault(Fault::on("GET", &link).body("application/json", "{}"));
    it.download(&["r1"])
        .run()
        .fails()
        .says("the server's answer is not what was expected: missing field `uri`");
    it.left_nothing();
}

#[test]
fn a_web_page_is_no_artifact() {
    let it = stored();
    let page = format!("<html>{}</html>", "log in first ".repeat(40_000));
    assert!(page.len() > it.bytes.len());
    it.server.fault(Fault::on("GET", "/mender/").body("text/html", page));
    it.download(&["r1"]).run().fails().says("the storage sent a web page instead of the file");
    it.left_nothing();
}

/// D23: a file that is shorter than the server says is none.
#[test]
fn a_wrong_length() {
    let it = stored();
    it.server.fault(Fault::on("GET", "/mender/").body("application/vnd.mender-artifact", &it.bytes[..1000]));
    it.download(&["r1"]).run().fails().says(&format!("the storage sent 1000 bytes of {}", it.bytes.len()));
    it.left_nothing();
}

/// D23: gone on with where the line broke.
#[test]
fn a_broken_line_is_picked_up_where_it_broke() {
    let it = stored();
    it.server.fault(Fault::on("GET", "/mender/").truncate(100_000));
    it.server.fault(Fault::on("GET", "/mender/").truncate(50_000));
    it.server.fault(Fault::on("GET", "/mender/").status(503));
    it.server.fault(Fault::on("GET", "/mender/").cut());
    it.download(&["r1"]).run().succeeds().says_exactly("download successful\n");
    assert_eq!(it.content("r1.mender"), it.bytes);
    let ranges: Vec<_> =
        it.asked_of_storage().iter().map(|request| request.header("range").map(str::to_owned)).collect();
    let from = |position: u32| Some(format!("bytes={position}-"));
    assert_eq!(ranges, [None, from(100_000), from(150_000), from(150_000), from(150_000)]);
}

/// A storage without ranges would give the beginning a second time.
#[test]
fn a_storage_that_cannot_go_on() {
    let it = stored();
    it.server.fault(Fault::on("GET", "/mender/").truncate(100_000));
    it.server.fault(Fault::on("GET", "/mender/").body("application/vnd.mender-artifact", it.bytes.clone()));
    it.download(&["r1"]).run().fails().says("the storage cannot go on where the download broke off");
    it.left_nothing();
}

/// A storage may send to another place of its own; no token goes along.
#[test]
fn redirects_of_the_storage_are_followed() {
    let it = stored();
    let other = stored();
    let token = it.server.login();
    it.server.fault(
        Fault::on("GET", "/mender/").redirect(&format!("{}/elsewhere?sig=1", other.server.url()), 307),
    );
    other
        .server
        .fault(Fault::on("GET", "/elsewhere").body("application/vnd.mender-artifact", it.bytes.clone()));
    it.download(&["r1", "--token-value", &token]).run().succeeds();
    assert_eq!(it.content("r1.mender"), it.bytes);
    let asked = other.server.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("authorization"), None);
}

#[test]
fn redirects_in_a_circle_end() {
    let it = stored();
    it.server.fault(Fault::on("GET", "/mender/").redirect("/mender/again", 302).times(100));
    it.download(&["r1"]).run().fails().says("the server redirects in a circle");
    it.left_nothing();
}

#[test]
fn a_redirect_of_the_server_is_followed_on_the_same_server_alone() {
    let it = stored();
    let call = format!("{ONE}{}", it.id);
    it.server.fault(Fault::on("GET", &call).redirect(&call, 301));
    it.download(&[&it.id]).run().succeeds();

    let stranger = Sandbox::start();
    it.server.fault(Fault::on("GET", &call).redirect(&format!("{}{call}?secret=1", stranger.url()), 302));
    it.download(&[&it.id])
        .run()
        .fails()
        .says("request failed: the server redirects to ")
        .says("hint: nothing was sent there")
        .does_not_say("secret=1");
    assert!(stranger.requests().is_empty());
}

/// More than there is: packed although that was not asked for, so that its length says nothing.
#[test]
fn a_storage_that_sends_more_than_there_is() {
    use std::io::Write as _;
    let it = stored();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&vec![0; 2 << 20]).unwrap();
    let fault = Fault::on("GET", "/mender/").header("Content-Encoding", "gzip");
    it.server.fault(fault.body("application/vnd.mender-artifact", packed.finish().unwrap()));
    it.download(&["r1"]).run().fails().says("the storage sends more than the ");
    it.left_nothing();
}

/// What a resumed download gets must belong to what it has.
#[test]
fn a_file_that_changes_in_the_storage() {
    let it = stored();
    let length = it.bytes.len();
    it.server.fault(Fault::on("GET", "/mender/").truncate(100_000));
    let other = Fault::on("GET", "/mender/").status(206);
    let range = format!("bytes 100000-{length}/{}", length + 1);
    let rest = it.bytes[99_999..].to_vec();
    it.server.fault(other.header("Content-Range", &range).body("application/vnd.mender-artifact", rest));
    it.download(&["r1"]).run().fails().says("the file in the storage is another one than before");
    it.left_nothing();
}
