//! The page and its parts, embedded in the program so that it runs from anywhere.

use axum::{Router, http::header, routing::get};

use crate::app::App;

/// Path, content type, content. Each file is a resource of its own, so the page needs no inline code.
const FILES: [(&str, &str, &str); 5] = [
    ("/", "text/html; charset=utf-8", include_str!("page.html")),
    ("/page.css", "text/css; charset=utf-8", include_str!("page.css")),
    ("/page.js", "text/javascript; charset=utf-8", include_str!("page.js")),
    ("/theme.js", "text/javascript; charset=utf-8", include_str!("theme.js")),
    ("/icon.svg", "image/svg+xml", include_str!("icon.svg")),
];

/// Adds the page's files to a router.
pub(crate) fn add_to(router: Router<App>) -> Router<App> {
    FILES.into_iter().fold(router, |router, (path, kind, content)| {
        // `no-cache` still stores, but asks first: a new build shows at once.
        let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")];
        router.route(path, get(move || async move { (headers, content) }))
    })
}
