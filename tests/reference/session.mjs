// Runs one model over every sample of its .npy inputs with ONNX Runtime: what run.mjs and batch.mjs share.
import fs from 'fs';
import os from 'os';
import path from 'path';
import ort from 'onnxruntime-node';
import { element_count, read_npy, typed_array_of, write_npy } from './npy.mjs';
import { graph_tensors, with_outputs } from './onnx_wire.mjs';

export function describe_host() {
  const cpuinfo = fs.existsSync('/proc/cpuinfo') ? fs.readFileSync('/proc/cpuinfo', 'latin1') : '';
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1].trim().split(' ') ?? []);
  const wanted = ['avx2', 'fma', 'avx512f', 'avx_vnni', 'avx512_vnni', 'amx_int8'];
  const found = wanted.filter((flag) => flags.has(flag)).join(' ') || 'unknown';
  return `ONNX Runtime ${ort.env.versions.node}, ${os.cpus()[0]?.model ?? 'unknown CPU'}, ${process.arch}: ${found}`;
}

// The reference profile: default options, that is, every graph optimization.
export function session_options({ optimized, threads = 1, level = 'all' } = {}) {
  return {
    graphOptimizationLevel: level,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
    ...(optimized ? { optimizedModelFilePath: optimized } : {}),
  };
}

// The shape ONNX Runtime is fed with for one sample. The .npy may leave out a leading batch of 1; a symbolic
// dimension takes the .npy's size where the ranks allow it, else 1.
function sample_shape(name, declared, sample) {
  const fixed = declared.map((d) => (typeof d === 'number' && d >= 0 ? d : null));
  const accepts = (shape) => shape.length === fixed.length && shape.every((d, i) => fixed[i] === null || fixed[i] === d);
  for (const shape of [sample, [1, ...sample]]) if (accepts(shape)) return shape;
  const resolved = fixed.map((d) => d ?? 1);
  if (element_count(resolved) === element_count(sample)) return resolved;
  throw new Error(`input "${name}": a sample of shape [${sample}] does not fit [${declared}]`);
}

// Resolves {name or '': file} against the model's tensors; '' stands for the only one.
function by_name(files, known, what) {
  return Object.entries(files).map(([name, file]) => {
    if (name === '' && known.length !== 1) throw new Error(`the model has ${known.length} ${what}s: name them`);
    const tensor = name === '' ? known[0] : known.find((t) => t.name === name);
    if (!tensor) throw new Error(`the model has no ${what} "${name}": it has ${known.map((t) => t.name).join(', ')}`);
    return [tensor, file];
  });
}

function load_inputs(session, files, whole) {
  const inputs = by_name(files, session.inputMetadata, 'input').map(([meta, file]) => {
    const array = read_npy(file);
    if (array.type !== meta.type) throw new Error(`input "${meta.name}": ${file} is ${array.type}, not ${meta.type}`);
    if (whole) return { ...meta, array, count: 1, shape: array.shape };
    if (array.shape.length === 0) throw new Error(`${file} has no sample axis`);
    return { ...meta, array, count: array.shape[0], shape: sample_shape(meta.name, meta.shape, array.shape.slice(1)) };
  });
  const missing = session.inputMetadata.filter((m) => !inputs.some((i) => i.name === m.name));
  if (missing.length) throw new Error(`no data for input ${missing.map((m) => `"${m.name}"`).join(', ')}`);
  if (inputs.some((i) => i.count !== inputs[0].count)) throw new Error('the inputs differ in their number of samples');
  return inputs;
}

function sample_tensor({ type, array, shape }, index) {
  const size = element_count(shape);
  // A copy of its own, so that the data's alignment, which steers the order of some sums, is the same for every sample.
  let data = array.data.slice(index * size, (index + 1) * size);
  if (type === 'float16' && typeof Float16Array !== 'undefined') {
    data = new Float16Array(data.buffer);
  }
  return new ort.Tensor(type, data, shape);
}

// Gathers one output over the samples into one array with a leading sample axis.
class Gathered {
  constructor(samples, whole) {
    this.samples = samples;
    this.whole = whole;
  }
  put(index, name, tensor) {
    if (!this.array) {
      const Array_ = typed_array_of(tensor.type);
      if (!Array_) throw new Error(`output "${name}" has elements of type ${tensor.type}`);
      const shape = this.whole ? [...tensor.dims] : [this.samples, ...tensor.dims];
      this.array = { type: tensor.type, shape, data: new Array_(element_count(shape)) };
    }
    if (!this.whole && `${tensor.dims}` !== `${this.array.shape.slice(1)}`) {
      throw new Error(`output "${name}" changes its shape from sample to sample`);
    }
    const { buffer, byteOffset, byteLength } = tensor.data;
    const target = new Uint8Array(this.array.data.buffer);
    target.set(new Uint8Array(buffer, byteOffset, byteLength), index * byteLength);
  }
}

async function run_samples(session, inputs, names, whole) {
  const samples = inputs.length ? inputs[0].count : 1;
  const gathered = new Map(names.map((name) => [name, new Gathered(samples, whole)]));
  for (let i = 0; i < samples; i++) {
    const feeds = Object.fromEntries(inputs.map((input) => [input.name, sample_tensor(input, i)]));
    const results = await session.run(feeds, names);
    for (const name of names) gathered.get(name).put(i, name, results[name]);
  }
  return gathered;
}

// Writes every tensor the optimized model computes, in execution order, and index.json to name them. Declaring
// outputs in the original model would forbid the very fusions the reference is about, so they are declared in
// the optimized model, which then runs as it is: the same nodes in the same kernels.
async function write_layers(model, directory, files, whole) {
  fs.mkdirSync(directory, { recursive: true });
  const optimized = path.join(directory, 'optimized.onnx');
  await (await ort.InferenceSession.create(model, session_options({ optimized }))).release();
  const bytes = fs.readFileSync(optimized);
  const { nodes, outputs } = graph_tensors(bytes);
  const computed = nodes.flatMap((node) => node.outputs);
  const inner = computed.filter((name) => !outputs.includes(name));
  const options = session_options({ level: 'disabled' });
  const session = await ort.InferenceSession.create(with_outputs(bytes, inner), options);
  try {
    const names = [...new Set(computed)];
    const gathered = await run_samples(session, load_inputs(session, files, whole), names, whole);
    const index = [];
    for (const [i, name] of names.entries()) {
      const file = `${String(i).padStart(4, '0')}.npy`;
      const array = gathered.get(name).array;
      write_npy(path.join(directory, file), array);
      const op_type = nodes.find((node) => node.outputs.includes(name)).op_type;
      index.push({ name, file, op_type, type: array.type, shape: array.shape });
    }
    fs.writeFileSync(path.join(directory, 'index.json'), JSON.stringify(index, null, 1) + '\n');
  } finally {
    await session.release();
  }
}

// job: {model, inputs: {name: file}, outputs: {name: file}}; optional: optimized, threads, level, layers
// (a directory), whole (true: a file is the whole input, without a sample axis). '' names the only tensor.
export async function run_job(job) {
  const session = await ort.InferenceSession.create(job.model, session_options(job));
  try {
    const inputs = load_inputs(session, job.inputs ?? {}, job.whole);
    const outputs = by_name(job.outputs ?? {}, session.outputMetadata, 'output');
    const names = outputs.map(([meta]) => meta.name);
    const gathered = await run_samples(session, inputs, names, job.whole);
    for (const [meta, file] of outputs) write_npy(file, gathered.get(meta.name).array);
  } finally {
    await session.release();
  }
  if (job.layers) await write_layers(job.model, job.layers, job.inputs ?? {}, job.whole);
}
