// Without the module. If the judge sees nothing here, it sees nothing anywhere.
import { scenario } from '../scenario.js';

scenario('control: httpd without the module', async ({ browser, anna }) => {
  const tab = await browser.newTab();
  await tab.signIn('/app/', anna);
  await browser.expectPrompts(0, () => tab.logOut('link-page', 'farewell'));
  await tab.visit('/app/?after');
}, { stock: true });
