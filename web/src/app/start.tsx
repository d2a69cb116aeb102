// The program: preferences first, then React with the query client and the router.
import "~/styles/index.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "~/shared/api/client";
import { applyPreferences } from "~/shared/lib/preferences";
import { TooltipProvider } from "~/shared/ui/tooltip";
import { createAppRouter } from "./router";

const Toaster = lazy(() => import("~/shared/ui/toast-view").then((module) => ({ default: module.Toaster })));

// The page that most visits begin with comes while the session is asked for, not after.
if (location.pathname === "/")
  void import("./dashboard-route").then(() => import("~/features/dashboard/charts/charts"));

applyPreferences();
const queryClient = createQueryClient();
const router = createAppRouter(queryClient);
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <TooltipProvider delayDuration={400} skipDelayDuration={200}>
        <RouterProvider router={router} />
        <Suspense>
          <Toaster />
        </Suspense>
      </TooltipProvider>
    </QueryClientProvider>
  </StrictMode>,
);
