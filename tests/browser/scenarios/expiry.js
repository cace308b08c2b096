// Sessions that grow old. People sign in where the limits are long, and go where they are a second.
import { scenario } from '../scenario.js';
import { now, untilTime } from '../waiting.js';

const TWO_SECONDS = 2_000_000;  // a session's age is told in whole seconds

for (const area of ['idle', 'aged', 'admin']) {
  const what = { idle: 'idle timeout', aged: 'maximum age', admin: 'fresh login' }[area];
  scenario(`${what}`, async ({ browser, anna }) => {
    const tab = await browser.newTab();
    await tab.signIn('/app/', anna);
    await untilTime(now() + TWO_SECONDS);
    browser.chronicle.isOver(`/${area}`);
    await tab.signIn(`/${area}/`, anna);
  }, { together: 5 });
}

scenario('restored with its cookies after the session expired', async ({ browser, newBrowser, anna }) => {
  const before = await browser.newTab();
  await before.signIn('/app/', anna);
  const cookie = await browser.sessionCookie();
  await untilTime(now() + TWO_SECONDS);
  const restored = await newBrowser();
  await restored.restoreCookie(cookie);
  const tab = await restored.newTab();
  await tab.signIn('/idle/', anna);
  await tab.visit('/app/');
}, { together: 5 });
