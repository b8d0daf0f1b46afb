// Records requantize_golden.inc: single values computed by ONNX Runtime, chosen where plausible formulas
// disagree (double rounding, ties, accumulators above 2^24, the order of operations of QLinearAdd).
//   node tests/unit/requantize_golden.mjs      (needs `npm ci --ignore-scripts` in tests/reference)
import fs from 'fs';
import {createRequire} from 'module';
const here = new URL('.', import.meta.url).pathname;
const ort = createRequire(`${here}../reference/`)('onnxruntime-node');

// --- the little of the ONNX format that one node with graph inputs needs
const number = (field, value) => Buffer.from([field * 8, value]);
const bytes = (field, content) => {
  const body = Buffer.from(content), head = [field * 8 + 2];
  let length = body.length;
  for (; length > 127; length >>= 7) head.push((length & 127) | 128);
  return Buffer.concat([Buffer.from([...head, length]), body]);
};
const varint_dim = (n) => (n < 128 ? number(1, n) : Buffer.from([8, (n & 127) | 128, n >> 7]));
const elem = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6
};
const value_info = (field, [name, type, dims]) => bytes(field, Buffer.concat([
  bytes(1, name), bytes(2, bytes(1, Buffer.concat([
                          number(1, elem[type]),
                          ...(dims ? [bytes(2, Buffer.concat(dims.map((d) => bytes(1, varint_dim(d)))))] : [])
                        ])))
]));
function model(op_type, domain, inputs, output_type) {
  const node = Buffer.concat(
      [...inputs.map(([n]) => bytes(1, n)), bytes(2, 'y'), bytes(4, op_type), bytes(7, domain)]);
  const graph = Buffer.concat([
    bytes(1, node), bytes(2, 'g'), ...inputs.map((i) => value_info(11, i)), value_info(12, ['y', output_type])
  ]);
  const opsets =
      [['', 13], ['com.microsoft', 1]].map(([d, v]) => bytes(8, Buffer.concat([bytes(1, d), number(2, v)])));
  return Buffer.concat([number(1, 8), bytes(7, graph), ...opsets]);
}
const arrays = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int32: Int32Array
};
async function session(op_type, domain, inputs, output_type) {
  const s =
      await ort.InferenceSession.create(model(op_type, domain, inputs, output_type), {logSeverityLevel: 3});
  return async (feeds) => {
    const tensors =
        inputs.map(([n, t, dims]) => [n, new ort.Tensor(t, arrays[t].from([feeds[n]].flat()), dims)]);
    return (await s.run(Object.fromEntries(tensors))).y.data;
  };
}

// --- deterministic random numbers and the formulas that are told apart
let state = 20231;
const random = () => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
};
const integer = (n) => Math.floor(random() * n);
const f = Math.fround;
const view = new DataView(new ArrayBuffer(8));
const bits = (x) => {
  view.setFloat32(0, x);
  return view.getUint32(0);
};
const from_bits = (b) => {
  view.setUint32(0, b);
  return view.getFloat32(0);
};
const rne = (x) => {
  const d = x - Math.floor(x);
  return Math.floor(x) + (d > 0.5 || (d === 0.5 && Math.floor(x) % 2 !== 0));
};
const clamp = (x, type) =>
    (type === 'uint8' ? Math.min(255, Math.max(0, x)) : Math.min(127, Math.max(-128, x)));
const lowest = (type) => (type === 'uint8' ? 0 : -128);
function fma(a, r, t) {  // float a, r, t with a * r exact in double; the sum is rounded to odd, then to float
  const p = a * r, s = p + t, b = s - p, error = p - (s - b) + (t - b);
  view.setFloat64(0, s);
  if (error !== 0 && (view.getUint8(7) & 1) === 0)
    view.setBigInt64(0, view.getBigInt64(0) + (error > 0 === s > 0 ? 1n : -1n));
  return f(view.getFloat64(0));
}
const hex = (x) => `0x${bits(x).toString(16).padStart(8, '0')}`;
const unsigned = (type) => (type === 'uint8' ? 1 : 0);

const lines =
    [`// ONNX Runtime ${ort.env.versions.node}, x86-64. Recorded by requantize_golden.mjs: do not edit.`];

// --- QLinearConv: w = 0, so that the bias is the accumulator; scale = w_scale
const channels = 4095;
lines.push('// float bits of scale, acc, zero point, is uint8, y');
lines.push('constexpr ConvGolden conv_golden[] = {');
for (const type of ['uint8', 'int8']) {
  const conv = await session(
      'QLinearConv', '',
      [
        ['x', type, [1, 1, 1, 1]], ['xs', 'float32', []], ['xz', type, []],
        ['w', 'int8', [channels, 1, 1, 1]], ['ws', 'float32', [channels]], ['wz', 'int8', [channels]],
        ['ys', 'float32', []], ['yz', type, []], ['b', 'int32', [channels]]
      ],
      type);
  const zeros = new Array(channels).fill(0);
  let kept = 0;
  while (kept < 120) {
    const z = lowest(type) + integer(256), ws = [], b = [];
    for (let c = 0; c < channels; ++c) {
      const s =
          integer(4) === 0 ? 2 ** -integer(24) : from_bits(((127 - integer(24)) << 23) | integer(2 ** 23));
      const tie = (integer(256) - 128 + 0.5) / s;
      ws.push(s);
      b.push(Math.abs(tie) < 2 ** 31 - 2 ? Math.round(tie) + integer(3) - 1 : integer(2 ** 31));
    }
    const y = await conv({x: 5, xs: 1, xz: 5, w: zeros, ws, wz: zeros, ys: 1, yz: z, b});
    for (let c = 0; c < channels; ++c) {
      const plain = clamp(rne(b[c] * ws[c]) + z, type),
            half_up = clamp(Math.floor(b[c] * ws[c] + 0.5) + z, type);
      const telling = plain !== y[c] || (half_up !== y[c] && integer(40) === 0) ||
          (Math.abs(b[c]) > 2 ** 24 && integer(60) === 0);
      if (!telling || kept >= 120) continue;
      lines.push(`    {${hex(ws[c])}, ${b[c]}, ${z}, ${unsigned(type)}, ${y[c]}},`);
      ++kept;
    }
  }
}
lines.push('};');

