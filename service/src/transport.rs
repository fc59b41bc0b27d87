//! A connection as HTTP sees it: bytes, whether TLS is around them or not.
//!
//! The handshake is made by whoever reads first. So everything that holds for the head of a request holds
//! for the handshake: it counts against the same time, it has one of the places for connections, and
//! it ends when the service stops.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::{Accept, TlsAcceptor, server::TlsStream};

/// A stream, in the clear or by TLS.
pub(crate) enum Transport<S> {
    Clear(S),
    Handshake(Box<Accept<S>>),
    Secure(Box<TlsStream<S>>),
    /// The handshake failed, and the connection is closed.
    Over,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport<S> {
    pub(crate) fn new(stream: S, acceptor: Option<TlsAcceptor>) -> Self {
        match acceptor {
            Some(acceptor) => Self::Handshake(Box::new(acceptor.accept(stream))),
            None => Self::Clear(stream),
        }
    }

    /// Ready when there is no handshake to wait for.
    fn poll_open(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Self::Handshake(handshake) = self {
            match ready!(Pin::new(handshake).poll(context)) {
                Ok(stream) => *self = Self::Secure(Box::new(stream)),
                Err(error) => {
                    // A handshake that has failed may not be asked again.
                    *self = Self::Over;
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Transport<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_open(context))?;
        match &mut *self {
            Self::Clear(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Secure(stream) => Pin::new(stream).poll_read(context, buffer),
            // Nothing comes any more.
            Self::Handshake(_) | Self::Over => Poll::Ready(Ok(())),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Transport<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(context))?;
        match &mut *self {
            Self::Clear(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Secure(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Handshake(_) | Self::Over => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(context))?;
        match &mut *self {
            Self::Clear(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Secure(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Handshake(_) | Self::Over => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        // Both can: TLS puts the slices into one record, TCP into one call.
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Clear(stream) => Pin::new(stream).poll_flush(context),
            Self::Secure(stream) => Pin::new(stream).poll_flush(context),
            // Nothing was written yet, or nothing will be.
            Self::Handshake(_) | Self::Over => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Clear(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(context),
            // Who has not ended the handshake is not waited for.
            Self::Handshake(_) | Self::Over => Poll::Ready(Ok(())),
        }
    }
}
