//! `devices preauthorize`: which key is sent, and what becomes of devices that are there already.

use std::process::Stdio;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use sandbox::{AuthSet, Device, Fault, Sandbox};
use serde_json::{Value, json};

use crate::support::Fleet;
use crate::support::home::Outcome;
use crate::support::requests::wait_for;

const CALL: &str = "/api/management/v2/devauth/devices";
const DEVICE: &str = "e0000001-0000-4000-8000-000000000000";

/// Nobody, and the key of somebody who is to come.
fn nobody() -> Fleet {
    nobody_at(Sandbox::start())
}

fn nobody_at(server: Sandbox) -> Fleet {
    let fleet = Fleet::at(server);
    fleet.home.write("device.pub", public());
    fleet
}

/// The key of sets that have no other.
fn public() -> String {
    AuthSet::default().pubkey
}

fn preauthorize(fleet: &Fleet, args: &[&str]) -> Outcome {
    fleet.cli(["devices", "preauthorize"]).args(args).run()
}

/// With the identity `mac=1` and the key in `device.pub`.
fn one(fleet: &Fleet, more: &[&str]) -> Outcome {
    let args = ["--identity", "mac=1", "--key", "device.pub"].iter().chain(more).copied().collect::<Vec<_>>();
    preauthorize(fleet, &args)
}

