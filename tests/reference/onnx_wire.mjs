// The little of the ONNX protobuf format the reference runner needs: listing what a model's top-level nodes
// compute, and declaring those tensors as graph outputs.

function varint(bytes, at) {
  let value = 0, scale = 1;
  for (;;) {
    const byte = bytes[at++];
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) return [value, at];
  }
}

// Yields [field number, content] of the length-delimited fields of a message; other fields are stepped over.
function* fields(bytes) {
  for (let at = 0; at < bytes.length;) {
    let tag, length;
    [tag, at] = varint(bytes, at);
    const wire_type = tag & 7;
    if (wire_type === 0) [, at] = varint(bytes, at);
    else if (wire_type === 1) at += 8;
    else if (wire_type === 5) at += 4;
    else if (wire_type === 2) {
      [length, at] = varint(bytes, at);
      yield [Math.floor(tag / 8), bytes.subarray(at, at + length)];
      at += length;
    } else throw new Error('not an ONNX model');
  }
}

// The graph's fields: ModelProto.graph = 7; GraphProto.node = 1, .output = 12; NodeProto.output = 2,
// .op_type = 4; ValueInfoProto.name = 1.
export function graph_tensors(model) {
  const nodes = [], outputs = [];
  for (const [model_field, graph] of fields(model)) {
    if (model_field !== 7) continue;
    for (const [field, content] of fields(graph)) {
      const texts = (wanted) => [...fields(content)].filter(([f]) => f === wanted).map(([, c]) => c.toString('utf8'));
      if (field === 1) nodes.push({ op_type: texts(4)[0], outputs: texts(2).filter((name) => name !== '') });
      if (field === 12) outputs.push(...texts(1));
    }
  }
  return { nodes, outputs };
}

function delimited(field, content) {
  const head = [field * 8 + 2];
  let length = content.length;
  for (; length >= 128; length = Math.floor(length / 128)) head.push((length & 127) | 128);
  head.push(length);
  return Buffer.concat([Buffer.from(head), content]);
}

// Protobuf merges a second occurrence of an embedded message into the first, so appending a ModelProto that
// has nothing but graph outputs is enough. ONNX Runtime infers their types.
export function with_outputs(model, names) {
  const outputs = names.map((name) => delimited(12, delimited(1, Buffer.from(name))));
  return Buffer.concat([model, delimited(7, Buffer.concat(outputs))]);
}
