// @ts-check
// Watches the session from within an application's pages: warns before it ends, leaves every tab
// when it has ended, and hides what the browser restores from its history until the session is
// known to go on. Asking does not keep the session alive. A page that has never seen the session
// live, a public one, is left alone.
//
//   import { watchSession } from '/session/watch.js';
//   watchSession({ signedOut: '/goodbye.html', onWarning: (seconds) => { ... } });

/**
 * What the server says of the session.
 *
 * @typedef {object} Status
 * @property {'live' | 'ended' | 'none'} state
 * @property {string} [reason] why it has ended
 * @property {number} [idle_seconds_left] until it ends unless a protected page is requested
 * @property {number} [absolute_seconds_left] until it ends, whatever is requested
 * @property {string} [person] the same word as long as the same person is signed in
 */

/**
 * @typedef {object} Options
 * @property {number} [warnSeconds] how long before the end to warn; 120 if not given
 * @property {(secondsLeft: number, status: Status) => void} [onWarning] the session is about to
 *   end; called again with each answer until it has ended or goes on
 * @property {() => void} [onWarningOver] it goes on after all
 * @property {(reason: string) => void} [onEnd] it has ended; the page must leave, or show nothing
 * @property {string} [signedOut] where to go when it has ended, where there is no onEnd; without
 *   either the page is loaded anew, as soon as somebody looks at it
 * @property {number} [pollSeconds] how often to ask at least while the page is visible; 30 if not
 *   given
 */

/** @typedef {Required<Pick<Options, 'warnSeconds' | 'pollSeconds'>> & Options} Settings */

const STATUS_URL = new URL(import.meta.url.replace(/\/watch\.js(\?.*)?$/, '')).href;
// The signed-out page speaks on it too: see forget.js.
const CHANNEL = 'auth-epoch';
const LOOK = 'look';

const ANSWER_MILLISECONDS = 10_000;
const HIDDEN_FACTOR = 4;
const LONGEST_RETRY_SECONDS = 300;

/**
 * Begins to watch. Whoever else watches on this page shares the same questions and answers.
 *
 * @param {Options} [options]
 * @returns {{ check: () => void, stop: () => void }} `check` asks at once: after a logout by
 *   script, say. `stop` calls nobody back any more.
 */
export function watchSession(options = {}) {
  const { warnSeconds = 120, pollSeconds = 30 } = options;
  if (!(pollSeconds >= 1)) throw new RangeError('pollSeconds: give a number of seconds, 1 or more');
  return watcherOfPage().add({ ...options, warnSeconds, pollSeconds });
}

/**
 * One a page, also where this module was loaded twice, under two addresses.
 *
 * @returns {Watcher}
 */
function watcherOfPage() {
  const watchers = /** @type {any} */ (globalThis)[Symbol.for('auth-epoch watchers')] ??= new Map();
  if (!watchers.has(STATUS_URL)) watchers.set(STATUS_URL, new Watcher());
  return watchers.get(STATUS_URL);
}

class Watcher {
  /** @type {Map<Settings, { warned: boolean }>} */
  #subscribers = new Map();
  #cover = new Cover();
  #questions = new Questions();
  /** @type {BroadcastChannel | undefined} */
  #channel;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Status | undefined} the last answer, if the session was live */
  #live;
  #failures = 0;
  #over = false;

