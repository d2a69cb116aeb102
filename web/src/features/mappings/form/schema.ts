// The mapping form: its values as they are typed, what makes them right, and the way to and from the API's shape.
import { z } from "zod";
import type { Mapping, MappingInput, ServiceTest } from "~/shared/api/types";

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** What people paste, made a domain name: scheme, path, port, case and the final dot go away. */
export function tidyDomain(text: string): string {
  return text
    .trim()
    .replace(/^[a-z]+:\/\//i, "")
    .replace(/[/?#].*$/, "")
    .replace(/:\d+$/, "")
    .replace(/\.$/, "")
    .toLowerCase();
}

/** What is wrong with a public name, in a sentence with its remedy; null when it is right. */
export function domainProblem(text: string): string | null {
  const name = tidyDomain(text);
  if (!name) return "Say which public name leads to the service.";
  if (/\s/.test(name))
    return `A domain name has no spaces. Did you mean ${name.replace(/\s+/g, ".").replace(/\.{2,}/g, ".")}?`;
  if (/^\d+(\.\d+){3}$/.test(name)) return "This is an address, not a name. Visitors come by a domain name.";
  const ascii = toAscii(name);
  if (!ascii || ascii.length > 253) return "A domain name has at most 253 characters.";
  // A leading "*." stands for every name below; the Gateway says whether it takes it.
  const labels = ascii.replace(/^\*\./, "").split(".");
  if (labels.length < 2) return "A public name has at least two parts, such as app.example.com.";
  const bad = /[^a-z0-9.-]/.exec(labels.join("."))?.[0];
  if (bad) return `“${bad}” is not allowed in a domain name.`;
  if (!labels.every((label) => LABEL.test(label)))
    return "Each part between the dots needs 1 to 63 letters, digits or hyphens, no hyphen at its ends.";
  return null;
}

/** Names with letters beyond ASCII travel as punycode; the browser's URL parser knows how. */
function toAscii(name: string): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole ASCII range is meant
  if (/^[\u0000-\u007f]*$/.test(name)) return name;
  try {
    return new URL(`http://${name}`).hostname;
  } catch {
    return null;
  }
}

function hostProblem(text: string): string | null {
  const host = text.trim();
  if (!host) return "Say which host answers, as this Agent reaches it.";
  if (/^[a-z]+:\/\//i.test(host)) return "Only the host: choose the protocol beside it.";
  if (/[\s/?#@]/.test(host)) return "A host has no spaces and no path.";
  return null;
}

function portProblem(text: string): string | null {
  const port = Number(text);
  return /^\d{1,5}$/.test(text.trim()) && port >= 1 && port <= 65_535 ? null : "1 to 65535";
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const says = (problem: (text: string) => string | null) =>
  z.string().check((context) => {
    const message = problem(context.value);
    if (message) context.issues.push({ code: "custom", message, input: context.value });
  });

const headerName = says((text) =>
  TOKEN.test(text.trim()) ? null : "A header name has letters, digits and hyphens only.",
);
const seconds = says((text) =>
  text === "" || (/^\d{1,6}$/.test(text) && Number(text) > 0)
    ? null
    : "Whole seconds, or empty for the default.",
);

const headerRules = z.object({
  set: z.array(
    z.object({
      name: headerName,
      value: says((text) => (/[\r\n\0]/.test(text) ? "A value has no line breaks." : null)),
    }),
  ),
  remove: z.array(z.object({ name: headerName })),
});

export const mappingSchema = z
  .object({
    name: says((text) =>
      text.trim() ? (text.length > 100 ? "At most 100 characters." : null) : "Give it a name.",
    ),
    externalDomain: says(domainProblem),
    internalProtocol: z.enum(["Http", "Https"]),
    internalHost: says(hostProblem),
    internalPort: says(portProblem),
    allowInvalidCertificates: z.boolean(),
    pinnedCertificate: z.string(),
    enabled: z.boolean(),
    upstreamVersion: z.enum(["auto", "http1", "h2c"]),
    hostMode: z.enum(["keep", "upstream", "fixed"]),
    hostValue: z.string(),
    connectSeconds: seconds,
    headSeconds: seconds,
    bodyIdleSeconds: seconds,
    upgradeIdleSeconds: seconds,
    requestHeaders: headerRules,
    responseHeaders: headerRules,
  })
  .check((context) => {
    if (context.value.hostMode !== "fixed" || context.value.hostValue.trim()) return;
    context.issues.push({
      code: "custom",
      message: "Say which host to send.",
      path: ["hostValue"],
      input: context.value.hostValue,
    });
  });

export type MappingValues = z.infer<typeof mappingSchema>;

export const EMPTY_VALUES: MappingValues = {
  name: "",
  externalDomain: "",
  internalProtocol: "Http",
  internalHost: "",
  internalPort: "",
  allowInvalidCertificates: false,
  pinnedCertificate: "",
  enabled: true,
  upstreamVersion: "auto",
  hostMode: "keep",
  hostValue: "",
  connectSeconds: "",
  headSeconds: "",
  bodyIdleSeconds: "",
  upgradeIdleSeconds: "",
  requestHeaders: { set: [], remove: [] },
  responseHeaders: { set: [], remove: [] },
};

const written = (value: number | null | undefined): string => (value == null ? "" : String(value));
const read = (text: string): number | null => (text.trim() === "" ? null : Number(text));

export function valuesOf(mapping: Mapping): MappingValues {
  const rules = (from: Mapping["requestHeaders"]) => ({
    set: from.set.map((each) => ({ ...each })),
    remove: from.remove.map((name) => ({ name })),
  });
  return {
    name: mapping.name,
    externalDomain: mapping.externalDomain,
    internalProtocol: mapping.internalProtocol,
    internalHost: mapping.internalHost,
    internalPort: String(mapping.internalPort),
    allowInvalidCertificates: mapping.allowInvalidCertificates,
    pinnedCertificate: mapping.pinnedCertificate ?? "",
    enabled: mapping.enabled,
    upstreamVersion: mapping.upstreamVersion,
    hostMode: mapping.hostHeader.mode,
    hostValue: mapping.hostHeader.value ?? "",
    connectSeconds: written(mapping.timeouts.connectSeconds),
    headSeconds: written(mapping.timeouts.headSeconds),
    bodyIdleSeconds: written(mapping.timeouts.bodyIdleSeconds),
    upgradeIdleSeconds: written(mapping.timeouts.upgradeIdleSeconds),
    requestHeaders: rules(mapping.requestHeaders),
    responseHeaders: rules(mapping.responseHeaders),
  };
}

export function inputOf(values: MappingValues): MappingInput {
  const rules = (from: MappingValues["requestHeaders"]) => ({
    set: from.set.map((each) => ({ name: each.name.trim(), value: each.value })),
    remove: from.remove.map((each) => each.name.trim()),
  });
  const secure = values.internalProtocol === "Https";
  return {
    name: values.name.trim(),
    externalDomain: tidyDomain(values.externalDomain),
    internalHost: values.internalHost.trim(),
    internalPort: Number(values.internalPort),
    internalProtocol: values.internalProtocol,
    allowInvalidCertificates: secure && values.allowInvalidCertificates,
    pinnedCertificate: secure && values.pinnedCertificate ? values.pinnedCertificate : null,
    enabled: values.enabled,
    upstreamVersion: values.upstreamVersion,
    hostHeader: {
      mode: values.hostMode,
      value: values.hostMode === "fixed" ? values.hostValue.trim() : null,
    },
    timeouts: {
      connectSeconds: read(values.connectSeconds),
      headSeconds: read(values.headSeconds),
      bodyIdleSeconds: read(values.bodyIdleSeconds),
      upgradeIdleSeconds: read(values.upgradeIdleSeconds),
    },
    requestHeaders: rules(values.requestHeaders),
    responseHeaders: rules(values.responseHeaders),
  };
}

/** What to test, once host and port are complete; null before. */
export function testOf(values: MappingValues): ServiceTest | null {
  if (hostProblem(values.internalHost) || portProblem(values.internalPort)) return null;
  const input = inputOf(values);
  return {
    internalHost: input.internalHost,
    internalPort: input.internalPort,
    internalProtocol: input.internalProtocol,
    upstreamVersion: input.upstreamVersion,
    allowInvalidCertificates: input.allowInvalidCertificates,
    pinnedCertificate: input.pinnedCertificate,
  };
}

/** How many of the folded settings differ from their defaults. */
export function changedCount(values: MappingValues): number {
  const rules = [
    values.requestHeaders.set,
    values.requestHeaders.remove,
    values.responseHeaders.set,
    values.responseHeaders.remove,
  ];
  const timeouts = [
    values.connectSeconds,
    values.headSeconds,
    values.bodyIdleSeconds,
    values.upgradeIdleSeconds,
  ];
  return (
    rules.filter((list) => list.length > 0).length +
    timeouts.filter((text) => text !== "").length +
    [values.hostMode !== "keep", values.upstreamVersion !== "auto", values.allowInvalidCertificates].filter(
      Boolean,
    ).length
  );
}

/** "10.0.4.12:3000", "https://nas:8443" or "[::1]:80" as the three fields of a service; null while it is incomplete. */
export function parseService(
  text: string,
): Pick<MappingValues, "internalProtocol" | "internalHost" | "internalPort"> | null {
  const found = /^(?:(https?):\/\/)?(\[[0-9a-f:.]+\]|[^\s:/[\]]+)(?::(\d{1,5}))?\/?$/i.exec(text.trim());
  const [, scheme, host, port] = found ?? [];
  if (!host) return null;
  const secure = scheme?.toLowerCase() === "https";
  if (!port && !scheme) return null;
  return {
    internalProtocol: secure ? "Https" : "Http",
    internalHost: host.replace(/^\[|\]$/g, ""),
    internalPort: port ?? (secure ? "443" : "80"),
  };
}

/** A name for a mapping that has none: the first part of its domain. */
export function nameFrom(domain: string): string {
  const [first = ""] = tidyDomain(domain).split(".");
  return first.charAt(0).toUpperCase() + first.slice(1);
}
