//! The main job from end to end, as the tour shows it.

use sandbox::Sandbox;
use sandbox::artifact::Artifact;

use crate::support::Home;

#[test]
fn log_in_make_a_token_upload_with_it_download_and_revoke() {
    let server = Sandbox::start();
    let home = Home::new();
    let artifact = Artifact::new("release-1").device_type("qemu").file("f.txt", b"hello").build();
    home.write("release-1.mender", &artifact);

    home.at(&server, ["login", "--username", server.username(), "--password-stdin"])
        .stdin(format!("{}\n", server.password()))
        .run()
        .succeeds()
        .says("login successful");
    home.at(&server, ["whoami"]).run().succeeds().shows(server.username());

    let token = home.at(&server, ["token", "create", "ci", "--expires-in", "30d"]).run().succeeds();
    let token = token.line();
    home.at(&server, ["token", "list"]).run().succeeds().shows("\tci\t");

    let ci = Home::new();
    home.at(&server, ["artifacts", "upload", "release-1.mender", "--token-value", token])
        .run()
        .succeeds()
        .prints("")
        .says("upload successful");
    ci.at(&server, ["artifacts", "list"])
        .env("MENDER_ACCESS_TOKEN", token)
        .run()
        .succeeds()
        .shows("Name: release-1\n");

    home.at(&server, ["artifacts", "download", "release-1"]).run().succeeds().says("download successful");
    assert_eq!(std::fs::read(home.path("release-1.mender")).unwrap(), artifact);

    home.at(&server, ["token", "revoke", "ci", "--yes"]).run().succeeds();
    ci.at(&server, ["artifacts", "list"])
        .env("MENDER_ACCESS_TOKEN", token)
        .run()
        .fails()
        .prints("")
        .says("request failed with status 401")
        .says("MENDER_ACCESS_TOKEN");
}
