// Prints the names of a model's outputs as a JSON list, in its own order.
import { createRequire } from 'module';

const ort = createRequire(new URL('../tests/reference/package.json', import.meta.url))('onnxruntime-node');
const session = await ort.InferenceSession.create(process.argv[2], { logSeverityLevel: 3 });
console.log(JSON.stringify(session.outputNames));
