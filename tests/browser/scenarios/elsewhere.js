// What happens somewhere else: in another browser, in the directory, in the cookie jar.
import { scenario } from '../scenario.js';
import { until } from '../waiting.js';

scenario('logout everywhere from the other browser', async ({ browser, newBrowser, anna }) => {
  const other = await newBrowser();
  const here = await browser.newTab();
  const there = await other.newTab();
  await here.signIn('/app/', anna);
  await there.signIn('/app/', anna);
  await there.logOut('form-everywhere');
  browser.chronicle.isOver();
  await here.signIn('/app/', anna);
  await there.signIn('/app/', anna);
});

scenario('the other browser stays signed in', async ({ browser, newBrowser, anna }) => {
  const other = await newBrowser();
  const here = await browser.newTab();
  const there = await other.newTab();
  await here.signIn('/app/', anna);
  await there.signIn('/app/', anna);
  await there.logOut('form-page');
  await here.visit('/home.html');
  await there.signIn('/app/', anna);
});

scenario('the password is changed meanwhile', async ({ browser, anna, servers }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  const old = { ...anna, wrong: true };
  anna.password = `password ${crypto.randomUUID()}`;
  await servers.setPassword(anna, anna.password);
  await browser.untilSessionIsOver();
  browser.dialog.attend(old, anna);
  await browser.expectPrompts(2, () => tab.open('/app/').then(() => tab.untilTitled('app')));
});

scenario('the cookies are cleared', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  await browser.clearCookies();
  browser.chronicle.isOver();
  await tab.signIn('/app/', anna);
  await tab.logOut('form-page');
  await tab.signIn('/app/', anna);
});

scenario('a browser without scripts', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  await tab.logOut('form-page');
  browser.dialog.attend(anna);
  // The sign-in page says that the browser may ask twice, and to reload it then.
  await browser.expectPromptsUpTo(2, () => until(async () => {
    await tab.open('/app/');
    return tab.isTitled('app');
  }, 'the person is signed in'));
}, { scripts: false });
