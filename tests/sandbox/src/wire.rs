//! The byte stream under a connection, with a handle to misbehave on it.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

/// What a handler can do to its connection.
#[derive(Debug)]
pub(crate) struct Control {
    /// Sent in place of whatever the HTTP side writes.
    raw: Mutex<Option<Vec<u8>>>,
    abrupt: AtomicBool,
    flushes: watch::Sender<u64>,
}

impl Control {
    pub(crate) fn new() -> Arc<Control> {
        Arc::new(Control {
            raw: Mutex::default(),
            abrupt: AtomicBool::new(false),
            flushes: watch::Sender::new(0),
        })
    }

    pub(crate) fn send_raw(&self, bytes: Vec<u8>) {
        *self.raw.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
    }

    /// The connection is closed at once when its answer is out.
    pub(crate) fn close_abruptly(&self) {
        self.abrupt.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_abrupt(&self) -> bool {
        self.abrupt.load(Ordering::Relaxed)
    }

    /// Waits until everything written so far is with the system.
    pub(crate) async fn flushed(&self) {
        let mut flushes = self.flushes.subscribe();
        let _ = flushes.changed().await;
    }
}

pub(crate) struct Wire<S> {
    inner: S,
    control: Arc<Control>,
}

impl<S> Wire<S> {
    pub(crate) fn new(inner: S, control: Arc<Control>) -> Wire<S> {
        Wire { inner, control }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let mut raw = this.control.raw.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(substitute) = raw.as_mut() else {
            drop(raw);
            return Pin::new(&mut this.inner).poll_write(context, bytes);
        };
        while !substitute.is_empty() {
            match Pin::new(&mut this.inner).poll_write(context, substitute) {
                Poll::Ready(Ok(written)) => drop(substitute.drain(..written)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        // Whatever the HTTP side wanted to say is gone; its connection is over.
        match Pin::new(&mut this.inner).poll_flush(context) {
            Poll::Ready(_) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(context);
        if polled.is_ready() {
            self.control.flushes.send_modify(|count| *count += 1);
        }
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
