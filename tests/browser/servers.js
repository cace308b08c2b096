// Starts servers.py and talks to it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { now, untilTime } from './waiting.js';

const PROGRAM = fileURLToPath(new URL('servers.py', import.meta.url));

export async function startServers(people) {
  const pairs = JSON.stringify(people.map(({ user, password }) => [user, password]));
  const child = spawn('/usr/bin/python3', ['-B', PROGRAM, pairs],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value, done } = await lines.next();
  if (done) throw new Error('the servers did not start');
  return new Servers(child, lines, JSON.parse(value));
}

class Servers {
  #child;
  #lines;
  #turn = Promise.resolve();
  #changed = new Map();  // when, by user

  constructor(child, lines, addresses) {
    this.#child = child;
    this.#lines = lines;
    this.ours = addresses.ours;
    this.stock = addresses.stock;
  }

  // The administrator gives this person another password. The directory tells the time of such a
  // change in whole seconds, so each of them needs one of its own to be told from the one before.
  setPassword({ user }, password) {
    this.#turn = this.#turn.then(async () => {
      await untilTime((this.#changed.get(user) ?? 0) + 1_000_000);
      await this.#command({ user, password });
      this.#changed.set(user, now());
    });
    return this.#turn;
  }

  // Returns what the servers' logs complain of. The files stay until clear().
  async stop() {
    return (await this.#command('stop')).problems;
  }

  async clear() {
    const ended = new Promise((resolve) => { this.#child.once('exit', resolve); });
    this.#child.stdin.end();
    if (await ended !== 0) throw new Error('the servers ended badly');
  }

  async #command(command) {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the servers have ended');
    return JSON.parse(value);
  }
}
