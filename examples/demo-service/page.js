// The demo page: a clock, a ticker, an upload, a download's checksum, and the request as the service saw it.
// All addresses are relative to the page, so it works under any host, port and prefix.
"use strict";

const part = (id) => document.getElementById(id);
const say = (id, text) => { part(id).textContent = text; };
const address = (path) => new URL(path, document.baseURI);

/** A state with its word: "live", "lost" or none. */
function state(id, name, text) {
  const badge = part(id);
  if (badge.dataset.state === name && badge.textContent === text) return;
  badge.dataset.state = name;
  badge.textContent = text;
}

const number = new Intl.NumberFormat();
const seconds = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hour12: false });
const tenths = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1, hour12: false,
});

/** Bytes in decimal units, three significant digits. */
function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes, unit = 0;
  while (value >= 999.5 && unit < units.length - 1) { value /= 1000; unit += 1; }
  return `${unit === 0 ? number.format(value) : Number(value.toPrecision(3))} ${units[unit]}`;
}

/** Milliseconds below 10 s, then seconds. */
function duration(ms) {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 10000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

/** An element with text. */
function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** Replaces what stands in `id` by a result: a bold finding, then details. */
function result(id, kind, finding, ...details) {
  const box = document.createElement("div");
  box.className = "result";
  box.dataset.kind = kind;
  const first = document.createElement("p");
  first.append(element("strong", finding));
  box.append(first);
  for (const detail of details) {
    const line = document.createElement("p");
    line.append(...[detail].flat());
    box.append(line);
  }
  part(id).replaceChildren(box);
}

// Theme -------------------------------------------------------------------------------------------

part("theme").addEventListener("click", () => {
  const root = document.documentElement;
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // Storage is off: the choice holds for this page.
  }
});

// Clock: the service ticks; a number sent with each tick comes back at once and gives the round trip -----

const TRIPS_MAX = 240; // One minute of ticks.
const trips = [];
let backoff = 500;

function startClock() {
  const url = address("clock");
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  let heard = performance.now();
  // A tunnel that went away without a word shows by silence alone.
  const watch = setInterval(() => {
    if (performance.now() - heard > 5000) socket.close();
  }, 1000);
  socket.addEventListener("message", (event) => {
    heard = performance.now();
    const said = JSON.parse(event.data);
    if ("echo" in said) {
      showTrip(heard - Number(said.echo));
      return;
    }
    backoff = 500;
    state("clock-state", "live", "Live");
    const time = new Date(said.timeMs);
    say("clock-time", tenths.format(time));
    part("clock-time").dateTime = time.toISOString();
    say("clock-ticks", number.format(said.tick));
    socket.send(String(performance.now()));
  });
  socket.addEventListener("close", () => {
    clearInterval(watch);
    state("clock-state", "lost", "Lost, trying again");
    setTimeout(startClock, backoff * (0.5 + Math.random()));
    backoff = Math.min(backoff * 2, 10000);
  });
}

function showTrip(ms) {
  trips.push(ms);
  if (trips.length > TRIPS_MAX) trips.shift();
  const sorted = [...trips].sort((a, b) => a - b);
  say("clock-now", duration(ms));
  say("clock-median", duration(sorted[Math.floor(sorted.length / 2)]));
  say("clock-max", duration(sorted[sorted.length - 1]));
  const top = Math.max(sorted[sorted.length - 1] * 1.15, 1);
  const from = TRIPS_MAX - trips.length;
  const points = trips.map((trip, at) => `${(from + at + 1).toFixed(0)},${(54 - (trip / top) * 50).toFixed(1)}`);
  const spark = part("clock-spark");
  spark.querySelector(".line").setAttribute("points", points.join(" "));
  spark.querySelector(".area").setAttribute("d", `M${from + 1},56 L${points.join(" L")} L${TRIPS_MAX},56 Z`);
}

// Ticker ------------------------------------------------------------------------------------------

const EVENTS_SHOWN = 6;

