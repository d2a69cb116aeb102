//! A plain request from the tunnel: no body or one of a known length, no upgrade, an ordinary upstream. Most are; all
//! others go through [`Forward`](super::forward::Forward).

use std::{pin::pin, sync::Arc};

use bytes::Bytes;
use http::StatusCode;
use octoporty_core::{
    frame::{Reset, ResetCode, Side, StreamKind},
    id::RequestId,
    proxy::{End, Finished, HeadWriter, RawRequestHead, ReadyHead, respond_ready},
    session::{Incoming, RecvStream, SendStream},
};
use tokio::time::Instant;
use tracing::Instrument;

use super::forward::failed;
use crate::{
    Mapping,
    mapping::Mappings,
    observe::Watch,
    serve::backend::Backend,
    upstream::{
        UpstreamClient, UpstreamTarget,
        plain::{Answering, PlainAnswer, PlainRequest, Upload, UploadError},
    },
};

/// The status that asks for a body that was held back.
const CONTINUE: u16 = 100;

/// A request that can be sent as it is.
#[derive(Debug)]
pub(super) struct Plain {
    id: RequestId,
    mapping: Arc<Mapping>,
    target: Arc<UpstreamTarget>,
    request: PlainRequest,
}

impl Plain {
    /// Looks whether the request is plain. Says nothing about one that is not, not even that it is malformed.
    pub(super) fn of(incoming: &Incoming, head: &RawRequestHead<'_>, mappings: &Mappings) -> Option<Self> {
        if incoming.kind != StreamKind::Http {
            return None;
        }
        let has_body = !incoming.recv.is_read_to_end();
        // By id, and only in this Agent's own set: a Gateway cannot name an address (R32).
        let mapping = mappings.find(head.mapping)?;
        let Backend::Fixed(target) = &mapping.backend else {
            return None;
        };
        let request = PlainRequest::new(head, has_body, target, &mapping.headers)?;
        let target = Arc::clone(target);
        Some(Self { id: head.request, mapping, target, request })
    }

    pub(super) const fn has_body(&self) -> bool {
        self.request.has_body()
    }

    /// Forwards the request, which has no body, and answers. Dropping it resets the stream.
    pub(super) async fn serve(self, upstreams: &UpstreamClient, mut send: SendStream, mut watch: Option<Watch>) {
        let span = tracing::debug_span!("exchange", request = %self.id, mapping = %self.mapping.id());
        async {
            let finished = self.exchange(upstreams, &mut send, watch.as_mut()).await;
            finished.log();
            if let Some(watch) = watch {
                watch.finish(&finished);
            }
        }
        .instrument(span)
        .await;
    }

    async fn exchange(&self, upstreams: &UpstreamClient, send: &mut SendStream, watch: Option<&mut Watch>) -> Finished {
        let interim = send.interim();
        let tell = |head: &[u8]| interim.send(head);
        let answer = tokio::select! {
            biased;
            answer = upstreams.send_plain(&self.target, &self.request, &tell) => answer,
            error = send.stopped() => return Finished::unanswered(End::Abandoned(error)),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return fail(send, failed(&self.mapping, &error)),
        };
        self.respond(send, answer, watch).await
    }

    async fn respond(&self, send: &mut SendStream, answer: PlainAnswer, watch: Option<&mut Watch>) -> Finished {
        let PlainAnswer { head, inline, rest, connect } = answer;
        self.mapping.note(None);
        let encoded = Bytes::from(head.encoded);
        if let Some(watch) = watch {
            watch.answered(encoded.clone(), connect, Instant::now());
        }
        let ready = ReadyHead {
            status: StatusCode::from_u16(head.status).unwrap_or(StatusCode::BAD_GATEWAY),
            head: &encoded,
            inline: &inline,
            compressible: head.compressible,
            idle: self.mapping.body_idle,
        };
        respond_ready(send, ready, rest).await
    }

    /// As [`serve`](Self::serve), with the body that `recv` brings. What is left of it when the answer ends is given up.
    pub(super) async fn serve_upload(
        self,
        upstreams: &UpstreamClient,
        mut send: SendStream,
        recv: RecvStream,
        mut watch: Option<Watch>,
    ) {
        let span = tracing::debug_span!("exchange", request = %self.id, mapping = %self.mapping.id());
        async {
            let begun = tokio::select! {
                biased;
                begun = upstreams.begin_plain(&self.target, &self.request, recv) => begun.map_err(Some),
                _error = send.stopped() => Err(None),
            };
            let finished = match begun {
                Ok((answering, upload)) => {
                    let progress = answering.progress();
                    let finished = self.exchange_upload(&mut send, answering, upload, watch.as_mut()).await;
                    if let Some(watch) = &mut watch {
                        watch.sent(progress.bytes());
                    }
                    finished
                }
                Err(Some(error)) => fail(&mut send, failed(&self.mapping, &error)),
                Err(None) => Finished::unanswered(End::Abandoned(send.stopped().await)),
            };
            finished.log();
            if let Some(watch) = watch {
                watch.finish(&finished);
            }
        }
        .instrument(span)
        .await;
    }

    async fn exchange_upload(
        &self,
        send: &mut SendStream,
        answering: Answering,
        upload: Upload,
        watch: Option<&mut Watch>,
    ) -> Finished {
        let interim = send.interim();
        let tell = |head: &[u8]| interim.send(head);
        let ask = || tell(&HeadWriter::response(CONTINUE).finish());
        let mut uploading = pin!(upload.run(ask));
        let mut is_uploading = true;
        let answer = {
            let mut answering = pin!(answering.answer(&tell));
            loop {
                tokio::select! {
                    biased;
                    uploaded = &mut uploading, if is_uploading => match uploaded {
                        Err(UploadError::Malformed) => return fail(send, malformed()),
                        // One that was cut ends the stream, which is waited for below.
                        Ok(()) | Err(UploadError::Cut(_)) => is_uploading = false,
                    },
                    answer = &mut answering => break answer,
                    error = send.stopped() => return Finished::unanswered(End::Abandoned(error)),
                }
            }
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return fail(send, failed(&self.mapping, &error)),
        };
        {
            let mut responding = pin!(self.respond(send, answer, watch));
            loop {
                tokio::select! {
                    biased;
                    finished = &mut responding => return finished,
                    uploaded = &mut uploading, if is_uploading => {
                        is_uploading = false;
                        if uploaded == Err(UploadError::Malformed) {
                            break;
                        }
                    }
                }
            }
        }
        fail(send, malformed())
    }
}

fn fail(send: &mut SendStream, reset: Reset) -> Finished {
    send.reset(reset.clone());
    Finished::unanswered(End::Failed(reset))
}

/// A Gateway that is in order never sends such a body (R36).
fn malformed() -> Reset {
    Reset::with_detail(ResetCode::BadRequest, Side::Internal, "the body is not as long as its head says")
}
