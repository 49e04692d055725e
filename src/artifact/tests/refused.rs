//! Artifacts with something wrong, one for each refusal.

use std::io::{self, Cursor};

use serde_json::json;

use super::super::testing::{Artifact, compress, line, tar, tar_header};
use super::*;

#[test]
fn anything_else_is_no_artifact() {
    assert!(matches!(Head::read(io::empty()), Err(FormatError::Empty)));
    refused_bytes(b"", "the file is empty");
    refused_bytes(b"hello", "not a Mender Artifact");
    refused_bytes(&[0; 4096], "not a Mender Artifact: it begins with zeros");
    refused_bytes(&[7; 4096], "not a Mender Artifact: it is not a tar");
    refused_bytes(&compress(Compression::Gzip, &Artifact::v3().build()), "not a Mender Artifact");
    let other = tar(&[("a\x1bb".to_owned(), Vec::new())]);
    refused_bytes(&other, "begins with `a\\u{1b}b` instead of `version`");
    refused_bytes(&tar(&[("versionX".to_owned(), b"{}".to_vec())]), "instead of `version`");
}

#[test]
fn versions_and_formats_are_told_apart() {
    for (version, text) in [
        (r#"{"format":"mender","version":1}"#, "version 1 is not supported, only 2 and 3"),
        (r#"{"format":"mender","version":4}"#, "version 4 is not supported"),
        (r#"{"format":"mender"}"#, "version 0 is not supported"),
        (r#"{"format":"mander","version":3}"#, "its format is `mander`"),
        (r#"{"version":3}"#, "does not say that its format"),
        (r#"{"format":"mender","version":"3"}"#, "version: not the JSON expected"),
        (r#"{"format":"mender","version":3.0}"#, "version: not the JSON expected"),
        (r#"{"format":"mender","version":3,"x":1}"#, "unknown field `x`"),
        (r#"["mender",3]"#, "version: not the JSON expected"),
        ("null", "version: not the JSON expected"),
        ("", "version: not the JSON expected"),
    ] {
        let mut artifact = Artifact::v3();
        artifact.version = version.to_owned();
        refused(&artifact, text);
    }
}

#[test]
fn checksums_are_compared() {
    let artifact = Artifact::v3();
    for (name, damage) in [("version", " "), ("header.tar", "x")] {
        let mut members = artifact.members();
        let member = members.iter_mut().find(|(known, _)| known == name).unwrap();
        member.1.extend(damage.bytes());
        refused_bytes(&tar(&members), &format!("checksum of `{name}` does not match"));

        let mut members = artifact.members();
        let line = line(members.iter().find(|(known, _)| known == name).unwrap());
        let manifest = String::from_utf8(members[1].1.clone()).unwrap();
        members[1].1 = manifest.replace(&line, "").into_bytes();
        refused_bytes(&tar(&members), &format!("lists no checksum for `{name}`"));
    }
    for name in ["manifest.sig", "data/0001/file", "data/0000/a b"] {
        let mut members = artifact.members();
        members[1].1.extend(line(&(name.to_owned(), Vec::new())).bytes());
        refused_bytes(&tar(&members), name);
    }
}

#[test]
fn members_are_in_order() {
    let order = |artifact: &Artifact, order: &[usize]| {
        let members = artifact.members();
        tar(&order.iter().map(|at| members[*at].clone()).collect::<Vec<_>>())
    };
    let mut plain = Artifact::v3();
    for (members, text) in [
        (&[1, 0, 2, 3][..], "begins with `manifest`"),
        (&[0, 2, 1, 3], "member `header.tar` is out of place"),
        (&[0, 1, 3, 2], "member `data/0000.tar` is out of place"),
        (&[0, 1, 1, 2, 3], "member `manifest` is out of place"),
        (&[0], "ends after `version`"),
        (&[0, 1], "ends after `manifest`"),
    ] {
        refused_bytes(&order(&plain, members), text);
    }
    plain.signed = true;
    refused_bytes(&order(&plain, &[0, 1, 2, 2, 3]), "`manifest.sig` is out of place");
    let augmented = Artifact::augmented();
    refused_bytes(&order(&augmented, &[0, 1, 2, 3, 5]), "`data/0000.tar` is out of place");

    // Behind the header, so only a look at the whole file tells.
    for (members, text) in [
        (&[0, 1, 2, 3, 2][..], "member `manifest.sig` is out of place"),
        (&[0, 1, 2, 3], "data/0000.tar: is missing"),
    ] {
        let bytes = order(&plain, members);
        Head::read(bytes.as_slice()).unwrap();
        let error = check_file(&mut Cursor::new(bytes)).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn what_is_wrong_in_the_header_is_refused() {
    let info = "header-info";
    let type_info = "headers/0000/type-info";
    let v3 = Artifact::v3;
    let long = "x".repeat(257);
    let many: Vec<String> = (0..201).map(|n| format!("dt{n}")).collect();
    for (artifact, text) in [
        (v3().replace(info, b"{\"pay"), "header.tar: header-info: not the JSON"),
        (v3().replace(info, b"\xff\xfe"), "header-info: not the JSON"),
        (v3().with(info, "/x\u{1b}", json!(1)), "x\\u{1b}"),
        (v3().with(info, "/payloads", json!([])), "there are no payloads"),
        (v3().with(info, "/payloads", json!([{"type": ""}])), "type of a payload is empty"),
        (v3().with(info, "/payloads", json!([["single-file"]])), "header-info: not the JSON"),
        (v3().with(info, "/payloads", json!(vec![json!({}); 1025])), "more than 1024 payloads"),
        (v3().with(info, "/payloads", json!([{}, {}])), "headers/0001: is missing"),
        (v3().with(info, "/artifact_provides", json!(null)), "no Artifact name"),
        (v3().with(info, "/artifact_provides/artifact_name", json!("")), "no Artifact name"),
        (v3().with(info, "/artifact_provides/artifact_name", json!(long)), "longer than 256"),
        (v3().with(info, "/artifact_provides/artifact_name", json!("a\nb")), "a\\u{a}b"),
        (v3().with(info, "/artifact_provides/artifact_group", json!("\u{202e}")), "\\u{202e}"),
        (v3().with(info, "/artifact_provides/x", json!("x")), "unknown field `x`"),
        (v3().with(info, "/artifact_depends", json!(null)), "no compatible device types"),
        (v3().with(info, "/artifact_depends/device_type", json!([])), "no compatible device"),
        (v3().with(info, "/artifact_depends/device_type", json!("dt1")), "header-info: not the"),
        (v3().with(info, "/artifact_depends/device_type", json!(["\u{7f}"])), "device_type"),
        (v3().with(info, "/artifact_depends/device_type", json!(many)), "more than 200"),
        (v3().without(info), "stands in the place of header-info"),
        (v3().without(type_info), "headers/0000: there is no type-info"),
        (v3().without(type_info).without("headers/0000/meta-data"), "truncated: it ends after"),
        (v3().replace(type_info, b""), "type-info: not the JSON"),
        (v3().replace(type_info, b"null"), "type-info: not the JSON"),
        (v3().with(type_info, "/artifact_provides/x", json!(["y"])), "type-info: not the JSON"),
        (v3().with(type_info, "/type", json!(3)), "type-info: not the JSON"),
        (v3().without(type_info).replace("scripts", b""), "out of place in the header"),
        (v3().with(type_info, "/artifact_depends/x", json!(1)), "a string or a list of strings"),
        (v3().with(type_info, "/artifact_depends/x", json!([])), "depends `x` has no values"),
        (v3().with(type_info, "/artifact_depends/device_type", json!("x")), "been set before"),
        (v3().with(type_info, "/artifact_provides/artifact_name", json!("x")), "been set before"),
        (v3().with(type_info, "/artifact_depends/x", json!(vec!["y"; 257])), "more than 1024 combinations"),
        (v3().replace("headers/0000/meta-data", b"[]"), "meta-data: not the JSON"),
        (v3().replace("headers/0000/meta-data", b"null"), "meta-data: not the JSON"),
        (v3().replace("headers/0000/meta-data", "[".repeat(100_000).as_bytes()), "meta-data: not the JSON"),
        (v3().replace("headers/0000/files", b"{}"), "only format version 2"),
        (v3().replace("headers/0000/other", b"{}"), "out of place in the header"),
        (v3().replace("headers/0001/type-info", b"{}"), "headers/0001: there is no such payload"),
        (v3().replace("headers/../0000/type-info", b"{}"), "out of place in the header"),
        (v3().replace("scripts/late", b""), "out of place in the header"),
    ] {
        refused(&artifact, text);
    }
    let mut twice = v3();
    twice.header.extend(twice.header.last().cloned());
    refused(&twice, "occurs a second time");
    let rootfs = v3().with(info, "/payloads", json!([{"type": "rootfs-image"}]));
    refused(&rootfs, "more files of payload 0000");
}

#[test]
fn headers_that_cannot_be_decompressed_are_refused() {
    for compression in [Compression::Gzip, Compression::Xz, Compression::Zstd] {
        let name = format!("header.tar{}", compression.suffix());
        let whole = compress(compression, &tar(&Artifact::v3().header));
        for bad in [b"garbage".as_slice(), &whole[..whole.len() / 2]] {
            let text = format!("{name}: cannot be decompressed");
            refused_bytes(&tar(&with_header(&name, bad)), &text);
        }
        assert!(Head::read(tar(&with_header(&name, b"")).as_slice()).is_err());
    }
}

#[test]
fn only_regular_files_are_members() {
    let members = Artifact::v3().members();
    for kind in [tar::EntryType::Symlink, tar::EntryType::Directory, tar::EntryType::XGlobalHeader] {
        let mut bytes = tar(&members[..1]);
        bytes.truncate(bytes.len() - 1024);
        let mut header = tar_header("manifest", members[1].1.len() as u64);
        header.set_entry_type(kind);
        header.set_cksum();
        bytes.extend(header.as_bytes());
        bytes.extend(&members[1].1);
        assert!(Head::read(bytes.as_slice()).is_err(), "{kind:?}");
    }
}
