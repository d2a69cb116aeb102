export function LandingTab() {
  return null;
}
