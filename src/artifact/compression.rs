//! How the inner archives are compressed.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Most memory for reading an xz stream, in KiB. The official writer uses a dictionary of 64 MiB;
/// a stream can ask for 4 GiB.
const XZ_MEMORY_KIB: u32 = 128 * 1024;

/// Largest zstd window. The official writer stays within 8 MiB.
const ZSTD_WINDOW: u64 = 128 * 1024 * 1024;

/// How an archive inside an Artifact is compressed, which only its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, `.gz`.
    Gzip,
    /// xz, `.xz`; the official tool calls it `lzma`.
    Xz,
    /// Zstandard, `.zst`.
    Zstd,
}

impl Compression {
    /// The ending of member names, with its dot; empty for [`Compression::None`].
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Xz => ".xz",
            Self::Zstd => ".zst",
        }
    }

    /// Splits a member name into what stands before the suffix and the compression it means. As
    /// for the server, an unknown suffix is part of the name of something not compressed.
    pub(super) fn split(name: &str) -> (&str, Self) {
        for compression in [Self::Gzip, Self::Xz, Self::Zstd] {
            if let Some(stem) = name.strip_suffix(compression.suffix()) {
                return (stem, compression);
            }
        }
        (name, Self::None)
    }

    /// The uncompressed content of `source`.
    pub(super) fn decoder<'a>(self, source: impl BufRead + 'a) -> Box<dyn Read + 'a> {
        match self {
            Self::None => Box::new(source),
            Self::Gzip => Box::new(MultiGzDecoder::new(source)),
            Self::Xz => Box::new(XzReader::new_mem_limit(source, true, XZ_MEMORY_KIB)),
            Self::Zstd => Box::new(ZstdReader::new(source)),
        }
    }
}

/// Reads all frames of a zstd stream, where the crate's own reader stops after the first.
struct ZstdReader<R> {
    source: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: BufRead> ZstdReader<R> {
    fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(ZSTD_WINDOW);
        Self { source, decoder, in_frame: false }
    }

    /// Goes to the next frame; false at the end of the stream.
    fn start_frame(&mut self) -> io::Result<bool> {
        if self.source.fill_buf()?.is_empty() {
            return Ok(false);
        }
        match self.decoder.reset(&mut self.source) {
            Ok(()) => self.in_frame = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => {
                let length = u64::from(length);
                if io::copy(&mut self.source.by_ref().take(length), &mut io::sink())? < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Err(error) => return Err(io::Error::other(error)),
        }
        Ok(true)
    }
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.in_frame {
                if !self.start_frame()? {
                    return Ok(0);
                }
            } else if self.decoder.can_collect() > 0 {
                return self.decoder.read(buf);
            } else if self.decoder.is_finished() {
                self.in_frame = false;
            } else {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::compress;
    use super::*;

    fn decoded(compression: Compression, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        compression.decoder(bytes).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn streams_in_several_parts_are_read_to_the_end() {
        for compression in [Compression::Gzip, Compression::Xz, Compression::Zstd] {
            let mut stream = compress(compression, b"one ");
            stream.extend(compress(compression, b"two"));
            assert_eq!(decoded(compression, &stream).unwrap(), b"one two");
        }
    }

    #[test]
    fn zstd_frames_to_be_skipped_are_skipped() {
        let mut stream = vec![0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        assert_eq!(decoded(Compression::Zstd, &stream).unwrap(), b"");
        stream.extend(compress(Compression::Zstd, b"after"));
        assert_eq!(decoded(Compression::Zstd, &stream).unwrap(), b"after");
        assert!(decoded(Compression::Zstd, &stream[..10]).is_err());
    }

    #[test]
    fn streams_that_ask_for_too_much_memory_are_refused() {
        // A frame header with a window of 512 MiB, and an empty last block.
        let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 19 << 3, 0x01, 0, 0];
        assert!(decoded(Compression::Zstd, &zstd).is_err());
        let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 13 << 3, 0x01, 0, 0];
        assert_eq!(decoded(Compression::Zstd, &zstd).unwrap(), b"");

        let xz = xz_claiming_dictionary(&compress(Compression::Xz, b"text"), 38);
        let error = decoded(Compression::Xz, &xz).unwrap_err();
        assert!(error.to_string().contains("memory"), "{error}");
    }

    /// Rewrites the dictionary size in the block header of a small xz stream: 4 GiB is 40.
    fn xz_claiming_dictionary(xz: &[u8], bits: u8) -> Vec<u8> {
        let mut xz = xz.to_vec();
        let header = &mut xz[12..];
        let size = (usize::from(header[0]) + 1) * 4;
        let at =
            header[..size - 4].windows(2).position(|pair| pair == [0x21, 0x01]).expect("an LZMA2 filter");
        header[at + 2] = bits;
        let mut crc = flate2::Crc::new();
        crc.update(&header[..size - 4]);
        header[size - 4..size].copy_from_slice(&crc.sum().to_le_bytes());
        xz
    }
}
