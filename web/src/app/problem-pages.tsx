// What stands where a page cannot: the Agent does not answer, something broke, or there is no such page.
import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { buttonStyle } from "~/shared/ui/button";
import { CannotLoad, Empty } from "~/shared/ui/empty";
import { Mark } from "~/shared/ui/mark";
import { Page } from "~/shared/ui/page";

export function ProblemPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <main className="grid min-h-dvh place-content-center justify-items-center gap-2 p-4">
      <Mark size={32} className="text-brand" title="Octoporty" />
      <CannotLoad title="This page cannot be shown" error={error} onRetry={retry} />
    </main>
  );
}

export function NotFoundPage() {
  return (
    <Page title="Not found">
      <Empty
        icon={Compass}
        title="No page has this address"
        actions={
          <Link to="/" className={buttonStyle({ variant: "primary" })}>
            Go to the dashboard
          </Link>
        }
      >
        It may have moved, or the address is mistyped. Press Ctrl K to find a page by its name.
      </Empty>
    </Page>
  );
}
