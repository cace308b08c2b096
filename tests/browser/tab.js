// A tab, and what a person does in it.
import assert from 'node:assert/strict';
import { until } from './waiting.js';

// What only people who are signed in may see.
const SECRET = 'Known to the staff alone.';

export class Tab {
  constructor(browser, page) {
    this.browser = browser;
    this.page = page;
  }

  // ---- going somewhere

  // Types an address, in the tab in front. Returns the status of what is shown in the end.
  async open(path) {
    await this.page.bringToFront();
    const response = await this.page.goto(new URL(path, this.browser.origin).href,
      { waitUntil: 'load' });
    return response?.status();
  }

  // Has the page itself go there, and does not wait for what comes of it.
  go(path) {
    return this.run((url) => { location.assign(url); }, path);
  }

  reload() {
    return this.page.reload({ waitUntil: 'load' });
  }

  async back() {
    await this.page.evaluate(() => { history.back(); });
  }

  async click(id) {
    await this.page.evaluate((name) => { document.getElementById(name).click(); }, id);
  }

  // Follows a link, or sends a form, that the page shown leads to.
  async follow(url, title) {
    await this.run((href) => {
      const link = document.body.appendChild(document.createElement('a'));
      link.href = href;
      link.click();
    }, url);
    await this.untilTitled(title);
  }

  // The status of the answer. Some browsers would save it and stay where they are.
  async post(url) {
    const [response] = await Promise.all([
      this.page.waitForResponse((each) => each.url() === url),
      this.run((action) => {
        const form = document.body.appendChild(document.createElement('form'));
        Object.assign(form, { method: 'post', action });
        form.submit();
      }, url),
    ]);
    return response.status();
  }

  // Returns when the picture is there, or is known not to be one.
  embed(url) {
    return this.run((src) => new Promise((resolve) => {
      const image = document.body.appendChild(document.createElement('img'));
      image.onload = image.onerror = () => resolve(true);
      image.src = src;
    }), url);
  }

  // ---- signing in and out

  // Opens a page and answers the prompt that comes; there must be one, and no other.
  async signIn(path, person, title = titleOf(path)) {
    this.browser.dialog.attend(person);
    await this.browser.expectPrompts(1, async () => {
      await this.open(path);
      await this.untilTitled(title);
    });
    this.browser.dialog.nobodyAttends();
  }

  // Opens a page that the person has a right to see without being asked.
  async visit(path, title = titleOf(path)) {
    await this.browser.expectPrompts(0, async () => {
      await this.open(path);
      await this.untilTitled(title);
    });
  }

  // Clicks something that logs out, and sees where it leads.
  async logOut(id, title = 'Signed out') {
    this.browser.chronicle.logsOut();
    await this.click(id);
    await this.untilTitled(title);
  }

  // The signed-out page says so when its script has made the browser forget the password.
  async untilForgotten() {
    await until(() => this.run(() => document.querySelector('[data-when=forgotten]').hidden === false),
      'the browser has forgotten');
  }

  // Whether the browser sends a password where nobody has asked for one.
  async sendsPassword() {
    await this.page.bringToFront();
    const response = await this.page.goto(`${this.browser.origin}/public/`);
    assert.equal(response.status(), 200);
    return response.headers()['x-with-credentials'] === 'credentials';
  }

  // ---- looking

  // Until the tab shows a page whose title begins like this.
  async untilTitled(title) {
    await until(() => this.isTitled(title), `a page titled ${title}`);
  }

  async isTitled(title) {
    return (await this.page.title()).startsWith(title);
  }

  // The same in a tab that was in the background: the sign-in page waits until somebody looks.
  async lookUntilTitled(title, address) {
    await this.page.bringToFront();
    await until(() => this.page.evaluate(
      (expected) => location.href.endsWith(expected), address), `the tab is at ${address}`);
    await this.untilTitled(title);
  }

  // Until a page of ours tells of what has been done.
  async untilSays(sentence) {
    await until(() => this.run((text) =>
      document.querySelector('[role=status]')?.textContent.includes(text), sentence),
    `the page says: ${sentence}`);
  }

  async untilShown(selector) {
    await until(() => this.run((name) => document.querySelector(name)?.hidden === false, selector),
      `${selector} is shown`);
  }

  async untilAt(path) {
    await until(() => this.page.evaluate(
      (expected) => location.pathname === expected && document.readyState === 'complete', path),
    `the tab is at ${path}`);
  }

  async text() {
    return until(() => this.page.evaluate(
      () => document.readyState === 'complete' && (document.body?.textContent ?? ' ') || ' '),
    'a page has loaded');
  }

  async showsNothingProtected() {
    assert.ok(!(await this.text()).includes(SECRET), 'the page shows what is protected');
  }

  // ---- scripts

  run(script, ...values) {
    return this.page.evaluate(script, ...values);
  }

  // The status of what a script fetches.
  fetch(path, options = {}) {
    return this.run(async (url, how) => (await fetch(url, how)).status, path, options);
  }

  // Asks every twenty milliseconds, for as long as the page is shown.
  poll(path) {
    return this.run((url) => {
      window.polls = { ok: 0, refused: 0 };
      const ask = async () => {
        const { ok } = await fetch(url).catch(() => ({ ok: false }));
        window.polls[ok ? 'ok' : 'refused'] += 1;
        setTimeout(ask, 20);
      };
      ask();
    }, path);
  }

  // Until so many more polls have been accepted ('ok') or refused.
  async untilPolled(outcome, count) {
    const before = await this.run((name) => window.polls[name], outcome);
    await until(async () => await this.run((name) => window.polls[name], outcome) >= before + count,
      `${count} polls more are ${outcome}`);
  }
}

// Of our own pages: /home.html is titled home, /new/3/ is titled new 3.
function titleOf(path) {
  return path.replace(/\?.*$|index\.html$/, '').replace(/\.html$/, '').split('/').filter(Boolean).join(' ');
}
