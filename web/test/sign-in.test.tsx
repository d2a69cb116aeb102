import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { PASSWORD } from "./mock-server/agent";
import { renderApp } from "./render-app";

const field = () => screen.findByLabelText("Password");
const button = () => screen.getByRole("button", { name: /Sign in/ });

test("the right password leads to the page that was asked for", async () => {
  const { user, router } = renderApp("/connections", "signed-out");
  await user.type(await field(), PASSWORD);
  await user.click(button());
  expect(await screen.findByRole("heading", { level: 1, name: "Connections" })).toBeVisible();
  expect(router.state.location.pathname).toBe("/connections");
});

test("a wrong password is said inline, with the tries that are left, and the field is empty again", async () => {
  const { user } = renderApp("/login", "signed-out");
  await user.type(await field(), "wrong");
  await user.click(button());
  expect(
    await screen.findByText("The password is wrong. 4 tries left before a 1 minute lock."),
  ).toBeVisible();
  expect(await field()).toHaveValue("");
  expect(await field()).toHaveFocus();
});

test("a lock is counted down, and says how long the next one lasts", async () => {
  const { user } = renderApp("/login", "locked");
  await user.type(await field(), "wrong");
  await user.click(button());
  expect(await screen.findByRole("heading", { name: "Sign in is locked" })).toBeVisible();
  expect(screen.getByText(/left of 5 minutes. The next lock lasts 15 minutes./)).toBeVisible();
  expect(screen.getByRole("button", { name: /Try again in 4:3/ })).toHaveAttribute("aria-disabled", "true");
  expect(await field()).toBeDisabled();
});

test("the last wrong try locks at once", async () => {
  const { user } = renderApp("/login", "signed-out");
  for (let wrong = 0; wrong < 5; wrong += 1) {
    await user.type(await field(), "wrong");
    await user.click(button());
    await waitFor(async () => expect(await field()).toHaveValue(""));
  }
  expect(await screen.findByRole("heading", { name: "Sign in is locked" })).toBeVisible();
  expect(screen.getByText(/left of 1 minute/)).toBeVisible();
});

test("an address outside of the dashboard is not followed after the sign-in", async () => {
  const { user, router } = renderApp("/login?next=%2F%2Fevil.example", "signed-out");
  await user.type(await field(), PASSWORD);
  await user.click(button());
  expect(await screen.findByRole("heading", { level: 1, name: "Dashboard" })).toBeVisible();
  expect(router.state.location.pathname).toBe("/");
});