function startEvents() {
  const source = new EventSource(address("events"));
  const list = part("events-list");
  source.addEventListener("report", (event) => {
    const report = JSON.parse(event.data);
    state("events-state", "live", "Live");
    say("events-requests", number.format(report.requests));
    say("events-uploaded", size(report.uploadedBytes));
    say("events-downloaded", size(report.downloadedBytes));
    say("events-live", number.format(report.liveStreams));
    list.querySelector(".none")?.remove();
    const row = document.createElement("li");
    row.append(
      element("span", `#${event.lastEventId}`),
      element("span", seconds.format(report.timeMs)),
      element("span", `up ${number.format(report.uptimeSeconds)} s`),
    );
    list.prepend(row);
    while (list.children.length > EVENTS_SHOWN) list.lastElementChild.remove();
  });
  source.addEventListener("error", () => {
    state("events-state", "lost", "Lost, trying again");
    // The browser comes back by itself after a cut, but gives up after an error page.
    if (source.readyState === EventSource.CLOSED) setTimeout(startEvents, 3000);
  });
}

// Upload ------------------------------------------------------------------------------------------

// Up to this size the browser hashes the file too, which it can only do in one piece.
const HASHED_HERE_BYTES_MAX = 64 * 1024 * 1024;
let upload = null;

function showUploadRun(running) {
  part("upload-run").hidden = !running;
  part("drop").hidden = running;
}

function send(file) {
  if (upload || !file) return;
  const started = performance.now();
  upload = new XMLHttpRequest(); // fetch tells nothing of its progress.
  part("upload-result").replaceChildren();
  say("upload-name", file.name);
  say("upload-rate", `0 B of ${size(file.size)}`);
  part("upload-progress").value = 0;
  showUploadRun(true);
  upload.upload.addEventListener("progress", (event) => {
    const elapsed = Math.max((performance.now() - started) / 1000, 0.001);
    part("upload-progress").value = event.total ? event.loaded / event.total : 1;
    say("upload-rate", `${size(event.loaded)} of ${size(event.total)}, ${size(event.loaded / elapsed)}/s`);
  });
  upload.addEventListener("loadend", () => {
    const answer = upload;
    upload = null;
    part("file").value = "";
    showUploadRun(false);
    showUpload(file, answer, performance.now() - started);
  });
  upload.open("POST", address("upload"));
  upload.setRequestHeader("Content-Type", "application/octet-stream");
  upload.send(file);
}

async function showUpload(file, answer, ms) {
  if (answer.status !== 200) {
    const why = answer.status ? `${answer.status}: ${answer.responseText.slice(0, 200)}` : "The connection ended, or you stopped it.";
    result("upload-result", "danger", `“${file.name}” did not arrive.`, why);
    return;
  }
  const received = JSON.parse(answer.responseText);
  const rate = `${size(received.bytes)} in ${duration(ms)}, ${size(received.bytes / Math.max(ms / 1000, 0.001))}/s`;
  const hash = ["SHA-256 ", element("code", received.sha256)];
  if (received.bytes !== file.size) {
    result("upload-result", "danger", `“${file.name}” has ${number.format(file.size)} bytes, the service got ${number.format(received.bytes)}.`, hash);
    return;
  }
  const own = await hashHere(file);
  if (own === null) {
    result("upload-result", "success", `“${file.name}” arrived.`, rate, hash);
  } else if (own === received.sha256) {
    result("upload-result", "success", `“${file.name}” arrived; the browser has the same checksum.`, rate, hash);
  } else {
    result("upload-result", "danger", `“${file.name}” changed on its way.`, hash, ["Here ", element("code", own)]);
  }
}

/** The SHA-256 of a small file, or null where it is too large or the page is not in a secure context. */
async function hashHere(file) {
  if (!globalThis.crypto?.subtle || file.size > HASHED_HERE_BYTES_MAX) return null;
  try {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  } catch {
    return null; // The file went away meanwhile.
  }
}

