// What one browser's person did and when, for the judge to hold against the server's log.
import { now } from './waiting.js';

export class Chronicle {
  closings = [];  // from then on nothing may be admitted before a prompt was answered
  prompts = [];   // {at, person, url}; person is null where it was cancelled

  // A logout is about to be asked for. The log says when the server had carried it out.
  logsOut() {
    this.closings.push({ asked: now(), byLog: true, under: '/' });
  }

  // The session is known to be over: everywhere, or under a path whose limits it exceeds.
  isOver(under = '/') {
    const at = now();
    this.closings.push({ asked: at, at, under });
  }

  prompted(prompt) {
    this.prompts.push(prompt);
  }

  get answers() {
    return this.prompts.filter(({ person }) => person !== null);
  }
}
