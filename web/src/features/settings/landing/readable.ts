// The Gateway sends its default page without line breaks. Somebody who starts from it wants to read it first.

/** Where a break changes nothing: before elements that make lines of their own, and before the ends of those that hold them. */
const BEFORE =
  /><(?=(?:html|head|meta|title|style|body|main|svg|path|h1|p|footer)\b|\/(?:html|head|body|main|svg)\b)/g;

/** The same page in lines: breaks between tags, and after the rules of the style sheet. */
export function readableHtml(html: string): string {
  return html
    .replace(BEFORE, ">\n<")
    .replace(/<style>(.*?)<\/style>/s, (_all, css: string) => `<style>\n${readableCss(css)}</style>`);
}

function readableCss(css: string): string {
  return css.endsWith("}") ? css.replace(/\}(?!\})/g, "}\n") : css;
}
