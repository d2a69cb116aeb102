// Shows HTML of others. The outer frame is a page of its own, with a policy that allows styles but no script of the shown page;
// inside it the HTML stands in `<iframe sandbox srcdoc>`: no script, no cookies, no way out. Its own policy is needed because a
// `srcdoc` document inherits the policy of the page around it, and the dashboard's allows no inline style.
import { useEffect, useRef, useState } from "react";

const FRAME = "/landing-preview.html";

export function PreviewFrame({
  html,
  title,
  className,
}: {
  html: string;
  title: string;
  className?: string;
}) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [loaded, setLoaded] = useState(0);
  useEffect(() => {
    // The frame's origin is opaque, so there is no origin to name; it is told nothing but the HTML it shows.
    if (loaded > 0) frame.current?.contentWindow?.postMessage(html, "*");
  }, [html, loaded]);
  return (
    <iframe
      ref={frame}
      src={FRAME}
      title={title}
      sandbox="allow-scripts"
      className={className}
      onLoad={() => setLoaded((times) => times + 1)}
    />
  );
}
