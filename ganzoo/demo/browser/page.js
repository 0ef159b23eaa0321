// The page: draws samples of generators, and translates drawings, by TensorFlow.js.
"use strict";
(() => {
  const models = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const GRID = 5;
  let chosen = null; // the model that is shown
  let walking = false;
  let shown = 0; // how many times samples were asked for

  // Networks

  function decoded(text) {
    const bytes = atob(text);
    const found = new Uint8Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) found[i] = bytes.charCodeAt(i);
    return found.buffer;
  }

  async function network(one) {
    one.network ??= tf.loadGraphModel({
      load: async () => ({
        modelTopology: one.model.modelTopology,
        format: one.model.format,
        signature: one.model.signature,
        weightSpecs: one.model.weightsManifest.flatMap((group) => group.weights),
        weightData: decoded(one.weights),
      }),
    });
    return one.network;
  }

  // Returns the images of inputs, [{data, shape, dtype}] by name: floats in [-1, 1], and their shape.
  async function run(name, inputs) {
    const one = models.find((model) => model.name === name);
    const graph = await network(one);
    const result = tf.tidy(() => {
      const feeds = {};
      for (const [key, value] of Object.entries(inputs)) {
        feeds[key] = tf.tensor(value.data, value.shape, value.dtype);
      }
      const end = Object.values(one.model.signature.outputs)[0].name;
      return [graph.execute(feeds, [end])].flat()[0];
    });
    const data = await result.data();
    const shape = result.shape;
    result.dispose();
    return {data, shape};
  }

  // Numbers of a seed: mulberry32 for uniform ones, Box and Muller for normal ones.

  function uniform(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  function normal(random, count) {
    return Float32Array.from({length: count}, () =>
      Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
  }

  // The point at a share of the way from one latent to another, on a great circle.
  function between(start, end, share) {
    let dot = 0, a = 0, b = 0;
    for (let i = 0; i < start.length; i++) {
      dot += start[i] * end[i];
      a += start[i] * start[i];
      b += end[i] * end[i];
    }
    const angle = Math.acos(Math.max(-1, Math.min(1, dot / Math.sqrt(a * b))));
    const sine = Math.sin(angle);
    const [p, q] = sine < 1e-6 ? [1 - share, share] : [
      Math.sin((1 - share) * angle) / sine, Math.sin(share * angle) / sine];
    return start.map((value, i) => p * value + q * end[i]);
  }

  // Pictures

  function paint(context, data, [height, width, channels], place, left, top) {
    const image = context.createImageData(width, height);
    for (let i = 0; i < height * width; i++) {
      for (let c = 0; c < 3; c++) {
        const value = data[place * height * width * channels + i * channels + (channels > 1 ? c : 0)];
        image.data[4 * i + c] = Math.round(127.5 * (value + 1)); // clamped by the array
      }
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, left, top);
  }

  function fit(canvas, height, width) {
    if (canvas.height !== height || canvas.width !== width) {
      canvas.height = height;
      canvas.width = width;
    }
    return canvas.getContext("2d", {willReadFrequently: true});
  }

  // Generators

  const count = GRID * GRID;

  function latents(seed) {
    const size = chosen.inputs.latents[0];
    const random = uniform(seed);
    return Array.from({length: count}, () => normal(random, size));
  }

  function labels(seed) {
    if (!chosen.classes) return null;
    const wanted = $("class").value;
    const random = uniform(seed + 1000003);
    return Int32Array.from({length: count}, () =>
      wanted === "" ? Math.floor(random() * chosen.classes.length) : Number(wanted));
  }

  async function show(codes, classes) {
    const size = chosen.inputs.latents[0];
    const turn = ++shown;
    const inputs = {latents: {data: Float32Array.from(codes.flatMap((code) => [...code])),
      shape: [count, size], dtype: "float32"}};
    if (chosen.classes) inputs.labels = {data: classes, shape: [count], dtype: "int32"};
    const began = performance.now();
    const {data, shape} = await run(chosen.name, inputs);
    if (turn !== shown) return; // others were asked for since
    const [height, width] = shape.slice(1);
    const context = fit($("samples"), GRID * height, GRID * width);
    for (let i = 0; i < count; i++) {
      paint(context, data, shape.slice(1), i, (i % GRID) * width, Math.floor(i / GRID) * height);
    }
    const took = performance.now() - began;
    say(`${count} images in ${took < 100 ? took.toFixed(1) : Math.round(took)} ms`);
  }

  const given = () => Math.max(0, Math.floor(Number($("seed").value) || 0)); // the seed

  async function draw() {
    stop();
    const seed = given();
    await show(latents(seed), labels(seed));
  }

  async function walk() {
    const seed = given();
    const [one, classes] = [chosen, labels(seed)];
    let [turn, start, end, began] = [1, latents(seed), latents(seed + 1), performance.now()];
    while (walking && one === chosen) {
      let share = (performance.now() - began) / 2500;
      if (share >= 1) {
        [turn, start, began, share] = [turn + 1, end, performance.now(), 0];
        end = latents(seed + turn);
      }
      await show(start.map((code, i) => between(code, end[i], share)), classes);
      await tf.nextFrame();
    }
  }

  function stop() {
    walking = false;
    $("walk").setAttribute("aria-pressed", "false");
  }

  // Translators

  const ink = () => $("ink").value;
  const ground = () => (ink() === "white" ? "black" : "white");
  let busy = false, waiting = false;

  function clear() {
    const [height, width] = chosen.inputs.images;
    const context = fit($("drawing"), height, width);
    context.fillStyle = ground();
    context.fillRect(0, 0, width, height);
    return translate();
  }

  async function translate() {
    waiting = true;
    if (busy) return;
    busy = true;
    while (waiting) {
      waiting = false;
      const one = chosen;
      const [height, width, channels] = one.inputs.images;
      const pixels = $("drawing").getContext("2d").getImageData(0, 0, width, height).data;
      const data = new Float32Array(height * width * channels);
      for (let i = 0; i < height * width; i++) {
        const rgb = [0, 1, 2].map((c) => pixels[4 * i + c]);
        const gray = [0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]];
        (channels === 1 ? gray : rgb).forEach((value, c) => {
          data[i * channels + c] = value / 127.5 - 1;
        });
      }
      const began = performance.now();
      const shape = [1, height, width, channels];
      const found = await run(one.name, {images: {data, shape, dtype: "float32"}});
      if (one !== chosen) break;
      const context = fit($("translation"), found.shape[1], found.shape[2]);
      paint(context, found.data, found.shape.slice(1), 0, 0, 0);
      say(`Translated in ${Math.round(performance.now() - began)} ms`);
    }
    busy = false;
  }

  function place(event) {
    const box = $("drawing").getBoundingClientRect();
    return [((event.clientX - box.left) * $("drawing").width) / box.width,
      ((event.clientY - box.top) * $("drawing").height) / box.height];
  }

  function strokes() {
    const canvas = $("drawing");
    let last = null;
    const line = (event) => {
      const context = canvas.getContext("2d");
      const next = place(event);
      context.strokeStyle = ink();
      context.lineWidth = Number($("width").value) * Math.max(1, canvas.width / 64);
      context.lineCap = "round";
      context.beginPath();
      context.moveTo(...last);
      context.lineTo(...next);
      context.stroke();
      last = next;
      translate();
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      last = place(event);
      line(event);
    });
    canvas.addEventListener("pointermove", (event) => last && line(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, () => { last = null; });
    }
  }

  async function open(source) { // a picture, cut to its middle square if the drawing is square
    const image = new Image();
    image.src = source;
    await image.decode();
    const [height, width] = chosen.inputs.images;
    const scale = Math.max(width / image.width, height / image.height);
    const [w, h] = [image.width * scale, image.height * scale];
    const context = fit($("drawing"), height, width);
    context.drawImage(image, (width - w) / 2, (height - h) / 2, w, h);
    await translate();
  }

  let example = 0;
  const next = () => open(chosen.examples[example++ % chosen.examples.length]);

  // The page

  function say(text) {
    $("status").textContent = `${text}, by ${tf.getBackend()} of TensorFlow.js ${tf.version.tfjs}.`;
  }

  async function choose(one) {
    chosen = one;
    shown++;
    stop();
    delete document.body.dataset.ready;
    for (const tab of $("models").children) {
      tab.setAttribute("aria-selected", String(tab.textContent === one.title));
    }
    $("generator").hidden = one.kind !== "generator";
    $("translator").hidden = one.kind !== "translator";
    $("about").textContent = one.about;
    if (one.kind === "generator") {
      $("classes").hidden = !one.classes;
      const names = [["", "any class"], ...(one.classes ?? []).map((name, i) => [i, name])];
      $("class").replaceChildren(...names.map(([value, name]) => new Option(name, value)));
      await draw();
    } else {
      $("example").hidden = !one.examples.length;
      $("ink").value = one.ink;
      example = 0;
      await (one.examples.length ? next() : clear());
    }
    document.body.dataset.ready = one.name;
  }

  async function start() {
    await tf.ready();
    for (const one of models) {
      const tab = document.createElement("button");
      tab.textContent = one.title;
      tab.setAttribute("role", "tab");
      tab.addEventListener("click", () => choose(one));
      $("models").append(tab);
    }
    $("models").hidden = models.length < 2;
    $("draw").addEventListener("click", () => {
      $("seed").value = Number($("seed").value) + 1;
      draw();
    });
    $("seed").addEventListener("change", draw);
    $("class").addEventListener("change", draw);
    $("walk").addEventListener("click", () => {
      const begin = !walking;
      stop();
      if (!begin) return;
      walking = true;
      $("walk").setAttribute("aria-pressed", "true");
      walk();
    });
    $("clear").addEventListener("click", clear);
    $("example").addEventListener("click", next);
    $("ink").addEventListener("change", clear);
    $("picture").addEventListener("change", (event) => {
      const [file] = event.target.files;
      if (file) open(URL.createObjectURL(file));
    });
    strokes();
    await choose(models[0]);
  }

  window.ganzoo = {run, models};
  start().catch((error) => { $("status").textContent = `This browser cannot run it: ${error.message}`; });
})();
