export function GatewayLogPage() {
  return null;
}
export function AgentLogPage() {
  return null;
}
