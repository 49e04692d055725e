//! A server that costs as little as one can: it reads uploads and throws them away, and its lists are empty.

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::Failure;

/// What is read from the socket at once. Small reads would make the server the slower side.
const PIECE: usize = 256 << 10;

pub struct Sink {
    http: SocketAddr,
    https: SocketAddr,
    ca_file: PathBuf,
    received: Arc<AtomicU64>,
}

impl Sink {
    /// Listens, on free ports, until the process ends.
    pub fn start(folder: &Path) -> Result<Sink, Failure> {
        let ca_file = folder.join("ca.pem");
        let config = certificate(&ca_file)?;
        let received = Arc::new(AtomicU64::new(0));
        let count = received.clone();
        let http = listen(move |stream| serve(buffered(stream)?, &count))?;
        let count = received.clone();
        let https = listen(move |stream| {
            let tls = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
            serve(StreamOwned::new(tls, buffered(stream)?), &count)
        })?;
        Ok(Sink { http, https, ca_file, received })
    }

    pub fn url(&self, tls: bool) -> String {
        if tls { format!("https://{}", self.https) } else { format!("http://{}", self.http) }
    }

    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// Bytes of uploads since the last [`Sink::forget`].
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::SeqCst)
    }

    pub fn forget(&self) {
        self.received.store(0, Ordering::SeqCst);
    }
}

fn certificate(ca_file: &Path) -> Result<Arc<ServerConfig>, Failure> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Under one name, the server's certificate would pass for one signed by itself.
    authority.distinguished_name.push(DnType::CommonName, "Bench CA");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let server = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &authority)?;
    std::fs::write(ca_file, authority.pem())?;
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], private)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn listen(serve: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            // A client that breaks off fails by itself; the harness sees that.
            std::thread::spawn(move || serve(stream));
        }
    });
    Ok(address)
}

/// rustls asks for small pieces; one call of the system is to bring many of them.
struct Buffered {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

fn buffered(stream: TcpStream) -> io::Result<Buffered> {
    stream.set_nodelay(true)?;
    let writer = stream.try_clone()?;
    Ok(Buffered { reader: BufReader::with_capacity(PIECE, stream), writer })
}

impl Read for Buffered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl Write for Buffered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Answers one request after the other, as far as HTTP/1.1 has to be known for it.
fn serve(stream: impl Read + Write, received: &AtomicU64) -> io::Result<()> {
    let mut wire = Wire { stream, buffer: vec![0; PIECE], start: 0, end: 0 };
    while let Some(request) = wire.line()? {
        let (mut length, mut chunked) = (0, false);
        while let Some(header) = wire.line()?.filter(|line| !line.is_empty()) {
            let (name, value) = header.split_once(':').unwrap_or((&header, ""));
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().map_err(io::Error::other)?,
                "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
                "expect" => wire.write("HTTP/1.1 100 Continue\r\n\r\n")?,
                _ => {}
            }
        }
        let body = if chunked { wire.discard_chunks()? } else { wire.discard(length)? };
        let path = request.split(' ').nth(1).unwrap_or_default();
        let is_list = path.contains("/deployments/artifacts");
        if request.starts_with("POST ") && is_list {
            received.fetch_add(body, Ordering::SeqCst);
            wire.write("HTTP/1.1 201 Created\r\nLocation: ./management/v1/deployments/artifacts/0b1f8d0e-6a0c-4c3b-9f57-2d1c6b1f0a11\r\nContent-Length: 0\r\n\r\n")?;
        } else if request.starts_with("GET ") && is_list {
            wire.write("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nX-Total-Count: 0\r\nContent-Length: 2\r\n\r\n[]")?;
        } else {
            wire.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
        }
    }
    Ok(())
}

/// A connection, and what of it was read ahead.
struct Wire<S> {
    stream: S,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<S: Read + Write> Wire<S> {
    /// Reads on once all is used up; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        if self.start == self.end {
            self.start = 0;
            self.end = self.stream.read(&mut self.buffer)?;
        }
        Ok(self.start < self.end)
    }

    /// The next line without its end; none at the end of the connection.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        loop {
            if !self.fill()? {
                return Ok(None);
            }
            let byte = self.buffer[self.start];
            self.start += 1;
            match byte {
                b'\n' => return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned())),
                _ if line.len() == 16 << 10 => return Err(io::Error::other("a line too long")),
                _ => line.push(byte),
            }
        }
    }

    /// Throws so many bytes away.
    fn discard(&mut self, count: u64) -> io::Result<u64> {
        let mut left = count;
        while left > 0 {
            if !self.fill()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let taken = usize::try_from(left).unwrap_or(usize::MAX).min(self.end - self.start);
            self.start += taken;
            left -= taken as u64;
        }
        Ok(count)
    }

    /// Throws a chunked body away, and tells how long it was.
    fn discard_chunks(&mut self) -> io::Result<u64> {
        let mut total = 0;
        loop {
            let line = self.line()?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let digits = line.split(';').next().unwrap_or_default();
            let length = u64::from_str_radix(digits.trim(), 16).map_err(io::Error::other)?;
            total += self.discard(length)?;
            // The end of the chunk, or of the body: nobody here sends trailers.
            self.line()?;
            if length == 0 {
                return Ok(total);
            }
        }
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())?;
        self.stream.flush()
    }
}
