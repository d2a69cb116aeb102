import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { PASSWORD, problem } from "./mock-server/agent";
import { renderApp } from "./render-app";

const row = (name: string) => screen.findByRole("row", { name: new RegExp(name) });

test("a mapping is turned off at once, and Undo turns it on again", async () => {
  const { user, agent } = renderApp("/mappings");
  await user.click(await screen.findByRole("switch", { name: "Grafana on" }));
  expect(await screen.findByText("“Grafana” is off")).toBeVisible();
  expect(screen.getByText("Visitors of grafana.example.com get 404.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Undo" }));
  await waitFor(() =>
    expect(agent.mappings.find((mapping) => mapping.name === "Grafana")?.enabled).toBe(true),
  );
  expect(await screen.findByRole("switch", { name: "Grafana on", checked: true })).toBeVisible();
});

test("when the Agent refuses, the switch goes back and says why", async () => {
  const { user, agent } = renderApp("/mappings");
  const [mapping] = agent.mappings;
  agent.overrides.set(`PATCH /mappings/${mapping?.id}/toggle`, () =>
    problem(504, "gateway-timeout", "The Gateway did not confirm in 10 s."),
  );
  const control = await screen.findByRole("switch", { name: "Web app on" });
  await user.click(control);
  expect(await screen.findByText("“Web app” was not turned off")).toBeVisible();
  expect(screen.getByText("The Gateway did not confirm in 10 s. Nothing was changed.")).toBeVisible();
  expect(control).toBeChecked();
});

test("the search and the filter are in the address, and widen when nothing is found", async () => {
  const { user, router } = renderApp("/mappings?state=on");
  await user.type(await screen.findByRole("searchbox"), "wiki");
  expect(await screen.findByText("Nothing matches “wiki”")).toBeVisible();
  expect(router.state.location.search).toMatchObject({ q: "wiki", state: "on" });
  await user.click(screen.getByRole("button", { name: "Search all 9" }));
  expect(await row("Old wiki")).toBeVisible();
});

async function fillForm(user: ReturnType<typeof renderApp>["user"], domain: string): Promise<void> {
  await user.type(await screen.findByLabelText("Name"), "Status page");
  await user.type(screen.getByLabelText("Public address"), domain);
  await user.type(screen.getByLabelText("Host"), "10.0.4.15");
  await user.type(screen.getByLabelText("Port"), "3001");
}

test("a new mapping is tested while it is typed, saved, and listed", async () => {
  const { user } = renderApp("/mappings/new");
  await fillForm(user, "status.example.com");
  expect(await screen.findByText("The service answers")).toBeVisible();
  expect(await screen.findByText("Points to this Gateway")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Create mapping" }));
  expect(await screen.findByText("“Status page” is live")).toBeVisible();
  expect(await row("Status page")).toBeVisible();
});

test("problems stand at their fields with the remedy", async () => {
  const { user } = renderApp("/mappings/new");
  await fillForm(user, "api.example.com");
  expect(screen.getByText(/The mapping “API” already uses api.example.com/)).toBeVisible();
  expect(screen.getByLabelText("Public address")).toHaveAccessibleDescription(
    /Choose another name, or edit “API”/,
  );
  await user.clear(screen.getByLabelText("Port"));
  await user.type(screen.getByLabelText("Port"), "8080");
  expect(await screen.findByText("Connection refused")).toBeVisible();
  expect(screen.getByText(/Nothing listens on 10.0.4.15:8080/)).toBeVisible();
});

test("a service that speaks HTTPS is one click away", async () => {
  const { user } = renderApp("/mappings/new");
  await fillForm(user, "status.example.com");
  await user.clear(screen.getByLabelText("Port"));
  await user.type(screen.getByLabelText("Port"), "8443");
  await user.click(await screen.findByRole("button", { name: "Use HTTPS" }));
  expect(screen.getByRole("radio", { name: "HTTPS" })).toBeChecked();
});

test("when the session ends while saving, nothing typed is lost: it is saved right after the sign-in", async () => {
  const { user, agent } = renderApp("/mappings/new");
  await fillForm(user, "status.example.com");
  agent.signedIn = false;
  await user.click(screen.getByRole("button", { name: "Create mapping" }));
  const dialog = await screen.findByRole("dialog", { name: "Sign in again to go on" });
  await user.type(within(dialog).getByLabelText("Password"), PASSWORD);
  await user.click(within(dialog).getByRole("button", { name: "Sign in and go on" }));
  expect(await screen.findByText("“Status page” is live")).toBeVisible();
  expect(agent.mappings.some((mapping) => mapping.externalDomain === "status.example.com")).toBe(true);
});

test("deleting what had traffic today needs its address", async () => {
  const { user, agent } = renderApp("/mappings");
  const [more] = await screen.findAllByRole("button", { name: "More about Photos" });
  if (more) await user.click(more);
  await user.click(await screen.findByRole("menuitem", { name: /Delete/ }));
  const dialog = await screen.findByRole("dialog", { name: "Delete “Photos”?" });
  const button = within(dialog).getByRole("button", { name: "Delete" });
  await user.click(button);
  expect(agent.calls.some((call) => call.startsWith("DELETE"))).toBe(false);
  await user.type(within(dialog).getByLabelText(/to confirm/), "photos.example.com");
  await user.click(button);
  expect(await screen.findByText("“Photos” is deleted")).toBeVisible();
});

test("a change made elsewhere shows up by itself", async () => {
  const { agent } = renderApp("/mappings");
  await row("Web app");
  const [mapping] = agent.mappings;
  if (!mapping) throw new Error("no mapping");
  await waitFor(() => expect(agent.calls).toContain("GET /events"));
  agent.emit("mapping", {
    action: "updated",
    id: mapping.id,
    mapping: { ...mapping, name: "Renamed elsewhere" },
  });
  expect(await row("Renamed elsewhere")).toBeVisible();
});
