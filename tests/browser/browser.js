// One browser as a person knows it: windows, cookies and passwords of its own, and a dialog that
// asks for them. (A browser context; the process behind it is shared, for speed.)
import assert from 'node:assert/strict';
import { Chronicle } from './chronicle.js';
import { Dialog } from './dialog.js';
import { Tab } from './tab.js';
import { until } from './waiting.js';

export class Browser {
  chronicle = new Chronicle();
  dialog = new Dialog(this.chronicle);
  #expected = { least: 0, most: 0 };
  #engine;
  #context;

  // The cookie tells the server's log whose the requests are.
  static async start(engine, name, origin) {
    const browser = new Browser();
    browser.name = name;
    browser.origin = origin;
    browser.#engine = engine;
    browser.#context = await engine.newContext();
    await browser.#putCookies([{ name: 'player', value: name }]);
    return browser;
  }

  async newTab() {
    return new Tab(this, await this.#engine.newPage(this.#context, this.dialog));
  }

  async newTabs(count) {
    const tabs = [];
    while (tabs.length < count) tabs.push(await this.newTab());
    return tabs;
  }

  // ---- prompts

  // The dialog comes up as often as this while it is done, and not once more.
  async expectPrompts(count, action) {
    const before = this.dialog.shown;
    await action();
    await until(() => this.dialog.shown - before >= count, `${count} prompts`);
    assert.equal(this.dialog.shown - before, count, `prompts in ${this.name}`);
    this.#expect(count, count);
  }

  // Where it depends on what overtakes what.
  async expectPromptsUpTo(count, action) {
    const before = this.dialog.shown;
    await action();
    const shown = this.dialog.shown - before;
    assert.ok(shown <= count, `${shown} prompts in ${this.name}, not more than ${count} expected`);
    this.#expect(0, count);
  }

  // For the end: none came that nobody expected.
  checkPrompts() {
    const { shown } = this.dialog;
    assert.ok(shown >= this.#expected.least && shown <= this.#expected.most,
      `${shown} prompts in ${this.name} in all, ${JSON.stringify(this.#expected)} expected`);
  }

  #expect(least, most) {
    this.#expected.least += least;
    this.#expected.most += most;
  }

  // ---- cookies

  // The zone's; null where there is none.
  async sessionCookie() {
    const cookies = await this.#context.cookies();
    return cookies.find(({ name }) => name.includes('epoch-')) ?? null;
  }

  async clearCookies() {
    const ours = await this.sessionCookie();
    await this.#context.deleteCookie(ours);
    assert.equal(await this.sessionCookie(), null);
  }

  // As a browser does that restores its windows: the cookies come back, the passwords do not.
  async restoreCookie({ name, value, secure }) {
    await this.#putCookies([{ name, value, secure, httpOnly: true }]);
  }

  // Whether the server says, to somebody who asks with the cookie alone and so does not keep the
  // session alive, that it is over.
  async untilSessionIsOver() {
    const { name, value } = await this.sessionCookie();
    await until(async () => {
      const reason = await ask(`${this.origin}/app/`, `${name}=${value}`);
      return reason === 'session-ended';
    }, 'the session is over');
    this.chronicle.isOver();
  }

  close() {
    return this.#context.close();
  }

  #putCookies(cookies) {
    const { hostname } = new URL(this.origin);
    return this.#context.setCookie(...cookies.map((cookie) =>
      ({ domain: hostname, path: '/', sameSite: 'Lax', ...cookie })));
  }
}

async function ask(url, cookie) {
  const { request } = await import(url.startsWith('https:') ? 'node:https' : 'node:http');
  return new Promise((resolve, reject) => {
    request(url, { headers: { cookie }, rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.headers['x-reason']);
    }).on('error', reject).end();
  });
}
