/**
 * Permalinks: the address of a run, and of what one looks at in it.
 * @module
 */
import { byId, toast } from "./dom.js";
import { t } from "./text.js";

/** @typedef {import("./stage.js").Stage} Stage */

/**
 * The link to the run that is shown, and to this very view of it unless that is all of it.
 * @param {Stage} stage
 * @returns {string | null}
 */
function linkTo({ session, player, view, following, end }) {
  if (!session.run) return null;
  const lane = view.selected ? `&lane=${view.selected.lane}` : "";
  const whole = session.live || (following && player.t === end && !lane);
  const place = whole ? "" : `#t=${Math.round(player.t)}&from=${Math.round(view.from)}&to=${Math.round(view.to)}${lane}`;
  return new URL(session.run.url + place, location.href).href;
}

/**
 * Copies the link; without permission, or over plain HTTP, the reader copies it.
 * @param {Stage} stage
 */
export async function share(stage) {
  const link = linkTo(stage);
  if (!link) return;
  void keep(stage.session.run?.id);
  try {
    await navigator.clipboard.writeText(link);
    toast(t("Link copied: {link}", { link }));
  } catch {
    const field = byId("shared-link", HTMLInputElement);
    field.value = link;
    byId("shared", HTMLDialogElement).showModal();
    field.select();
  }
}

/**
 * Has the server keep a run whose link was given away; if it can't, the run is kept as long as any other.
 * @param {string} id
 */
function keep(id) {
  return fetch(`/api/runs/${encodeURIComponent(id)}/share`, { method: "POST" }).catch(() => null);
}
