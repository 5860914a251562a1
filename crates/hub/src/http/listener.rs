//! Connections with or without TLS, each with a limit on how long its peer may leave a full socket unread. The network below is
//! the system's TCP, or in a simulation one of its own.
//!
//! Invariant: a slow or silent TLS handshake holds up nobody else.

use crate::config::{StartError, Tls};
use axum::serve::Listener;
use fugue_domain::limits::SUBSCRIBER_STALL_MS;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Milliseconds that a TLS handshake may take.
const HANDSHAKE_MS: u64 = 10_000;
/// Handshakes at once; more wait in the system's queue.
const HANDSHAKES_MAX: usize = 256;

/// Reads certificate and key.
pub fn acceptor(tls: &Tls) -> Result<TlsAcceptor, StartError> {
    let wrong = |path: &Path, cause: String| StartError::Certificate { path: path.to_owned(), cause };
    let chain = CertificateDer::pem_file_iter(&tls.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| wrong(&tls.cert, cause.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(&tls.cert, "there is no certificate in it".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|cause| wrong(&tls.key, cause.to_string()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|cause| wrong(&tls.cert, cause.to_string()))?;
    // WebSockets and SSE want a connection of their own each, which HTTP/1.1 gives them simply.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Ends with a connection, or with nothing when the handshake failed.
type Handshake<Io> = BoxFuture<'static, Option<(Stream<Io>, SocketAddr)>>;

/// Listens, and finishes handshakes beside accepting.
pub struct Door<L: Listener> {
    below: L,
    tls: Option<TlsAcceptor>,
    handshakes: FuturesUnordered<Handshake<L::Io>>,
}

impl<L: Listener<Addr = SocketAddr>> Door<L> {
    /// Listens on a bound socket.
    pub fn new(below: L, tls: Option<TlsAcceptor>) -> Self {
        Self { below, tls, handshakes: FuturesUnordered::new() }
    }
}

impl<L: Listener<Addr = SocketAddr>> Listener for Door<L> {
    type Io = Patient<L::Io>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let room = self.handshakes.len() < HANDSHAKES_MAX;
            tokio::select! {
                (stream, peer) = self.below.accept(), if room => match self.tls.clone() {
                    None => return (Patient::new(Stream::Plain(stream)), peer),
                    Some(tls) => self.handshakes.push(Box::pin(async move {
                        let done = tokio::time::timeout(Duration::from_millis(HANDSHAKE_MS), tls.accept(stream)).await;
                        Some((Stream::Tls(Box::new(done.ok()?.ok()?)), peer))
                    })),
                },
                Some(done) = self.handshakes.next() => {
                    if let Some((stream, peer)) = done {
                        return (Patient::new(stream), peer);
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.below.local_addr()
    }
}

enum Stream<Io> {
    Plain(Io),
    Tls(Box<TlsStream<Io>>),
}

/// A connection whose peer must read within a time.
pub struct Patient<Io> {
    stream: Stream<Io>,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<Io> Patient<Io> {
    fn new(stream: Stream<Io>) -> Self {
        Self { stream, stalled: None }
    }

    /// Starts the clock when a write has to wait, and ends the connection when it has waited for too long.
    fn write<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Stream<Io>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match poll(&mut self.stream, cx) {
            Poll::Ready(done) => {
                self.stalled = None;
                Poll::Ready(done)
            }
            Poll::Pending => {
                let limit = Duration::from_millis(SUBSCRIBER_STALL_MS);
                let clock = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + limit)));
                ready!(clock.as_mut().poll(cx));
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")))
            }
        }
    }
}

macro_rules! on {
    ($stream:expr, $inner:ident => $call:expr) => {
        match $stream {
            Stream::Plain($inner) => {
                let $inner = Pin::new($inner);
                $call
            }
            Stream::Tls($inner) => {
                let $inner = Pin::new($inner.as_mut());
                $call
            }
        }
    };
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncRead for Patient<Io> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        on!(&mut self.stream, inner => inner.poll_read(cx, buf))
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<Io> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.write(cx, |stream, cx| on!(stream, inner => inner.poll_write(cx, buf)))
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.write(cx, |stream, cx| on!(stream, inner => inner.poll_write_vectored(cx, bufs)))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(cx, |stream, cx| on!(stream, inner => inner.poll_flush(cx)))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(cx, |stream, cx| on!(stream, inner => inner.poll_shutdown(cx)))
    }
}
