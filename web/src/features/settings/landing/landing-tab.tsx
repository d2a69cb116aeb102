// The landing page: editor and sandboxed preview, publish, discard, back to the default.
import { useQuery } from "@tanstack/react-query";
import { Monitor, RotateCcw, Smartphone } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { asApiError } from "~/shared/api/error";
import { statusQuery } from "~/shared/api/queries";
import type { LandingPage } from "~/shared/api/types";
import { gatewayName } from "~/shared/lib/connection";
import { bytes } from "~/shared/lib/format";
import { notify } from "~/shared/lib/notify";
import { useShortcut } from "~/shared/lib/shortcuts";
import { useDebounced } from "~/shared/lib/use-debounced";
import { Badge } from "~/shared/ui/badge";
import { Button } from "~/shared/ui/button";
import { Card, CardHead } from "~/shared/ui/card";
import { Dialog } from "~/shared/ui/dialog";
import { CannotLoad } from "~/shared/ui/empty";
import { PreviewFrame } from "~/shared/ui/preview-frame";
import { Segmented } from "~/shared/ui/segmented";
import { Skeleton } from "~/shared/ui/skeleton";
import { landingDefaultQuery, landingQuery, usePublish, useResetLanding } from "./api";
import { readableHtml } from "./readable";

const HtmlEditor = lazy(() => import("./html-editor").then((module) => ({ default: module.HtmlEditor })));

/** The API's limit, in bytes of UTF-8. */
const HTML_MAX = 1_000_000;
/** The preview follows the typing after this pause, in milliseconds. */
const STILL_MS = 300;
const CARD = "flex h-[calc(100dvh-222px)] min-h-[420px] flex-col overflow-clip max-md:h-[420px]";

export function LandingTab() {
  const query = useQuery(landingQuery);
  if (query.isPending) return <Skeleton className="h-[520px] rounded-lg" />;
  if (query.isError)
    return (
      <CannotLoad
        title="The landing page cannot be read"
        error={query.error}
        onRetry={() => void query.refetch()}
      />
    );
  return <Loaded published={query.data} />;
}

/** While the default is shown, the Agent keeps no HTML of ours; the editor starts from the default's. */
function Loaded({ published }: { published: LandingPage }) {
  const needed = published.html == null;
  const fallback = useQuery({ ...landingDefaultQuery, enabled: needed });
  const stored = published.html ?? fallback.data?.html;
  const html = stored !== undefined && published.isDefault ? readableHtml(stored) : stored;
  if (fallback.isError)
    return (
      <CannotLoad
        title="The default page cannot be read"
        error={fallback.error}
        onRetry={() => void fallback.refetch()}
      />
    );
  if (html === undefined) return <Skeleton className="h-[520px] rounded-lg" />;
  return <Editor key={published.hash ?? "default"} published={{ html, isDefault: published.isDefault }} />;
}

function Editor({ published }: { published: { html: string; isDefault: boolean } }) {
  const status = useQuery(statusQuery).data;
  const host = status ? gatewayName(status) : "the Gateway";
  const [draft, setDraft] = useState(published.html);
  const [width, setWidth] = useState<"wide" | "narrow">("wide");
  const [resetting, setResetting] = useState(false);
  const publish = usePublish();
  const preview = useDebounced(draft, STILL_MS);
  const size = new TextEncoder().encode(draft).byteLength;
  const changed = draft !== published.html;
  const problem =
    draft.trim() === ""
      ? "An empty page cannot be published."
      : size > HTML_MAX
        ? `${bytes(size)} are too many, 1 MB is the limit.`
        : null;
  const send = () => {
    if (!changed || problem) return;
    publish.mutate(draft, {
      onSuccess: () =>
        notify.success({ title: "The landing page is published", detail: `Visitors of ${host} see it now.` }),
      onError: (error) =>
        notify.failure({ title: "The landing page was not published", detail: asApiError(error).message }),
    });
  };
  useShortcut("mod+Enter", send);
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <p className="min-w-0 flex-1 text-muted max-md:basis-full">
          What a browser sees on <span className="mono">{host}</span> and on names without a mapping.
        </p>
        <Button variant="ghost" disabled={published.isDefault && !changed} onClick={() => setResetting(true)}>
          Back to the default
        </Button>
        <Button disabled={!changed} onClick={() => setDraft(published.html)}>
          Discard
        </Button>
        <Button
          variant="primary"
          busy={publish.isPending}
          disabled={!changed || problem !== null}
          title={problem ?? undefined}
          onClick={send}
        >
          Publish
        </Button>
      </div>
      <div className="grid grid-cols-2 gap-4 max-lg:grid-cols-1 max-md:gap-3">
        <Card className={CARD}>
          <CardHead
            title="HTML"
            note={
              changed ? (
                <Badge tone="warning">Not published</Badge>
              ) : published.isDefault ? (
                <Badge>Default</Badge>
              ) : (
                <Badge tone="success">Published</Badge>
              )
            }
            end={
              <span className={problem ? "text-danger" : "nums text-subtle"}>
                {problem ?? `${bytes(size)} of 1 MB`}
              </span>
            }
            className="border-b"
          />
          <Suspense fallback={<Skeleton className="m-4 h-40" />}>
            <HtmlEditor value={draft} onChange={setDraft} />
          </Suspense>
        </Card>
        <Card className={CARD}>
          <CardHead
            title="Preview"
            note={<span className="max-md:hidden">sandboxed: no scripts, no cookies</span>}
            end={
              <Segmented
                label="Width of the preview"
                value={width}
                choices={[
                  { value: "wide", label: "Wide", icon: Monitor },
                  { value: "narrow", label: "Narrow, as on a phone", icon: Smartphone },
                ]}
                onChange={setWidth}
              />
            }
            className="border-b"
          />
          <div className="flex min-h-0 flex-1 justify-center bg-sunken">
            <PreviewFrame
              html={preview}
              title="Preview of the landing page"
              className={`h-full bg-white ${width === "wide" ? "w-full" : "w-[390px] max-w-full border-x"}`}
            />
          </div>
        </Card>
      </div>
      {resetting && <ResetDialog onClose={() => setResetting(false)} />}
    </>
  );
}

function ResetDialog({ onClose }: { onClose: () => void }) {
  const reset = useResetLanding();
  const run = () =>
    reset.mutate(undefined, {
      onSuccess: () => notify.success({ title: "The default landing page is back" }),
      onError: (error) =>
        notify.failure({ title: "The landing page was not changed", detail: asApiError(error).message }),
      onSettled: onClose,
    });
  return (
    <Dialog
      open
      onClose={onClose}
      icon={RotateCcw}
      tone="warning"
      title="Back to the default landing page?"
      foot={
        <>
          <Button onClick={onClose}>Keep yours</Button>
          <Button variant="danger" busy={reset.isPending} onClick={run}>
            Use the default
          </Button>
        </>
      }
    >
      <p>
        Your page is replaced at once, and this cannot be undone. Copy its HTML first if you want to keep it.
      </p>
    </Dialog>
  );
}
