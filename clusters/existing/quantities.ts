/** Amounts by the names that a ResourceQuota uses: in the API's notation, or in base units. */
export type Amounts = Record<string, string | number>;

const UNITS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Parses a Kubernetes quantity, e.g. 250m or 1.5Gi, into base units: cores, bytes, counts. NaN if it is invalid. */
export function parseQuantity(text: string | number): number {
  const [, number = '', unit = ''] = /^([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(String(text)) ?? [];
  const factor = unit === '' ? 1 : UNITS[unit];
  return number === '' || factor === undefined ? Number.NaN : Number(number) * factor;
}

/** Adds up amounts by name. */
export function sum(all: readonly Amounts[]): Amounts {
  const total: Record<string, number> = {};
  for (const [name, value] of all.flatMap((amounts) => Object.entries(amounts))) total[name] = (total[name] ?? 0) + parseQuantity(value);
  return total;
}

/** Formats an amount for humans: memory in MiB, cores with two digits. */
export function showAmount(name: string, value: number): string {
  return /memory|storage/.test(name) ? `${Math.ceil(value / 2 ** 20)}Mi` : String(Math.round(value * 1e3) / 1e3);
}
