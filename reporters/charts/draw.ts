import type { Picture } from '../../fixtures/contract/picture.ts';
import { bucketChart } from './bucket.ts';
import { type Chart, svgOf } from './chart.ts';
import { ejectionChart } from './ejection.ts';
import { splitChart } from './split.ts';
import { timelineChart } from './timeline.ts';
import { timesChart } from './times.ts';

/** A picture as an SVG file, light or dark according to the reader's colour scheme, and light in print. */
export function draw(picture: Picture): string {
  return svgOf(chartOf(picture));
}

function chartOf(picture: Picture): Chart {
  switch (picture.kind) {
    case 'split':
      return splitChart(picture);
    case 'ejection':
      return ejectionChart(picture);
    case 'times':
      return timesChart(picture);
    case 'timeline':
      return timelineChart(picture);
    default:
      return bucketChart(picture);
  }
}
