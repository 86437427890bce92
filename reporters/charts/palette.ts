/** Each colour by its part in a picture, on light paper (and in print) and on dark. The light ones differ in brightness, so that grey print tells them apart. */
const COLOURS = {
  paper: ['#ffffff', '#14181f'],
  ink: ['#1d2530', '#e6eaf0'],
  quiet: ['#5b6675', '#9aa6b5'],
  line: ['#d3d9e0', '#39424f'],
  /** What was seen, and was good. */
  seen: ['#2864a6', '#74b0f4'],
  /** What is accepted. */
  band: ['#cdebd3', '#1f4d2f'],
  /** The edge of what is accepted, and words about it. */
  bound: ['#1f7a3d', '#6fcf8b'],
  /** A failure, or what is beyond a limit. */
  fault: ['#c2321f', '#ff8471'],
  /** Refused, as expected. */
  refused: ['#e3b04b', '#b98a2c'],
  /** Away: nothing is given to it. */
  away: ['#dfe4ea', '#3b4554'],
} as const;

type Part = keyof typeof COLOURS;

/** The colour of a part on light paper, as it stands in the SVG's attributes: a viewer that knows no style sheet shows these. */
export const colour = Object.fromEntries(Object.entries(COLOURS).map(([part, [light]]) => [part, light])) as Record<Part, string>;

/** A style sheet that exchanges every light colour for its dark one where the reader's scheme is dark; never in print. */
export function darkStyle(): string {
  const rules = Object.values(COLOURS).map(([light, dark]) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`);
  return `@media screen and (prefers-color-scheme:dark){${rules.join('')}}`;
}
