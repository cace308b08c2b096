// Firefox over WebDriver BiDi.
import puppeteer from '../puppeteer.js';
import { onPath } from './programs.js';

// Pages that nobody looks at poll as eagerly as the one in front.
const PREFERENCES = {
  'dom.min_background_timeout_value': 4,
  'dom.min_background_timeout_value_without_budget_throttling': 4,
  'dom.timeout.enable_budget_timer_throttling': false,
  'network.captive-portal-service.enabled': false,
};
const ENDS = new Set(['network.responseStarted', 'network.responseCompleted', 'network.fetchError']);

export async function startFirefox({ scripts = true, scheme = 'light' } = {}) {
  const browser = await puppeteer.launch({
    browser: 'firefox', executablePath: onPath('firefox-esr', 'firefox'), headless: true,
    acceptInsecureCerts: true,
    extraPrefsFirefox: {
      ...PREFERENCES,
      'javascript.enabled': scripts,
      'layout.css.prefers-color-scheme.content-override': scheme === 'dark' ? 0 : 1,
    },
  });
  const firefox = new Firefox(browser);
  await firefox.watchPrompts();
  return firefox;
}

class Firefox {
  name = 'firefox';
  #dialogs = new Map();  // by browsing context

  constructor(browser) {
    this.browser = browser;
  }

  async version() {
    return (await this.browser.version()).replace('/', ' ');
  }

  newContext() {
    return this.browser.createBrowserContext();
  }

  // A page whose prompts go to `dialog`.
  async newPage(context, dialog) {
    const page = await context.newPage();
    this.#dialogs.set(page.mainFrame()._id, dialog);
    return page;
  }

  close() {
    return this.browser.close();
  }

  // puppeteer would cancel every prompt that it has no password for, so we stand before it.
  async watchPrompts() {
    const connection = this.browser.connection;
    const emit = connection.emit.bind(connection);
    connection.emit = (type, event) => {
      if (type === 'network.beforeRequestSent') this.#dialogOf(event)?.hear(event.request.request);
      if (ENDS.has(type)) this.#dialogOf(event)?.done(event.request.request);
      if (type !== 'network.authRequired') return emit(type, event);
      if (event.isBlocked) this.#ask(connection, event);
      return true;
    };
    await connection.send('network.addIntercept', { phases: ['authRequired'] });
  }

  #dialogOf(event) {
    return this.#dialogs.get(event.context);
  }

  #ask(connection, event) {
    const request = event.request.request;
    const dialog = this.#dialogOf(event);
    if (!dialog) throw new Error(`a prompt that belongs to no tab: ${event.request.url}`);
    dialog.hear(request, arrivedAt(event.response));
    dialog.ask(request, event.request.url, (person) => {
      const answer = person ? {
        action: 'provideCredentials',
        credentials: { type: 'password', username: person.user, password: person.password },
      } : { action: 'cancel' };
      // A request that the page has given up meanwhile waits for no answer any more.
      return connection.send('network.continueWithAuth', { request, ...answer }).catch(() => {});
    });
  }
}

// When the server had the request. On a busy machine Firefox tells of one that it has sent only
// when the person has answered for those before it.
function arrivedAt({ headers }) {
  const header = headers.find(({ name }) => name.toLowerCase() === 'x-arrived');
  return header && Number(header.value.value.replace('t=', ''));
}
