// Another site's pages: 127.0.0.1 is another site than localhost.
import assert from 'node:assert/strict';
import { scenario } from '../scenario.js';

async function evilPage(tab, otherOrigin) {
  await tab.open(`${otherOrigin}/public/`);
  await tab.untilTitled('public');
}

scenario('a link of another site', async ({ browser, anna, origin, otherOrigin }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  await browser.expectPrompts(0, async () => {
    await evilPage(tab, otherOrigin);
    await tab.follow(`${origin}/app/`, 'app');
  });
  await tab.logOut('link-page');
  await evilPage(tab, otherOrigin);
  browser.dialog.attend(anna);
  await browser.expectPrompts(1, () => tab.follow(`${origin}/app/`, 'app'));
});

scenario('a form of another site', async ({ browser, anna, origin, otherOrigin }) => {
  const [tab, ...others] = await browser.newTabs(3);
  await tab.signIn('/app/', anna);
  await browser.expectPrompts(0, async () => {
    for (const other of others) await evilPage(other, otherOrigin);
    assert.equal(await others[0].post(`${origin}/app/`), 403);
    assert.equal(await others[1].post(`${origin}/logout/page`), 403);
  });
  await tab.visit('/app/');
  await tab.logOut('link-page');
  await tab.signIn('/app/', anna);
});

scenario('an image of another site', async ({ browser, anna, origin, otherOrigin }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  await browser.expectPrompts(0, async () => {
    await evilPage(tab, otherOrigin);
    await tab.embed(`${origin}/logout/page`);
  });
  await tab.visit('/app/');
  await tab.logOut('link-page');
  await tab.signIn('/app/', anna);
});
