//! What is read out of the data members.

use std::io::Cursor;

use super::super::testing::{Artifact, MODIFIED, compress, tar, tar_header};
use super::*;

#[test]
fn payload_files_have_sizes_and_dates() {
    for compression in FORMATS {
        let artifact = Artifact::v3().compressed(compression);
        let head = read(&artifact).unwrap();
        let files = payload_files(&mut artifact.file(), &head).unwrap();
        let [files] = &files[..] else { panic!() };
        assert_eq!(files[0].name, "b.txt");
        assert_eq!(files[0].checksum, head.payloads[0].files[0].checksum);
        assert_eq!(files[0].size, 6);
        assert_eq!(files[0].modified.to_string(), "2026-01-02T03:04:05Z");
        assert_eq!(files[0].modified.as_second(), MODIFIED as i64);
        assert_eq!(files[1].size, 2000);

        let mut other = artifact.clone();
        other.files.pop();
        let error = payload_files(&mut other.file(), &head).unwrap_err();
        assert!(error.to_string().contains("a.bin: is missing"), "{error}");
        other.files = vec![("c\x1bc".to_owned(), Vec::new())];
        let error = payload_files(&mut other.file(), &head).unwrap_err();
        let text = "c\\u{1b}c: is not in the manifest";
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn data_that_ends_early_is_noticed() {
    for compression in FORMATS {
        let mut members = Artifact::v3().compressed(compression).members();
        let head = Head::read(tar(&members).as_slice()).unwrap();
        let data = &mut members.last_mut().unwrap().1;
        let len = match compression {
            // Within the content of the second file, which is stepped over.
            Compression::None => 512 + 512 + 512 + 1000,
            _ => data.len() / 2,
        };
        data.truncate(len);
        let mut file = Cursor::new(tar(&members));
        check_file(&mut file).unwrap();
        let error = payload_files(&mut file, &head).unwrap_err().to_string();
        assert!(error.contains("data/0000.tar"), "{error}");
    }
}

#[test]
fn data_may_be_compressed_otherwise_than_the_header() {
    let mut members = Artifact::v3().members();
    let data = members.last_mut().unwrap();
    *data = ("data/0000.tar.zst".to_owned(), compress(Compression::Zstd, &data.1));
    let mut file = Cursor::new(tar(&members));
    let head = check_file(&mut file).unwrap();
    assert_eq!(head.compression, Compression::None);
    assert_eq!(payload_files(&mut file, &head).unwrap()[0][1].size, 2000);
}

#[test]
fn dates_out_of_range_are_brought_into_it() {
    let artifact = Artifact::v3();
    let head = read(&artifact).unwrap();
    let last = artifact.members().len() - 1;
    for (seconds, expected) in [
        ("1767323045.7", "2026-01-02T03:04:05Z"),
        ("-1.25", "1969-12-31T23:59:59Z"),
        ("-9999999999999999", "0001-01-01T00:00:00Z"),
        ("999999999999999", "9999-12-30T22:00:00Z"),
    ] {
        let record = pax_record("mtime", seconds);
        let mut pax = tar_header("PaxHeaders.0/b.txt", record.len() as u64);
        pax.set_entry_type(tar::EntryType::XHeader);
        pax.set_cksum();
        let mut inner = pax.as_bytes().to_vec();
        inner.extend(record.as_bytes());
        inner.resize(1024, 0);
        let mut members = artifact.members();
        inner.extend(&members[last].1);
        members[last].1 = inner;
        let files = payload_files(&mut Cursor::new(tar(&members)), &head).unwrap();
        assert_eq!(files[0][0].modified.to_string(), expected);
    }
}
