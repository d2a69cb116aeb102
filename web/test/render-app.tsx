// Renders the whole app over a mock Agent, as a person would open it.
import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { toast } from "sonner";
import { vi } from "vitest";
import { createAppRouter } from "~/app/router";
import { closeUpdate } from "~/features/update/update-store";
import { createQueryClient } from "~/shared/api/client";
import { sessionPhase } from "~/shared/api/session";
import { Toaster } from "~/shared/ui/toast-view";
import { TooltipProvider } from "~/shared/ui/tooltip";
import { MockAgent, type Scenario } from "./mock-server/agent";

export function renderApp(path: string, scenario: Scenario = "healthy") {
  const agent = new MockAgent(scenario);
  sessionPhase.set("unknown");
  // What outlives a page must not outlive a test.
  toast.dismiss();
  closeUpdate();
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => {
    const request =
      input instanceof Request ? input : new Request(new URL(String(input), location.origin), init);
    return agent.handle(request);
  });
  const queryClient = createQueryClient();
  const history = createMemoryHistory({ initialEntries: [path] });
  const router = createAppRouter(queryClient, history);
  render(
    <QueryClientProvider client={queryClient}>
      <TooltipProvider>
        <RouterProvider router={router} />
        <Toaster />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  return { agent, router, user: userEvent.setup({ delay: null }) };
}
