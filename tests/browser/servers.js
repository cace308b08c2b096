// Starts servers.py and talks to it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

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

  constructor(child, lines, addresses) {
    this.#child = child;
    this.#lines = lines;
    this.ours = addresses.ours;
    this.stock = addresses.stock;
  }

  // The administrator gives this person another password.
  setPassword({ user }, password) {
    this.#turn = this.#turn.then(() => this.#command({ user, password }));
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
