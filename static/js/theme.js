/**
 * Light or dark as the reader chose, before anything is painted; the only script that the page waits for.
 * @module
 */
try {
  const chosen = JSON.parse(localStorage.getItem("interleave.theme") ?? "null");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be forbidden: then the system's setting counts.
}
