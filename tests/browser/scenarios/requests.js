// What pages load by themselves: before, during and after a logout.
import assert from 'node:assert/strict';
import { scenario } from '../scenario.js';

scenario('ten images load while another tab logs out', async ({ browser, anna }) => {
  const [tab, gallery] = await browser.newTabs(2);
  await tab.signIn('/app/', anna);
  await gallery.visit('/app/gallery.html', 'gallery');
  await browser.expectPromptsUpTo(2, async () => {
    await gallery.go('/app/gallery.html?again');
    await tab.logOut('link-page');
    await tab.untilForgotten();
  });
  await tab.signIn('/app/', anna);
  await gallery.visit('/app/gallery.html?later', 'gallery');
});

scenario('ten images in one page after the logout', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/gallery.html', anna, 'gallery');
  await tab.visit('/app/');
  await tab.logOut('link-page');
  await tab.signIn('/app/gallery.html', anna, 'gallery');
});

scenario('six protected images in a public page', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/public/gallery.html', anna, 'public gallery');
  await tab.visit('/app/');
  await tab.logOut('form-page');
  await tab.untilForgotten();  // who leaves the page within milliseconds is asked twice
  await tab.signIn('/public/gallery.html', anna, 'public gallery');
});

scenario('ten fetches at once after the logout', async ({ browser, anna }) => {
  const [tab, other] = await browser.newTabs(2);
  await tab.signIn('/app/', anna);
  await other.visit('/app/');
  await tab.logOut('link-page');
  const statuses = await other.run(() => Promise.all(Array.from({ length: 10 }, async (_, i) =>
    (await fetch(`/app/poll.json?${i}`)).status)));
  assert.ok(statuses.every((status) => status === 401 || status === 403), String(statuses));
  await tab.signIn('/app/', anna);
});

// The refusal of what a script has made up says nothing about what the browser still keeps.
scenario('a script sends credentials of its own', async ({ browser, anna }) => {
  const [tab, other] = await browser.newTabs(2);
  await tab.signIn('/app/', anna);
  await other.visit('/app/');
  await tab.logOut('link-redirect', 'public');
  for (let i = 0; i < 3; i += 1) {
    const authorization = `Basic ${btoa(`${anna.user}:made up ${i}`)}`;
    const status = await other.fetch('/app/', { headers: { authorization } });
    assert.ok(status === 401 || status === 403, String(status));
  }
  await tab.signIn('/app/', anna);
});

// The signed-out page has armed the challenge by then; but nobody has typed.
scenario('a script has kept the password', async ({ browser, anna }) => {
  const [tab, other] = await browser.newTabs(2);
  await tab.signIn('/app/', anna);
  await other.visit('/app/');
  await tab.logOut('link-page');
  await tab.untilForgotten();
  const authorization = `Basic ${btoa(`${anna.user}:${anna.password}`)}`;
  assert.equal(await other.fetch('/app/', { headers: { authorization } }), 403);
  await tab.signIn('/app/', anna);
});

// EventSource, beacon and worker may each raise a prompt (Basic has no way of asking that they
// would understand), but none may sign in.
scenario('event source, WebSocket, beacon and worker after the logout', async ({ browser, anna }) => {
  const [tab, other] = await browser.newTabs(2);
  await tab.signIn('/app/', anna);
  await other.visit('/app/');
  await tab.logOut('link-page');
  await browser.expectPromptsUpTo(4, () => other.run(() => Promise.all([
    new Promise((resolve) => {
      const source = new EventSource('/app/stream.events');
      source.onopen = source.onerror = () => { source.close(); resolve(); };
    }),
    new Promise((resolve) => {
      const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/app/socket`);
      socket.onopen = socket.onerror = resolve;
    }),
    new Promise((resolve) => {
      const worker = new Worker('/app/worker.js');
      worker.onmessage = worker.onerror = resolve;
    }),
    navigator.sendBeacon('/app/', 'beacon'),
  ]).then(() => true)));
  await tab.signIn('/app/', anna);
});

scenario('one new directory after the logout', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  await tab.logOut('link-page');
  await tab.signIn('/new/0/', anna);
});

scenario('ten new directories, one after the other', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  await tab.logOut('link-page');
  await tab.signIn('/new/0/', anna);
  for (let i = 1; i < 10; i += 1) await tab.visit(`/new/${i}/`);
});

scenario('ten new directories at once by script', async ({ browser, anna }) => {
  const [tab, other] = await browser.newTabs(2);
  await tab.signIn('/app/', anna);
  await other.visit('/app/');
  await tab.logOut('link-page');
  const statuses = await other.run(() => Promise.all(Array.from({ length: 10 }, async (_, i) =>
    (await fetch(`/new/${i}/`)).status)));
  assert.ok(statuses.every((status) => status === 401 || status === 403), String(statuses));
  await tab.signIn('/new/0/', anna);
});