  constructor() {
    addEventListener('pagehide', (event) => this.#pause(event.persisted));
    addEventListener('pageshow', (event) => {
      if (event.persisted) this.#resume();
    });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#askAnew();
    });
    this.#listen();
    if (isFromCache()) this.#reload();
  }

  /** @param {Settings} settings */
  add(settings) {
    this.#subscribers.set(settings, { warned: false });
    this.#ask();
    return {
      check: () => this.#askAnew(),
      stop: () => { this.#subscribers.delete(settings); },
    };
  }

  get #idle() {
    return this.#over || this.#subscribers.size === 0;
  }

  // ---- while the page is there

  #listen() {
    this.#channel = globalThis.BroadcastChannel && new BroadcastChannel(CHANNEL);
    this.#channel?.addEventListener('message', ({ data }) => {
      if (data === LOOK) this.#askAnew();
      if (data?.url === STATUS_URL) this.#learn(data.status);
    });
  }

  // An open channel or question would keep the page out of the browser's history. What was shown to
  // one person must not flash up for the next, so it is covered before it goes there.
  /** @param {boolean} persisted */
  #pause(persisted) {
    clearTimeout(this.#timer);
    this.#questions.abandon();
    this.#channel?.close();
    if (persisted && this.#subscribers.size > 0) this.#cover.put();
  }

  #resume() {
    if (this.#over) return this.#reload();
    this.#listen();
    this.#ask();
  }

  // What is under way may have been answered before whatever is the reason to ask.
  #askAnew() {
    this.#questions.abandon();
    this.#ask();
  }

  async #ask() {
    if (this.#idle || this.#questions.open) return;
    clearTimeout(this.#timer);
    let status;
    try {
      status = await this.#questions.ask();
    } catch {
      // Neither the network nor a server that cannot tell logs anybody out.
      this.#failures += 1;
      this.#askIn(Math.min(2 ** this.#failures, LONGEST_RETRY_SECONDS));
    }
    if (!status) return;
    this.#failures = 0;
    this.#channel?.postMessage({ url: STATUS_URL, status });
    this.#learn(status, { asked: true });
  }

  // What this tab was answered when it asked, or another one, perhaps before this one came back.
  /** @param {Status} status */
  #learn(status, { asked = false } = {}) {
    if (this.#idle) return;
    const isLive = status.state === 'live';
    if (this.#live && !isLive) return this.#end(status.reason ?? 'logged-out');
    if (this.#live && this.#live.person !== status.person) return this.#end('another-person');
    if (isLive) this.#live = status;
    if (asked) this.#cover.lift();
    this.#askIn(this.#secondsUntilNextQuestion());
    if (isLive) this.#warn(status);
  }

  /** @param {number} seconds */
  #askIn(seconds) {
    clearTimeout(this.#timer);
    // Tabs that have heard the same answer ask one after the other, so that one asks for all.
    this.#timer = setTimeout(() => this.#ask(), seconds * 1000 * (1 + Math.random() / 10));
  }

  // Soon enough for every warning and for the end.
  #secondsUntilNextQuestion() {
    const all = [...this.#subscribers.keys()];
    const poll = Math.min(...all.map(({ pollSeconds }) => pollSeconds), LONGEST_RETRY_SECONDS);
    const left = this.#live ? secondsLeft(this.#live) : Infinity;
    const due = [left, ...all.map(({ warnSeconds }) => left - warnSeconds)]
      .filter((seconds) => seconds > 0);
    return Math.min(document.hidden ? poll * HIDDEN_FACTOR : poll, ...due.map((each) => each + 1));
  }

  // ---- telling the application

  /** @param {Status} status */
  #warn(status) {
    const left = secondsLeft(status);
    for (const [settings, subscriber] of this.#subscribers) {
      const near = left <= settings.warnSeconds;
      const wasNear = subscriber.warned;
      subscriber.warned = near;
      if (near) settings.onWarning?.(left, status);
      else if (wasNear) settings.onWarningOver?.();
    }
  }

  /** @param {string} reason */
  #end(reason) {
    this.#over = true;
    this.#pause(false);
    let leaves = false;
    for (const { onEnd, signedOut } of this.#subscribers.keys()) {
      if (onEnd) {
        onEnd(reason);
      } else if (!leaves) {
        leaves = true;
        this.#leave(signedOut);
      }
    }
  }

  /** @param {string} [signedOut] */
  #leave(signedOut) {
    this.#cover.put();
    if (signedOut !== undefined) {
      location.replace(signedOut);
    } else {
      this.#reload();
    }
  }

  // The server decides what is seen next.
  #reload() {
    this.#over = true;
    this.#cover.put();
    if (document.visibilityState === 'visible') {
      location.reload();
    } else {
      // By the time somebody looks at it, they may have signed in elsewhere: no prompt then.
      document.addEventListener('visibilitychange', () => location.reload(), { once: true });
    }
  }
}

// The questions to the server, one at a time.
class Questions {
  /** @type {AbortController | undefined} */
  open;

  /** @returns {Promise<Status | undefined>} undefined if it was abandoned meanwhile */
  async ask() {
    const question = new AbortController();
    this.open = question;
    const timeout = setTimeout(() => question.abort(), ANSWER_MILLISECONDS);
    try {
      let status = await this.#fetch(question.signal);
      // The question may have crossed with a login, and the browser has the new cookie by now.
      if (status.reason === 'superseded') status = await this.#fetch(question.signal);
      return this.open === question ? status : undefined;
    } catch (error) {
      if (this.open === question) throw error;
      return undefined;
    } finally {
      clearTimeout(timeout);
      if (this.open === question) this.open = undefined;
    }
  }

  abandon() {
    const question = this.open;
    this.open = undefined;
    question?.abort();
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Status>}
   */
  async #fetch(signal) {
    const response = await fetch(STATUS_URL, { cache: 'no-store', redirect: 'error', signal });
    if (!response.ok) throw new Error(`${STATUS_URL} answers ${response.status}`);
    const status = await response.json();
    if (!['live', 'ended', 'none'].includes(status.state)) throw new Error('not a status');
    return status;
  }
}

// Hides the whole page, dialogs included, without touching what is in it.
class Cover {
  /** @type {{ x: number, y: number } | undefined} where the page was scrolled to */
  #scrolled;

  put() {
    this.#scrolled ??= { x: scrollX, y: scrollY };
    document.documentElement.style.setProperty('display', 'none', 'important');
  }

  lift() {
    if (!this.#scrolled) return;
    const { x, y } = this.#scrolled;
    this.#scrolled = undefined;
    document.documentElement.style.removeProperty('display');
    scrollTo(x, y);
  }
}

// Back and forward may show what the browser's cache has kept, of whoever was signed in then.
function isFromCache() {
  const [navigation] = performance.getEntriesByType('navigation');
  return navigation instanceof PerformanceNavigationTiming &&
    navigation.type === 'back_forward' && navigation.transferSize === 0;
}

/** @param {Status} status */
function secondsLeft(status) {
  return Math.min(status.idle_seconds_left ?? Infinity, status.absolute_seconds_left ?? Infinity);
}
