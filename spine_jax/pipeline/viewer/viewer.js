"use strict";
// Meshes in WebGL, three linked slices in 2D canvases, a table. World: RAS+ mm.

const $ = (selector) => document.querySelector(selector);
const data = JSON.parse($("#data").textContent);
const css = (rgb) => `rgb(${rgb.join()})`;

// A page that fails says so, to people and to tests.
function fail(error) {
  document.body.dataset.error = String(error.message || error);
  const line = document.createElement("p");
  line.className = "failed";
  line.textContent = `This page could not be drawn: ${document.body.dataset.error}`;
  document.body.prepend(line);
}
window.addEventListener("error", (event) => fail(event.error || event.message));
window.addEventListener("unhandledrejection", (event) => fail(event.reason));

// ---- Data ---------------------------------------------------------------------------

const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

async function inflated(text) {
  const stream = new Blob([bytesOf(text)]).stream();
  const plain = stream.pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

function meshOf(entry) {
  const quantised = new Uint16Array(bytesOf(entry.vertices).buffer);
  const faces = new Uint16Array(bytesOf(entry.faces).buffer);
  const points = new Float32Array(quantised.length);
  for (let i = 0; i < points.length; i++)
    points[i] = entry.low_mm[i % 3] + entry.step_mm[i % 3] * quantised[i];
  return { ...entry, points, faces, normals: normalsOf(points, faces), shown: true };
}

function normalsOf(points, faces) {
  const normals = new Float32Array(points.length);
  const edge = (to, from) => [0, 1, 2].map((k) => points[3 * to + k] - points[3 * from + k]);
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = faces.subarray(f, f + 3);
    const n = cross(edge(b, a), edge(c, a));
    for (const corner of [a, b, c]) for (let k = 0; k < 3; k++) normals[3 * corner + k] += n[k];
  }
  return normals;
}

