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
  #last = null;           // the dialog before: {at, person, served}
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

  hear(id) {
    if (this.#heard.has(id)) return;
    this.#heard.set(id, now());
    this.#underWay.add(id);
  }

  done(id) {
    this.#underWay.delete(id);
  }

  // `answer` sends a person's name and password, or cancels if there is nobody.
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

  // It was sent before the last answer, and has not been given that answer yet.
  #belongsToLast(id) {
    return this.#last && this.#heard.get(id) < this.#last.at && !this.#last.served.has(id);
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
    this.#last = { at: now(), person, served: new Set(waiting.keys()) };
    this.#chronicle.prompted({ at: this.#last.at, person, url });
    for (const give of waiting.values()) give(person);
  }
}
