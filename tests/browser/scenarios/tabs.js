// Several tabs of one browser.
import { scenario } from '../scenario.js';

// Who types the password in another tab while the signed-out page still makes the browser forget,
// which takes milliseconds, may see the new one forgotten too. People are not that fast.
async function logOutAndForget(tab) {
  await tab.logOut('link-page');
  await tab.untilForgotten();
}

for (const count of [2, 5]) {
  scenario(`${count} tabs, one logs out`, async ({ browser, anna }) => {
    const tabs = await browser.newTabs(count);
    await tabs[0].signIn('/app/', anna);
    for (const tab of tabs.slice(1)) await tab.visit('/app/');
    await logOutAndForget(tabs[0]);
    await tabs[1].signIn('/app/', anna);
    for (const tab of tabs) await tab.visit('/home.html');
  });

  scenario(`${count} tabs reload at once after the logout`, async ({ browser, anna }) => {
    const tabs = await browser.newTabs(count);
    await tabs[0].signIn('/app/', anna);
    for (const tab of tabs.slice(1)) await tab.visit('/app/');
    await logOutAndForget(tabs[0]);
    browser.dialog.attend(anna);
    await browser.expectPromptsUpTo(count, async () => {
      await Promise.all(tabs.slice(1).map((tab) => tab.go('/app/?again')));
      for (const tab of tabs.slice(1)) await tab.lookUntilTitled('app', '/app/?again');
    });
    for (const tab of tabs) await tab.visit('/home.html');
  });

  scenario(`${count} tabs poll during the logout`, async ({ browser, anna }) => {
    const tabs = await browser.newTabs(count);
    await tabs[0].signIn('/app/', anna);
    for (const tab of tabs.slice(1)) {
      await tab.visit('/app/');
      await tab.poll('/app/poll.json');
    }
    await Promise.all(tabs.slice(1).map((tab) => tab.untilPolled('ok', 3)));
    await browser.expectPromptsUpTo(1, async () => {
      await tabs[0].logOut('link-page');
      await Promise.all(tabs.slice(1).map((tab) => tab.untilPolled('refused', 10)));
    });
    await tabs[0].signIn('/app/', anna);
    await Promise.all(tabs.slice(1).map((tab) => tab.untilPolled('ok', 3)));
  });
}
