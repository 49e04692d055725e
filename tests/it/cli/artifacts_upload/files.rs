//! Which files are Artifacts, found out before the first request.

use super::*;

/// D19: a local fault is found before the first request, with or without `--direct`.
#[test]
fn whatever_is_no_artifact_is_refused_before_the_first_request() {
    let (server, home) = logged_in();
    let whole = Artifact::new("a").file("f", vec![7; 4000]).compression(Compression::Gzip).build();
    home.write("good.mender", artifact("good"));
    home.write("empty.mender", "");
    home.write("text.mender", "just some text, longer than a block of a tar\n".repeat(20));
    home.write("cut-in-header.mender", &whole[..1600]);
    home.write("cut-in-payload.mender", &whole[..whole.len() - 2000]);
    home.write("other.tar", other_tar());
    std::fs::create_dir(home.path("folder.mender")).unwrap();
    let rows = [
        (
            "missing.mender",
            "FAILURE: Cannot read artifact file: open missing.mender: no such file or directory\n",
        ),
        (
            "empty.mender",
            "FAILURE: error parsing artifact: empty.mender: not a Mender Artifact: the file is empty",
        ),
        ("text.mender", "FAILURE: Invalid artifact format: text.mender: not a Mender Artifact: "),
        (
            "cut-in-header.mender",
            "FAILURE: error parsing artifact: cut-in-header.mender: the Artifact is truncated",
        ),
        (
            "cut-in-payload.mender",
            "FAILURE: error parsing artifact: cut-in-payload.mender: the Artifact is truncated",
        ),
        ("other.tar", "FAILURE: Invalid artifact format: other.tar: not a Mender Artifact: "),
        ("folder.mender", "FAILURE: Cannot read artifact file: folder.mender: it is a directory"),
    ];
    for (file, text) in rows {
        for flag in [&["--direct"][..], &[]] {
            let args = ["artifacts", "upload", "good.mender", file].into_iter().chain(flag.iter().copied());
            home.at(&server, args).run().fails().prints("").says(text);
        }
    }
    assert!(server.requests().is_empty());
}

#[cfg(unix)]
#[test]
fn what_would_block_or_has_no_length_is_refused() {
    let (server, home) = logged_in();
    let made = std::process::Command::new("mkfifo").arg(home.path("pipe")).status().expect("mkfifo runs");
    assert!(made.success());
    for file in ["pipe", "/dev/null"] {
        home.at(&server, ["artifacts", "upload", file])
            .run()
            .fails()
            .says(&format!("FAILURE: Cannot read artifact file: {file}: it is not a regular file"))
            .says("hint: - reads the Artifact from stdin");
    }
    assert!(server.requests().is_empty());
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let (server, home) = logged_in();
    let path = home.write("a.mender", artifact("a"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(&path).is_ok() {
        return; // Nothing is kept from root.
    }
    home.at(&server, ["artifacts", "upload", "a.mender"])
        .run()
        .fails()
        .says("FAILURE: Cannot read artifact file: open a.mender: permission denied\n");
    assert!(server.requests().is_empty());
}

fn other_tar() -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..8].copy_from_slice(b"some.txt");
    header[100..108].copy_from_slice(b"0000644\0");
    header[108..116].copy_from_slice(b"0000000\0");
    header[116..124].copy_from_slice(b"0000000\0");
    header[124..136].copy_from_slice(b"00000000000\0");
    header[136..148].copy_from_slice(b"00000000000\0");
    header[148..156].copy_from_slice(b"        ");
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    [header.to_vec(), vec![0; 1024]].concat()
}
