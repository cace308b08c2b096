// Pages that run the script of auth-epoch-status.
import assert from 'node:assert/strict';
import { scenario } from '../scenario.js';
import { until } from '../waiting.js';

// The page is told how long the session lasts, and warns at once if asked to: it knows by then.
async function watch(tab, query = '') {
  await tab.visit(`/watch/${query}`, 'watch');
  await until(() => tab.run(() => window.warned > 0), 'the page knows of the session');
}

scenario('a watching page warns before the session ends, and leaves', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  await tab.visit('/watch/?at=/brief/session&warn=6', 'watch');
  await tab.untilTitled('public');
  browser.chronicle.isOver();
  const seconds = await tab.run(() => Number(localStorage.warned));
  assert.ok(seconds >= 1 && seconds <= 6, `warned ${seconds} seconds before`);
  await tab.signIn('/app/', anna);
}, { together: 5 });

scenario('watching pages leave when another tab logs out', async ({ browser, anna }) => {
  const tabs = await browser.newTabs(3);
  await tabs[0].signIn('/app/', anna);
  for (const tab of tabs) await watch(tab);
  await browser.expectPrompts(0, async () => {
    await tabs[0].logOut('link-page');
    for (const tab of tabs.slice(1)) await tab.untilTitled('public');
  });
  await tabs[1].signIn('/app/', anna);
});

scenario('a watching page finds out by itself', async ({ browser, anna }) => {
  const tabs = await browser.newTabs(2);
  await tabs[0].signIn('/app/', anna);
  await watch(tabs[1], '?poll=1');
  await browser.expectPrompts(0, async () => {
    await tabs[0].logOut('link-redirect', 'public');
    await tabs[1].untilTitled('public');
  });
  await tabs[0].signIn('/app/', anna);
});

// Goes on from the page that watches, and back to it when something else has happened. The browser
// has kept the page itself, which must come back hidden, or its text, which must be loaded anew.
async function comeBack(tab, query = '', meanwhile = () => {}) {
  await watch(tab, query);
  await tab.go('/public/');
  await tab.untilTitled('public');
  await meanwhile();
  await tab.back();
  await until(() => tab.run(() =>
    localStorage.restored === 'none' || localStorage.loaded !== 'navigate'), 'the page is back');
}

function isShownAnew(tab) {
  return tab.run(() => localStorage.loaded === 'reload');
}

scenario('a watching page comes back while the session lives', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  await comeBack(tab);
  await until(() => tab.run(() => document.title === 'watch' &&
    getComputedStyle(document.documentElement).display !== 'none'), 'the page is shown');
});

scenario('a watching page comes back after the logout', async ({ browser, anna }) => {
  const [tab, other] = await browser.newTabs(2);
  await tab.signIn('/app/', anna);
  await other.visit('/watch/', 'watch');
  await browser.expectPromptsUpTo(1, async () => {
    await comeBack(tab, '', () => other.logOut('link-quiet', 'public'));
    await until(async () => !await tab.isTitled('watch'), 'the page is left');
  });
  await tab.showsNothingProtected();
  await tab.signIn('/app/', anna);
});

for (const query of ['', '?lock=1']) {
  const which = query ? 'page with a lock' : 'page';
  scenario(`a watching ${which} comes back to the next person`, async ({ browser, anna, ben }) => {
    const [tab, other] = await browser.newTabs(2);
    await tab.signIn('/app/', anna);
    await other.visit('/watch/', 'watch');
    await comeBack(tab, query, async () => {
      await other.logOut('link-quiet', 'public');
      await other.signIn('/app/', ben);
      await tab.page.bringToFront();
    });
    await until(async () => await tab.isTitled('public') || await isShownAnew(tab),
      'the page is left, or is what the server shows the next person');
  });
}
