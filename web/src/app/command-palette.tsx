export function CommandPalette(_props: { onClose: () => void; onHelp: () => void }) {
  return null;
}
