import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { problem } from "./mock-server/agent";
import { mockStatus } from "./mock-server/status";
import { mockRequest } from "./mock-server/traffic";
import { renderApp } from "./render-app";

test("a lost tunnel is said with what it means and what happens next", async () => {
  const { agent } = renderApp("/");
  await screen.findByRole("heading", { level: 1, name: "Dashboard" });
  await waitFor(() => expect(agent.calls).toContain("GET /events"));
  agent.emit("status", mockStatus("tunnel-down", agent.mappings, Date.now()));
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("The tunnel is down. Visitors get 503 until it is back.");
  expect(within(alert).getByRole("button", { name: "Try now" })).toBeVisible();
});

test("the first run leads to the first live mapping in place", async () => {
  const { user, agent } = renderApp("/", "first-run");
  await user.type(await screen.findByLabelText("Public address"), "app.example.com");
  await user.type(screen.getByLabelText("Service in your network"), "10.0.4.12:3000");
  expect(await screen.findByText("The service answers")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Create mapping" }));
  expect(await screen.findByRole("link", { name: "Open it" })).toHaveAttribute(
    "href",
    "https://app.example.com",
  );
  expect(agent.mappings).toMatchObject([{ name: "App", internalHost: "10.0.4.12", internalPort: 3000 }]);
});

test("requests come in on top, and wait behind a pill while paused", async () => {
  const { user, agent } = renderApp("/requests");
  await screen.findAllByRole("row");
  await waitFor(() => expect(agent.calls).toContain("GET /events"));
  agent.emit("request", { ...mockRequest(1, Date.now()), id: "live-1", path: "/just-now" });
  expect(await screen.findByRole("button", { name: "/just-now" })).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Pause" }));
  agent.emit("request", { ...mockRequest(1, Date.now()), id: "live-2", path: "/while-paused" });
  await user.click(await screen.findByRole("button", { name: "1 new request" }));
  expect(await screen.findByRole("button", { name: "/while-paused" })).toBeVisible();
});

// U4, R50
test("hostile text in paths, headers and reasons is text and nothing else", async () => {
  const { agent } = renderApp("/requests?id=hostile");
  const hostile = "<img src=x onerror=alert(1)>\u202e\u001b[31m";
  agent.requests.unshift({
    ...mockRequest(14, Date.now()),
    id: "hostile",
    path: `/${hostile}`,
    host: hostile,
    userAgent: hostile,
    failure: { side: "service", cause: "x", message: hostile },
  });
  const pane = await screen.findByRole("complementary", { name: "Request" });
  expect(await within(pane).findByRole("heading", { level: 2 })).toHaveTextContent(
    "<img src=x onerror=alert(1)>␦␛[31m",
  );
  expect(document.querySelector("img")).toBeNull();
});

test("a log that cannot be read says why, and can be tried again", async () => {
  const { user, agent } = renderApp("/logs/gateway", "healthy");
  agent.overrides.set("GET /gateway/logs", () =>
    problem(503, "tunnel-down", "The tunnel is down, so the Gateway's log cannot be read."),
  );
  expect(await screen.findByText("The tunnel is down, so the Gateway's log cannot be read.")).toBeVisible();
  agent.overrides.clear();
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("table", { name: /Gateway log/ })).toBeVisible();
});

test("an import shows what it changes; a bad row stops it until it is left out", async () => {
  const { user, agent } = renderApp("/settings/data");
  const file = new File(["{}"], "export.json", { type: "application/json" });
  await user.upload(await screen.findByLabelText("File to import"), file);
  expect(await screen.findByText("1 row cannot be imported, so nothing will be.")).toBeVisible();
  expect(screen.getByRole("button", { name: "Import 4 changes" })).toHaveAttribute("aria-disabled", "true");
  await user.click(screen.getByRole("button", { name: "Leave out row 11" }));
  await waitFor(() =>
    expect(screen.getByRole("button", { name: "Import 4 changes" })).not.toHaveAttribute("aria-disabled"),
  );
  await user.click(screen.getByRole("button", { name: "Import 4 changes" }));
  expect(await screen.findByText("4 mappings imported")).toBeVisible();
  expect(agent.calls.filter((call) => call === "POST /import-export/import")).toHaveLength(3);
});

test("the inspector says its verdict first", async () => {
  const { user } = renderApp("/inspector?url=https://app.example.com/");
  await user.click(await screen.findByRole("button", { name: "Send GET" }));
  expect(await screen.findByText("Same page, 27 ms slower through the tunnel.")).toBeVisible();
  expect(screen.getByText("expected: the TLS front compresses anew")).toBeInTheDocument();
  expect(screen.queryByText("content-type")).toBeNull();
  await user.click(screen.getByLabelText("Show equal"));
  expect(screen.getByText("content-type")).toBeVisible();
});

test("an update is offered, asked for, and followed to the new version", async () => {
  const { user, agent } = renderApp("/", "update");
  await user.click(await screen.findByRole("button", { name: "Update Gateway" }));
  const dialog = await screen.findByRole("dialog", { name: "Update the Gateway" });
  await user.click(within(dialog).getByRole("button", { name: "Update Gateway" }));
  expect(await screen.findByRole("dialog", { name: "Waiting for the host" })).toBeVisible();
  agent.emit("status", mockStatus("tunnel-down", agent.mappings, Date.now()));
  expect(await screen.findByRole("dialog", { name: "The Gateway restarts" })).toBeVisible();
  agent.emit("status", mockStatus("healthy", agent.mappings, Date.now()));
  expect(await screen.findByRole("dialog", { name: "The Gateway runs 1.4.2" })).toBeVisible();
});

test("what is typed before the palette is there reaches it", async () => {
  const { user, router } = renderApp("/connections");
  await screen.findByRole("heading", { level: 1, name: "Connections" });
  await user.keyboard("{Control>}k{/Control}caddz{Backspace}y{Enter}");
  await waitFor(() => expect(router.state.location.pathname).toBe("/caddy"));
  expect(screen.queryByRole("dialog")).toBeNull();
  // The page has its keys again.
  await user.keyboard("ga");
  await waitFor(() => expect(router.state.location.pathname).toBe("/logs/agent"));
});

test("the palette finds a mapping by its host and turns it off", async () => {
  const { user, agent } = renderApp("/connections");
  await screen.findByRole("heading", { level: 1, name: "Connections" });
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByRole("combobox"), "grafana turn");
  await user.click(await screen.findByRole("option", { name: /Turn off Grafana/ }));
  await waitFor(() =>
    expect(agent.mappings.find((mapping) => mapping.name === "Grafana")?.enabled).toBe(false),
  );
});

test("the palette offers a mapping before what can be done with it, whatever is typed first", async () => {
  const { user, agent } = renderApp("/connections");
  const [mapping] = agent.mappings;
  if (!mapping) throw new Error("the mock has mappings");
  mapping.externalDomain = "turnip.example.com";
  await screen.findByRole("heading", { level: 1, name: "Connections" });
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByRole("combobox"), "turnip");
  const options = await screen.findAllByRole("option");
  expect(options[0]?.textContent).toMatch(new RegExp(`^${mapping.name}turnip`));
  expect(options[0]).toHaveAttribute("aria-selected", "true");
});

test("single keys do nothing while somebody types", async () => {
  const { user, router } = renderApp("/mappings");
  await user.type(await screen.findByRole("searchbox"), "gd?");
  expect(router.state.location.pathname).toBe("/mappings");
  expect(screen.queryByRole("dialog")).toBeNull();
});
