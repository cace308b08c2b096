// Pictures of the module's pages and of the demo's, to be looked at: in both browsers, light and
// dark, narrow and wide. `make demo` must be running. Fails where axe-core finds something wrong.
//
//   node screenshots.js DIRECTORY [http://localhost:8080]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkAccessibility } from './accessibility.js';
import { startChromium } from './backends/chromium.js';
import { startFirefox } from './backends/firefox.js';
import { Browser } from './browser.js';
import { until } from './waiting.js';

const ALICE = { user: 'alice', password: 'wonderland' };
const WIDTHS = [320, 1280];
const HEIGHT = 800;

const [directory, demo = 'http://localhost:8080'] = process.argv.slice(2);
if (!directory) throw new Error('usage: node screenshots.js DIRECTORY [URL of the demo]');
mkdirSync(directory, { recursive: true });
for (const start of [startChromium, startFirefox]) {
  for (const scheme of ['light', 'dark']) {
    const engine = await start({ scheme });
    const scriptless = await start({ scheme, scripts: false });
    for (const width of WIDTHS) {
      const ended = await takeAll(engine, scheme, width);
      await takeSignIn(scriptless, scheme, width, ended);
    }
    await engine.close();
    await scriptless.close();
  }
}

// Returns the cookie of the session that has ended.

async function takeAll(engine, scheme, width) {
  const browser = await Browser.start(engine, 'photographer', demo);
  const tab = await browser.newTab();
  await tab.page.setViewport({ width, height: HEIGHT });
  const take = async (name) => {
    await photograph(tab, `${name}-${engine.name}-${scheme}-${width}`);
    await checkAccessibility(tab.page);
  };

  browser.dialog.attend(ALICE);
  for (const [path, name] of [['/', 'start'], ['/app/', 'app'], ['/reports/', 'reports'],
    ['/admin/', 'admin'], ['/sessions', 'sessions']]) {
    await tab.open(path);
    await take(`demo-${name}`);
  }
  browser.dialog.nobodyAttends();
  await takeAdministration(tab, take);
  // What another site leads to is asked about first.
  for (const scope of ['this', 'others', 'all']) {
    await tab.open(`${demo.replace('localhost', '127.0.0.1')}/`);
    await tab.follow(`${demo}/logout?scope=${scope}`, 'Sign out');
    await take(`confirm-${scope}`);
  }
  const ended = await browser.sessionCookie();
  await tab.open('/logout');
  await tab.untilForgotten();
  await take('signed-out');
  await tab.open('/logout?scope=all');
  await tab.untilForgotten();
  await take('signed-out-here');
  await browser.close();
  return ended;
}

// Everybody's sessions, and the questions that come before any ends.
async function takeAdministration(tab, take) {
  const page = '/admin/sessions';
  await tab.open(`${page}?user=nobody`);
  await take('admin-none-found');
  await tab.open(page);
  await take('admin');
  const questions = await tab.run(() => [...document.querySelectorAll('a[href*="confirm="]')]
    .map(({ href }) => [new URL(href).searchParams.get('confirm'), href]));
  for (const [reach, url] of new Map(questions)) {
    await tab.open(url);
    await take(`admin-confirm-${reach}`);
  }
  await tab.run(() => {
    const form = document.querySelector('form');
    form.noValidate = true;
    form.querySelector('button').click();
  });
  await until(() => tab.run(() => document.getElementById('no-reason') !== null),
    'a reason is asked for');
  await take('admin-no-reason');
}

// With scripts it would be gone at once.
async function takeSignIn(engine, scheme, width, ended) {
  const browser = await Browser.start(engine, 'photographer', demo);
  await browser.restoreCookie(ended);
  const tab = await browser.newTab();
  await tab.page.setViewport({ width, height: HEIGHT });
  await tab.open('/app/');
  await photograph(tab, `sign-in-${engine.name}-${scheme}-${width}`);
  await browser.close();
}

function photograph(tab, name) {
  return tab.page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
}
