//! Uploads that are hashed as they stream in, and downloads whose bytes follow from their position alone.
//! Neither is ever held whole, and nothing touches the disk.

use std::{
    fmt::Write as _,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{
    Json,
    body::Body,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::{
    task::yield_now,
    time::{Instant, timeout},
};

use crate::app::App;

/// Largest download, in bytes: 5 GiB, past every 32-bit counter on the way.
pub(crate) const DOWNLOAD_BYTES_MAX: u64 = 5 << 30;

/// Bytes of a download that are made at a time. A multiple of 8, see [`fill`].
const PIECE_BYTES: u64 = 64 * 1024;

/// How long an upload may stand still.
const UPLOAD_IDLE: Duration = Duration::from_secs(60);

/// What arrived of an upload.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Received {
    bytes: u64,
    sha256: String,
    elapsed_ms: u64,
}

/// Why a file was not taken or given.
#[derive(Debug)]
pub(crate) enum FileError {
    /// The visitor asked for more than [`DOWNLOAD_BYTES_MAX`].
    TooLarge(u64),
    /// The visitor sent nothing for [`UPLOAD_IDLE`], after this many bytes.
    Stalled(u64),
    /// The upload broke off after this many bytes.
    Broken(u64),
}

impl IntoResponse for FileError {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::TooLarge(asked) => {
                (StatusCode::BAD_REQUEST, format!("{asked} bytes are too many, {DOWNLOAD_BYTES_MAX} at most\n"))
            }
            Self::Stalled(bytes) => (
                StatusCode::REQUEST_TIMEOUT,
                format!("nothing came for {} s, after {bytes} bytes\n", UPLOAD_IDLE.as_secs()),
            ),
            Self::Broken(bytes) => (StatusCode::BAD_REQUEST, format!("the upload broke off after {bytes} bytes\n")),
        };
        (status, text).into_response()
    }
}

/// `POST /upload`: takes the body as the file, piece by piece, and answers with its size and SHA-256.
pub(crate) async fn upload(State(app): State<App>, request: Request) -> Result<Response, FileError> {
    let started = Instant::now();
    let mut body = request.into_body().into_data_stream();
    let mut hash = Sha256::new();
    let mut bytes = 0;
    loop {
        let piece = match timeout(UPLOAD_IDLE, body.next()).await {
            Err(_idle) => return Err(FileError::Stalled(bytes)),
            Ok(Some(Err(_broken))) => return Err(FileError::Broken(bytes)),
            Ok(None) => break,
            Ok(Some(Ok(piece))) => piece,
        };
        let length = u64::try_from(piece.len()).expect("a length fits 64 bits");
        hash.update(&piece);
        bytes += length;
        app.counters.uploaded_bytes.fetch_add(length, Ordering::Relaxed);
    }
    let received = Received {
        bytes,
        sha256: hex(&hash.finalize()),
        elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    Ok(Json(received).into_response())
}

/// `GET /download/{bytes}`: that many bytes, the same ones each time.
pub(crate) async fn download(State(app): State<App>, Path(bytes): Path<u64>) -> Result<Response, FileError> {
    let bytes = checked(bytes)?;
    let counters = Arc::clone(&app.counters);
    let body = pieces(bytes).map(move |piece| {
        counters.downloaded_bytes.fetch_add(u64::try_from(piece.len()).unwrap_or(0), Ordering::Relaxed);
        Ok::<_, std::convert::Infallible>(piece)
    });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, bytes.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"demo-{bytes}.bin\"")),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// `GET /download/{bytes}/sha256`: the checksum of that download, as `sha256sum` prints it.
/// Takes some seconds for the largest. Ends when the visitor leaves.
pub(crate) async fn download_sha256(State(app): State<App>, Path(bytes): Path<u64>) -> Result<Response, FileError> {
    let bytes = checked(bytes)?;
    let _permit = app.checksums.acquire().await;
    let mut hash = Sha256::new();
    let mut pieces = std::pin::pin!(pieces(bytes));
    while let Some(piece) = pieces.next().await {
        hash.update(&piece);
        // One piece takes well under a millisecond; others get their turn in between.
        yield_now().await;
    }
    Ok(format!("{}  demo-{bytes}.bin\n", hex(&hash.finalize())).into_response())
}

fn checked(bytes: u64) -> Result<u64, FileError> {
    if bytes > DOWNLOAD_BYTES_MAX {
        return Err(FileError::TooLarge(bytes));
    }
    Ok(bytes)
}

/// The bytes of a download, one piece at a time, made when the one before has been taken.
fn pieces(bytes: u64) -> impl stream::Stream<Item = Bytes> {
    stream::unfold(0, move |offset| async move {
        let length = PIECE_BYTES.min(bytes - offset);
        if length == 0 {
            return None;
        }
        let mut piece = vec![0; usize::try_from(length).expect("a piece is small")];
        fill(&mut piece, offset);
        Some((Bytes::from(piece), offset + length))
    })
}

/// Writes the bytes that stand at `offset`, which is a multiple of 8. Eight at a time come from `SplitMix64` of their position:
/// fast, the same for ever, and nothing that a compressor could shrink.
fn fill(piece: &mut [u8], offset: u64) {
    debug_assert_eq!(offset % 8, 0, "pieces start at whole words");
    let mut state = (offset / 8).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for word in piece.chunks_mut(8) {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        word.copy_from_slice(&mixed.to_le_bytes()[..word.len()]);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all that is written");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fill_starts_with_the_published_splitmix64_of_seed_0() {
        let mut piece = [0; 16];
        fill(&mut piece, 0);
        assert_eq!(piece[..8], 0xE220_A839_7B1D_CDAF_u64.to_le_bytes());
        assert_eq!(piece[8..], 0x6E78_9E6A_A1B9_65F4_u64.to_le_bytes());
    }

    #[test]
    fn fill_depends_on_the_position_only() {
        let mut whole = [0; 100];
        fill(&mut whole, 0);
        let mut rest = [0; 60];
        fill(&mut rest, 40);
        assert_eq!(whole[40..], rest);
    }

    #[test]
    fn checked_takes_the_limit_and_no_more() {
        assert!(checked(DOWNLOAD_BYTES_MAX).is_ok());
        assert!(checked(DOWNLOAD_BYTES_MAX + 1).is_err());
    }
}
