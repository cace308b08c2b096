// The password dialog of one browser, and who sits before it.
//
// The protocols report each request that waits for a password. A person sees one dialog, and what
// they type is for all that wait. They are slower than the network: by the time they have typed,
// whatever was on its way when the dialog came up has arrived, and waits with the others.
// (That the server takes the answer from each of them is for the judge to see, in its log.)
import { now, until } from './waiting.js';

// Requests that the browser holds back until others have been answered never arrive.
const TYPING_MILLISECONDS = 250;

export class Dialog {
  shown = 0;
  #people = [];           // who answers the next ones; the last one stays, nobody cancels
  #heard = new Map();     // when a request was first heard of, by id
  #underWay = new Set();  // ids of requests without a response
  #open = null;           // answers to be given to those that wait, by id
  #last = null;           // the dialog before: {closed, person, served}
  #chronicle;

  constructor(chronicle) {
    this.#chronicle = chronicle;
  }

  // Whoever is there from now on, one after the other.
  attend(...people) {
    this.#people = people;
  }

  nobodyAttends() {
    this.#people = [];
  }

  // A request is on its way, since `sent` (microseconds) at the latest.
  hear(id, sent = now()) {
    if (!this.#heard.has(id)) this.#underWay.add(id);
    this.#heard.set(id, Math.min(sent, this.#heard.get(id) ?? sent));
  }

  done(id) {
    this.#underWay.delete(id);
  }

  // `answer` sends a person's name and password, or cancels if there is nobody; it returns when the
  // browser has them.
  ask(id, url, answer) {
    this.hear(id);
    this.done(id);
    if (this.#open) {
      this.#open.set(id, answer);
    } else if (this.#belongsToLast(id)) {
      this.#last.served.add(id);
      answer(this.#last.person);
    } else {
      this.#show(id, url, answer);
    }
  }

  // It was sent before the browser had the last answer, and has not been given that answer yet.
  #belongsToLast(id) {
    return this.#last && this.#heard.get(id) < this.#last.closed && !this.#last.served.has(id);
  }

  async #show(id, url, answer) {
    this.shown += 1;
    this.#open = new Map([[id, answer]]);
    const sentBefore = [...this.#underWay];
    await until(() => !sentBefore.some((each) => this.#underWay.has(each)),
      'requests that were under way arrive', TYPING_MILLISECONDS).catch(() => {});
    const person = (this.#people.length > 1 ? this.#people.shift() : this.#people[0]) ?? null;
    const waiting = this.#open;
    this.#open = null;
    const dialog = { closed: Infinity, person, served: new Set(waiting.keys()) };
    this.#last = dialog;
    this.#chronicle.prompted({ at: now(), person, url });
    await Promise.all([...waiting.values()].map((give) => give(person)));
    dialog.closed = now();
  }
}
