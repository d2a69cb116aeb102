//! What a Gateway tells the Agent by calls of its own: that it will restart. It asks for nothing (R36).

use std::time::Duration;

use octoporty_core::{
    message::{RESTART_COMING, RestartComing, decode},
    session::{CallError, Incoming, IncomingCall},
};

use super::handle::Inner;

/// Largest body of such a call, in bytes: a sentence and a number.
const BODY_BYTES_MAX: usize = 4 << 10;

/// Takes a call. One that is not known is reset.
pub(super) async fn take(inner: &Inner, incoming: Incoming) {
    match IncomingCall::new(incoming) {
        Ok(call) if call.call == RESTART_COMING => {
            if let Err(error) = restart_coming(inner, call).await {
                tracing::debug!(%error, "what the gateway told was not understood");
            }
        }
        Ok(_unknown) => {}
        Err(error) => tracing::debug!(%error, "a call that is none"),
    }
}

async fn restart_coming(inner: &Inner, mut call: IncomingCall) -> Result<(), CallError> {
    let body = call.body(BODY_BYTES_MAX).await?;
    let coming: RestartComing = decode(RESTART_COMING, &body)?;
    tracing::info!(message = coming.message, spread_ms = coming.spread_ms, "the gateway will restart");
    inner.status.send_modify(|status| {
        status.gateway_restart = Some(Duration::from_millis(u64::from(coming.spread_ms)));
    });
    call.answer(bytes::Bytes::new()).await
}
