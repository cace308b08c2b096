// One person, one tab, one logout.
import assert from 'node:assert/strict';
import { scenario } from '../scenario.js';
import { until } from '../waiting.js';

for (const way of ['link', 'form']) {
  scenario(`logout by a ${way}, answered by the page`, async ({ browser, anna }) => {
    const tab = await browser.newTab();
    await tab.signIn('/app/', anna);
    await browser.expectPrompts(0, () => tab.logOut(`${way}-page`));
    await tab.signIn('/app/', anna);
  });

  scenario(`logout by a ${way}, answered by a redirect`, async ({ browser, anna }) => {
    const tab = await browser.newTab();
    await tab.signIn('/app/', anna);
    await browser.expectPrompts(0, () => tab.logOut(`${way}-redirect`, 'public'));
    await tab.signIn('/app/', anna);
  });

  scenario(`logout by a ${way}, answered by the challenge`, async ({ browser, anna }) => {
    const tab = await browser.newTab();
    await tab.signIn('/app/', anna);
    browser.dialog.attend(anna);
    await browser.expectPrompts(1, () => tab.logOut(`${way}-challenge`, 'app'));
    await tab.visit('/app/');
  });
}

scenario('the prompt is cancelled, and answered later', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  await tab.logOut('link-page');
  await browser.expectPrompts(1, () => tab.open('/app/'));
  await tab.showsNothingProtected();
  await browser.expectPrompts(1, () => tab.open('/home.html'));
  await tab.showsNothingProtected();
  await tab.signIn('/app/', anna);
});

scenario('the challenge of a logout is cancelled', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  browser.chronicle.logsOut();
  await browser.expectPrompts(1, () => tab.click('link-challenge'));
  await tab.signIn('/app/', anna);
});

scenario('logout by a script', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  browser.chronicle.logsOut();
  assert.equal(await tab.fetch('/logout/page', { method: 'POST' }), 401);
  await tab.signIn('/app/', anna);
});

scenario('another person signs in', async ({ browser, anna, ben }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  await tab.logOut('form-page');
  await tab.signIn('/app/', ben);
  await tab.logOut('form-page');
  await tab.signIn('/app/', anna);
});

scenario('the logged-out page makes the browser forget', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/home.html', anna);
  assert.ok(await tab.sendsPassword(), 'it is sent below the directory of the login');
  await tab.visit('/home.html');
  await tab.logOut('link-page');
  await tab.untilForgotten();
  assert.ok(!await tab.sendsPassword(), 'the browser still has the password');
  await tab.signIn('/home.html', anna);
});

scenario('back and reload after the logout show nothing', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  await tab.logOut('link-page');
  await browser.expectPrompts(1, () => tab.back());
  await tab.untilAt('/app/');
  await tab.showsNothingProtected();
  await browser.expectPromptsUpTo(1, () => tab.reload());
  await tab.showsNothingProtected();
  await tab.signIn('/app/', anna);
});

scenario('reload and back while the logout is under way', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  await tab.visit('/home.html');
  browser.chronicle.logsOut();
  await browser.expectPromptsUpTo(2, async () => {
    await tab.click('link-page');
    tab.reload().catch(() => {});
    await tab.back().catch(() => {});
    await tab.go('/public/').catch(() => {});
  });
  // Whatever overtook the logout: now it is one.
  await until(async () => {
    await tab.open('/logout/page');
    return tab.isTitled('Signed out');
  }, 'the person is signed out');
  await tab.signIn('/app/', anna);
});