/// What was sent with requests that make devices.
fn sent(fleet: &Fleet) -> Vec<Value> {
    let requests = fleet.server.requests().into_iter();
    let made = requests.filter(|request| request.method == "POST" && request.path == CALL);
    made.map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

/// PEM as the server keeps it.
fn normal(pem: &str) -> String {
    pem.replace("\r\n", "\n")
}

/// Each file, and the public key that belongs to it.
fn keys() -> Vec<(&'static str, String, String)> {
    let fixture = |text: &str| text.to_owned();
    let rsa = include_str!("keys/rsa.pub");
    let p256 = include_str!("keys/p256.pub");
    let p384 = include_str!("keys/p384.pub");
    let mut all = vec![
        ("a public RSA key", fixture(rsa), fixture(rsa)),
        ("PKCS#1", fixture(include_str!("keys/rsa-pkcs1.key")), fixture(rsa)),
        ("PKCS#8 with RSA", fixture(include_str!("keys/rsa-pkcs8.key")), fixture(rsa)),
        ("SEC1 with P-256", fixture(include_str!("keys/p256-sec1.key")), fixture(p256)),
        ("SEC1 with P-384 and its parameters", fixture(include_str!("keys/p384-sec1.key")), fixture(p384)),
        ("a certificate of version 1", fixture(include_str!("keys/v1.crt")), fixture(p256)),
        ("the ends of lines of Windows", p256.replace('\n', "\r\n"), fixture(p256)),
    ];
    for (name, algorithm) in
        [("P-256", &PKCS_ECDSA_P256_SHA256), ("P-384", &PKCS_ECDSA_P384_SHA384), ("Ed25519", &PKCS_ED25519)]
    {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let public = normal(&key.public_key_pem());
        let certificate = CertificateParams::new(["d".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
        all.push((name, key.serialize_pem(), public.clone()));
        all.push((name, public.clone(), public.clone()));
        all.push((name, certificate.clone(), public.clone()));
        all.push((
            "certificate and key in one file",
            format!("{certificate}{}", key.serialize_pem()),
            public,
        ));
    }
    all
}

#[test]
fn the_public_key_is_sent_whatever_the_file_is() {
    let fleet = nobody();
    for (number, (what, file, public)) in keys().into_iter().enumerate() {
        fleet.server.clear_requests();
        fleet.home.write("key", &file);
        let identity = format!("sn={number}");
        let run = preauthorize(&fleet, &["--identity", &identity, "--key", "key", "-v"]).succeeds();
        let expected = json!({ "identity_data": { "sn": number.to_string() }, "pubkey": public });
        assert_eq!(sent(&fleet), [expected], "{what}\n{}", run.transcript());
        let device = fleet.server.device_with_identity(&json!({ "sn": number.to_string() })).unwrap();
        assert_eq!(
            (device.status.as_str(), &device.auth_sets[0].pubkey),
            ("preauthorized", &public),
            "{what}"
        );
        // The device itself comes with that key.
        assert!(fleet.server.device_authenticates(&device.identity_data, &public).is_some(), "{what}");
    }
}

#[test]
fn a_key_comes_from_stdin_too() {
    let fleet = nobody();
    let args = ["devices", "preauthorize", "--identity", "mac=1", "--key", "-"];
    fleet.cli(args).stdin(public()).run().succeeds();
    assert_eq!(sent(&fleet)[0]["pubkey"], json!(public()));
}

#[test]
fn what_is_no_key_is_told_in_clear_words() {
    let fleet = nobody();
    fleet.home.write("folder/file", "");
    for (name, content, reason) in [
        ("encrypted", include_str!("keys/encrypted.key"), "its private key is encrypted"),
        ("text", "hello", "it holds no key"),
        (
            "parameters",
            "-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n",
            "it holds no key",
        ),
        ("old", "-----BEGIN RSA PUBLIC KEY-----\nMAA=\n-----END RSA PUBLIC KEY-----\n", "-RSAPublicKey_in"),
    ] {
        fleet.home.write(name, content);
        let refused = preauthorize(&fleet, &["--identity", "mac=1", "--key", name]).fails();
        refused.says(&format!("FAILURE: {name}: ")).says(reason);
    }
    for name in ["folder", "lacking"] {
        let refused = preauthorize(&fleet, &["--identity", "mac=1", "--key", name]).fails();
        refused.says(&format!("FAILURE: {name}: cannot read the key"));
    }
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn an_identity_is_pairs_or_json() {
    for (given, identity) in [
        (&["mac=a=b", "sn=007"][..], json!({ "mac": "a=b", "sn": "007" })),
        (&[r#"{"sn": 7, "mac": "x"}"#], json!({ "sn": 7, "mac": "x" })),
    ] {
        let fleet = nobody();
        let flags = given.iter().flat_map(|given| ["--identity", given]);
        let args: Vec<&str> = ["--key", "device.pub"].into_iter().chain(flags).collect();
        preauthorize(&fleet, &args).succeeds();
        assert_eq!(sent(&fleet)[0]["identity_data"], identity);
    }
    let fleet = nobody();
    preauthorize(&fleet, &["--key", "device.pub", "--identity", "mac"]).exits_with(2).says("--identity");
    for lacking in [&["--identity", "mac=1"][..], &["--key", "device.pub"], &[]] {
        preauthorize(&fleet, lacking).exits_with(2);
    }
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn the_id_of_the_device_is_what_q_is_for() {
    let fleet = nobody();
    let made = one(&fleet, &["-q"]).succeeds().says_exactly("");
    let device = fleet.server.device_with_identity(&json!({ "mac": "1" })).unwrap();
    let id = format!("{}\n", device.id);
    made.prints(&id);
    one(&fleet, &["-q"]).succeeds().prints(&id);
    let json = one(&fleet, &["-o", "json"]).succeeds().json();
    assert_eq!(json, json!([{ "id": device.id, "name": "mac=1", "done": true, "error": null }]));
    one(&fleet, &[]).succeeds().prints("").says("mac=1: nothing to do");
}

fn existing(status: &str, key: &str) -> Device {
    let set = AuthSet { pubkey: key.into(), status: status.into(), ..AuthSet::default() };
    let identity_data = json!({ "mac": "1" });
    Device {
        id: DEVICE.into(),
        status: status.into(),
        identity_data,
        auth_sets: vec![set],
        ..Device::default()
    }
}

fn another_key() -> String {
    normal(&KeyPair::generate().unwrap().public_key_pem())
}

#[test]
fn the_same_key_once_more_is_a_success_that_changes_nothing() {
    for status in ["preauthorized", "accepted"] {
        let fleet = nobody();
        fleet.server.add_device(existing(status, &public()));
        for more in [&["-q"][..], &["-q", "--force"]] {
            one(&fleet, more).succeeds().prints(&format!("{DEVICE}\n"));
        }
        assert!(sent(&fleet).iter().all(|body| body.get("force").is_none()), "{:?}", sent(&fleet));
        assert_eq!(fleet.server.device(DEVICE).unwrap().auth_sets.len(), 1);
    }
}

#[test]
fn a_device_of_that_identity_is_shown_and_left_alone() {
    for (status, key) in [("accepted", another_key()), ("pending", public()), ("rejected", public())] {
        let fleet = nobody();
        fleet.server.add_device(existing(status, &key));
        let refused = one(&fleet, &[]).fails().prints("");
        let text = format!("a device has that identity already: {DEVICE} ({status}, mac=1)");
        refused.says(&text).says("hint: --force adds the key to that device");
        assert_eq!(fleet.server.device(DEVICE).unwrap().auth_sets.len(), 1);
        assert_eq!(sent(&fleet).len(), 1);
    }
}

/// The server's own answer names a device that there is not.
#[test]
fn with_force_the_id_is_that_of_the_device_that_is_there() {
    let fleet = nobody();
    fleet.server.add_device(existing("accepted", &another_key()));
    one(&fleet, &["--force", "-q"]).succeeds().prints(&format!("{DEVICE}\n"));
    let forced: Vec<bool> = sent(&fleet).iter().map(|body| body["force"] == true).collect();
    assert_eq!(forced, [false, true]);
    let sets = fleet.server.device(DEVICE).unwrap().auth_sets;
    let statuses: Vec<&str> = sets.iter().map(|set| set.status.as_str()).collect();
    assert_eq!(statuses, ["accepted", "preauthorized"]);

    fleet.server.add_device(Device {
        identity_data: json!({ "mac": "2" }),
        auth_sets: vec![AuthSet { pubkey: another_key(), ..AuthSet::default() }],
        id: "e0000002-0000-4000-8000-000000000000".into(),
        ..Device::default()
    });
    let args = ["--identity", "mac=2", "--key", "device.pub", "--force", "-o", "jsonl"];
    let json = preauthorize(&fleet, &args).succeeds().json();
    assert_eq!(json["id"], "e0000002-0000-4000-8000-000000000000");
}

#[test]
fn a_device_that_is_being_removed_is_waited_for_on_request() {
    let fleet = nobody_at(Sandbox::builder().hold_decommissioning().start());
    fleet.server.add_device(existing("accepted", &public()));
    fleet.cli(["devices", "decommission", DEVICE, "--yes"]).run().succeeds();
    one(&fleet, &[]).fails().says("hint: it is being removed: --wait waits until it is gone");
    one(&fleet, &["--wait", "--timeout", "100ms", "--interval", "20ms"]).exits_with(4);

    fleet.server.clear_requests();
    let args = [
        "devices",
        "preauthorize",
        "--identity",
        "mac=1",
        "--key",
        "device.pub",
        "--wait",
        "--interval",
        "20ms",
    ];
    let mut command = fleet.cli(args).into_command();
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for(&fleet.server, 4, |request| request.method == "GET" && request.path.ends_with(DEVICE));
    assert_eq!(child.try_wait().unwrap(), None, "it waits while the device is there");
    fleet.server.finish_decommissioning();
    assert!(child.wait().unwrap().success());
    let device = fleet.server.device_with_identity(&json!({ "mac": "1" })).unwrap();
    assert!(device.id != DEVICE && device.status == "preauthorized", "{device:?}");
}

#[test]
fn a_csv_file_names_identities_and_keys() {
    let fleet = nobody();
    let other = another_key();
    fleet.home.write("site/keys/b.pem", &other);
    fleet.home.write("site/a.pem", public());
    // With the mark that spreadsheets write first, quotes, blanks and the ends of lines of Windows.
    let csv = "\u{feff}sn,key,\"mac\"\r\n1,a.pem,\"02,\"\"x\"\"\"\r\n 2 ,keys/b.pem,\r\n";
    fleet.home.write("site/devices.csv", csv);
    let done = preauthorize(&fleet, &["--file", "site/devices.csv", "--yes", "-o", "json"]).succeeds();
    let mut bodies = sent(&fleet);
    bodies.sort_by_key(|body| body["identity_data"]["sn"].to_string());
    assert_eq!(
        bodies,
        [
            json!({ "identity_data": { "sn": "1", "mac": "02,\"x\"" }, "pubkey": public() }),
            json!({ "identity_data": { "sn": "2" }, "pubkey": other }),
        ]
    );
    let listed = done.json();
    assert!(listed[0]["done"] == true && listed[1]["done"] == true, "{listed}");
    fleet.server.clear_requests();
    let again = preauthorize(&fleet, &["--file", "site/devices.csv", "--yes"]).succeeds();
    again.prints("").says("2 devices: nothing to do");
}

#[test]
fn a_csv_file_needs_consent() {
    let fleet = nobody();
    fleet.home.write("devices.csv", "sn,key\n1,device.pub\n2,device.pub\n");
    let line = ["--file", "devices.csv", "--dry-run"];
    preauthorize(&fleet, &[&line[..], &["-q"]].concat()).succeeds().prints("sn=1\nsn=2\n");
    preauthorize(&fleet, &line)
        .succeeds()
        .says("To preauthorize: 2 devices on ")
        .says(", selected by the list in devices.csv");
    preauthorize(&fleet, &["--file", "devices.csv"]).fails().says("nobody can be asked here");
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn a_wrong_line_spoils_the_whole_file_before_anything_is_sent() {
    let fleet = nobody();
    for (csv, reason) in [
        ("sn,mac\n1,2\n", "its heading has no column 'key'"),
        ("", "its heading has no column 'key'"),
        ("sn,key\n", "it has no device"),
        ("sn,key,sn\n1,device.pub,2\n", "each column of its heading has a name, and no two the same"),
        ("sn,key,key\n1,device.pub,device.pub\n", "no two the same"),
        ("sn,,key\n1,2,device.pub\n", "each column of its heading has a name"),
        ("\u{feff},key\n1,device.pub\n", "each column of its heading has a name"),
        ("sn,key\n1,device.pub\n1,device.pub\n", "line 3: that identity comes twice (sn=1)"),
        ("sn,key\n1,device.pub\n2,\n", "line 3: no file of a key"),
        ("sn,key\n1,device.pub\n,device.pub\n", "line 3: no attribute of an identity"),
        ("sn,key\n1,device.pub\n2,lacking.pem\n", "line 3: lacking.pem: cannot read the key"),
        ("sn,key\n1,device.pub\n2\n", "line: 3"),
        ("sn,key\n1,device.pub\n2,devices.csv\n", "line 3: devices.csv: it holds no key"),
    ] {
        fleet.home.write("devices.csv", csv);
        let refused = preauthorize(&fleet, &["--file", "devices.csv", "--yes"]).fails();
        refused.says("FAILURE: devices.csv: ").says(reason);
    }
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn failures_of_a_file_are_told_by_identity() {
    let fleet = nobody();
    fleet.home.write("devices.csv", "sn,key\n1,device.pub\n2,device.pub\n");
    fleet.server.fault(Fault::on("POST", CALL).status(500).after(1));
    let some = preauthorize(&fleet, &["--file", "devices.csv", "--yes", "-j1"]).exits_with(3);
    let some = some.shows("sn=2\t").says("1 of 2 devices were not preauthorized");
    some.says("the same command goes on with the rest").does_not_say("--file");
    preauthorize(&fleet, &["--file", "devices.csv", "--yes", "-j1"]).succeeds().says("nothing to do for 1");
    // The first is not made again: the server knows it.
    let requests: Vec<_> = sent(&fleet).iter().map(|body| body["identity_data"]["sn"].clone()).collect();
    assert_eq!(requests, ["1", "2", "1", "2"]);
}

#[test]
fn a_list_that_is_given_up_is_not_to_be_read_back_from_stdout() {
    let fleet = nobody();
    fleet.home.write("devices.csv", "sn,key\n1,device.pub\n2,device.pub\n3,device.pub\n");
    fleet.server.fault(Fault::on("POST", CALL).status(500).after(1));
    let stopped = preauthorize(&fleet, &["--file", "devices.csv", "--yes", "-j1", "--max-errors", "1"]);
    let stopped = stopped.exits_with(3).says("stopped after");
    stopped.says("the same command goes on with the rest").does_not_say("--file");
}

#[test]
fn a_list_comes_from_stdin_too() {
    let fleet = nobody();
    let args = ["devices", "preauthorize", "--file", "-", "--yes"];
    fleet.cli(args).stdin("sn,key\n1,device.pub\n2,device.pub\n").run().succeeds().says("2 devices: preauth");
    assert_eq!(sent(&fleet).len(), 2);
}

/// In no more memory than a list may have.
#[cfg(target_os = "linux")]
#[test]
fn what_is_too_large_for_a_list_is_refused() {
    let fleet = nobody();
    for (script, name) in [
        (r#""$0" "$@" /dev/zero"#, "/dev/zero"),
        (r#"{ echo sn,key; yes 1,device.pub; } | "$0" "$@" -"#, "-"),
    ] {
        let run = fleet.cli(["devices", "preauthorize", "--yes", "--file"]);
        let run = run.in_shell(&format!("ulimit -v 1048576; {script}")).run();
        run.fails().says(&format!("FAILURE: {name}: cannot read it: it is larger than 64 MiB"));
    }
    assert!(fleet.server.requests().is_empty());
}
