// Short names for the shapes of the generated schema. Nothing is declared here that the schema declares.
import type { paths } from "./generated/schema";

type Json<Content> = Content extends { content: { "application/json": infer Body } } ? Body : never;
type Answer<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  responses: infer Responses;
}
  ? {
      [Code in keyof Responses]: Code extends 200 | 201 | 202 ? Json<Responses[Code]> : never;
    }[keyof Responses]
  : never;
type Input<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  requestBody: infer Body;
}
  ? Json<Body>
  : never;

export type Session = Answer<"/api/v1/auth/session", "get">;
export type SessionRow = Answer<"/api/v1/auth/sessions", "get">["sessions"][number];
export type SignInFailure = Answer<"/api/v1/auth/failures", "get">["failures"][number];
export type Status = Answer<"/api/v1/status", "get">;
export type StatusHistory = Answer<"/api/v1/status/history", "get">;
export type MappingList = Answer<"/api/v1/mappings", "get">;
export type Mapping = MappingList["mappings"][number];
export type MappingInput = Input<"/api/v1/mappings", "post">;
export type ServiceTest = Input<"/api/v1/mappings/test", "post">;
export type ServiceTestResult = Answer<"/api/v1/mappings/test", "post">;
export type DnsAnswer = Answer<"/api/v1/dns", "get">;
export type Stats = Answer<"/api/v1/stats", "get">;
export type StatsPoint = NonNullable<Stats["points"][number]>;
export type MappingStats = Answer<"/api/v1/stats/mappings", "get">["mappings"][number];
export type FailureGroup = Answer<"/api/v1/stats/failures", "get">["groups"][number];
export type RequestEntry = Answer<"/api/v1/request-logs", "get">["requests"][number];
export type RequestDetail = Answer<"/api/v1/request-logs/{id}", "get">;
export type Connection = Answer<"/api/v1/connection-logs", "get">["connections"][number];
export type LogLine = Answer<"/api/v1/agent/logs", "get">["logs"][number];
export type LogHistogram = Answer<"/api/v1/agent/logs/histogram", "get">;
export type CaddyConfig = Answer<"/api/v1/gateway/caddy-config", "get">;
export type UpdateAnswer = Answer<"/api/v1/gateway/update", "post">;
export type LandingPage = Answer<"/api/v1/settings/landing-page", "get">;
export type ExportDocument = Answer<"/api/v1/import-export/export", "get">;
export type ImportResult = Answer<"/api/v1/import-export/import", "post">;
export type Diagnosis = Answer<"/api/v1/test/diagnose", "post">;
export type DiagnosisSide = Diagnosis["gateway"];
export type FailureSide = FailureGroup["side"];
export type LogSource = "agent" | "gateway";
