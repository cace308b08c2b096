// Plays scenarios in one browser program and keeps what is to be judged.
import { Browser } from './browser.js';

export class Runner {
  played = [];    // {scenario, engine, browser, failure}: one for each browser of each iteration
  seconds = new Map();  // by scenario's title
  #start;
  #servers;
  #engines = new Map();
  #people;
  #count = 0;

  constructor(start, servers, people) {
    this.#start = start;
    this.#servers = servers;
    this.#people = people;
  }

  async play(scenario, iterations) {
    const engine = await this.#engine(scenario);
    const begin = performance.now();
    for (let done = 0; done < iterations; done += scenario.together) {
      const batch = Math.min(scenario.together, iterations - done);
      await Promise.all(Array.from({ length: batch }, (_, i) =>
        this.#iterate(scenario, engine, done + i)));
    }
    const seconds = (performance.now() - begin) / 1000;
    this.seconds.set(scenario.title, seconds);
    console.error(`${engine.name}: ${scenario.title}, ${iterations} times in ${seconds.toFixed(1)} s`);
  }

  async close() {
    for (const engine of this.#engines.values()) await engine.close();
  }

  async #engine({ scripts, scheme }) {
    const kind = `${scripts} ${scheme}`;
    if (!this.#engines.has(kind)) this.#engines.set(kind, await this.#start({ scripts, scheme }));
    return this.#engines.get(kind);
  }

  // http and https by turns.
  async #iterate(scenario, engine, number) {
    const server = scenario.stock ? this.#servers.stock : this.#servers.ours;
    const origin = number % 2 === 0 ? server.http : server.https;
    const browsers = [];
    const newBrowser = async () => {
      const name = `${engine.name}-${scenario.stock ? 'stock-' : ''}${this.#count += 1}`;
      const browser = await Browser.start(engine, name, origin);
      browsers.push(browser);
      this.played.push({ scenario, engine: engine.name, browser });
      return browser;
    };
    try {
      const browser = await newBrowser();
      await scenario.story({
        browser, newBrowser, origin, servers: this.#servers, ...this.#people,
        otherOrigin: origin.replace('localhost', '127.0.0.1'),
      });
      for (const each of browsers) each.checkPrompts();
    } catch (error) {
      const failed = this.played.find((each) => each.browser === browsers[0]);
      failed.failure = `at ${origin}: ${error.stack}`;
    }
    for (const browser of browsers) await browser.close();
  }
}
