//! Input that is cut off, damaged, or made to take all memory.

use std::io::{self, Cursor, Read, repeat};

use super::super::testing::{Artifact, compress, tar, tar_header};
use super::*;

#[test]
fn bombs_are_noticed() {
    // A script of zeros without end: a gzip stream of one MiB, again and again.
    let members = &Artifact::v3().header[..1];
    let mut start = tar(members);
    start.truncate(start.len() - 1024);
    start.extend(tar_header("scripts/bomb", 1 << 32).as_bytes());
    let mut bomb = compress(Compression::Gzip, &start);
    bomb.extend(compress(Compression::Gzip, &vec![0; 1 << 20]).repeat(65));
    assert!(bomb.len() < 1 << 20);
    let error = Head::read(tar(&with_header("header.tar.gz", &bomb)).as_slice()).unwrap_err();
    assert_eq!(error.to_string(), "header.tar.gz is too large: the limit is 67108864 bytes");

    let large = vec![b' '; (1 << 20) + 1];
    refused(
        &Artifact::v3().replace("headers/0000/meta-data", &large),
        "header.tar: headers/0000/meta-data is too large: the limit is 1048576 bytes",
    );
}

/// Endless members: if their size were believed, reading would not end.
#[test]
fn claimed_sizes_are_not_believed() {
    let huge = 1 << 50;
    for (before, name, text) in [
        (0, "version", "version is too large: the limit is 4096 bytes"),
        (1, "manifest", "manifest is too large"),
        (2, "manifest.sig", "manifest.sig is too large"),
        (2, "manifest-augment", "manifest-augment is too large"),
        (2, "header.tar.gz", "header.tar.gz is too large: the limit is 16777216 bytes"),
    ] {
        let mut bytes = tar(&Artifact::v3().members()[..before]);
        bytes.truncate(bytes.len() - 1024);
        let mut header = tar_header(name, 0);
        header.set_size(huge);
        header.set_cksum();
        bytes.extend(header.as_bytes());
        let error = Head::read(bytes.chain(repeat(b' '))).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
    for kind in [tar::EntryType::XHeader, tar::EntryType::GNULongName] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(huge);
        header.set_cksum();
        let mut bytes = tar(&Artifact::v3().members()[..1]);
        bytes.truncate(bytes.len() - 1024);
        bytes.extend(header.as_bytes());
        let error = Head::read(bytes.chain(repeat(b' '))).unwrap_err();
        let text = "the header of a member is too large";
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn a_file_cut_off_anywhere_is_noticed_or_whole() {
    let mut all = Artifact::v3();
    all.signed = true;
    for artifact in [all.compressed(Compression::Gzip), Artifact::augmented(), Artifact::v2()] {
        let bytes = artifact.build();
        let head = Head::read(bytes.as_slice()).unwrap();
        let end_of_content = bytes.len() - 1024;
        // Where the last content ends, without what pads it to a block.
        let padding = {
            let members = artifact.members();
            let len = members.last().unwrap().1.len();
            len.next_multiple_of(512) - len
        };
        // Every place around the end of the content, and others with a step that is no part of a
        // block.
        let cuts =
            (0..bytes.len()).filter(|cut| cut % 13 == 0 || cut.abs_diff(end_of_content - padding) < 20);
        for cut in cuts {
            match Head::read(&bytes[..cut]) {
                Ok(cut_head) => assert_eq!(cut_head, head),
                Err(FormatError::Truncated { .. }) => assert!(cut >= 512),
                Err(FormatError::Empty) => assert_eq!(cut, 0),
                Err(FormatError::NotAnArtifact(_)) => assert!(cut < 512),
                Err(error) => panic!("cut at {cut}: {error}"),
            }
            let result = check_file(&mut Cursor::new(&bytes[..cut]));
            assert_eq!(result.is_ok(), cut >= end_of_content - padding, "{cut}: {result:?}");
            if let Err(error) = result
                && cut >= 512
            {
                assert!(matches!(error, FormatError::Truncated { .. }), "{cut}: {error}");
            }
            // Must not panic, and finds the files only if they are there.
            if let Ok(files) = payload_files(&mut Cursor::new(&bytes[..cut]), &head) {
                assert_eq!(files[0].len(), head.payloads[0].files.len());
            }
        }
    }
}

/// A byte changed gives an error or, where nothing depends on it, the same head.
#[test]
fn damage_never_panics() {
    for compression in FORMATS {
        let mut artifact = match compression {
            // Has no augmented part.
            Compression::Zstd => Artifact::v3(),
            _ => Artifact::augmented(),
        };
        artifact.files.truncate(1);
        let bytes = artifact.compressed(compression).build();
        let head = Head::read(bytes.as_slice()).unwrap();
        for at in (0..bytes.len()).step_by(23) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            if let Ok(damaged) = check_file(&mut Cursor::new(&bytes)) {
                assert_eq!(damaged.name, head.name);
                let _ = payload_files(&mut Cursor::new(&bytes), &damaged);
            }
        }
    }
}

#[test]
fn errors_of_the_reader_come_through() {
    struct Failing(usize, Vec<u8>);
    impl Read for Failing {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            // As a signal does it: to be tried again.
            if self.0 == 7 {
                self.0 += 1;
                return Err(io::ErrorKind::Interrupted.into());
            }
            if self.0 > 600 {
                return Err(io::Error::other("the disk is on fire"));
            }
            let at = self.0.saturating_sub(usize::from(self.0 > 7));
            buf[0] = self.1[at];
            self.0 += 1;
            Ok(1)
        }
    }
    let error = Head::read(Failing(0, Artifact::v3().build())).unwrap_err();
    assert!(matches!(error, FormatError::Io(_)), "{error}");
    assert!(error.to_string().contains("on fire"), "{error}");
}
