// Sets the theme before the first paint. A classic script of its own: the page allows no inline script.
(() => {
  let wanted = "system";
  try {
    wanted = JSON.parse(localStorage.getItem("octoporty-preferences") ?? "{}").theme ?? "system";
  } catch {
    // Storage may be off; the system's theme is then right.
  }
  const dark =
    wanted === "dark" || (wanted !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
