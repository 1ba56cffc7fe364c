// ONNX Runtime refuses typed arrays of Jest's own realm; hand the outer realm's ones over.
const { TestEnvironment } = require('jest-environment-node');

const names = [
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'Int32Array',
  'Int8Array',
  'Uint8Array',
  'Uint16Array',
  'Uint32Array',
  'ArrayBuffer',
];

module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const name of names) this.global[name] = globalThis[name];
  }
};
