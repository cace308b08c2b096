// Judges by httpd's log of all requests, not by what the module says of itself.
//
// A silent re-login is a request that was admitted to a protected place though nobody has answered
// a prompt since the logout (or whatever else ended the session). A second prompt is due where
// credentials are refused that a person has typed since.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

const REFUSED = new Set([400, 401, 403, 408, 429, 503]);
const UNPROTECTED = /^\/(public|logout)(\/|$)/;

// The log's lines by the name of the browser; '-' where a request did not say.
export async function readLog(file) {
  const byBrowser = new Map();
  for await (const text of createInterface({ input: createReadStream(file) })) {
    const line = parse(text);
    if (!byBrowser.has(line.browser)) byBrowser.set(line.browser, []);
    byBrowser.get(line.browser).push(line);
  }
  return byBrowser;
}

// How many requests there were, logouts that were not carried out, the lines that should not be, and
// how many sessions were opened.
export function judge(lines, chronicle) {
  const closings = chronicle.closings.map((closing) => ({ ...closing, at: closedAt(closing, lines) }));
  const protectedLines = lines.filter(({ path }) => !UNPROTECTED.test(path));
  return {
    requests: lines.length,
    lost: closings.filter(({ at }) => at === Infinity),
    silent: protectedLines.filter((line) => isSilent(line, closings, chronicle.answers)),
    refused: protectedLines.filter((line) => isRefusedThoughTyped(line, closings, chronicle.answers)),
    sessions: new Set(lines.filter((line) => line.event === 'login' && isAdmitted(line))
      .map(({ session }) => session)).size,
  };
}

// Of browsers that nobody knows: nothing of theirs may be admitted at all.
export function admittedWithoutName(lines) {
  return lines.filter((line) => isAdmitted(line) && !UNPROTECTED.test(line.path));
}

function parse(text) {
  const [begin, end, browser, status, method, path, user, credentials, forget, event, session] =
    text.split('\t');
  return {
    begin: Number(begin), end: Number(end), browser, status: Number(status), method, path, user,
    withCredentials: credentials === 'credentials', forgets: forget === 'forget', event, session,
    text,
  };
}

function isAdmitted({ status, user }) {
  return !REFUSED.has(status) && user !== '-';
}

// The moment from which a logout holds: when its answer had been sent. Infinity: it never was.
function closedAt(closing, lines) {
  if (!closing.byLog) return closing.at;
  const ends = lines
    .filter((line) => isLogout(line) && line.begin >= closing.asked)
    .map(({ end }) => end);
  return Math.min(...ends);
}

// The page of sessions answers 401 where it has ended this browser's own.
function isLogout({ method, path, status, forgets }) {
  if (path === '/sessions') return method === 'POST' && status === 401;
  return path.startsWith('/logout') && !forgets && [200, 303, 401].includes(status);
}

function isSilent(line, closings, answers) {
  if (!isAdmitted(line)) return false;
  const closed = Math.max(0, ...closings
    .filter(({ at, under }) => at < line.begin && line.path.startsWith(under))
    .map(({ at }) => at));
  return !answers.some(({ at }) => at > closed && at < line.begin);
}

function isRefusedThoughTyped(line, closings, answers) {
  if (!line.withCredentials || line.forgets || line.status !== 401) return false;
  const typed = answers.filter(({ at }) => at < line.begin).at(-1);
  if (!typed || typed.person.wrong) return false;
  return !closings.some(({ asked }) => asked > typed.at && asked < line.end);
}
