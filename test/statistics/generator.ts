/** A seeded source of uniform numbers in [0, 1), so that a simulation is reproducible (32-bit xorshift with a Weyl sequence). */
export function seeded(seed: number): () => number {
  let x = seed >>> 0 || 1;
  let weyl = 0;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    weyl = (weyl + 0x9e3779b9) >>> 0;
    return ((x + weyl) >>> 0) / 2 ** 32;
  };
}
