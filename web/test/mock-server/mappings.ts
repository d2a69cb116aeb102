// The mappings of the mock Agent.
import type { Mapping, MappingStats } from "~/shared/api/types";
import { seeded } from "./random";

interface Seed {
  id: string;
  name: string;
  domain: string;
  host: string;
  port: number;
  requests: number;
  failures: number;
  p95: number | null;
  https?: boolean;
  off?: boolean;
}

export const SEEDS: readonly Seed[] = [
  {
    id: "5e1f0c7a-93d8-4b26-a0d7-c1f4e8b26a91",
    name: "Web app",
    domain: "app.example.com",
    host: "10.0.4.12",
    port: 3000,
    requests: 614_208,
    failures: 122,
    p95: 64,
  },
  {
    id: "0b77c2d1-f6a9-4e0c-8e21-a7b35d90c4fe",
    name: "API",
    domain: "api.example.com",
    host: "10.0.4.12",
    port: 8080,
    requests: 530_114,
    failures: 3233,
    p95: 138,
  },
  {
    id: "c94a1e60-b2f7-4d35-927f-0e8d1c6ab573",
    name: "Photos",
    domain: "photos.example.com",
    host: "10.0.4.22",
    port: 2283,
    requests: 288_350,
    failures: 259,
    p95: 212,
  },
  {
    id: "71d3e8f0-9ab2-4c6e-8b50-f2d4a9c7e116",
    name: "Home Assistant",
    domain: "home.example.com",
    host: "192.168.1.40",
    port: 8123,
    requests: 171_940,
    failures: 3,
    p95: 41,
  },
  {
    id: "2ac5907b-e41d-4f83-86e0-d95c3f7a1b28",
    name: "Git",
    domain: "git.example.com",
    host: "10.0.4.31",
    port: 3443,
    requests: 52_006,
    failures: 63,
    p95: 96,
    https: true,
  },
  {
    id: "8f60b3d2-7c1e-4a59-84d2-e7f90b5c86d3",
    name: "Grafana",
    domain: "grafana.example.com",
    host: "10.0.4.20",
    port: 3000,
    requests: 9874,
    failures: 0,
    p95: 87,
  },
  {
    id: "e3b94c05-d728-4f1a-8b61-f08e2d5c97a4",
    name: "Webhooks, staging",
    domain: "hooks.staging.example.com",
    host: "10.0.4.12",
    port: 4010,
    requests: 1203,
    failures: 23,
    p95: 33,
  },
  {
    id: "1f4d7a2c-60be-4d19-a3c8-95e2b7f01d64",
    name: "Docs preview",
    domain: "docs.example.com",
    host: "10.0.4.15",
    port: 4321,
    requests: 0,
    failures: 0,
    p95: null,
    off: true,
  },
  {
    id: "9c08e5b1-32fd-47a6-b1e4-c6d7f8a95032",
    name: "Old wiki",
    domain: "wiki.example.com",
    host: "10.0.4.9",
    port: 8090,
    requests: 0,
    failures: 0,
    p95: null,
    off: true,
  },
];

export function mockMapping(seed: Seed, now: number): Mapping {
  const since = new Date(now - (seed.off ? 3 * 86_400_000 : 49 * 60_000)).toISOString();
  return {
    id: seed.id,
    readOnly: false,
    name: seed.name,
    externalDomain: seed.domain,
    internalHost: seed.host,
    internalPort: seed.port,
    internalProtocol: seed.https ? "Https" : "Http",
    allowInvalidCertificates: false,
    pinnedCertificate: seed.https ? "7c410e9bd25518af6320c8775de1049abb36f012e7832f60c14a950d78eb31a6" : null,
    enabled: !seed.off,
    createdAt: new Date(now - 40 * 86_400_000 - seed.requests).toISOString(),
    updatedAt: since,
    upstreamVersion: "auto",
    hostHeader: { mode: "keep", value: null },
    requestHeaders: { set: [], remove: [] },
    responseHeaders: { set: [], remove: [] },
    timeouts: { connectSeconds: null, headSeconds: null, bodyIdleSeconds: null, upgradeIdleSeconds: null },
    gateway: { state: seed.off ? "off" : "live", reason: null, since },
    health: { state: seed.off ? "unknown" : "ok", error: null, since: null },
  };
}

export function mockMappingStats(): MappingStats[] {
  return SEEDS.map((seed, index) => {
    const random = seeded(index + 3);
    let level = 0.5;
    const spark = Array.from({ length: 24 }, () => {
      level = Math.min(1, Math.max(0.15, level + (random() - 0.5) * 0.3));
      return Math.round((level * seed.requests) / 400);
    });
    return {
      mappingId: seed.id,
      requests: seed.requests,
      failures: seed.failures,
      p95Ms: seed.p95,
      bytesToVisitors: seed.requests * 14_000,
      bytesFromVisitors: seed.requests * 900,
      spark,
    };
  });
}
