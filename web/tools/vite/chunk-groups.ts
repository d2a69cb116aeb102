// Puts what the first screen shares into a few files: a browser opens only six connections to one host over HTTP/1.1,
// and dozens of small files would wait for each other. What only later pages need stays out of these groups.

/** Radix parts that no first screen uses. */
const LATER = "menu|dropdown-menu|radio-group|switch|tabs|roving-focus|collection";

export const chunkGroups = [
  // By itself, so that the entry runs, and the page is painted, before the program is there.
  { name: "load", test: /vite\/preload-helper/ },
  {
    name: "vendor",
    // With the slash: what forms alone need begins with `react` too.
    test: /node_modules\/((react|react-dom|scheduler|openapi-fetch|use-sync-external-store|clsx|class-variance-authority)\/|@tanstack\/(?!react-virtual|virtual-core|.*[iI]nfinite))/,
  },
  { name: "icons", test: /node_modules\/lucide-react\//, minShareCount: 4 },
  {
    name: "layers",
    test: new RegExp(
      `node_modules/(@radix-ui/(?!react-(${LATER})/)|radix-ui/|@floating-ui/|aria-hidden|react-remove-scroll|use-sidecar|use-callback-ref|tslib|get-nonce)|style-singleton`,
    ),
  },
  { name: "core", test: /src\/shared\/(lib|api)\/(?!curl|download|copy|status-text|style-singleton)/ },
];
