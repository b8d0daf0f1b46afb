// Runs many small models in one process: one job a line on stdin, one line of status a job on stdout, in order.
// A job: {"model": path, "inputs": {name: path}, "outputs": {name: path}}, and optionally "id" (echoed),
// "layers": directory, "optimized": path, "level", and "whole": true for files without a sample axis.
import readline from 'readline';
import { describe_host, run_job } from './session.mjs';

console.error(describe_host());
for await (const line of readline.createInterface({ input: process.stdin })) {
  if (!line.trim()) continue;
  let status;
  try {
    const job = JSON.parse(line);
    status = { id: job.id, model: job.model };
    await run_job(job);
    status.status = 'ok';
  } catch (error) {
    status = { ...status, status: 'error', message: error.message };
  }
  console.log(JSON.stringify(status));
}
