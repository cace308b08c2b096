// Plays every scenario in every browser and judges by the server's log.
//
//   node main.js [--iterations N] [--browser chromium,firefox] [--scenario WORDS]
//
// Exit status 0 if every story went as told, without a silent re-login and without a prompt too
// many.
import { parseArgs } from 'node:util';
import { startChromium } from './backends/chromium.js';
import { startFirefox } from './backends/firefox.js';
import { report } from './report.js';
import { Runner } from './runner.js';
import { scenarios } from './scenario.js';
import { startServers } from './servers.js';
import './scenarios/all.js';

const ENGINES = { chromium: startChromium, firefox: startFirefox };

const { values: options } = parseArgs({ options: {
  iterations: { type: 'string', default: '2' },
  browser: { type: 'string', default: 'chromium,firefox' },
  scenario: { type: 'string', default: '' },
} });

process.exitCode = await main();

async function main() {
  const names = options.browser.split(',');
  const chosen = scenarios.filter(({ title }) => title.includes(options.scenario));
  if (chosen.length === 0) throw new Error(`no scenario is called ${options.scenario}`);

  const people = Object.fromEntries(names.map((name) => [name, peopleOf(name)]));
  const servers = await startServers(Object.values(people).flatMap(Object.values));
  const runners = names.map((name) => new Runner(ENGINES[name], servers, people[name]));
  let problems = [];
  try {
    await Promise.all(runners.map((runner) => playAll(runner, chosen)));
  } finally {
    problems = await servers.stop();
  }
  const good = await report(runners, servers, chosen, problems);
  await servers.clear();
  return good ? 0 : 1;
}

async function playAll(runner, chosen) {
  try {
    for (const scenario of chosen) await runner.play(scenario, Number(options.iterations));
  } finally {
    await runner.close();
  }
}

// Each browser program has people of its own, as a logout everywhere is one of the person's.
function peopleOf(engine) {
  return {
    anna: { user: `anna-${engine}`, password: 'a queen of spades' },
    ben: { user: `ben-${engine}`, password: 'a jack of hearts' },
    carla: { user: `carla-${engine}`, password: 'a king of clubs' },  // an administrator
  };
}
