//! The forms of a command line that the official client takes: every flag, its short form, position and type.

use sandbox::artifact::Artifact;
use sandbox::{Device, Sandbox};

use crate::support::Home;

/// What a list shows.
#[derive(Clone, Copy, Debug)]
enum Shows {
    /// Blocks, at this level of detail.
    Level(usize),
    /// The server's JSON.
    Raw,
    Nothing,
}
use Shows::{Level, Nothing, Raw};

const ARTIFACTS: &str = "/api/management/v2/deployments/artifacts";
const DEVICES: &str = "/api/management/v2/devauth/devices";

/// Lines of `artifacts list`, with the page that they ask for.
#[rustfmt::skip]
const ARTIFACT_LISTS: &[(&str, &str, Shows)] = &[
    // Each flag, long and short, in each spelling.
    ("artifacts list", "page=1&per_page=20", Level(0)),
    ("artifacts list --detail 1", "page=1&per_page=20", Level(1)),
    ("artifacts list --detail=1", "page=1&per_page=20", Level(1)),
    ("artifacts list -d 2", "page=1&per_page=20", Level(2)),
    ("artifacts list -d2", "page=1&per_page=20", Level(2)),
    ("artifacts list -d=2", "page=1&per_page=20", Level(2)),
    ("artifacts list -d 3", "page=1&per_page=20", Level(3)),
    ("artifacts list --per-page 7", "page=1&per_page=7", Level(0)),
    ("artifacts list --per-page=7", "page=1&per_page=7", Level(0)),
    ("artifacts list -N 7", "page=1&per_page=7", Level(0)),
    ("artifacts list -N7", "page=1&per_page=7", Level(0)),
    ("artifacts list -N=7", "page=1&per_page=7", Level(0)),
    ("artifacts list --page 2", "page=2&per_page=20", Nothing),
    ("artifacts list --page=2", "page=2&per_page=20", Nothing),
    ("artifacts list -P 2", "page=2&per_page=20", Nothing),
    ("artifacts list -P2", "page=2&per_page=20", Nothing),
    ("artifacts list -P=2", "page=2&per_page=20", Nothing),
    ("artifacts list --raw", "page=1&per_page=20", Raw),
    ("artifacts list -r", "page=1&per_page=20", Raw),
    // Before the command words, between them and after them.
    ("--detail=2 artifacts list", "page=1&per_page=20", Level(2)),
    ("--detail 2 artifacts list", "page=1&per_page=20", Level(2)),
    ("-d 2 artifacts list", "page=1&per_page=20", Level(2)),
    ("-d2 artifacts list", "page=1&per_page=20", Level(2)),
    ("artifacts -d 2 list", "page=1&per_page=20", Level(2)),
    ("artifacts -N7 list -P 1", "page=1&per_page=7", Level(0)),
    ("artifacts -r=true list", "page=1&per_page=20", Raw),
    ("--raw=true artifacts list", "page=1&per_page=20", Raw),
    // Several letters behind one dash.
    ("artifacts list -rd2", "page=1&per_page=20", Raw),
    ("artifacts list -rd 2", "page=1&per_page=20", Raw),
    ("artifacts list -krN7", "page=1&per_page=7", Raw),
    ("-kd2 artifacts list", "page=1&per_page=20", Level(2)),
    // Boolean values.
    ("artifacts list --raw=true", "page=1&per_page=20", Raw),
    ("artifacts list --raw=TRUE", "page=1&per_page=20", Raw),
    ("artifacts list --raw=True", "page=1&per_page=20", Raw),
    ("artifacts list --raw=t", "page=1&per_page=20", Raw),
    ("artifacts list --raw=T", "page=1&per_page=20", Raw),
    ("artifacts list --raw=1", "page=1&per_page=20", Raw),
    ("artifacts list -r=1", "page=1&per_page=20", Raw),
    ("artifacts list --raw=false", "page=1&per_page=20", Level(0)),
    ("artifacts list --raw=FALSE", "page=1&per_page=20", Level(0)),
    ("artifacts list --raw=False", "page=1&per_page=20", Level(0)),
    ("artifacts list --raw=f", "page=1&per_page=20", Level(0)),
    ("artifacts list --raw=F", "page=1&per_page=20", Level(0)),
    ("artifacts list --raw=0", "page=1&per_page=20", Level(0)),
    ("artifacts list -r=f", "page=1&per_page=20", Level(0)),
    // Whole numbers, as Go reads them.
    ("artifacts list -N 0x1f", "page=1&per_page=31", Level(0)),
    ("artifacts list -N 0b11", "page=1&per_page=3", Level(0)),
    ("artifacts list -N 0o17", "page=1&per_page=15", Level(0)),
    ("artifacts list -N 010", "page=1&per_page=8", Level(0)),
    ("artifacts list -N 1_00", "page=1&per_page=100", Level(0)),
    ("artifacts list -N +5", "page=1&per_page=5", Level(0)),
    // The last one wins.
    ("artifacts list -d 1 --detail 3", "page=1&per_page=20", Level(3)),
    ("artifacts list -N 5 -N 9", "page=1&per_page=9", Level(0)),
    ("artifacts list --raw --raw=false", "page=1&per_page=20", Level(0)),
    ("artifacts list --raw=false -r", "page=1&per_page=20", Raw),
    ("-d 1 artifacts list -d 2", "page=1&per_page=20", Level(2)),
    // Words that the official client passes over, with and without the dashes that end the flags.
    ("artifacts list superfluous words", "page=1&per_page=20", Level(0)),
    ("artifacts list --", "page=1&per_page=20", Level(0)),
    ("artifacts list -- -r", "page=1&per_page=20", Level(0)),
    ("artifacts list -r -- --version", "page=1&per_page=20", Raw),
];

