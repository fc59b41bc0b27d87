//! The least client that the relay talks to: it shares two cores with the relay, and must not be what is
//! measured.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use crate::Failure;

/// A connection that is kept.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), address })
    }

    /// Sends a request with further header lines, each with its end, and returns status and content.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        headers: &str,
        content: &[u8],
    ) -> Result<(u16, Vec<u8>), Failure> {
        let (address, length) = (self.address, content.len());
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\n{headers}\r\n");
        // In one write, as it goes over the wire.
        self.stream.write_all(&[head.as_bytes(), content].concat()).await?;
        self.stream.flush().await?;

        let status = self.line().await?;
        let status = status.split(' ').nth(1).ok_or("the answer has no status")?.parse::<u16>()?;
        let mut length = 0;
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse::<usize>()?;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).await?;
        Ok((status, answer))
    }

    async fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err("the connection ended".into());
        }
        Ok(line.trim_end().to_owned())
    }
}
