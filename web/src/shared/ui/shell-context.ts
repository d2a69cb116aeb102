// What pages may ask of the shell around them.
import { createContext, useContext } from "react";

export interface Shell {
  openPalette: () => void;
  openHelp: () => void;
}

const nothing = () => undefined;

export const ShellContext = createContext<Shell>({ openPalette: nothing, openHelp: nothing });

export function useShell(): Shell {
  return useContext(ShellContext);
}