#[rustfmt::skip]
const DEVICE_LISTS: &[(&str, &str, Shows)] = &[
    ("devices list", "page=1&per_page=20", Level(0)),
    ("devices list --detail 1", "page=1&per_page=20", Level(1)),
    ("devices list -d2", "page=1&per_page=20", Level(2)),
    ("devices list -d 3", "page=1&per_page=20", Level(2)),
    ("devices list --per-page 0x10", "page=1&per_page=16", Level(0)),
    ("devices list -N7", "page=1&per_page=7", Level(0)),
    ("devices list --page 2", "page=2&per_page=20", Nothing),
    ("devices list -P=2", "page=2&per_page=20", Nothing),
    ("devices list --raw", "page=1&per_page=20", Raw),
    ("devices list -r", "page=1&per_page=20", Raw),
    ("devices -k list -rd1", "page=1&per_page=20", Raw),
    ("-d 1 devices list", "page=1&per_page=20", Level(1)),
    ("devices list superfluous", "page=1&per_page=20", Level(0)),
];

/// The line as words; `{url}` is the server, `{token}` the token.
fn words(line: &str, server: &Sandbox, token: &str) -> Vec<String> {
    line.split(' ').map(|word| word.replace("{url}", server.url()).replace("{token}", token)).collect()
}

/// Checks lines of one list; `marks` are what each level of detail adds.
fn check_lists(rows: &[(&str, &str, Shows)], path: &str, marks: &[&str]) {
    let server = Sandbox::start();
    server.add_artifact(&Artifact::new("a").device_type("qemu").file("f", b"f").build());
    server.add_device(Device::default());
    let home = Home::logged_in(&server);
    for (line, query, shows) in rows {
        server.clear_requests();
        let run = home.at(&server, words(line, &server, "")).run().succeeds();
        let asked: Vec<_> = server
            .requests()
            .iter()
            .map(|one| format!("{} {}?{}", one.method, one.path, one.query))
            .collect();
        assert_eq!(asked, [format!("GET {path}?{query}")], "{line}\n{}", run.transcript());
        let found = marks.iter().take_while(|mark| run.stdout.contains(*mark)).count();
        match shows {
            Nothing => assert_eq!(run.stdout, "", "{line}"),
            Raw => assert!(run.json().is_array() && run.stdout.starts_with("[{"), "{line}\n{}", run.stdout),
            Level(level) => assert_eq!(found, level + 1, "{line}\n{}", run.stdout),
        }
    }
}

#[test]
fn every_form_of_artifacts_list() {
    check_lists(ARTIFACT_LISTS, ARTIFACTS, &["ID: ", "Modfied: ", "Artifact provides: ", "MetaData: "]);
}

#[test]
fn every_form_of_devices_list() {
    check_lists(DEVICE_LISTS, DEVICES, &["ID: ", "CreatedTs: ", "AuthSet[0]:"]);
}

/// The program's own flags work anywhere. Nothing else tells these runs the server and the token.
#[test]
fn global_flags_stand_anywhere() {
    let server = Sandbox::start();
    let token = server.login();
    let home = Home::new();
    home.write("token", format!("  {token}\n"));
    for line in [
        "--server {url} --token-value {token} artifacts list",
        "artifacts --server {url} --token-value {token} list",
        "artifacts list --server {url} --token-value {token}",
        "--server={url} artifacts --token-value={token} list",
        "--server {url} artifacts list --token token",
        "--token=token artifacts --server={url} list",
        "artifacts list --token ./token --server {url}",
        "-k --server {url} artifacts --token token list",
        "--skip-verify artifacts list --server {url} --token token",
        "artifacts list -kv --server {url} --token token",
        "-v artifacts list --server {url} --token token",
        "--verbose=1 artifacts --skip-verify=true list --server {url} --token token",
        // The last one wins; a flag that is empty is as good as none.
        "--server http://127.0.0.1:1 artifacts list --server {url} --token nowhere --token token",
        "artifacts list --server {url} --token-value x --token-value {token}",
        "--server {url} --token= --token-value {token} artifacts list",
        "--server {url} --token token --token-value= artifacts list",
    ] {
        server.clear_requests();
        let run = home.cli(words(line, &server, &token)).run().succeeds().keeps_secret(&token);
        let requests = server.requests();
        assert_eq!(requests.len(), 1, "{line}\n{}", run.transcript());
        assert_eq!(requests[0].header("authorization"), Some(&*format!("Bearer {token}")), "{line}");
        let is_verbose = line.contains("-v ") || line.contains("-kv") || line.contains("--verbose");
        assert_eq!(run.stderr.contains("debug: "), is_verbose, "{line}\n{}", run.stderr);
        let unchecked = line.contains("-k") || line.contains("skip-verify");
        assert_eq!(run.stderr.contains("certificate is not checked"), unchecked, "{line}\n{}", run.stderr);
    }
}

