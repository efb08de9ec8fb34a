/**
 * Where pins stand on a strip without covering each other. Pure.
 * @module
 */

/** Least distance of two pins, CSS px; so many stand side by side, more that begin so near are one badge with their number. */
export const APART = 19, SIDE_BY_SIDE = 2;

/**
 * Which pins stand together: those that begin within the width of what stands side by side.
 * @param {number[]} xs where each would stand
 * @param {number} width of all
 * @returns {{x: number, members: number[]}[]} from left to right
 */
export function bunched(xs, width) {
  const room = SIDE_BY_SIDE * APART;
  /** @type {{x: number, members: number[]}[]} */
  const found = [];
  for (const index of xs.map((_, index) => index).sort((a, b) => xs[a] - xs[b] || a - b)) {
    const last = found.at(-1);
    if (last && xs[index] < last.x + room) last.members.push(index);
    else found.push({ x: xs[index], members: [index] });
  }
  let most = width;
  for (const bunch of found.reverse()) {
    const own = bunch.members.length === 1 ? APART : room;
    bunch.x = Math.min(bunch.x, most - own);
    most = bunch.x;
  }
  return found.reverse();
}
