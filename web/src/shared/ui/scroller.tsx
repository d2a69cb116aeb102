// A box that scrolls and can be reached by keyboard, with a name for assistive technology.
import type { ComponentProps } from "react";

interface ScrollerProps extends ComponentProps<"section"> {
  label: string;
}

export function Scroller({ label, ...rest }: ScrollerProps) {
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus, or the keyboard cannot scroll it
  return <section aria-label={label} tabIndex={0} {...rest} />;
}
