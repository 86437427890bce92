/** One rule as `iptables-save` prints it: `-A CHAIN …`. */
export interface SavedRule {
  table: string;
  chain: string;
  /** Everything behind the chain's name. */
  spec: string[];
}

export interface SavedTables {
  rules: SavedRule[];
  /** Own chains only, without the kernel's. */
  chains: { table: string; chain: string }[];
}

/** Reads what `iptables-save` prints. */
export function parseSavedTables(text: string): SavedTables {
  const saved: SavedTables = { rules: [], chains: [] };
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const chain = /^:(\S+) (\S+)/.exec(line);
    // The kernel's chains have a policy.
    if (chain?.[1] && chain[2] === '-') saved.chains.push({ table, chain: chain[1] });
    const words = line.startsWith('-A ') ? splitWords(line) : [];
    if (words[1]) saved.rules.push({ table, chain: words[1], spec: words.slice(2) });
  }
  return saved;
}

/** Splits at blanks, keeping what double quotes enclose together. */
function splitWords(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) => quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '');
}

/** Arguments of `iptables` that delete a rule. */
export function deletion(rule: SavedRule): string[] {
  return ['-t', rule.table, '-D', rule.chain, ...rule.spec];
}

/** The word by which rules of ours are found again. */
export const COMMENT = 'meshproof';

export function isOurs(rule: SavedRule): boolean {
  const at = rule.spec.indexOf('--comment');
  return at >= 0 && rule.spec[at + 1] === COMMENT;
}

export interface RemainsOptions {
  /** Bridges of the engine that is gone. */
  bridges: readonly string[];
  /** Whether another Docker engine runs, to which the chains belong as well. */
  shared: boolean;
}

/** Arguments of the `iptables` calls, in order, that remove what a stopped Docker engine leaves in the tables. */
export function removalOfEngineRules(saved: SavedTables, { bridges, shared }: RemainsOptions): string[][] {
  const dockers = shared ? [] : saved.chains.filter(({ chain }) => /^DOCKER(-|$)/.test(chain));
  const belongs = (table: string, chain: string): boolean => dockers.some((own) => own.table === table && own.chain === chain);
  const doomed = saved.rules.filter((rule) => {
    const target = rule.spec[rule.spec.indexOf('-j') + 1] ?? '';
    const inDockerChain = belongs(rule.table, rule.chain);
    return !inDockerChain && (belongs(rule.table, target) || rule.spec.some((word) => bridges.includes(word)));
  });
  return [
    ...doomed.map(deletion),
    ...dockers.map(({ table, chain }) => ['-t', table, '-F', chain]),
    ...dockers.map(({ table, chain }) => ['-t', table, '-X', chain]),
  ];
}
