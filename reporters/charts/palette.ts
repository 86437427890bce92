/**
 * Each colour by its role in a picture, on light paper (and in print) and on dark. The light ones differ in brightness, so that they can be
 * distinguished in greyscale.
 */
const COLOURS = {
  paper: ['#ffffff', '#14181f'],
  ink: ['#1d2530', '#e6eaf0'],
  quiet: ['#5b6675', '#9aa6b5'],
  line: ['#d3d9e0', '#39424f'],
  /** Good observations. */
  seen: ['#2864a6', '#74b0f4'],
  /** The accepted range. */
  band: ['#cdebd3', '#1f4d2f'],
  /** The edge of the accepted range, and its label. */
  bound: ['#1f7a3d', '#6fcf8b'],
  /** A failure, or what exceeds a limit. */
  fault: ['#c2321f', '#ff8471'],
  /** Rejected, as expected. */
  refused: ['#e3b04b', '#b98a2c'],
  /** Ejected: receives nothing. */
  away: ['#dfe4ea', '#3b4554'],
} as const;

type Part = keyof typeof COLOURS;

/** The light colour of each role, as used in the SVG's attributes, for viewers without style sheets. */
export const colour = Object.fromEntries(Object.entries(COLOURS).map(([part, [light]]) => [part, light])) as Record<Part, string>;

/** A style sheet that replaces every light colour by its dark one in a dark colour scheme; never in print. */
export function darkStyle(): string {
  const rules = Object.values(COLOURS).map(([light, dark]) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`);
  return `@media screen and (prefers-color-scheme:dark){${rules.join('')}}`;
}
