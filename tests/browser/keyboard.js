// Who uses a page by keyboard alone. Whatever has the focus must show it.
import assert from 'node:assert/strict';

// Tab until the focus is where it is wanted.
export async function focusOn(tab, isWanted, ...values) {
  await tab.page.bringToFront();
  for (let count = 0; count < 500; count += 1) {
    await tab.page.keyboard.press('Tab');
    const shown = await tab.run(() => document.activeElement === document.body
      || getComputedStyle(document.activeElement).outlineStyle !== 'none');
    assert.ok(shown, 'the focus cannot be seen');
    if (await tab.run(isWanted, ...values)) return;
  }
  assert.fail('what is wanted cannot be reached by keyboard');
}

// And Enter.
export async function press(tab, isWanted, ...values) {
  await focusOn(tab, isWanted, ...values);
  await tab.page.keyboard.press('Enter');
}

// Into the field of that name.
export async function type(tab, name, text) {
  await focusOn(tab, (wanted) => document.activeElement.name === wanted, name);
  await tab.page.keyboard.type(text);
}
