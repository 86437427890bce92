import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

import { exec, type ExecOptions } from '../../clusters/exec.ts';
import { until } from '../../clusters/until.ts';

/** In whose name a program runs. */
export interface Account {
  uid: number;
  gid: number;
  groups: readonly number[];
}

interface RoomOptions {
  /** What /etc/hosts says in there beside localhost: name → address. Each address is one of the loopback device. */
  hosts: Readonly<Record<string, string>>;
  /** Folder with what an engine in there trusts, as in /etc/docker/certs.d. */
  trusted: string;
}

const PATIENCE_MS = 60_000;

/** Gives the room its addresses, and hides what the machine has of a Docker; `$1` is the folder of certificates, the other arguments are lines of /etc/hosts. */
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
 * Network, mounts and processes of their own: what runs in there reaches nothing but itself, sees no other Docker, and ends with the room,
 * whatever becomes of this process.
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

  /** Runs a program in there to its end, as root unless an account is named. */
  async exec(command: readonly string[], options: ExecOptions = {}, account?: Account): Promise<string> {
    const [program = '', ...args] = this.line(command, account);
    return await exec(program, args, options);
  }

  /** Begins a program in there that runs as long as the room, and writes what it says into a file. */
  begin(command: readonly string[], log: string): void {
    const [program = '', ...args] = this.line(command);
    const file = openSync(log, 'w');
    spawn(program, args, { stdio: ['ignore', file, file] });
    closeSync(file);
  }

  /** The command line of a program in there. */
  line(command: readonly string[], account?: Account): string[] {
    const enter = ['nsenter', `--target=${this.#pid}`, '--net', '--mount', '--pid', '--'];
    return [...enter, ...(account === undefined ? [] : ['setpriv', ...asAccount(account)]), ...command];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#unshare.exitCode !== null) return;
    const gone = once(this.#unshare, 'exit');
    // It ignores any other, and its child dies with it.
    this.#unshare.kill('SIGKILL');
    await gone;
  }
}

/** What setpriv is told to run a command in somebody else's name. */
export function asAccount({ uid, gid, groups }: Account): string[] {
  return [`--reuid=${uid}`, `--regid=${gid}`, `--groups=${groups.join(',')}`, '--inh-caps=-all', '--no-new-privs'];
}