part("file").addEventListener("change", (event) => send(event.target.files[0]));
part("upload-stop").addEventListener("click", () => upload?.abort());
const drop = part("drop");
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => { event.preventDefault(); drop.dataset.over = ""; });
}
for (const name of ["dragleave", "drop"]) {
  drop.addEventListener(name, (event) => { event.preventDefault(); delete drop.dataset.over; });
}
drop.addEventListener("drop", (event) => send(event.dataTransfer.files[0]));

// Download ----------------------------------------------------------------------------------------

function chooseSize() {
  part("download").href = `download/${part("size").value}`;
  part("checksum-result").replaceChildren();
}
part("size").addEventListener("change", chooseSize);
chooseSize();

part("checksum").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  const bytes = part("size").value;
  try {
    const answer = await fetch(address(`download/${bytes}/sha256`));
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status}: ${text.slice(0, 200)}`);
    if (bytes === part("size").value) {
      const [sum, name] = text.trim().split(/\s+/);
      result("checksum-result", "success", `SHA-256 of ${name}`, element("code", sum));
    }
  } catch (error) {
    result("checksum-result", "danger", "The service did not tell the checksum.", error.message);
  } finally {
    button.removeAttribute("aria-disabled");
  }
});

// What the service saw ----------------------------------------------------------------------------

const FORWARDING = /^(x-forwarded-|x-real-ip$|x-octoporty-|forwarded$|via$)/;

async function ask() {
  const rows = part("seen-rows");
  try {
    const answer = await fetch(address("headers"));
    if (!answer.ok) throw new Error(`It answered ${answer.status}.`);
    showSeen(await answer.json());
  } catch (error) {
    const cell = element("td", `The service could not be asked. ${error.message}`);
    cell.colSpan = 2;
    const row = document.createElement("tr");
    row.append(cell);
    rows.replaceChildren(row);
  }
}

function showSeen(seen) {
  const forwarding = seen.headers.filter(([name]) => FORWARDING.test(name));
  const others = seen.headers.filter(([name]) => !FORWARDING.test(name));
  const own = [["Request", `${seen.method} ${seen.uri} ${seen.version}`], ["Connection from", seen.peer]];
  const row = (forwarded) => ([name, value]) => {
    const made = document.createElement("tr");
    if (forwarded) made.dataset.forwarding = "";
    made.append(element("td", name), element("td", value));
    return made;
  };
  part("seen-rows").replaceChildren(...forwarding.map(row(true)), ...own.map(row(false)), ...others.map(row(false)));

  const value = (wanted) => seen.headers.find(([name]) => name === wanted)?.[1];
  const visitor = value("x-forwarded-for");
  const verdict = part("seen-verdict");
  verdict.hidden = false;
  const way = part("way");
  way.hidden = false;
  way.dataset.state = "plain";
  if (visitor) {
    const host = value("x-forwarded-host") ?? location.host;
    const scheme = value("x-forwarded-proto") ?? "http";
    verdict.dataset.kind = "success";
    verdict.replaceChildren(
      element("strong", "This page came through a proxy. "),
      `The visitor is ${visitor}, who asked for ${host} over ${scheme}. The connection itself came from ${seen.peer}, which only forwards.`,
    );
    // Any proxy adds the usual headers; this one is ours alone.
    if (!value("x-octoporty-request-id")) {
      say("way", "Via a proxy");
      return;
    }
    say("way", "Via the tunnel");
    part("lead").replaceChildren("You read ", element("strong", location.host), ". This page, and all that moves on it, comes from a program that listens on its own machine only; the tunnel brought it here.");
  } else {
    verdict.dataset.kind = "warning";
    verdict.replaceChildren(
      element("strong", "No forwarding headers. "),
      "You reached the service directly, so it sees your own address. Open the page under its public name to see the difference.",
    );
    say("way", "Direct");
  }
}

part("seen-again").addEventListener("click", ask);

startClock();
startEvents();
ask();
