// Waiting for what others do: always for a condition, always with a deadline.
const POLL_MILLISECONDS = 5;
const DEADLINE_MILLISECONDS = 30_000;

// Microseconds since the epoch, as in httpd's log.
export function now() {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

// The first true value of the condition. What it throws while a page is changing counts as not yet.
export async function until(condition, what, milliseconds = DEADLINE_MILLISECONDS) {
  const deadline = Date.now() + milliseconds;
  let last;
  for (;;) {
    try {
      last = await condition();
      if (last) return last;
    } catch (error) {
      last = error.message;
    }
    if (Date.now() > deadline) {
      throw new Error(`not within ${milliseconds} ms: ${what} (last seen: ${last})`);
    }
    await pause(POLL_MILLISECONDS);
  }
}

// Until the clock, which is the server's too, has passed this time.
export async function untilTime(microseconds) {
  while (now() <= microseconds) await pause(Math.ceil((microseconds - now()) / 1000) + 1);
}

function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