#[test]
fn every_form_of_login() {
    let server = Sandbox::start();
    for (line, user, password, code) in [
        ("login --username u@x --password p", "u@x", "p", None),
        ("login --username=u@x --password=p", "u@x", "p", None),
        ("--username u@x --password p login", "u@x", "p", None),
        ("--username=u@x login --password=p", "u@x", "p", None),
        ("login --username u@x --password p --2fa-code 1", "u@x", "p", Some("1")),
        ("login --username u@x --password p --2fa-code=000001", "u@x", "p", Some("000001")),
        ("login --username u@x --password p --2fa-code=", "u@x", "p", None),
        ("login --username x --username u@x --password q --password p", "u@x", "p", None),
        ("login --username u@x --password -p", "u@x", "-p", None),
        ("login --username u@x --password --password", "u@x", "--password", None),
        ("login superfluous --username u@x --password p words", "u@x", "p", None),
    ] {
        let home = Home::new();
        server.clear_requests();
        let run =
            home.at(&server, words(line, &server, "")).run().fails().says("login failed with status 401");
        let requests = server.requests();
        assert_eq!(requests.len(), 1, "{line}\n{}", run.transcript());
        let basic = format!("Basic {}", base64(&format!("{user}:{password}")));
        assert_eq!(requests[0].header("authorization"), Some(&*basic), "{line}");
        let body: serde_json::Value = serde_json::from_slice(&requests[0].body).unwrap();
        assert_eq!(body.get("token2fa").and_then(|code| code.as_str()), code, "{line}");
        let ignored = line.contains("superfluous");
        assert_eq!(run.stderr.contains("warning: login takes no words"), ignored, "{line}\n{}", run.stderr);
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[test]
fn every_form_of_the_other_artifact_commands() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let uploads = [
        ("artifacts upload a.mender", ""),
        ("artifacts upload a.mender --no-progress", ""),
        ("artifacts upload --no-progress a.mender --description text", "text"),
        ("artifacts upload --description=text a.mender", "text"),
        ("artifacts --no-progress=true upload a.mender", ""),
        ("--description text artifacts upload a.mender", "text"),
        ("artifacts upload --description -r a.mender", "-r"),
        ("artifacts --server {url} upload a.mender", ""),
        ("artifacts upload --direct=false a.mender", ""),
        ("artifacts upload -- a.mender", ""),
    ];
    for (index, (line, description)) in uploads.into_iter().enumerate() {
        let name = format!("a{index}");
        home.write("a.mender", Artifact::new(&name).device_type("qemu").file("f", b"f").build());
        home.at(&server, words(line, &server, "")).run().succeeds().prints("").says("upload successful");
        let run = home.at(&server, ["artifacts", "show", &name, "-o", "json"]).run().succeeds();
        assert_eq!(run.json()["description"].as_str().unwrap_or_default(), description, "{line}");
    }

    let id = server.add_artifact(&Artifact::new("down").device_type("qemu").file("f", b"f").build());
    home.write("dir/keep", "");
    for (line, path) in [
        ("artifacts download ID", "down.mender"),
        ("artifacts download ID --no-progress", "down.mender"),
        ("artifacts download --destination-path dir ID", "dir/down.mender"),
        ("artifacts download ID --destination-path=dir --no-progress", "dir/down.mender"),
        ("--destination-path dir artifacts download ID", "dir/down.mender"),
    ] {
        let line = line.replace("ID", &id);
        let run = home.at(&server, line.split(' ')).run().succeeds().prints("").says("download successful");
        assert!(home.exists(path), "{line}\n{}", run.transcript());
        std::fs::remove_file(home.path(path)).unwrap();
    }

    home.at(&server, ["artifacts", "delete", &id]).run().succeeds().prints("").says("delete successful");
    assert_eq!(server.artifact_count(), uploads.len());
}

#[test]
fn direct_upload_is_a_flag() {
    let server = Sandbox::builder().direct_upload(true).start();
    let home = Home::logged_in(&server);
    home.write("a.mender", Artifact::new("a").device_type("qemu").file("f", b"f").build());
    home.at(&server, ["artifacts", "upload", "--direct", "a.mender"])
        .run()
        .succeeds()
        .says("upload successful");
    assert!(server.requests().iter().any(|request| request.path.ends_with("/directupload")));
}
