export function CaddyPage() {
  return null;
}
