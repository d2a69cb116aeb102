//! Why the Gateway has no answer, as the API tells it.

use axum::http::StatusCode;
use octoporty_client::control::ControlError;

use crate::api::error::Problem;

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        let text = error.to_string();
        let (status, code, message) = match error {
            ControlError::TunnelDown => {
                (StatusCode::SERVICE_UNAVAILABLE, "tunnel-down", "The tunnel to the Gateway is down.".to_owned())
            }
            ControlError::Timeout(after) => {
                let message = format!("The Gateway did not answer within {} s.", after.as_secs());
                (StatusCode::GATEWAY_TIMEOUT, "gateway-timeout", message)
            }
            ControlError::Unsupported => {
                let message = "The Gateway does not know this question. Update it.".to_owned();
                (StatusCode::SERVICE_UNAVAILABLE, "gateway-too-old", message)
            }
            ControlError::Unavailable(said) => (StatusCode::SERVICE_UNAVAILABLE, "gateway-unavailable", said),
            ControlError::Refused { message, .. } => (StatusCode::CONFLICT, "gateway-refused", message),
            ControlError::TooLarge(_) => {
                (StatusCode::BAD_GATEWAY, "gateway-answer-too-large", "The Gateway's answer is too large.".to_owned())
            }
            _ => {
                tracing::warn!(error = text, "the gateway's answer cannot be used");
                let message = "The Gateway's answer cannot be used. The log tells more.".to_owned();
                (StatusCode::BAD_GATEWAY, "gateway-answer-malformed", message)
            }
        };
        Self::new(status, code, message)
    }
}
