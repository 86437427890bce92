import { InvalidArgumentError } from 'commander';

/** Upper limit of requests per second for each class: more would be a load test. */
const MOST_RATE = 200;

/** Parses a number of requests per second, above 0. */
export function requestRate(value: string): number {
  const number = /^\d{1,3}(\.\d)?$/.test(value) ? Number(value) : Number.NaN;
  if (number > 0 && number <= MOST_RATE) return number;
  throw new InvalidArgumentError(`It must be a number above 0, at most ${MOST_RATE}.`);
}
