// puppeteer-core, from where install has put it: outside the source tree, with all that is made.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const build = process.env.EPOCH_BUILD ?? fileURLToPath(new URL('../../build', import.meta.url));

export default createRequire(`${build}/browser/`)('puppeteer-core');