const cross = (a, b) =>
  [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

// ---- Meshes -------------------------------------------------------------------------

const VERTEX = `
attribute vec3 point, normal;
uniform mat3 turn;
uniform vec3 middle;
uniform vec2 shift, scale;
varying vec3 n;
void main() {
  vec3 p = turn * (point - middle);
  n = turn * normal;
  gl_Position = vec4((p.xy + shift) * scale, -p.z / 1000.0, 1.0);
}`;
const FRAGMENT = `
precision mediump float;
uniform vec3 colour;
uniform float opacity;
varying vec3 n;
void main() {
  vec3 m = normalize(n);
  if (!gl_FrontFacing) m = -m;
  float light = 0.30 + 0.62 * max(dot(m, normalize(vec3(0.35, 0.5, 0.8))), 0.0)
              + 0.14 * max(dot(m, normalize(vec3(-0.7, -0.2, 0.4))), 0.0);
  float shine = pow(max(dot(m, normalize(vec3(0.18, 0.26, 0.95))), 0.0), 24.0);
  gl_FragColor = vec4(colour * light + 0.10 * shine, opacity);
}`;

class SolidView {
  constructor(canvas, meshes) {
    this.canvas = canvas;
    this.meshes = meshes;
    this.gl = canvas.getContext("webgl", { antialias: true, preserveDrawingBuffer: true });
    if (!this.gl) throw new Error("no WebGL in this browser");
    this.opacity = 1;
    this.program = this.built();
    for (const mesh of meshes) this.upload(mesh);
    this.listen();
    this.reset();
  }

  built() {
    const { gl } = this, program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS))
        throw new Error(gl.getShaderInfoLog(shader));
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    this.at = Object.fromEntries(["turn", "middle", "shift", "scale", "colour", "opacity"]
      .map((name) => [name, gl.getUniformLocation(program, name)]));
    return program;
  }

  upload(mesh) {
    const { gl } = this;
    const filled = (kind, values) => {
      const buffer = gl.createBuffer();
      gl.bindBuffer(kind, buffer);
      gl.bufferData(kind, values, gl.STATIC_DRAW);
      return buffer;
    };
    mesh.buffers = {
      point: filled(gl.ARRAY_BUFFER, mesh.points),
      normal: filled(gl.ARRAY_BUFFER, mesh.normals),
      faces: filled(gl.ELEMENT_ARRAY_BUFFER, mesh.faces),
    };
    mesh.middle = [0, 1, 2].map((k) => mesh.low_mm[k] + 32767 * mesh.step_mm[k]);
  }

  // Seen from the patient's left and a little from behind: bodies and processes show.
  reset() {
    const low = [0, 1, 2].map((k) => Math.min(...this.meshes.map((m) => m.low_mm[k])));
    const high = [0, 1, 2].map((k) =>
      Math.max(...this.meshes.map((m) => m.low_mm[k] + 65535 * m.step_mm[k])));
    this.middle = low.map((value, k) => (value + high[k]) / 2);
    this.extent = Math.max(...low.map((value, k) => high[k] - value));
    this.zoom = 1;
    this.shift = [0, 0];
    this.turn = turned(turned([1, 0, 0, 0, 0, 1, 0, -1, 0], "y", 1.05), "x", 0.15);
    this.draw();
  }

  listen() {
    let last = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      last = event;
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointerup", () => (last = null));
    this.canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      const dx = event.clientX - last.clientX, dy = event.clientY - last.clientY;
      last = event;
      if (event.shiftKey || event.buttons !== 1) {
        const mm = this.mmPerPixel() / this.zoom;
        this.shift = [this.shift[0] + dx * mm, this.shift[1] - dy * mm];
      } else {
        this.turn = turned(turned(this.turn, "y", dx * 0.008), "x", dy * 0.008);
      }
      this.draw();
    });
    this.canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom = Math.min(20, Math.max(0.3, this.zoom * Math.exp(-event.deltaY * 0.001)));
      this.draw();
    }, { passive: false });
  }

  mmPerPixel() {
    return (1.12 * this.extent) / Math.min(this.canvas.clientWidth, this.canvas.clientHeight);
  }

  draw() {
    const { gl, canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.max(1, canvas.clientWidth * ratio);
    canvas.height = Math.max(1, canvas.clientHeight * ratio);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0.051, 0.067, 0.09, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    const mm = this.mmPerPixel() / this.zoom;
    gl.uniformMatrix3fv(this.at.turn, false, columns(this.turn));
    gl.uniform3fv(this.at.middle, this.middle);
    gl.uniform2fv(this.at.shift, this.shift);
    gl.uniform2f(this.at.scale, 2 / (mm * canvas.clientWidth), 2 / (mm * canvas.clientHeight));
    const clear = this.opacity < 1;
    (clear ? gl.enable : gl.disable).call(gl, gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    gl.depthMask(!clear);
    gl.uniform1f(this.at.opacity, this.opacity);
    const depth = (mesh) =>
      [0, 1, 2].reduce((sum, k) => sum + this.turn[6 + k] * mesh.middle[k], 0);
    const far = this.meshes.filter((mesh) => mesh.shown).sort((a, b) => depth(a) - depth(b));
    for (const mesh of far) this.drawMesh(mesh, clear);
    gl.depthMask(true);
  }

  drawMesh(mesh, clear) {
    const { gl } = this;
    for (const name of ["point", "normal"]) {
      const place = gl.getAttribLocation(this.program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, mesh.buffers[name]);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 0, 0);
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, mesh.buffers.faces);
    gl.uniform3fv(this.at.colour, mesh.colour.map((value) => value / 255));
    const once = () => gl.drawElements(gl.TRIANGLES, mesh.faces.length, gl.UNSIGNED_SHORT, 0);
    if (!clear) return once();
    // What is seen through is drawn from the back.
    gl.enable(gl.CULL_FACE);
    for (const side of [gl.FRONT, gl.BACK]) {
      gl.cullFace(side);
      once();
    }
    gl.disable(gl.CULL_FACE);
  }
}

// A rotation (rows) after another about an axis of the screen.
function turned(rows, axis, angle) {
  const c = Math.cos(angle), s = Math.sin(angle);
  const by = axis === "x" ? [1, 0, 0, 0, c, -s, 0, s, c] : [c, 0, s, 0, 1, 0, -s, 0, c];
  return Array.from({ length: 9 }, (_, i) =>
    [0, 1, 2].reduce((sum, k) => sum + by[3 * Math.floor(i / 3) + k] * rows[3 * k + (i % 3)], 0));
}

const columns = (rows) => [0, 3, 6, 1, 4, 7, 2, 5, 8].map((i) => rows[i]);

// ---- Slices -------------------------------------------------------------------------

// By the axis cut: which axes run across and up, and what is at the left and the right.
// As radiologists look: the patient's right is on the left, the front is left or up.
const LAYOUT = [
  { right: 1, up: 2, left: "A", other: "P" },
  { right: 0, up: 2, left: "R", other: "L" },
  { right: 0, up: 1, left: "R", other: "L" },
];

