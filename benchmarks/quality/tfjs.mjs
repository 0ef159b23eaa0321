// Runs a graph model of TensorFlow.js, for formats.py: node tfjs.mjs MODEL_FOLDER INPUTS OUTPUTS ROUNDS
import fs from 'fs';
import path from 'path';
import {createRequire} from 'module';
import * as tf from '@tensorflow/tfjs';
import * as wasm from '@tensorflow/tfjs-backend-wasm';

const built = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
wasm.setWasmPaths(`${path.dirname(built)}/`);
wasm.setThreadsCount(1);
await tf.setBackend('wasm');

const [folder, inputs, outputs, rounds] = process.argv.slice(2);
const model = JSON.parse(fs.readFileSync(path.join(folder, 'model.json')));
const groups = model.weightsManifest;
const shards = groups.flatMap((group) => group.paths);
const data = Buffer.concat(shards.map((name) => fs.readFileSync(path.join(folder, name))));
const network = await tf.loadGraphModel({
  load: async () => ({
    modelTopology: model.modelTopology,
    format: model.format,
    signature: model.signature,
    weightSpecs: groups.flatMap((group) => group.weights),
    weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.length),
  }),
});

const feeds = {};
for (const [name, value] of Object.entries(JSON.parse(fs.readFileSync(inputs)))) {
  feeds[name] = tf.tensor(value.data, value.shape, value.dtype);
}
const ends = Object.entries(model.signature.outputs);
const times = [];
let found = {};
for (let round = 0; round < rounds; round++) {
  const start = performance.now();
  const tensors = [network.execute(feeds, ends.map(([, end]) => end.name))].flat();
  found = Object.fromEntries(ends.map(([name], i) => [name, Array.from(tensors[i].dataSync())]));
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
fs.writeFileSync(outputs, JSON.stringify({milliseconds: times[times.length >> 1], found}));
