//! A connection that ends when its other side takes too little of what is sent.
//!
//! A time limit on an answer's content would not do: nobody asks for its next piece while the one
//! before waits to be taken. Nor does it say that nothing is taken if the system takes no more: a
//! writer hears of room once a third of the send buffer is free. How little may be taken follows from
//! the size of that buffer (`run`) and from the time.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

/// A stream whose writes fail when the other side frees no room for a time.
#[derive(Debug)]
pub(crate) struct WriteTimeout<S> {
    stream: S,
    most: Duration,
    /// Runs while there is no room. Begins anew with each byte that finds some.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> WriteTimeout<S> {
    pub(crate) fn new(stream: S, most: Duration) -> Self {
        Self { stream, most, waiting: None }
    }

    fn in_time(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let most = self.most;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(most)));
        waiting.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteTimeout<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteTimeout<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::{
        io::{AsyncReadExt as _, DuplexStream, duplex},
        time::Instant,
    };

    use super::*;

    /// How much finds room at once, and when it would be too late for the rest.
    fn write(stream: &mut WriteTimeout<DuplexStream>) -> (Poll<usize>, Option<Instant>) {
        let mut context = Context::from_waker(Waker::noop());
        let written = Pin::new(&mut *stream).poll_write(&mut context, b"four").map(Result::unwrap);
        (written, stream.waiting.as_ref().map(|waiting| waiting.deadline()))
    }

    #[tokio::test]
    async fn the_time_runs_while_there_is_no_room_and_begins_anew_when_there_was() {
        let (near, mut far) = duplex(4);
        let mut stream = WriteTimeout::new(near, Duration::from_secs(3600));
        assert_eq!(write(&mut stream), (Poll::Ready(4), None));
        let (Poll::Pending, Some(first)) = write(&mut stream) else { panic!("there was room") };
        // Nobody gains time by trying.
        assert_eq!(write(&mut stream), (Poll::Pending, Some(first)));
        // Half is taken: a reader that is slow is not one that has gone.
        far.read_exact(&mut [0; 2]).await.unwrap();
        assert_eq!(write(&mut stream), (Poll::Ready(2), None));
        let (Poll::Pending, Some(second)) = write(&mut stream) else { panic!("there was room") };
        assert!(second > first);
    }
}
