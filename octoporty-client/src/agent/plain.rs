//! A plain request from the tunnel: no body, no upgrade, an ordinary upstream. Most are; all others go through
//! [`Forward`](super::forward::Forward).

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use octoporty_core::{
    frame::StreamKind,
    id::RequestId,
    proxy::{End, Finished, RawRequestHead, ReadyHead, respond_ready},
    session::{Incoming, SendStream},
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
        plain::{PlainAnswer, PlainRequest},
    },
};

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
    pub(super) fn of(incoming: &Incoming, mappings: &Mappings) -> Option<Self> {
        if incoming.kind != StreamKind::Http || !incoming.recv.is_read_to_end() {
            return None;
        }
        let head = RawRequestHead::read(&incoming.head).ok()?;
        // By id, and only in this Agent's own set: a Gateway cannot name an address (R32).
        let mapping = mappings.find(head.mapping)?;
        let Backend::Fixed(target) = &mapping.backend else {
            return None;
        };
        let request = PlainRequest::new(&head, target, &mapping.headers)?;
        let target = Arc::clone(target);
        Some(Self { id: head.request, mapping, target, request })
    }

    /// Forwards the request and answers. Dropping it resets the stream.
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
        let answer = tokio::select! {
            biased;
            answer = upstreams.send_plain(&self.target, &self.request) => answer,
            error = send.stopped() => return Finished::unanswered(End::Abandoned(error)),
        };
        let PlainAnswer { head, inline, rest, connect } = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let reset = failed(&self.mapping, &error);
                send.reset(reset.clone());
                return Finished::unanswered(End::Failed(reset));
            }
        };
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
}
