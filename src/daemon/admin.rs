//! Questions over HTTP → answers about this process. Does it live, does it do its work, what has it counted?

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use axum::{Router, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tracing::{info, warn};

use super::Progress;
use super::telemetry::Recorder;

/// The media type of Prometheus' text format.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
/// How often histograms are folded, whether anybody reads them or not.
const UPKEEP: Duration = Duration::from_secs(5);

/// All that the answers are made of.
#[derive(Clone)]
pub struct Admin {
    pub progress: Arc<Progress>,
    pub recorder: Recorder,
    /// Ready is who made progress within this time.
    pub patience: Duration,
    /// Dead is who made none for this time, without a reason.
    pub stuck_after: Duration,
}

/// Takes the port.
///
/// # Errors
/// When another process has it, or the address is none of this machine.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!(
            "cannot listen on {address}; set admin.listen to a free address, or to \"\" for none"
        )
    })?;
    info!(address = %listener.local_addr()?, "admin port");
    Ok(listener)
}

/// Answers `/livez`, `/readyz` and `/metrics` until the process ends.
pub async fn answer(listener: TcpListener, admin: Admin) {
    tokio::spawn(upkeep(admin.recorder.clone()));
    let routes = Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(admin);
    if let Err(error) = serve(listener, routes).await {
        warn!("the admin port is closed: {error}");
    }
}

async fn upkeep(recorder: Recorder) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        recorder.upkeep();
    }
}

/// Fails when a restart would help: the loop is silent, and nothing around it is the cause.
async fn live(State(admin): State<Admin>) -> Response {
    match admin.progress.is_stuck(admin.stuck_after) {
        false => "ok\n".into_response(),
        true => {
            let why = "no progress, and no cause outside is known";
            (
                StatusCode::SERVICE_UNAVAILABLE,
                Json(json!({"reason": why})),
            )
                .into_response()
        }
    }
}

/// Fails, with the reason, when the work is not done or could not be taken over at once.
async fn ready(State(admin): State<Admin>) -> (StatusCode, Json<Value>) {
    let progress = &admin.progress;
    let (status, reason) = match progress.ready(admin.patience) {
        Ok(()) => (StatusCode::OK, None),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, Some(reason)),
    };
    let answer = json!({
        "ready": reason.is_none(),
        "reason": reason,
        "role": progress.role().name(),
        "position": progress.position(),
        "lag_messages": progress.lag(),
        "silent_seconds": progress.silence().map(|silence| silence.as_secs_f64()),
        "start_seconds": progress.start_took().map(|took| took.as_secs_f64()),
    });
    (status, Json(answer))
}

async fn metrics(State(admin): State<Admin>) -> impl IntoResponse {
    let ready = admin.progress.ready(admin.patience).is_ok();
    let text = admin.recorder.render(&admin.progress, ready);
    ([(header::CONTENT_TYPE, PROMETHEUS)], text)
}
