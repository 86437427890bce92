/**
 * Waits for all of them, even when one fails: what runs on after an error would escape whoever cleans up.
 * @returns what they returned, in their order
 * @throws the first failure, when all have ended
 */
export async function settled<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(works);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
