// Chromium over the DevTools protocol.
import puppeteer from '../puppeteer.js';
import { onPath } from './programs.js';

const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--ignore-certificate-errors',
];

export async function startChromium({ scripts = true, scheme = 'light' } = {}) {
  const browser = await puppeteer.launch({
    executablePath: onPath('chromium'), headless: true, args: ARGUMENTS,
  });
  return new Chromium(browser, scripts, scheme);
}

class Chromium {
  name = 'chromium';

  constructor(browser, scripts, scheme) {
    this.browser = browser;
    this.scripts = scripts;
    this.scheme = scheme;
  }

  version() {
    return this.browser.version();
  }

  newContext() {
    return this.browser.createBrowserContext();
  }

  // A page whose prompts go to `dialog`.
  async newPage(context, dialog) {
    const page = await context.newPage();
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: this.scheme }]);
    if (!this.scripts) await page.setJavaScriptEnabled(false);
    const session = await page.createCDPSession();
    await watchPrompts(session, dialog);
    return page;
  }

  close() {
    return this.browser.close();
  }
}

async function watchPrompts(session, dialog) {
  const network = new Map();  // what the Network domain calls what Fetch calls a request
  session.on('Fetch.requestPaused', ({ requestId, networkId = requestId }) => {
    network.set(requestId, networkId);
    dialog.hear(networkId);
    send(session, 'Fetch.continueRequest', { requestId });
  });
  for (const end of ['responseReceived', 'loadingFinished', 'loadingFailed']) {
    session.on(`Network.${end}`, ({ requestId }) => dialog.done(requestId));
  }
  session.on('Fetch.authRequired', ({ requestId, request }) => {
    dialog.ask(network.get(requestId), request.url, (person) =>
      send(session, 'Fetch.continueWithAuth', {
        requestId, authChallengeResponse: person ? {
          response: 'ProvideCredentials', username: person.user, password: person.password,
        } : { response: 'CancelAuth' },
      }));
  });
  await session.send('Network.enable');
  await session.send('Fetch.enable', { handleAuthRequests: true });
}

// A request that the page has given up meanwhile waits for no answer any more.
function send(session, method, parameters) {
  return session.send(method, parameters).catch(() => {});
}
