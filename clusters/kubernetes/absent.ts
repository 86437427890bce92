import { ApiRefusal } from './api-error.ts';

/** Undefined if the object to remove is gone already, even if another one has its name. */
export async function absentOrReplaced<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await absent(answer);
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 409 && /precondition/i.test(error.message)) return undefined;
    throw error;
  }
}

/** Undefined if the object does not exist. */
export async function absent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return undefined;
    throw error;
  }
}