// --- QLinearMul and QLinearAdd
const pair_inputs = (type, a_dims, b_dims) => [
    ['a', type, a_dims], ['as', 'float32', []], ['az', type, []], ['b', type, b_dims], ['bs', 'float32', []],
    ['bz', type, []], ['cs', 'float32', []], ['cz', type, []]];
function parameters(type) {
  const p = {as: f(0.02 * Math.exp(4 * random() - 2)), bs: f(0.02 * Math.exp(4 * random() - 2))};
  for (const z of ['az', 'bz', 'cz']) p[z] = lowest(type) + integer(256);
  return p;
}
const row = (p, type, a, b, y) =>
    `    {${hex(p.as)}, ${p.az}, ${hex(p.bs)}, ${p.bz}, ${hex(p.cs)}, ${p.cz}, ` +
    `${unsigned(type)}, ${a}, ${b}, ${y}},`;

lines.push('// a scale, a zero point, b scale, b zero point, c scale, c zero point, is uint8, a, b, y');
lines.push('constexpr PairGolden mul_golden[] = {');
for (const type of ['uint8', 'int8']) {
  const mul = await session('QLinearMul', 'com.microsoft', pair_inputs(type, [1], [1]), type);
  for (let kept = 0; kept < 60;) {
    const p = parameters(type);
    p.cs = f(p.as * p.bs * 2 ** (4 + 6 * random()));
    const s = f(f(p.as * p.bs) / p.cs);
    for (let n = 0; n < 4000 && kept < 60; ++n) {
      const a = lowest(type) + integer(256), b = lowest(type) + integer(256),
            exact = (a - p.az) * (b - p.bz) * s;
      const y = clamp(rne(f(f(exact) + p.cz)), type);
      if (y === clamp(rne(exact + p.cz), type) && y === clamp(rne(f(exact)) + p.cz, type)) continue;
      lines.push(row(p, type, a, b, (await mul({...p, a, b}))[0]));
      ++kept;
      break;
    }
  }
}
lines.push('};');

function add(
    p, first, second, fused, type) {  // fma(first…, fma(second…, F)); F fused on `fused` or not at all
  const ratio = {a: f(p.as / p.cs), b: f(p.bs / p.cs)}, zero = {a: p.az, b: p.bz};
  const rest = fused === 'a' ? 'b' : 'a';
  const sum = fused ? fma(zero[fused], ratio[fused], f(ratio[rest] * zero[rest])) :
                      f(f(ratio.a * p.az) + f(ratio.b * p.bz));
  return clamp(rne(fma(p[first], ratio[first], fma(p[second], ratio[second], f(p.cz - sum)))), type);
}
lines.push('// the same for QLinearAdd with equal shapes, and with a scalar as first input');
for (const [name, dims, reach] of [['add_golden', [2], [2]], ['exchanged_add_golden', [], [2]]]) {
  lines.push(`constexpr PairGolden ${name}[] = {`);
  for (const type of ['uint8', 'int8']) {
    const run = await session('QLinearAdd', 'com.microsoft', pair_inputs(type, dims, reach), type);
    for (let kept = 0; kept < 40;) {
      const p = parameters(type);
      p.cs = f((p.as + p.bs) * (0.5 + random()));
      for (let pair = 0; pair < 65536 && kept < 40; ++pair) {
        const q = {...p, a: lowest(type) + (pair >> 8), b: lowest(type) + (pair & 255)};
        const x = q.a * (p.as / p.cs) + q.b * (p.bs / p.cs) - p.az * (p.as / p.cs) - p.bz * (p.bs / p.cs);
        if (Math.abs(x - Math.floor(x) - 0.5) > 1e-4) continue;
        const results = [['a', 'b', 'a'], ['b', 'a', 'b'], ['a', 'b', 'b'], ['a', 'b', null]].map(
            (v) => add(q, ...v, type));
        if (new Set(results).size === 1) continue;
        const a = new Array(dims[0] ?? 1).fill(q.a), b = [q.b, q.b];
        lines.push(row(p, type, q.a, q.b, (await run({...p, a, b}))[0]));
        ++kept;
      }
    }
  }
  lines.push('};');
}
fs.writeFileSync(`${here}requantize_golden.inc`, `${lines.join('\n')}\n`);
