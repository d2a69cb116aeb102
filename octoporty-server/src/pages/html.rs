//! The one layout of all HTML pages: no script, no outside resource, light and dark, good on a phone.

/// Colours and sizes are those of the management UI.
const STYLE: &str = ":root{color-scheme:light dark;--page:#f6f9fa;--text:#15202c;--muted:#4b5762;--line:#dee4e8;--brand:#006a92}\
@media(prefers-color-scheme:dark){:root{--page:#0b1016;--text:#e9edf0;--muted:#abb3ba;--line:#252c33;--brand:#5acfed}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;min-height:100svh;display:grid;place-items:center;padding:32px 20px;background:var(--page);\
color:var(--text);font:16px/1.55 ui-sans-serif,system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif}\
main{width:100%;max-width:30rem}\
svg{display:block;width:44px;height:44px;color:var(--brand)}\
h1{margin:20px 0 8px;font-size:1.5rem;line-height:1.25;font-weight:620;letter-spacing:-.02em}\
p{margin:0 0 8px;color:var(--muted)}\
footer{margin-top:28px;padding-top:14px;border-top:1px solid var(--line);font-size:.8125rem;color:var(--muted);overflow-wrap:anywhere}\
code{font:inherit;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}";

/// The mark of the project.
const MARK: &str = "<svg viewBox=\"0 0 32 32\" aria-hidden=\"true\"><path fill=\"currentColor\" fill-rule=\"evenodd\" d=\"\
M16 2A10 10 0 0 1 26 12V17.5A3.5 3.5 0 0 0 29.4 21A1.7 1.7 0 0 1 29.4 24.4A6.9 6.9 0 0 1 23.9 21.6A1 1 0 0 0 22.2 22.5\
A5.5 5.5 0 0 0 24.2 26.6A1.7 1.7 0 0 1 22 29.2A8.8 8.8 0 0 1 18.8 22.4V21A2.8 2.8 0 0 0 13.2 21V22.4A8.8 8.8 0 0 1 10 29.2\
A1.7 1.7 0 0 1 7.8 26.6A5.5 5.5 0 0 0 9.8 22.5A1 1 0 0 0 8.1 21.6A6.9 6.9 0 0 1 2.6 24.4A1.7 1.7 0 0 1 2.6 21\
A3.5 3.5 0 0 0 6 17.5V12A10 10 0 0 1 16 2ZM12 10.6a2 2 0 1 0 0 4a2 2 0 1 0 0-4ZM20 10.6a2 2 0 1 0 0 4a2 2 0 1 0 0-4Z\"/></svg>";

/// A whole page. The texts are constants of ours and are not escaped.
pub(super) fn page(title: &str, paragraphs: &[&str], footer: &str) -> String {
    let paragraphs: String = paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
<title>{title}</title><style>{STYLE}</style></head>\
<body><main>{MARK}<h1>{title}</h1>{paragraphs}<footer>{footer}</footer></main></body></html>\n"
    )
}
