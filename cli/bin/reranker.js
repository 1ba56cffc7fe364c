#!/usr/bin/env node
// Plain JavaScript that any Node reads, so that one that is too old gets a line instead of a stack.
var version = process.versions.node.split('.').map(Number);
if (version[0] < 20 || (version[0] === 20 && version[1] < 3)) {
  process.stderr.write('reranker: needs Node 20.3 or newer; this is Node ' + process.versions.node + '\n');
  process.exit(1);
}
var main = require('path').join(__dirname, '..', 'dist', 'main.js');
if (!require('fs').existsSync(main)) {
  process.stderr.write('reranker: this clone is not built yet: run "npm run build" in it first\n');
  process.exit(1);
}
require(main);
