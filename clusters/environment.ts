/**
 * The value of an environment variable. CI systems set a variable without a value to an empty string, so an empty one counts as unset. All
 * access to the environment goes through this function.
 */
export function variable(name: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const value = environment[name];
  return value === undefined || value.trim() === '' ? undefined : value;
}
