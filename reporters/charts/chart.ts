import { plot, type PlotOptions } from '@observablehq/plot';

import { ChartDocument, escaped } from './document.ts';
import { colour, darkStyle } from './palette.ts';

/** One entry of a legend: a swatch of this colour, and its meaning. */
type Key = readonly [colour: string, words: string];

export interface Chart {
  title: string;
  /** One sentence under the title. */
  subtitle: string;
  keys: readonly Key[];
  /** Drawn below each other, each with its own axes. */
  panels: readonly (PlotOptions & { height: number })[];
}

const WIDTH = 720;
const MARGIN = 16;
/** Height above the first panel. */
const HEAD = 76;
/** Slightly more than the average width of a character at 11 px, so that keys do not touch. */
const CHARACTER = 5.9;

/** A chart as a self-contained SVG file. The same chart results in the same text. */
export function svgOf({ title, subtitle, keys, panels }: Chart): string {
  let y = HEAD;
  const drawn = panels.map((panel) => {
    const at = y;
    y += panel.height;
    return `<g transform="translate(0,${at})">${contentOf(panel)}</g>`;
  });
  const height = y + 8;
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  const font = `font-family="system-ui, sans-serif" font-size="11" fill="${colour.ink}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" ${size} ${font}>`,
    `<title>${escaped(title)}</title><desc>${escaped(subtitle)}</desc><style>${darkStyle()}</style>`,
    `<rect width="${WIDTH}" height="${height}" rx="6" fill="${colour.paper}"/>`,
    `<text x="${MARGIN}" y="26" font-size="15" font-weight="600">${escaped(title)}</text>`,
    `<text x="${MARGIN}" y="44" fill="${colour.quiet}">${escaped(subtitle)}</text>`,
    legendOf(keys),
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

function legendOf(keys: readonly Key[]): string {
  let x = MARGIN;
  const entries = keys.map(([fill, words]) => {
    const at = x;
    x += 15 + words.length * CHARACTER + 18;
    return `<rect x="${at}" y="54" width="10" height="10" rx="2" fill="${fill}"/><text x="${at + 15}" y="63">${escaped(words)}</text>`;
  });
  return entries.join('');
}

/** What Plot draws, without the surrounding element, its style sheet and its background colour. */
function contentOf(panel: PlotOptions): string {
  const figure: unknown = plot({ width: WIDTH, marginLeft: 56, marginRight: 24, ...panel, document: new ChartDocument() });
  return String(figure)
    .replace(/^<svg[^>]*>(<style>[^<]*<\/style>)?/, `<g fill="${colour.ink}" text-anchor="middle">`)
    .replace(/<\/svg>$/, '</g>')
    .replaceAll('currentColor', colour.ink)
    .replaceAll('stroke="var(--plot-background)"', `stroke="${colour.paper}"`)
    .replaceAll(/ font-variant="tabular-nums"| aria-hidden="true"/g, '');
}
