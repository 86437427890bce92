import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

import { exec, type ExecOptions } from '../../clusters/exec.ts';
import { until } from '../../clusters/until.ts';

/** The user that a program runs as. */
export interface Account {
  uid: number;
  gid: number;
  groups: readonly number[];
}

interface RoomOptions {
  /** The entries in /etc/hosts inside, in addition to localhost: name → address. Each address belongs to the loopback device. */
  hosts: Readonly<Record<string, string>>;
  /** Folder with the CAs that an engine inside trusts, as in /etc/docker/certs.d. */
  trusted: string;
}

const PATIENCE_MS = 60_000;

/**
 * Assigns the room's addresses, and hides the machine's Docker; `$1` is the folder of certificates, the other arguments are lines of
 * /etc/hosts.
 */
const FURNISH = `
set -e
trusted=$1; shift
mount -t tmpfs tmpfs /run
mkdir -p /run/lock
mount -t tmpfs tmpfs /etc/docker
cp -r "$trusted" /etc/docker/certs.d
ip link set lo up
printf '127.0.0.1 localhost\\n' > /run/hosts
for line; do ip addr add "\${line%% *}/32" dev lo; printf '%s\\n' "$line" >> /run/hosts; done
mount --bind /run/hosts /etc/hosts
touch /run/furnished
exec sleep infinity
`;

/**
 * Separate namespaces for network, mounts and processes: programs inside reach nothing else, see no other Docker, and end with the room,
 * whatever happens to this process.
 */
export class Room implements AsyncDisposable {
  readonly #unshare: ChildProcess;
  readonly #pid: number;

  private constructor(unshare: ChildProcess, pid: number) {
    this.#unshare = unshare;
    this.#pid = pid;
  }

  static async open({ hosts, trusted }: RoomOptions): Promise<Room> {
    const apart = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
    const lines = Object.entries(hosts).map(([name, address]) => `${address} ${name}`);
    const unshare = spawn('setpriv', ['--pdeathsig=KILL', 'unshare', ...apart, 'sh', '-c', FURNISH, 'room', trusted, ...lines], {
      stdio: 'inherit',
    });
    const children = `/proc/${unshare.pid}/task/${unshare.pid}/children`;
    const pid = await until(async () => Number(await readFile(children, 'utf8')) || undefined, {
      what: 'a process in the room',
      timeoutMs: PATIENCE_MS,
    });
    const room = new Room(unshare, pid);
    await until(() => room.exec(['test', '-e', '/run/furnished']).then(() => true), {
      what: 'the room to be furnished',
      timeoutMs: PATIENCE_MS,
    });
    return room;
  }

  /** Runs a program inside to its end, as root unless an account is given. */
  async exec(command: readonly string[], options: ExecOptions = {}, account?: Account): Promise<string> {
    const [program = '', ...args] = this.line(command, account);
    return await exec(program, args, options);
  }

  /** Starts a program inside that runs as long as the room, and writes its output to a file. */
  begin(command: readonly string[], log: string): void {
    const [program = '', ...args] = this.line(command);
    const file = openSync(log, 'w');
    spawn(program, args, { stdio: ['ignore', file, file] });
    closeSync(file);
  }

  /** The command line of a program inside. */
  line(command: readonly string[], account?: Account): string[] {
    const enter = ['nsenter', `--target=${this.#pid}`, '--net', '--mount', '--pid', '--'];
    return [...enter, ...(account === undefined ? [] : ['setpriv', ...asAccount(account)]), ...command];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#unshare.exitCode !== null) return;
    const gone = once(this.#unshare, 'exit');
    // It ignores any other signal, and its child dies with it.
    this.#unshare.kill('SIGKILL');
    await gone;
  }
}

/** The arguments of setpriv to run a command as another user. */
export function asAccount({ uid, gid, groups }: Account): string[] {
  return [`--reuid=${uid}`, `--regid=${gid}`, `--groups=${groups.join(',')}`, '--inh-caps=-all', '--no-new-privs'];
}
