/** A rule as `iptables-save` prints it: `-A CHAIN …`. */
export interface SavedRule {
  table: string;
  chain: string;
  /** Everything after the chain's name. */
  spec: string[];
}

export interface SavedTables {
  rules: SavedRule[];
  /** User-defined chains only, without built-in ones. */
  chains: { table: string; chain: string }[];
}

/** Parses the output of `iptables-save`. */
export function parseSavedTables(text: string): SavedTables {
  const saved: SavedTables = { rules: [], chains: [] };
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const chain = /^:(\S+) (\S+)/.exec(line);
    // Only built-in chains have a policy.
    if (chain?.[1] && chain[2] === '-') saved.chains.push({ table, chain: chain[1] });
    const words = line.startsWith('-A ') ? splitWords(line) : [];
    if (words[1]) saved.rules.push({ table, chain: words[1], spec: words.slice(2) });
  }
  return saved;
}

/** Splits at spaces, except inside double quotes. */
function splitWords(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) => quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '');
}

/** The arguments of `iptables` that delete a rule. */
export function deletion(rule: SavedRule): string[] {
  return ['-t', rule.table, '-D', rule.chain, ...rule.spec];
}

/** The comment that marks meshproof's rules. */
export const COMMENT = 'meshproof';

export function isOurs(rule: SavedRule): boolean {
  const at = rule.spec.indexOf('--comment');
  return at >= 0 && rule.spec[at + 1] === COMMENT;
}

export interface RemainsOptions {
  /** Bridges of the stopped engine. */
  bridges: readonly string[];
  /** Whether another Docker engine is running, which uses the same chains. */
  shared: boolean;
  /** The tables before the engine's first start, which are kept entirely. If they are unknown, no chain is removed. */
  before: SavedTables | undefined;
}

const isDockers = (chain: string): boolean => /^DOCKER(-|$)/.test(chain);

const targetOf = ({ spec }: SavedRule): string => spec[spec.indexOf('-j') + 1] ?? '';

/**
 * The part of the tables that an engine may change: Docker's chains, their rules, and the rules that jump to them. It is compared with the
 * tables at a later time.
 */
export function dockerRules({ rules, chains }: SavedTables, isPart = isDockers): SavedTables {
  return {
    rules: rules.filter((rule) => isPart(rule.chain) || isPart(targetOf(rule))),
    chains: chains.filter(({ chain }) => isPart(chain)),
  };
}

/** The `iptables` arguments, in order, that remove what a stopped Docker engine left in the tables. */
export function removalOfEngineRules(saved: SavedTables, { bridges, shared, before }: RemainsOptions): string[][] {
  const isAbout = ({ spec }: SavedRule): boolean => spec.some((word) => bridges.includes(word));
  // An administrator may have added rules to the chain that is meant for them.
  const own = (rule: SavedRule): boolean => isOurs(rule) || isAbout(rule) || rule.spec.join(' ') === '-j RETURN';
  const isUsed = saved.rules.some((rule) => rule.chain === 'DOCKER-USER' && !own(rule));
  const isPart = (chain: string): boolean => isDockers(chain) && !(isUsed && chain === 'DOCKER-USER');

  const part = shared || before === undefined ? { rules: [], chains: [] } : dockerRules(saved, isPart);
  const chains = part.chains.filter(({ table, chain }) => !before?.chains.some((old) => old.table === table && old.chain === chain));
  const goes = ({ table, chain }: SavedRule): boolean => chains.some((gone) => gone.table === table && gone.chain === chain);
  const old = (before?.rules ?? []).map(inWords);
  const doomed = saved.rules.filter((rule) => {
    // Rules in a chain that is removed are flushed with it.
    if (goes(rule) || !(part.rules.includes(rule) || isAbout(rule))) return false;
    const at = old.indexOf(inWords(rule));
    if (at >= 0) old.splice(at, 1);
    return at < 0;
  });
  return [
    ...doomed.map(deletion),
    ...chains.map(({ table, chain }) => ['-t', table, '-F', chain]),
    ...chains.map(({ table, chain }) => ['-t', table, '-X', chain]),
  ];
}

const inWords = (rule: SavedRule): string => JSON.stringify(deletion(rule));
