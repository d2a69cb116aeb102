import { expect, test } from "vitest";
import { failureWords } from "./failure-words";

test.each([
  ["http://10.0.4.12:3000: 10.0.4.12:3000 refused the connection", "Refused the connection"],
  ["http://[::1]:3000: [::1]:3000 refused the connection", "Refused the connection"],
  ["wss://gateway.example.com/tunnel: 10.0.0.7:443 refused the connection", "Refused the connection"],
  ["https://nas.local: it closed the connection", "It closed the connection"],
  ["The service did not answer in 30 s.", "The service did not answer in 30 s."],
  ["closed", "Closed"],
  ["", ""],
])("%j becomes %j", (message, words) => {
  expect(failureWords(message)).toBe(words);
});
