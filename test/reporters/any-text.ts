import fc from 'fast-check';

/** Any code point, including lone surrogates. */
const codePoint = fc.integer({ min: 0, max: 0x10_ff_ff }).map(
  (point) => String.fromCodePoint(point),
  (text) => {
    const point = String(text).codePointAt(0) ?? -1;
    return point >= 0 && String.fromCodePoint(point) === text ? point : Number.NaN;
  },
);

/**
 * Any text. The unit `binary` of fast-check is nearly equivalent, but first builds a table of all 1.1 million code points in every process.
 */
export const anyText = fc.string({ unit: codePoint });
