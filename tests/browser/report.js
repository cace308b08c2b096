// Judges what was played and prints it: what went wrong, and a table of scenario by browser.
import { admittedWithoutName, judge, readLog } from './judge.js';

export async function report(runners, servers, scenarios, problems) {
  const logs = { ours: await readLog(servers.ours.log), stock: await readLog(servers.stock.log) };
  const rows = [];
  const wrong = problems.map((line) => `error_log: ${line}`);
  for (const scenario of scenarios) {
    for (const runner of runners) {
      rows.push(judgeScenario(scenario, runner, scenario.stock ? logs.stock : logs.ours, wrong));
    }
  }
  for (const { text } of admittedWithoutName(logs.ours.get('-') ?? [])) {
    wrong.push(`admitted, and nobody's: ${text}`);
  }
  console.log(table(rows));
  for (const message of wrong) console.error(`\n${message}`);
  return wrong.length === 0;
}

function judgeScenario(scenario, runner, log, wrong) {
  const played = runner.played.filter((each) => each.scenario === scenario);
  const row = { scenario: scenario.title, engine: played[0]?.engine, iterations: 0, requests: 0,
    silent: 0, retyped: 0, logins: 0, prompts: [],
    seconds: runner.seconds.get(scenario.title) };
  for (const { browser, failure } of played) {
    const lines = log.get(browser.name) ?? [];
    const found = judge(lines, browser.chronicle);
    const answers = browser.chronicle.answers.length;
    row.requests += found.requests;
    row.silent += found.silent.length;
    row.retyped += found.refused.length;
    row.logins += answers;
    row.prompts.push(browser.dialog.shown);
    if (failure || !isAsItShouldBe(scenario, found, answers)) {
      wrong.push(trace(scenario, browser, lines, found, failure));
    }
  }
  row.iterations = new Set(played.map(({ browser }) => browser)).size;
  return row;
}

// Without the module the judge must see what it is there for. A browser without scripts may ask
// twice.
function isAsItShouldBe({ stock, scripts }, { lost, silent, refused, sessions }, answers) {
  if (stock) return silent.length > 0;
  return lost.length === 0 && silent.length === 0 && sessions <= answers && (refused.length === 0 || !scripts);
}

function trace(scenario, browser, lines, { lost, silent, refused, sessions }, failure) {
  const events = [
    ...lines.map((line) => [line.begin, `${silent.includes(line) ? 'SILENT ' : ''}${
      refused.includes(line) ? 'REFUSED ' : ''}${line.text}`]),
    ...browser.chronicle.closings.map((closing) => [closing.asked, `closing ${JSON.stringify(closing)}`]),
    ...browser.chronicle.prompts.map((prompt) => [prompt.at, `prompt ${prompt.url} ${
      prompt.person ? 'answered' : 'cancelled'}`]),
  ].sort((a, b) => a[0] - b[0]);
  return `${scenario.title}: ${silent.length} silent, ${refused.length} refused though typed, ${
    sessions} sessions, ${lost.length} logouts lost\n${failure ?? ''}\n${events.map(([at, what]) => `  ${at} ${what}`).join('\n')}`;
}

function table(rows) {
  const cells = rows.map((row) => [row.scenario, row.engine ?? '', row.iterations, row.requests,
    row.silent, row.retyped, row.logins, spread(row.prompts), (row.seconds / row.iterations).toFixed(2)]);
  const head = ['scenario', 'browser', 'iterations', 'requests', 'silent re-logins', 'typed in vain',
    'logins', 'prompts min/median/max', 's/iteration'];
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function spread(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)].join('/');
}