class SliceView {
  constructor(figure, scene) {
    this.scene = scene;
    this.canvas = figure.querySelector("canvas");
    this.axis = Number(this.canvas.dataset.axis);
    this.layout = LAYOUT[this.axis];
    this.slider = figure.querySelector("input");
    this.output = figure.querySelector("output");
    this.slider.max = scene.shape[this.axis] - 1;
    this.slider.addEventListener("input", () => {
      const place = [...scene.place];
      place[this.axis] = Number(this.slider.value);
      scene.goTo(place);
    });
    this.canvas.addEventListener("pointerdown", (event) => this.pick(event));
    this.canvas.addEventListener("pointermove", (event) => event.buttons && this.pick(event));
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const place = [...scene.place];
      place[this.axis] += event.deltaY > 0 ? -1 : 1;
      scene.goTo(place);
    }, { passive: false });
  }

  // Pixels per voxel, and where the slice's corner lies in the canvas.
  frame() {
    const { shape } = this.scene, { right, up } = this.layout;
    const { width, height } = this.canvas;
    const size = Math.min(width / shape[right], height / shape[up]);
    return { size, x: (width - size * shape[right]) / 2, y: (height - size * shape[up]) / 2 };
  }

  // Column and row in the picture of a voxel; both run against the world's axes.
  column(index) {
    return this.scene.shape[this.layout.right] - 1 - index;
  }

  row(index) {
    return this.scene.shape[this.layout.up] - 1 - index;
  }

  pick(event) {
    const box = this.canvas.getBoundingClientRect(), { size, x, y } = this.frame();
    const ratio = this.canvas.width / box.width;
    const place = [...this.scene.place];
    const across = Math.floor(((event.clientX - box.left) * ratio - x) / size);
    const down = Math.floor(((event.clientY - box.top) * ratio - y) / size);
    place[this.layout.right] = this.column(across);
    place[this.layout.up] = this.row(down);
    this.scene.goTo(place);
  }

  draw() {
    const ratio = window.devicePixelRatio || 1, { canvas, scene } = this;
    canvas.width = Math.max(1, canvas.clientWidth * ratio);
    canvas.height = Math.max(1, canvas.clientHeight * ratio);
    const at = scene.place[this.axis];
    this.slider.value = at;
    const mm = scene.origin_mm[this.axis] + at * scene.spacing_mm;
    this.output.textContent = `${"xyz"[this.axis]} ${mm.toFixed(0)} mm`;
    this.drawImage(at);
    if (scene.outlines) this.drawOutlines(at);
    this.drawCross();
  }

  voxels(array, at, use) {
    const { shape } = this.scene, { right, up } = this.layout;
    const strides = [shape[1] * shape[2], shape[2], 1];
    for (let j = 0; j < shape[up]; j++)
      for (let i = 0; i < shape[right]; i++)
        use(this.column(i), this.row(j),
          array[at * strides[this.axis] + i * strides[right] + j * strides[up]]);
  }

  drawImage(at) {
    const { scene, canvas } = this, { right, up } = this.layout;
    const width = scene.shape[right], height = scene.shape[up];
    const picture = new ImageData(width, height);
    this.voxels(scene.image, at, (x, y, grey) => {
      const i = 4 * (x + y * width);
      picture.data[i] = picture.data[i + 1] = picture.data[i + 2] = grey;
      picture.data[i + 3] = 255;
    });
    const small = document.createElement("canvas");
    [small.width, small.height] = [width, height];
    small.getContext("2d").putImageData(picture, 0, 0);
    const { size, x, y } = this.frame(), context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(small, x, y, size * width, size * height);
  }

  // Lines between voxels of which one belongs to a vertebra and the other does not.
  drawOutlines(at) {
    const { scene, canvas } = this, { right, up } = this.layout;
    const width = scene.shape[right], height = scene.shape[up];
    const flat = new Uint8Array(width * height);
    this.voxels(scene.labels, at, (x, y, label) => (flat[x + y * width] = label));
    const { size, x: x0, y: y0 } = this.frame();
    const paths = new Map();
    const line = (label, xa, ya, xb, yb) => {
      if (!label || scene.hidden.has(label)) return;
      if (!paths.has(label)) paths.set(label, new Path2D());
      paths.get(label).moveTo(x0 + xa * size, y0 + ya * size);
      paths.get(label).lineTo(x0 + xb * size, y0 + yb * size);
    };
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const own = flat[x + y * width];
        const next = x + 1 < width ? flat[x + 1 + y * width] : 0;
        const below = y + 1 < height ? flat[x + (y + 1) * width] : 0;
        if (own !== next) line(own || next, x + 1, y, x + 1, y + 1);
        if (own !== below) line(own || below, x, y + 1, x + 1, y + 1);
      }
    const context = canvas.getContext("2d");
    context.lineWidth = 1.4 * (window.devicePixelRatio || 1);
    for (const [label, path] of paths) {
      context.strokeStyle = css(scene.colours[label]);
      context.stroke(path);
    }
  }

  drawCross() {
    const { canvas, scene } = this, { right, up, left, other } = this.layout;
    const { size, x, y } = this.frame(), context = canvas.getContext("2d");
    const across = x + (this.column(scene.place[right]) + 0.5) * size;
    const down = y + (this.row(scene.place[up]) + 0.5) * size;
    context.strokeStyle = "rgba(230, 237, 243, 0.45)";
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(across, y);
    context.lineTo(across, y + size * scene.shape[up]);
    context.moveTo(x, down);
    context.lineTo(x + size * scene.shape[right], down);
    context.stroke();
    context.fillStyle = "#e6edf3";
    const ratio = window.devicePixelRatio || 1;
    context.font = `${12 * ratio}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    context.fillText(left, x + 5 * ratio, canvas.height / 2);
    const end = x + size * scene.shape[right];
    context.fillText(other, end - 14 * ratio, canvas.height / 2);
  }
}

// ---- The page -----------------------------------------------------------------------

function fillTable(table, rows) {
  const head = table.createTHead().insertRow(), body = table.createTBody();
  for (const name of rows.columns) {
    const cell = document.createElement("th");
    cell.textContent = name;
    head.append(cell);
  }
  for (const row of rows.cells) {
    const line = body.insertRow();
    for (const cell of row) line.insertCell().textContent = cell;
  }
}

function listVertebrae(list, meshes, changed, goTo) {
  for (const mesh of meshes) {
    const item = document.createElement("li"), box = document.createElement("input");
    const name = document.createElement("b"), note = document.createElement("small");
    box.type = "checkbox";
    box.checked = true;
    box.title = `show or hide ${mesh.name}`;
    name.textContent = mesh.name;
    name.title = "slices through it";
    name.style.color = css(mesh.colour);
    note.textContent = mesh.note;
    box.addEventListener("change", () => {
      mesh.shown = box.checked;
      changed();
    });
    name.addEventListener("click", () => goTo(mesh));
    item.append(box, name, note);
    list.append(item);
  }
}

async function start() {
  const meshes = data.meshes.map(meshOf);
  const images = await Promise.all(data.images.map((each) => inflated(each.voxels)));
  const scene = {
    ...data.grid,
    labels: await inflated(data.labels),
    image: images[0],
    outlines: true,
    hidden: new Set(),
    colours: Object.fromEntries(data.meshes.map((each) => [each.label, each.colour])),
    place: data.grid.start,
  };
  fillTable($("#numbers"), data.table);
  const solid = new SolidView($("#solid"), meshes);
  const slices = [...document.querySelectorAll(".slices figure")]
    .map((figure) => new SliceView(figure, scene));
  const drawSlices = () => slices.forEach((slice) => slice.draw());
  scene.goTo = (place) => {
    scene.place = place.map((v, k) => Math.min(scene.shape[k] - 1, Math.max(0, Math.round(v))));
    drawSlices();
  };
  const goToMesh = (mesh) => scene.goTo(mesh.centre_mm.map(
    (value, k) => (value - scene.origin_mm[k]) / scene.spacing_mm));
  listVertebrae($("#vertebrae"), meshes, () => {
    scene.hidden = new Set(meshes.filter((each) => !each.shown).map((each) => each.label));
    solid.draw();
    drawSlices();
  }, goToMesh);
  data.images.forEach((each, i) => $("#image").add(new Option(each.name, i)));
  $("#image-choice").hidden = data.images.length < 2;
  $("#image").addEventListener("change", (event) => {
    scene.image = images[Number(event.target.value)];
    drawSlices();
  });
  $("#opacity").addEventListener("input", (event) => {
    solid.opacity = Number(event.target.value);
    solid.draw();
  });
  $("#outlines").addEventListener("change", (event) => {
    scene.outlines = event.target.checked;
    drawSlices();
  });
  $("#reset").addEventListener("click", () => solid.reset());
  window.addEventListener("resize", () => { solid.draw(); drawSlices(); });
  drawSlices();
  solid.draw();
  document.body.dataset.ready = `${meshes.length} meshes`;
}

start().catch(fail);
