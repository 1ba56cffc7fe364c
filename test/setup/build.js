// Contract tests start the real processes from dist/, so dist/ must be what the sources say.
const { execFileSync } = require('node:child_process');
const path = require('node:path');

module.exports = function build() {
  execFileSync(process.execPath, [path.join(__dirname, '..', '..', 'scripts', 'build.mjs')], {
    stdio: 'inherit',
  });
};
