/**
 * The value of an environment variable. CI systems define a variable without a value as an empty one, so an empty one is as good as none.
 * Everything that is read from the environment is read by this.
 */
export function variable(name: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const value = environment[name];
  return value === undefined || value.trim() === '' ? undefined : value;
}
