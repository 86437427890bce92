import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Static, TSchema } from 'typebox';

/** Caches compiled schemas by schema object. */
const ajv = new Ajv2020({ allErrors: true });

/**
 * Returns `value` typed as what `schema` describes.
 * @throws Error that lists every mismatch, beginning with `what`
 */
// Without NoInfer the compiler also infers T from the target of the value, which takes longer than the rest of its work on the whole
// project.
export function validated<T extends TSchema>(schema: T, value: unknown, what: string): NoInfer<Static<T>> {
  const validate = ajv.compile<Static<T>>(schema);
  if (validate(value)) return value;
  const places = (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const extra: unknown = params['additionalProperty'];
    return `${instancePath || 'the whole'} ${message}${typeof extra === 'string' ? ` (${extra})` : ''}`;
  });
  throw new Error(`${what} does not match its schema: ${places.join('; ')}`);
}
