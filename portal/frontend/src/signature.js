// Signing by hand, over the whole screen: finger, pen or mouse. What is drawn goes with the form as a PNG.

const widest = 900; // px of the picture that is sent
const margin = 24;

// Thick enough for a gloved finger, and the same on every screen.
function thickness({ width, height }) {
  return Math.max(4, Math.min(width, height) / 55);
}

function draw(context, strokes, width) {
  Object.assign(context, { lineWidth: width, lineCap: "round", lineJoin: "round", strokeStyle: "#111" });
  for (const points of strokes) {
    context.beginPath();
    context.moveTo(points[0].x, points[0].y);
    for (let place = 1; place < points.length; place += 1) {
      const from = points[place - 1];
      const to = points[place];
      context.quadraticCurveTo(from.x, from.y, (from.x + to.x) / 2, (from.y + to.y) / 2);
    }
    const last = points[points.length - 1];
    context.lineTo(last.x + 0.01, last.y); // a single tap is a dot
    context.stroke();
  }
}

class Pad {
  constructor(box) {
    this.part = (name) => box.querySelector(`[data-signature-${name}]`);
    this.input = box.querySelector("input[name=signature]");
    this.shown = box.querySelector(".d-signature__shown");
    this.pad = this.part("pad");
    this.paper = this.pad.querySelector("canvas");
    this.strokes = [];
    this.part("open").hidden = false;
    this.part("open").addEventListener("click", () => this.open());
    this.part("cancel").addEventListener("click", () => this.close(this.kept));
    this.part("undo").addEventListener("click", () => this.set(this.strokes.slice(0, -1)));
    this.part("clear").addEventListener("click", () => this.set([]));
    this.part("done").addEventListener("click", () => this.finish());
    this.paper.addEventListener("pointerdown", (event) => this.begin(event));
    this.paper.addEventListener("pointermove", (event) => this.go(event));
    for (const name of ["pointerup", "pointercancel"]) this.paper.addEventListener(name, () => (this.current = null));
    this.pad.addEventListener("keydown", (event) => event.key === "Escape" && this.close(this.kept));
    window.addEventListener("resize", () => this.pad.hidden || this.fit());
  }

  open() {
    this.kept = this.strokes;
    this.pad.hidden = false;
    document.documentElement.classList.add("d-pad-open");
    this.size = null;
    this.fit();
    this.part("cancel").focus();
  }

  // The paper fills the screen; when the phone is turned, what is written stays in its place, smaller or larger.
  fit() {
    const { width, height } = this.paper.getBoundingClientRect();
    const scale = window.devicePixelRatio || 1;
    if (this.size && this.strokes.length) {
      const shrink = Math.min(width / this.size.width, height / this.size.height);
      this.strokes = this.strokes.map((points) => points.map(({ x, y }) => ({ x: x * shrink, y: y * shrink })));
    }
    this.size = { width, height };
    this.paper.width = width * scale;
    this.paper.height = height * scale;
    this.context = this.paper.getContext("2d");
    this.context.scale(scale, scale);
    this.redraw();
  }

  redraw() {
    this.context.clearRect(0, 0, this.size.width, this.size.height);
    draw(this.context, this.strokes, thickness(this.size));
    for (const name of ["undo", "clear", "done"]) this.part(name).disabled = !this.strokes.length;
  }

  set(strokes) {
    this.strokes = strokes;
    this.redraw();
  }

  at(event) {
    const { left, top } = this.paper.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  begin(event) {
    if (event.button > 0 || this.current) return; // a palm beside the finger draws nothing
    event.preventDefault();
    this.paper.setPointerCapture(event.pointerId);
    this.current = event.pointerId;
    this.set([...this.strokes, [this.at(event)]]);
  }

  go(event) {
    if (event.pointerId !== this.current) return;
    const points = this.strokes[this.strokes.length - 1];
    for (const one of event.getCoalescedEvents?.() ?? [event]) points.push(this.at(one));
    this.redraw();
  }

  finish() {
    this.input.value = this.strokes.length ? this.picture().toDataURL("image/png") : "";
    this.close(this.strokes);
  }

  // Cut out, on white paper: it is shown in the dark as well, and printed.
  picture() {
    const line = thickness(this.size);
    const points = this.strokes.flat();
    const left = Math.min(...points.map(({ x }) => x)) - margin;
    const top = Math.min(...points.map(({ y }) => y)) - margin;
    const width = Math.max(...points.map(({ x }) => x)) - left + margin;
    const height = Math.max(...points.map(({ y }) => y)) - top + margin;
    const scale = Math.min(2, widest / width);
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: Math.ceil(width * scale), height: Math.ceil(height * scale) });
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.scale(scale, scale);
    context.translate(-left, -top);
    draw(context, this.strokes, line);
    return canvas;
  }

  close(strokes) {
    this.strokes = strokes;
    this.current = null;
    this.pad.hidden = true;
    document.documentElement.classList.remove("d-pad-open");
    this.shown.hidden = !this.input.value;
    if (this.input.value) this.preview();
    this.part("open").focus();
  }

  preview() {
    const picture = this.picture();
    const context = this.shown.getContext("2d");
    const fit = Math.min(this.shown.width / picture.width, this.shown.height / picture.height);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, this.shown.width, this.shown.height);
    const [width, height] = [picture.width * fit, picture.height * fit];
    context.drawImage(picture, (this.shown.width - width) / 2, (this.shown.height - height) / 2, width, height);
  }
}

export function watchSignatures(root) {
  for (const box of root.querySelectorAll("[data-signature]")) new Pad(box);
}
