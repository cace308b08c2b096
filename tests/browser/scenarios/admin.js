// The administrators' page of everybody's sessions: a session is ended without a mouse, and people
// who do not see the pages can read them. Nobody else is there to be ended with a zone or with
// everything: the other browsers play on the same server.
import assert from 'node:assert/strict';
import { checkReadable, NARROW } from '../accessibility.js';
import { press, type } from '../keyboard.js';
import { scenario } from '../scenario.js';
import { until } from '../waiting.js';

const PAGE = '/sessions-of-all';

for (const scheme of ['light', 'dark']) {
  scenario(`an administrator ends a session by keyboard alone, ${scheme}`, byKeyboard, { scheme });
  scenario(`administrators' pages that everybody can read, ${scheme}`, readable, { scheme });
}

async function byKeyboard({ browser, newBrowser, ben, carla }) {
  const [other, bystander] = [await newBrowser(), await newBrowser()];
  const [here, there, elsewhere] = [
    await browser.newTab(), await other.newTab(), await bystander.newTab()];
  await there.signIn('/app/', ben);
  await elsewhere.signIn('/app/', ben);
  const session = await ownSession(there);

  await here.page.setViewport(NARROW);
  await here.signIn(PAGE, carla, 'All sessions');
  await checkReadable(here.page);
  await type(here, 'user', ben.user);
  await here.page.keyboard.press('Enter');
  await until(() => here.run(showsOnly, ben.user), 'the sessions searched for are shown');
  await press(here, (id) =>
    document.activeElement.search === `?confirm=session&session=${id}`, session);
  await here.untilTitled('End sessions');
  await type(here, 'reason', 'lost their laptop');
  await press(here, () => document.activeElement.value === 'end-session');
  await here.untilSays('That session has been ended.');
  await checkReadable(here.page);

  await other.untilSessionIsOver();
  await there.signIn('/app/', ben);
  await elsewhere.visit('/app/');
}

async function readable({ browser, newBrowser, anna, carla }) {
  const [other, third] = [await newBrowser(), await newBrowser()];
  const [tab, there, elsewhere] = [
    await browser.newTab(), await other.newTab(), await third.newTab()];
  for (const each of [tab, there]) await each.page.setViewport(NARROW);
  await tab.signIn(PAGE, carla, 'All sessions');
  const session = await ownSession(tab);
  const look = async (query, title, heading = title) => {
    await tab.visit(PAGE + query, title);
    assert.equal(await tab.run(() => document.querySelector('h1').textContent), heading);
    await checkReadable(tab.page);
  };
  await look(`?user=${carla.user}`, 'All sessions');
  await look('?user=nobody', 'All sessions');
  await look(`?confirm=session&session=${session}`, 'End sessions', 'End this session?');
  await look(`?confirm=user&session=${session}`, 'End sessions', 'End all sessions of this user?');
  await look('?confirm=zone&zone=Staff', 'End sessions', 'End all sessions of this zone?');
  await look('?confirm=all', 'End sessions', 'End everybody’s sessions?');
  assert.equal(await sendWithoutReason(tab), 400);
  await until(() => tab.run(() => document.activeElement.ariaInvalid === 'true'),
    'the reason that is missing has the focus');
  await checkReadable(tab.page);

  await elsewhere.signIn('/app/', anna);
  await there.signIn('/single/', anna, 'Not signed in');
  await checkReadable(there.page);
}

// What the page of one's own sessions calls this one, which it lists first.
async function ownSession(tab) {
  await tab.visit('/sessions', 'Your sessions');
  return tab.run(() => document.querySelector('[name=session]').value);
}

function showsOnly(user) {
  const names = [...document.querySelectorAll('.sessions h2 bdi')].map((each) => each.textContent);
  return names.length > 0 && names.every((name) => name === user);
}

// As browsers do that do not insist on it. Returns the status of the answer.
async function sendWithoutReason(tab) {
  const [response] = await Promise.all([
    tab.page.waitForResponse((each) => each.request().method() === 'POST'),
    tab.run(() => {
      document.querySelector('form').noValidate = true;
      document.querySelector('form button').click();
    }),
  ]);
  return response.status();
}
