//! The OpenAPI document: made from the handlers, with what they all have in common added once.

use axum::Json;
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response,
    ResponseBuilder,
    path::Operation,
    security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
};

use super::{
    auth::OPEN_PATHS,
    error::{PROBLEM_JSON, ProblemDetails},
    router::{self, HEALTH},
};

/// The name of the cookie's scheme in the document.
const SESSION: &str = "session";

/// What can happen to any request, and when.
const EVERYWHERE: [(&str, &str); 4] = [
    ("403", "A browser sent it on behalf of another site"),
    ("421", "It is for a name that the Agent does not answer to"),
    ("429", "Too many requests; Retry-After says when to go on"),
    ("500", "The Agent failed; its log tells why, under the request's id"),
];

/// The document without any address.
pub(crate) fn base() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Octoporty Agent")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The management API of an Octoporty Agent. Sign in with `POST /api/v1/auth/login`; the session is in cookies.",
        ))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build()))
        .build();
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
        "octoporty_access",
        "Set by signing in. Over HTTPS its name is `__Host-octoporty_access`.",
    )));
    let mut components = Components::new();
    components.add_security_scheme(SESSION, cookie);
    let mut schemas = Vec::new();
    <ProblemDetails as utoipa::ToSchema>::schemas(&mut schemas);
    schemas.push(("ProblemDetails".to_owned(), <ProblemDetails as utoipa::PartialSchema>::schema()));
    components.schemas.extend(schemas);
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([SecurityRequirement::new(SESSION, Vec::<String>::new())]))
        .build()
}

/// Adds what can happen to any request.
pub(crate) fn finish(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let is_open = path == HEALTH || OPEN_PATHS.contains(&path.as_str());
        let operations = [
            (&mut item.get, false),
            (&mut item.put, true),
            (&mut item.post, true),
            (&mut item.delete, true),
            (&mut item.patch, true),
        ];
        for (operation, changes) in operations {
            if let Some(operation) = operation {
                add_problems(operation, path, is_open, changes);
            }
        }
    }
    document
}

fn add_problems(operation: &mut Operation, path: &str, is_open: bool, changes: bool) {
    let mut add = |status: &str, description: &str| {
        let there = operation.responses.responses.contains_key(status);
        if !there {
            operation.responses.responses.insert(status.to_owned(), RefOr::T(problem(description)));
        }
    };
    for (status, description) in EVERYWHERE {
        add(status, description);
    }
    add("400", "It cannot be read");
    if !is_open {
        add("401", "Not signed in, or no more");
    }
    if path.contains('{') {
        add("404", "There is no such thing");
    }
    if path != HEALTH {
        add("422", "A value cannot be taken; `errors` says which and why");
        add("503", "The database or the Gateway is not there");
    }
    if changes {
        add("413", "The body is too large");
        add("415", "The body is not JSON");
    }
}

/// The document itself.
#[utoipa::path(get, path = "/openapi.json", tag = "api", operation_id = "openapi",
    responses((status = 200, description = "This document", content_type = "application/json", body = Object)))]
pub(crate) async fn openapi() -> Json<OpenApi> {
    Json(router::document())
}

/// An answer with problem details.
fn problem(description: &str) -> Response {
    let reference = Ref::from_schema_name("ProblemDetails");
    ResponseBuilder::new()
        .description(description)
        .content(PROBLEM_JSON, ContentBuilder::new().schema(Some(reference)).build())
        .build()
}
