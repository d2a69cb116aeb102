// The database backup: streamed to the browser, with progress, and cancelled on demand.
import { DatabaseBackup } from "lucide-react";
import { useRef, useState } from "react";
import { asApiError, errorFrom } from "~/shared/api/error";
import { sessionFetch } from "~/shared/api/session";
import { downloadBlob } from "~/shared/lib/download";
import { bytes } from "~/shared/lib/format";
import { notify } from "~/shared/lib/notify";
import { Button } from "~/shared/ui/button";
import { Card, CardBody, CardHead } from "~/shared/ui/card";

interface Progress {
  done: number;
  /** Unknown when the Agent does not say how large the copy is. */
  total: number | null;
}

async function fetchBackup(signal: AbortSignal, onProgress: (progress: Progress) => void): Promise<Blob> {
  const response = await sessionFetch(new Request("/api/v1/import-export/sqlite", { signal }));
  if (!response.ok || !response.body) throw await errorFrom(response);
  const length = Number(response.headers.get("content-length"));
  const total = length > 0 ? length : null;
  const chunks: BlobPart[] = [];
  let done = 0;
  const reader = response.body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    chunks.push(piece.value);
    done += piece.value.byteLength;
    onProgress({ done, total });
  }
  return new Blob(chunks, { type: "application/vnd.sqlite3" });
}

export function BackupCard() {
  const [progress, setProgress] = useState<Progress | null>(null);
  const abort = useRef<AbortController | null>(null);
  const run = async () => {
    const controller = new AbortController();
    abort.current = controller;
    setProgress({ done: 0, total: null });
    try {
      const blob = await fetchBackup(controller.signal, setProgress);
      downloadBlob(`octoporty-${new Date().toISOString().slice(0, 10)}.db`, blob);
      notify.success({ title: "The backup is downloaded", detail: bytes(blob.size) });
    } catch (error) {
      if (!controller.signal.aborted)
        notify.failure({ title: "There is no backup", detail: asApiError(error).message });
    } finally {
      setProgress(null);
    }
  };
  return (
    <Card>
      <CardHead title="Database backup" />
      <CardBody className="grid gap-3">
        <p className="text-muted">
          A consistent copy of the whole database, request log too. The Agent keeps working meanwhile.
        </p>
        {progress ? (
          <Running progress={progress} onCancel={() => abort.current?.abort()} />
        ) : (
          <div>
            <Button icon={DatabaseBackup} onClick={() => void run()}>
              Download backup
            </Button>
          </div>
        )}
      </CardBody>
    </Card>
  );
}

function Running({ progress, onCancel }: { progress: Progress; onCancel: () => void }) {
  const { done, total } = progress;
  return (
    <div className="grid gap-2">
      <p className="nums font-medium">
        {total ? `Copying, ${bytes(done)} of ${bytes(total)}` : `Copying, ${bytes(done)} so far`}
      </p>
      <progress
        aria-label="Backup"
        className="progress h-1.5 w-full"
        max={total ?? undefined}
        value={total ? done : undefined}
      />
      <div>
        <Button size="sm" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
