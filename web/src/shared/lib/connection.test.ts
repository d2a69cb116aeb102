import { expect, test } from "vitest";
import { gatewayName } from "./connection";

test.each([
  ["gateway.example.com", "wss://10.0.0.7:17200", "gateway.example.com"],
  ["3f2a1b9c0d4e", "wss://gateway.example.com", "gateway.example.com"],
  ["vm", "ws://127.0.0.1:17200", "vm"],
  ["vm", "ws://[::1]:17200", "vm"],
  ["gateway", "ws://gateway:17200", "gateway"],
  [null, "wss://gateway.example.com", "gateway.example.com"],
  [null, "", "the Gateway"],
])("a Gateway that calls itself %j and is dialled at %j is %j", (gatewayHost, gatewayUrl, name) => {
  expect(gatewayName({ gatewayHost, gatewayUrl })).toBe(name);
});
