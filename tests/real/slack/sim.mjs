// sim.mjs - starts sluice-sim slack, steers it, counts what was checked
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export const APP = 'xapp-1-A0SIM-1-sim';
export const BOT = 'xoxb-sim-1';
const nothing = () => {};
// The clients' own words about the faults that they are given would fill the screen.
export const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing, setLevel: nothing, setName: nothing, getLevel: () => 'error' };
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export let checked = 0;
export function check(condition, what) {
  if (!condition) {
    throw new Error(`not so: ${what}`);
  }
  checked += 1;
}

// A simulator of its own, with these settings; ends with this process, by its standard input.
export async function start(settings = {}) {
  const tls = process.env.SIM_TLS ? ['--tls-cert', `${process.env.SIM_TLS}.crt`, '--tls-key', `${process.env.SIM_TLS}.key`] : [];
  const sets = Object.entries({ limits: 0, ...settings }).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const child = spawn(process.env.SLUICE_SIM, ['slack', '--exit-with-stdin', ...tls, ...sets], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  const base = String(line).trim().replace('listening on ', '');
  return new Sim(child, base);
}

class Sim {
  constructor(child, base) {
    this.child = child;
    this.base = base;
    this.api = `${base}/api/`;
  }

  async post(word, body = {}) {
    const reply = await fetch(`${this.base}/_sim/${word}`, { method: 'POST', body: JSON.stringify(body) });
    const json = await reply.json();
    if (reply.status !== 200) {
      throw new Error(`/_sim/${word}: ${JSON.stringify(json)}`);
    }
    return json;
  }

  async get(word) {
    return (await fetch(`${this.base}/_sim/${word}`)).json();
  }

  async clear(word) {
    await fetch(`${this.base}/_sim/${word}`, { method: 'DELETE' });
  }

  // What the ledger holds of a kind, that fits.
  async found(kind, fits = () => true) {
    return (await this.get('ledger')).filter((entry) => entry.kind === kind && fits(entry));
  }

  // Waits until the ledger holds `n` such entries; the last of them.
  async wait(kind, fits = () => true, n = 1, timeout_ms = 15000) {
    const end = Date.now() + timeout_ms;
    for (;;) {
      const found = await this.found(kind, fits);
      if (found.length >= n) {
        return found[found.length - 1];
      }
      if (Date.now() > end) {
        throw new Error(`waited ${timeout_ms} ms for ${n} x ${kind} (${fits}), have ${found.length}`);
      }
      await sleep(20);
    }
  }

  async stop() {
    this.child.stdin.end();
    const [code] = await once(this.child, 'exit');
    check(code === 0, `the simulator ends well, not with ${code}`);
  }
}
