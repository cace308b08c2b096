// What axe-core (https://github.com/dequelabs/axe-core) finds wrong with a page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { required } from './puppeteer.js';

const AXE = readFileSync(required.resolve('axe-core/axe.min.js'), 'utf8');

// The narrowest screen that our pages must fit.
export const NARROW = { width: 320, height: 640 };

// One line for each rule that the page breaks.
export async function violations(page) {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() => window.axe.run());
  return found.map(({ id, help, nodes }) =>
    `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
}

export async function checkAccessibility(page) {
  assert.deepEqual(await violations(page), [], `at ${page.url()}`);
}

export async function checkReadable(page) {
  await checkWidth(page);
  await checkAccessibility(page);
}

// Nothing is cut off, and nothing has to be scrolled for, to the right.
async function checkWidth(page) {
  const { content, screen } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth, screen: document.documentElement.clientWidth,
  }));
  assert.ok(content <= screen, `${page.url()} is ${content} px wide on a screen of ${screen} px`);
}
