// The Gateway sends its default page without line breaks. Somebody who starts from it wants to read it first.

/** Breaks between tags and after rules of the style sheet; it looks the same in a browser. */
export function readableHtml(html: string): string {
  return html
    .replace(/<style>(.*?)<\/style>/s, (_all, css: string) => `<style>\n${readableCss(css)}</style>`)
    .replaceAll("><", ">\n<");
}

function readableCss(css: string): string {
  return css.endsWith("}") ? css.replace(/\}(?!\})/g, "}\n") : css;
}
