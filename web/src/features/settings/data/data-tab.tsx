// Import, export, backup.
import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { api, unwrap } from "~/shared/api/client";
import { asApiError } from "~/shared/api/error";
import { downloadText } from "~/shared/lib/download";
import { plural } from "~/shared/lib/format";
import { notify } from "~/shared/lib/notify";
import { Button } from "~/shared/ui/button";
import { Card, CardBody, CardHead } from "~/shared/ui/card";
import { BackupCard } from "./backup-card";
import { ImportCard } from "./import-card";

export function DataTab() {
  return (
    <div className="grid grid-cols-[minmax(0,7fr)_minmax(0,5fr)] items-start gap-4 max-lg:grid-cols-1 max-md:gap-3">
      <ImportCard />
      <div className="grid gap-4 max-md:gap-3">
        <ExportCard />
        <BackupCard />
      </div>
    </div>
  );
}

function ExportCard() {
  const run = useMutation({
    mutationFn: () => unwrap(api.GET("/api/v1/import-export/export")),
    onSuccess: (document) => {
      downloadText(
        `octoporty-export-${document.exportedAt.slice(0, 10)}.json`,
        JSON.stringify(document, null, 2),
      );
      notify.success({
        title: "The export is downloaded",
        detail: `${plural(document.mappings.length, "mapping")}${document.landingPage ? " and the landing page" : ""}.`,
      });
    },
    onError: (error) => notify.failure({ title: "There is no export", detail: asApiError(error).message }),
  });
  return (
    <Card>
      <CardHead title="Export" />
      <CardBody className="grid gap-3">
        <p className="text-muted">
          Mappings and landing page as one JSON file. It holds no password and no key.
        </p>
        <div>
          <Button icon={Download} busy={run.isPending} onClick={() => run.mutate()}>
            Download export
          </Button>
        </div>
      </CardBody>
    </Card>
  );
}
