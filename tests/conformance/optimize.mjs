// Writes the graph ONNX Runtime runs: node optimize.mjs MODEL.onnx OPTIMIZED.onnx [MODEL OPTIMIZED …]
import ort from '../reference/node_modules/onnxruntime-node/dist/index.js';
import { session_options } from '../reference/session.mjs';

const files = process.argv.slice(2);
for (let i = 0; i + 1 < files.length; i += 2) {
  try {
    const session = await ort.InferenceSession.create(files[i], session_options({ optimized: files[i + 1] }));
    await session.release();
  } catch (error) {
    console.error(`${files[i]}: ${error.message}`);
  }
}
