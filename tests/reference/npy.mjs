// Reads and writes NumPy .npy files: little endian, C order, header versions 1 to 3.
// An array is {type, shape, data}: `type` in ONNX Runtime's words, `data` a typed array. float16 is kept as
// raw uint16 words: JavaScript has no portable half type.
import fs from 'fs';

const TYPES = [
  // NumPy descr, ONNX Runtime type, typed array
  ['<f4', 'float32', Float32Array],
  ['<f8', 'float64', Float64Array],
  ['<f2', 'float16', Uint16Array],
  ['|u1', 'uint8', Uint8Array],
  ['|i1', 'int8', Int8Array],
  ['<u2', 'uint16', Uint16Array],
  ['<i2', 'int16', Int16Array],
  ['<u4', 'uint32', Uint32Array],
  ['<i4', 'int32', Int32Array],
  ['<u8', 'uint64', BigUint64Array],
  ['<i8', 'int64', BigInt64Array],
  ['|b1', 'bool', Uint8Array],
];

export const typed_array_of = (type) => TYPES.find((t) => t[1] === type)?.[2];

export const element_count = (shape) => shape.reduce((a, b) => a * b, 1);

export function parse_npy(bytes, name) {
  if (bytes.length < 10 || bytes.toString('latin1', 0, 6) !== '\x93NUMPY') {
    throw new Error(`${name}: not a .npy file`);
  }
  const wide = bytes[6] >= 2;  // from version 2 on, the header's length has four bytes
  const start = wide ? 12 : 10;
  const end = start + (wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const header = bytes.toString('utf8', start, end);
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const row = TYPES.find((t) => t[0] === descr);
  if (!row) throw new Error(`${name}: dtype ${descr} is not supported`);
  if (/'fortran_order':\s*True/.test(header)) throw new Error(`${name}: Fortran order is not supported`);
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)[1].split(',').filter((s) => s.trim()).map(Number);
  const [, type, Array_] = row;
  const count = element_count(shape);
  if (bytes.length - end < count * Array_.BYTES_PER_ELEMENT) throw new Error(`${name}: file is too short`);
  // Copied, since a typed array must begin at a multiple of its element size.
  const data = new Array_(count);
  const raw = new Uint8Array(data.buffer);
  raw.set(bytes.subarray(end, end + raw.length));
  return { type, shape, data };
}

export const read_npy = (file) => parse_npy(fs.readFileSync(file), file);

export function npy_bytes({ type, shape, data }) {
  const row = TYPES.find((t) => t[1] === type);
  if (!row) throw new Error(`cannot write elements of type ${type} as .npy`);
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  let header = `{'descr': '${row[0]}', 'fortran_order': False, 'shape': (${tuple}), }`;
  header = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + '\n';
  const prefix = Buffer.alloc(10, '\x93NUMPY\x01\x00', 'latin1');
  prefix[8] = header.length & 255;
  prefix[9] = header.length >> 8;
  return Buffer.concat([prefix, Buffer.from(header), Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}

// Written beside its place and renamed, so that a reader never sees half a file.
export function write_npy(file, array) {
  fs.writeFileSync(`${file}.tmp`, npy_bytes(array));
  fs.renameSync(`${file}.tmp`, file);
}
