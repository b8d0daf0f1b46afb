// Runs one model with ONNX Runtime over every sample of its inputs.
import { describe_host, run_job } from './session.mjs';

const usage = `usage: node run.mjs MODEL.onnx --input [NAME=]X.npy ... --output [NAME=]Y.npy ...
                    [--optimized OUT.onnx] [--layers DIR] [--threads N] [--level all|disabled|basic|extended]
Axis 0 of a .npy is the sample axis: (N, ...input shape) or (N, ...input shape without its batch of 1).
Outputs have the shape (N, ...output shape). --layers writes every tensor of the optimized model.`;

function wrong_usage(message) {
  console.error(`run.mjs: ${message}\n${usage}`);
  process.exit(2);
}

function named_file(text) {
  const at = text.indexOf('=');
  return at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)];
}

function parse(args) {
  const job = { inputs: {}, outputs: {}, threads: 1 };
  for (let i = 0; i < args.length; i++) {
    const option = args[i];
    if (!option.startsWith('--')) {
      if (job.model) wrong_usage(`a second model: ${option}`);
      job.model = option;
      continue;
    }
    const value = args[++i];
    if (value === undefined) wrong_usage(`${option} needs a value`);
    if (option === '--input' || option === '--output') {
      const [name, file] = named_file(value);
      job[`${option.slice(2)}s`][name] = file;
    } else if (option === '--optimized' || option === '--layers' || option === '--level') job[option.slice(2)] = value;
    else if (option === '--threads') job.threads = Number(value);
    else wrong_usage(`unknown option ${option}`);
  }
  if (!job.model) wrong_usage('no model');
  return job;
}

if (process.argv.includes('--help')) {
  console.log(usage);
} else {
  const job = parse(process.argv.slice(2));
  console.error(describe_host());
  try {
    await run_job(job);
  } catch (error) {
    console.error(`run.mjs: ${job.model}: ${error.message}`);
    process.exitCode = 1;
  }
}
