/**
 * Waits for all promises, even if one fails: whatever kept running after an error would escape the clean-up.
 * @returns their results, in order
 * @throws the first failure, when all have ended
 */
export async function settled<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(works);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
