// The list of scenarios. Each is a story of one iteration, told for both browsers.

export const scenarios = [];

// `together`: how many iterations go on at once, where most of the time is spent waiting for a
// session to grow old. `scripts: false`: a browser that runs none. `scheme`: light or dark.
// `stock`: against an httpd without the module, where the judge has to find silent re-logins.
export function scenario(title, story,
  { together = 1, scripts = true, scheme = 'light', stock = false } = {}) {
  scenarios.push({ title, story, together, scripts, scheme, stock });
}
