// node host.mjs MODEL.onnx INPUT.bin: microseconds an inference of ONNX Runtime, one thread, called without promises: of
// many batches the fastest one's mean. INPUT.bin: the raw bytes of one sample of each input.
import fs from 'fs';
import { createRequire } from 'module';

const require = createRequire(new URL('../tests/reference/package.json', import.meta.url));
const ort = require('onnxruntime-node');
const { binding, initOrt } = require('onnxruntime-node/dist/binding');

const [model, file] = process.argv.slice(2);
const options = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all', logSeverityLevel: 3 };
const described = await ort.InferenceSession.create(model, options);
initOrt();
const session = new binding.InferenceSession();
session.loadModel(model, options);
const arrays = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array, int32: Int32Array };
const bytes = fs.readFileSync(file);
const feeds = {};
let at = 0;
for (const { name, type, shape } of described.inputMetadata) {
  const dims = shape.map((d) => (typeof d === 'number' && d > 0 ? d : 1));
  const count = dims.reduce((a, b) => a * b, 1);
  const size = count * arrays[type].BYTES_PER_ELEMENT;
  feeds[name] = new ort.Tensor(type, new arrays[type](new Uint8Array(bytes.subarray(at, at + size)).buffer), dims);
  at += size;
}
const fetches = Object.fromEntries(described.outputNames.map((name) => [name, null]));
let fastest = Infinity;
for (let batch = 0; batch < 200; batch++) {
  const begin = process.hrtime.bigint();
  let count = 0;
  do session.run(feeds, fetches, {});
  while (++count < 10 || process.hrtime.bigint() - begin < 200000n);
  fastest = Math.min(fastest, Number(process.hrtime.bigint() - begin) / 1000 / count);
}
console.log(fastest.toFixed(2));
