//! Artifacts that are as they should be, or odd but taken by the server.

use std::io::{self, Cursor, Read};

use serde_json::{Value, json};

use super::super::testing::{Artifact, tar, tar_header};
use super::*;

#[test]
fn version_3_is_read_in_every_compression() {
    for compression in FORMATS {
        let artifact = Artifact::v3().compressed(compression);
        let head = read(&artifact).unwrap();
        assert_eq!(head.format_version, 3);
        assert_eq!(head.name, "rel-1");
        assert_eq!(head.group.as_deref(), Some("group"));
        assert_eq!(head.device_types, ["dt1", "dt2"]);
        let depends = [
            ("artifact_name", strings(&["rel-0"])),
            ("device_type", strings(&["dt1", "dt2"])),
            ("one", strings(&["1"])),
            ("two", strings(&["2", "3"])),
        ];
        assert_eq!(head.depends, depends.map(|(key, list)| (key.to_owned(), list)).into());
        let provides = [
            ("artifact_group", "group"),
            ("artifact_name", "rel-1"),
            ("rootfs-image.single-file.version", "rel-1"),
        ];
        assert_eq!(head.provides, provides.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
        assert_eq!(head.clears_provides, ["rootfs-image.single-file.*"]);
        assert!(!head.signed);
        assert_eq!(head.compression, compression);

        let [payload] = &head.payloads[..] else { panic!("{:?}", head.payloads) };
        assert_eq!(payload.kind.as_deref(), Some("single-file"));
        assert_eq!(payload.metadata.clone().map(Value::Object), Some(json!({"k": {"n": [1, 2]}})));
        assert_eq!(payload.files[0].name, "b.txt");
        assert_eq!(
            payload.files[0].checksum,
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        );
        assert_eq!(payload.files[1].name, "a.bin");
        assert_eq!(check_file(&mut artifact.file()).unwrap(), head);
    }
}

#[test]
fn version_2_is_read() {
    let mut artifact = Artifact::v2().compressed(Compression::Gzip);
    artifact.signed = true;
    let head = check_file(&mut artifact.file()).unwrap();
    assert_eq!(head.format_version, 2);
    assert_eq!(head.name, "rel-2");
    assert!(head.signed);
    assert_eq!(head.depends["device_type"], ["dt1", "dt2"]);
    assert!(head.provides.is_empty());
    assert_eq!(head.payloads[0].kind.as_deref(), Some("rootfs-image"));
    assert_eq!(head.payloads[0].files[0].name, "b.txt");
    assert_eq!(head.payloads[0].metadata, None);
    let files = payload_files(&mut artifact.file(), &head).unwrap();
    assert_eq!(files[0][0].size, 6);

    let two = Artifact::v2().with("headers/0000/files", "/files", json!(["b.txt", "c"]));
    refused(&two, "lists 2 files instead of 1");
    let other = Artifact::v2().with("headers/0000/files", "/files", json!(["c"]));
    refused(&other, "lists no checksum for `data/0000/c`");
    refused(&Artifact::v2().with("header-info", "/updates", json!([{"type": null}])), "no empty payloads");
}

#[test]
fn the_augmented_part_is_merged() {
    for (compression, signed) in [(Compression::None, true), (Compression::Gzip, false)] {
        let mut artifact = Artifact::augmented().compressed(compression);
        artifact.signed = signed;
        let head = check_file(&mut artifact.file()).unwrap();
        let payload = &head.payloads[0];
        assert_eq!(payload.kind.as_deref(), Some("delta"));
        assert_eq!(head.provides["late"], "yes");
        assert_eq!(head.provides["rootfs-image.single-file.version"], "rel-1");
        assert_eq!(head.depends["one"], ["7"]);
        assert_eq!(head.clears_provides, ["rootfs-image.single-file.*"]);
        assert_eq!(payload.metadata.clone().map(Value::Object), Some(json!({"k": {}, "late": true})));
        assert_eq!(payload.files.len(), 2);
        assert_eq!(payload.augmented_files[0].name, "delta");
        let files = payload_files(&mut artifact.file(), &head).unwrap();
        assert_eq!(files[0].len(), 2);
    }

    // The reader of the server misspells the name, so these go nowhere.
    refused(&Artifact::augmented().compressed(Compression::Zstd), "header-augment.tar.zst");
    let mut clash = Artifact::augmented();
    clash.augment[1].1 = br#"{"artifact_depends":{"one":["7"]}}"#.to_vec();
    refused(&clash, "`one` has another type");
    let mut null = Artifact::augmented();
    null.augment[0].1 = br#"{"payloads":[{"type":null}]}"#.to_vec();
    refused(&null, "type of a payload is null");
    let mut more = Artifact::augmented();
    more.augment[0].1 = br#"{"payloads":[{"type":"a"},{"type":"b"}]}"#.to_vec();
    refused(&more, "more payloads");
    let mut repeated = Artifact::augmented();
    repeated.augmented_files = repeated.files.clone();
    refused(&repeated, "listed a second time");
}

#[test]
fn an_empty_payload_only_sets_provides() {
    let mut bootstrap = Artifact::v3()
        .with("header-info", "/payloads", json!([{"type": null}]))
        .with("headers/0000/type-info", "/type", json!(null))
        .without("headers/0000/meta-data");
    bootstrap.files.clear();
    let mut members = bootstrap.members();
    assert_eq!(check_file(&mut bootstrap.file()).unwrap().payloads[0].kind, None);
    // Without files, the data member may be missing.
    members.pop();
    check_file(&mut Cursor::new(tar(&members))).unwrap();

    let meta_data = bootstrap.clone().replace("headers/0000/meta-data", b"");
    refused(&meta_data, "cannot have meta-data");
    bootstrap.files = Artifact::v3().files;
    refused(&bootstrap, "more files of payload 0000");
}

#[test]
fn what_the_server_lets_pass_is_accepted() {
    let type_info = "headers/0000/type-info";
    let rootfs =
        |artifact: Artifact| artifact.with("header-info", "/payloads", json!([{"type": "rootfs-image"}]));
    let mut one_file = rootfs(Artifact::v3()).without(type_info);
    one_file.files.truncate(1);
    for (what, artifact) in [
        ("type in type-info", Artifact::v3().with(type_info, "/type", json!(""))),
        ("no meta-data", Artifact::v3().without("headers/0000/meta-data")),
        ("blank meta-data", Artifact::v3().replace("headers/0000/meta-data", b" \n")),
        ("scripts", Artifact::v3().without("scripts/ArtifactInstall_Enter_00")),
        ("rootfs-image without type-info", one_file),
        (
            "unknown keys",
            Artifact::v3().with(type_info, "/other", json!({"a": 1})).with(
                "header-info",
                "/artifact_depends/other",
                json!(1),
            ),
        ),
        ("text after JSON", Artifact::v3().replace(type_info, br#"{"type":"single-file"} }"#)),
    ] {
        check_file(&mut artifact.file()).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
    let mut version = Artifact::v3();
    version.version = "{ \"version\": 3,\n \"format\": \"mender\" }\n".to_owned();
    read(&version).unwrap();
}

#[test]
fn nothing_is_read_beyond_the_header() {
    struct Counting<R>(R, usize);
    impl<R: Read> Read for Counting<R> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let read = self.0.read(buf)?;
            self.1 += read;
            Ok(read)
        }
    }

    let mut signed = Artifact::v3();
    signed.signed = true;
    for artifact in [Artifact::v3(), signed, Artifact::augmented()] {
        let members = artifact.members();
        let (_, before) = members.split_last().unwrap();
        let end = tar(before).len() - 1024;
        let bytes = artifact.build();
        let mut reader = Counting(bytes.as_slice(), 0);
        Head::read(&mut reader).unwrap();
        assert!(reader.1 <= end, "{} of {end}", reader.1);
    }
}

/// A PAX header that overrides a size has to be followed, and a broken one is not passed over.
#[test]
fn pax_headers_are_followed() {
    let members = Artifact::v3().members();
    let with_record = |record: &str| {
        let mut bytes = tar(&members[..2]);
        bytes.truncate(bytes.len() - 1024);
        let mut pax = tar_header("PaxHeaders.0/header.tar", record.len() as u64);
        pax.set_entry_type(tar::EntryType::XHeader);
        pax.set_cksum();
        bytes.extend(pax.as_bytes());
        bytes.extend(record.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes.extend(tar_header("header.tar", 0).as_bytes());
        bytes.extend(&members[2].1);
        bytes.extend(tar(&members[3..]));
        bytes
    };
    let record = format!("{} size={}\n", 10 + members[2].1.len().to_string().len() - 1, members[2].1.len());
    assert_eq!(record.len().to_string(), record.split(' ').next().unwrap());
    check_file(&mut Cursor::new(with_record(&record))).unwrap();
    refused_bytes(&with_record(&record.replace("size", "siz\n")), "PAX header is malformed");
}
