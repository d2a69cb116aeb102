// Import: drop a file, see what it would change, leave out bad rows, then do it. All or nothing.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FileJson, FileUp, X } from "lucide-react";
import { type DragEvent, useRef, useState } from "react";
import { asApiError } from "~/shared/api/error";
import { plural } from "~/shared/lib/format";
import { notify } from "~/shared/lib/notify";
import { Badge } from "~/shared/ui/badge";
import { Button } from "~/shared/ui/button";
import { Callout } from "~/shared/ui/callout";
import { Card, CardBody, CardFoot, CardHead } from "~/shared/ui/card";
import { IconButton } from "~/shared/ui/icon-button";
import { type ImportFile, readImport, sendImport } from "./import";
import { ImportTable } from "./import-table";

interface Draft {
  file: ImportFile;
  skip: number[];
}

export function ImportCard() {
  const client = useQueryClient();
  const [draft, setDraft] = useState<Draft | null>(null);
  const preview = useMutation({
    mutationFn: async ({ source, skip }: { source: File | ImportFile; skip: number[] }) => {
      const file = source instanceof File ? await readImport(source) : source;
      const result = await sendImport(file, skip, true);
      setDraft({ file, skip });
      return result;
    },
  });
  const run = useMutation({
    mutationFn: ({ file, skip }: Draft) => sendImport(file, skip, false),
    onSuccess: (result) => {
      if (result.refused > 0) return;
      notify.success({
        title: `${plural(result.created + result.updated, "mapping")} imported`,
        detail: `${result.created} created, ${result.updated} changed, ${result.unchanged} alike.`,
      });
      close();
      void client.invalidateQueries();
    },
    onError: (error) => notify.failure({ title: "Nothing was imported", detail: asApiError(error).message }),
  });
  const close = () => {
    setDraft(null);
    preview.reset();
  };
  const result = preview.data;
  const refused = result?.rows.filter((row) => row.action === "refused") ?? [];
  const changes = result ? result.created + result.updated + (result.landingPage === "set" ? 1 : 0) : 0;
  return (
    <Card className="overflow-clip">
      <CardHead
        title="Import"
        end={
          draft && (
            <>
              <Badge icon={FileJson}>
                <span className="max-w-[220px] truncate">{draft.file.name}</span>
              </Badge>
              <IconButton icon={X} label="Put the file away" size="sm" onClick={close} />
            </>
          )
        }
      />
      <CardBody className="grid gap-4">
        <Drop
          again={draft !== null}
          busy={preview.isPending}
          onFile={(source) => preview.mutate({ source, skip: [] })}
        />
        {preview.isError && (
          <Callout tone="danger" title="This file cannot be imported." inline live>
            {asApiError(preview.error).message}
          </Callout>
        )}
        {refused.length > 0 && (
          <Callout
            tone="danger"
            title={`${plural(refused.length, "row")} cannot be imported, so nothing will be.`}
            inline
            live
          >
            Mend {refused.length === 1 ? `row ${refused[0]?.row}` : "them"} in the file, or leave{" "}
            {refused.length === 1 ? "it" : "them"} out.
          </Callout>
        )}
      </CardBody>
      {result && draft && (
        <>
          <ImportTable result={result} />
          <CardFoot>
            <span className="nums">
              {result.created} created, {result.updated} changed, {result.unchanged} alike
              {result.skipped > 0 && `, ${result.skipped} left out`}
              {refused.length > 0 && `, ${refused.length} refused`}
            </span>
            <span className="ml-auto flex flex-wrap gap-2">
              {refused.length > 0 && (
                <Button
                  size="sm"
                  busy={preview.isPending}
                  onClick={() =>
                    preview.mutate({
                      source: draft.file,
                      skip: [...draft.skip, ...refused.map((row) => row.row)],
                    })
                  }
                >
                  {refused.length === 1
                    ? `Leave out row ${refused[0]?.row}`
                    : `Leave out ${refused.length} rows`}
                </Button>
              )}
              <Button
                size="sm"
                variant="primary"
                busy={run.isPending}
                disabled={refused.length > 0 || changes === 0}
                onClick={() => run.mutate(draft)}
              >
                {changes === 0 ? "Nothing to import" : `Import ${plural(changes, "change")}`}
              </Button>
            </span>
          </CardFoot>
        </>
      )}
    </Card>
  );
}

interface DropProps {
  again: boolean;
  busy: boolean;
  onFile: (file: File) => void;
}

function Drop({ again, busy, onFile }: DropProps) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file) onFile(file);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the button is the first
    <div
      className={`flex flex-wrap items-center gap-3.5 rounded-lg border-[1.5px] border-dashed p-5 ${over ? "border-accent-solid bg-accent-subtle" : "border-control bg-sunken"}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <FileUp size={20} strokeWidth={1.75} aria-hidden />
      <div className="min-w-[200px] flex-1">
        <p className="font-medium">Drop {again ? "another" : "a"} file here, or choose one</p>
        <p className="text-xs text-subtle">
          An export of this product, JSON, 5 MB at most. Nothing is deleted by an import.
        </p>
      </div>
      <input
        ref={input}
        type="file"
        accept="application/json,.json"
        aria-label="File to import"
        tabIndex={-1}
        className="sr-only"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onFile(file);
          event.target.value = "";
        }}
      />
      <Button size="sm" busy={busy} onClick={() => input.current?.click()}>
        Choose file
      </Button>
    </div>
  );
}
