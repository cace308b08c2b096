// What install has put outside the source tree, with all that is made.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const build = process.env.EPOCH_BUILD ?? fileURLToPath(new URL('../../build', import.meta.url));

export const required = createRequire(`${build}/browser/`);

export default required('puppeteer-core');
