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
  /** The tables as they were before the engine's first start: all of it stays. Where nobody knows, no chain is anybody's to remove. */
  before: SavedTables | undefined;
}

const isDockers = (chain: string): boolean => /^DOCKER(-|$)/.test(chain);

const targetOf = ({ spec }: SavedRule): string => spec[spec.indexOf('-j') + 1] ?? '';

/** What an engine may change: Docker's chains, what is in them, and what leads there. A later look at the tables is compared with it. */
export function dockersPart({ rules, chains }: SavedTables, isPart = isDockers): SavedTables {
  return {
    rules: rules.filter((rule) => isPart(rule.chain) || isPart(targetOf(rule))),
    chains: chains.filter(({ chain }) => isPart(chain)),
  };
}

/** Arguments of the `iptables` calls, in order, that remove what a stopped Docker engine leaves in the tables. */
export function removalOfEngineRules(saved: SavedTables, { bridges, shared, before }: RemainsOptions): string[][] {
  const isAbout = ({ spec }: SavedRule): boolean => spec.some((word) => bridges.includes(word));
  // The chain that is there for an administrator's rules, who may have put some there meanwhile.
  const own = (rule: SavedRule): boolean => isOurs(rule) || isAbout(rule) || rule.spec.join(' ') === '-j RETURN';
  const isUsed = saved.rules.some((rule) => rule.chain === 'DOCKER-USER' && !own(rule));
  const isPart = (chain: string): boolean => isDockers(chain) && !(isUsed && chain === 'DOCKER-USER');

  const part = shared || before === undefined ? { rules: [], chains: [] } : dockersPart(saved, isPart);
  const chains = part.chains.filter(({ table, chain }) => !before?.chains.some((old) => old.table === table && old.chain === chain));
  const goes = ({ table, chain }: SavedRule): boolean => chains.some((gone) => gone.table === table && gone.chain === chain);
  const old = (before?.rules ?? []).map(inWords);
  const doomed = saved.rules.filter((rule) => {
    // Those in a chain that goes are flushed.
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
