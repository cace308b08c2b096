// The page of one's own sessions, without a mouse and on a narrow screen; and what all of our pages
// owe to people who do not see them.
import assert from 'node:assert/strict';
import { checkAccessibility, checkReadable, NARROW } from '../accessibility.js';
import { press } from '../keyboard.js';
import { scenario } from '../scenario.js';
import { now, untilTime } from '../waiting.js';

for (const scheme of ['light', 'dark']) {
  scenario(`sessions are ended by keyboard alone, ${scheme}`, byKeyboard, { scheme });
  scenario(`pages that everybody can read, ${scheme}`, readable, { scheme });
  scenario(`who guesses is told to wait, ${scheme}`, guessing, { scheme });
}

async function byKeyboard({ browser, newBrowser, anna }) {
  const other = await newBrowser();
  const third = await newBrowser();
  const [here, there, elsewhere] = [
    await browser.newTab(), await other.newTab(), await third.newTab()];
  await there.signIn('/app/', anna);
  await elsewhere.signIn('/app/', anna);
  await here.signIn('/app/', anna);
  await there.visit('/sessions', 'Your sessions');
  const session = await there.run(() => document.querySelector('[name=session]').value);

  await here.page.setViewport(NARROW);
  await here.visit('/sessions', 'Your sessions');
  await checkReadable(here.page);
  await press(here, (id) => document.activeElement.value === 'end'
    && document.activeElement.form.elements.session.value === id, session);
  await here.untilSays('That session has been ended.');
  await checkAccessibility(here.page);
  await other.untilSessionIsOver();
  await elsewhere.visit('/app/');

  await press(here, () => document.activeElement.value === 'others');
  await here.untilSays('All other browsers have been signed out.');
  await third.untilSessionIsOver();
  assert.equal(await here.run(() => document.querySelectorAll('.sessions li').length), 1);

  browser.chronicle.logsOut();
  await press(here, () => document.activeElement.value === 'all');
  await here.untilTitled('Signed out');
  await here.signIn('/app/', anna);
}

scenario('others are signed out by who types the password for it', async ({ browser, newBrowser,
  anna }) => {
  const other = await newBrowser();
  const [here, there] = [await browser.newTab(), await other.newTab()];
  await there.signIn('/app/', anna);
  await here.signIn('/app/', anna);
  await here.visit('/sessions/careful', 'Your sessions');
  await untilTime(now() + 2_000_000);  // a login's age is told in whole seconds
  browser.chronicle.isOver('/sessions/careful');
  browser.dialog.attend(anna);
  await browser.expectPrompts(1, async () => {
    await press(here, () => document.activeElement.value === 'others');
    await here.untilSays('All other browsers have been signed out.');
  });
  browser.dialog.nobodyAttends();
  await other.untilSessionIsOver();
  await here.visit('/app/');
});

async function readable({ browser, anna, origin, otherOrigin }) {
  const tab = await browser.newTab();
  await tab.page.setViewport(NARROW);
  const check = () => checkReadable(tab.page);
  await tab.signIn('/app/', anna);
  await tab.visit('/sessions', 'Your sessions');
  await check();
  const session = await browser.sessionCookie();
  // What another site leads to is asked about first.
  for (const scope of ['this', 'others', 'all']) {
    await tab.open(`${otherOrigin}/public/`);
    await tab.follow(`${origin}/logout?scope=${scope}`, 'Sign out');
    await check();
  }
  await tab.visit('/home.html');
  await tab.logOut('form-page');
  await tab.untilForgotten();
  await check();
  await browser.restoreCookie(session);
  // The page takes itself to be reloading without end, and so stays.
  await tab.run(() => sessionStorage.setItem('auth-epoch-reloaded-at', String(Date.now() + 1e6)));
  await tab.open('/app/');
  await tab.untilTitled('Sign in');
  await tab.untilShown('[data-when=stuck]');
  await check();
}

async function guessing({ browser, anna }) {
  const tab = await browser.newTab();
  await tab.page.setViewport(NARROW);
  // Never the same one: credentials that come again within seconds are not another guess.
  const guess = () => ({ ...anna, password: crypto.randomUUID(), wrong: true });
  browser.dialog.attend(guess(), guess());
  // Others that guess from this address may have used up what it is allowed.
  await browser.expectPromptsUpTo(2, async () => {
    await tab.open('/guarded/');
    await tab.untilTitled('Not signed in');
  });
  browser.dialog.nobodyAttends();
  await checkReadable(tab.page);
  await tab.signIn('/app/', anna);
}
